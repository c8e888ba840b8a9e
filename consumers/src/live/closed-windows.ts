/** Closed windows as rows of ClickHouse's `live_windows`: each version of each once, however often it is written. */

import type { GroupValues, MeasureValue, TopEntry } from '@millrace/schemas/live'
import type { Undelivered } from './window-table.ts'

/** A row of `live_windows`: one group of one version of a window. */
export interface ClosedWindowRow {
  source: string
  name: string
  window_start: number
  window_end: number
  version: number
  /** `final`, `corrected`, or `removed` for a session that is part of another one now. */
  state: string
  key: string[]
  is_other: boolean
  events: number
  values: Record<string, number>
  tops: Record<string, [value: string, count: number, error: number][]>
}

/** Inserts rows; resolves when ClickHouse has them. */
export type InsertJson = (table: string, rows: readonly object[]) => Promise<void>

/** Rows of one insert, and of one delivery; the rest comes with the next. */
const ROWS_AN_INSERT = 20_000
const ROWS_A_DELIVERY = 100_000

/**
 * Writes windows to ClickHouse, and marks those that it has. Rejects when it does not answer; what is written again is the same
 * rows.
 *
 * @returns whether there is more
 */
export async function deliverClosed(
  source: string,
  undelivered: readonly Undelivered[],
  insert: InsertJson,
): Promise<boolean> {
  // All rows are made before anything is awaited: what comes meanwhile is of the next version.
  const batches: { rows: ClosedWindowRow[]; windows: Undelivered[] }[] = []
  let total = 0
  let taken = 0
  for (const item of undelivered) {
    const rows = buildRows(source, item)
    const last = batches.at(-1)
    if (last === undefined || last.rows.length + rows.length > ROWS_AN_INSERT)
      batches.push({ rows, windows: [item] })
    else {
      last.rows.push(...rows)
      last.windows.push(item)
    }
    taken += 1
    total += rows.length
    if (total >= ROWS_A_DELIVERY) break
  }
  for (const { rows, windows } of batches) {
    await insert('live_windows', rows)
    for (const { markDelivered } of windows) markDelivered()
  }
  return taken < undelivered.length
}

/** The rows of a window. One without events has none. */
export function buildRows(source: string, { window, isRemoved }: Undelivered): ClosedWindowRow[] {
  const { name, start, end, version, state, groups, other } = window
  const shared = {
    ...{ source, name, window_start: start, window_end: end, version },
    state: isRemoved === true ? 'removed' : state,
  }
  const rows = groups.map((group) => ({ ...shared, key: group.key, is_other: false, ...buildValues(group) }))
  return other === undefined ? rows : [...rows, { ...shared, key: [], is_other: true, ...buildValues(other) }]
}

function buildValues({
  events,
  values,
}: Omit<GroupValues, 'key'>): Pick<ClosedWindowRow, 'events' | 'values' | 'tops'> {
  const numbers: Record<string, number> = {}
  const tops: ClosedWindowRow['tops'] = {}
  for (const [name, value] of Object.entries(values)) {
    if (isTop(value)) tops[name] = value.map((entry) => [entry.value, entry.count, entry.error])
    else for (const [full, number] of flatten(name, value)) numbers[full] = number
  }
  return { events, values: numbers, tops }
}

function isTop(value: MeasureValue): value is TopEntry[] {
  return Array.isArray(value)
}

/** A quantile is `name.0.95`; what could not be measured is left out. */
function flatten(name: string, value: Exclude<MeasureValue, TopEntry[]>): [string, number][] {
  if (typeof value === 'number') return [[name, value]]
  if (value === null) return []
  return Object.entries(value).flatMap(([quantile, number]): [string, number][] =>
    number === null ? [] : [[`${name}.${quantile}`, number]],
  )
}
