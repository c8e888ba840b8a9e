/** The groups of a window or pane, and what is measured of each. Pure. */

import type { GroupValues, MeasureValue } from '@millrace/schemas/live'
import { MAX_ID_LENGTH } from '@millrace/schemas/wire'
import type { MeasureState } from './measures/measure.ts'
import type { CompiledWindow } from './plan.ts'

/** What was measured of some events. */
export interface Tally {
  events: number
  states: MeasureState[]
}

/** A group: the values of its fields, and what was measured. */
export interface Group extends Tally {
  key: string[]
}

/** Groups by their key, and all that came when there were enough of them. */
export interface Groups {
  byKey: Map<string, Group>
  other: Tally | undefined
}

/** A group as JSON: its key, its events, and the state of each measure. */
export type EncodedGroup = [key: string[], events: number, states: unknown[]]

/** As JSON. */
export interface EncodedGroups {
  g: EncodedGroup[]
  o?: EncodedGroup
}

/** Longest value of a group's key, in UTF-16 units: an id is there whole, so that who is forgotten is found by it. */
export const MAX_KEY_LENGTH = MAX_ID_LENGTH

export function createGroups(): Groups {
  return { byKey: new Map(), other: undefined }
}

/** The key of a group as the values of its fields. */
export function keyOf(values: readonly string[]): string[] {
  // Half a character is none, and ClickHouse would refuse it with all its company.
  return values.map((value) => value.slice(0, MAX_KEY_LENGTH).toWellFormed())
}

/** A key as one text. */
export function keyText(key: readonly string[]): string {
  return JSON.stringify(key)
}

export function createTally({ measures }: CompiledWindow): Tally {
  return { events: 0, states: measures.map((measure) => measure.create()) }
}

/** Adds the second to the first; the second stays as it is. */
export function mergeTally({ measures }: CompiledWindow, into: Tally, from: Tally): void {
  into.events += from.events
  measures.forEach((measure, index) => {
    measure.merge(into.states[index] as MeasureState, from.states[index] as MeasureState)
  })
}

/**
 * Adds groups. One that is not known yet gets a place while there are fewer than the definition's `maxGroups`, those with the
 * most events first; the rest is added up as `other`. A group that once had no place never gets one in that pane, so each
 * group's numbers are whole.
 *
 * @param maxGroups default: the definition's
 */
export function mergeGroups(
  window: CompiledWindow,
  into: Groups,
  from: Groups,
  maxGroups: number = window.definition.maxGroups,
): void {
  const incoming = [...from.byKey].sort(
    ([a, x], [b, y]) =>
      Number(into.byKey.has(b)) - Number(into.byKey.has(a)) || y.events - x.events || (a < b ? -1 : 1),
  )
  for (const [text, group] of incoming) {
    const known = into.byKey.get(text)
    if (known !== undefined) {
      mergeTally(window, known, group)
    } else if (into.byKey.size < maxGroups) {
      into.byKey.set(text, copyGroup(window, group))
    } else {
      into.other ??= createTally(window)
      mergeTally(window, into.other, group)
    }
  }
  if (from.other !== undefined) {
    into.other ??= createTally(window)
    mergeTally(window, into.other, from.other)
  }
}

/** The values of all groups, most events first. */
export function readGroups(
  window: CompiledWindow,
  { byKey, other }: Groups,
): { events: number; groups: GroupValues[]; other?: Omit<GroupValues, 'key'> } {
  const groups = [...byKey.values()]
    .map((group) => ({ key: group.key, ...readTally(window, group) }))
    .sort((a, b) => b.events - a.events || (keyText(a.key) < keyText(b.key) ? -1 : 1))
  const events = groups.reduce((sum, group) => sum + group.events, other?.events ?? 0)
  return { events, groups, ...(other === undefined ? {} : { other: readTally(window, other) }) }
}

/** The values of a tally. */
export function readTally(
  { measures, measureNames }: CompiledWindow,
  { events, states }: Tally,
): Omit<GroupValues, 'key'> {
  const values: Record<string, MeasureValue> = {}
  measures.forEach((measure, index) => {
    values[measureNames[index] as string] = measure.read(states[index] as MeasureState, events)
  })
  return { events, values }
}

export function encodeGroups(window: CompiledWindow, { byKey, other }: Groups): EncodedGroups {
  const groups = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    g: groups.map(([, group]) => encodeGroup(window, group)),
    ...(other === undefined ? {} : { o: encodeGroup(window, { key: [], ...other }) }),
  }
}

export function decodeGroups(window: CompiledWindow, { g, o }: EncodedGroups): Groups {
  const groups = createGroups()
  for (const encoded of g) {
    const group = decodeGroup(window, encoded)
    groups.byKey.set(keyText(group.key), group)
  }
  if (o !== undefined) groups.other = decodeGroup(window, o)
  return groups
}

export function encodeGroup({ measures }: CompiledWindow, { key, events, states }: Group): EncodedGroup {
  return [key, events, measures.map((measure, index) => measure.encode(states[index] as MeasureState))]
}

export function decodeGroup({ measures }: CompiledWindow, [key, events, states]: EncodedGroup): Group {
  return { key, events, states: measures.map((measure, index) => measure.decode(states[index])) }
}

function copyGroup(window: CompiledWindow, group: Group): Group {
  const copy = { key: group.key, ...createTally(window) }
  mergeTally(window, copy, group)
  return copy
}
