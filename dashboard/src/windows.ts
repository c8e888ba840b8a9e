/** Picks out of the live windows what a panel shows, and says how sure it is. Pure. */

import type {
  GroupValues,
  LiveWindow,
  MeasureValue,
  QuantileValues,
  TopEntry,
  WindowState,
} from '@millrace/schemas/live'
import type { LiveState } from './state.ts'

/**
 * The fullest of overlapping windows: the one that ends next. `undefined` when nothing happened for so long that there is
 * none.
 */
export function currentWindow(state: LiveState, name: string, now: number): LiveWindow | undefined {
  const windows = state.windows.get(name) ?? []
  const open = windows.filter(({ start, end }) => end >= now && start <= now)
  if (open.length > 0) return open.reduce((first, window) => (window.end < first.end ? window : first))
  // The change that opens the next one may be on its way.
  const every = state.definitions.find((definition) => definition.name === name)?.everyMs ?? 0
  const last = windows.findLast(({ start }) => start <= now)
  return last !== undefined && last.end > now - 2 * every ? last : undefined
}

/** Windows of a name that reach into the last `spanMs` and have begun, oldest first. */
export function recentWindows(state: LiveState, name: string, spanMs: number, now: number): LiveWindow[] {
  return (state.windows.get(name) ?? []).filter(({ start, end }) => end > now - spanMs && start <= now)
}

/** How sure what is made of several windows is: provisional if one is, else corrected if one is. */
export function leastSure(windows: readonly { state: WindowState }[]): WindowState {
  if (windows.some(({ state }) => state === 'provisional')) return 'provisional'
  return windows.some(({ state }) => state === 'corrected') ? 'corrected' : 'final'
}

/** A measure that is a number; `null` where there is none. */
export function numberOf(group: Pick<GroupValues, 'values'> | undefined, measure: string): number | null {
  const value = group?.values[measure]
  return typeof value === 'number' ? value : null
}

/** A measure that is a list of the most frequent values. */
export function topOf(group: Pick<GroupValues, 'values'> | undefined, measure: string): TopEntry[] {
  const value = group?.values[measure]
  return Array.isArray(value) ? value : []
}

/** A measure that is quantiles. */
export function quantilesOf(group: Pick<GroupValues, 'values'> | undefined, measure: string): QuantileValues {
  const value: MeasureValue | undefined = group?.values[measure]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

/** Several lists of the most frequent values as one: counts add up, and so do their errors. Most frequent first. */
export function sumTops(lists: readonly (readonly TopEntry[])[]): TopEntry[] {
  const sums = new Map<string, TopEntry>()
  for (const { value, count, error } of lists.flat()) {
    const sum = sums.get(value)
    sums.set(value, {
      value,
      count: (sum?.count ?? 0) + count,
      error: (sum?.error ?? 0) + error,
    })
  }
  return [...sums.values()].sort((a, b) => b.count - a.count || a.value.localeCompare(b.value))
}

/** A group over several windows. */
export interface GroupSum {
  /** `null` of what had no group of its own. */
  key: string[] | null
  events: number
  /** One for each measure. */
  sums: number[]
}

/** Sums of measures over windows by group, and of the events in them. Largest first by events, what has no group last. */
export function sumGroups(windows: readonly LiveWindow[], measures: readonly string[]): GroupSum[] {
  const sums = new Map<string, GroupSum>()
  const add = (key: string[] | null, group: Pick<GroupValues, 'events' | 'values'>) => {
    const id = JSON.stringify(key)
    const sum = sums.get(id) ?? { key, events: 0, sums: measures.map(() => 0) }
    sum.events += group.events
    sum.sums = sum.sums.map((value, index) => value + (numberOf(group, measures[index] ?? '') ?? 0))
    sums.set(id, sum)
  }
  for (const { groups, other } of windows) {
    for (const group of groups) add(group.key, group)
    if (other !== undefined) add(null, other)
  }
  return [...sums.values()].sort(
    (a, b) => Number(a.key === null) - Number(b.key === null) || b.events - a.events,
  )
}
