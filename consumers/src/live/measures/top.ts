/**
 * The most frequent values, by space-saving counters that can be merged. Exact, and the same in whatever order, as long as there
 * are no more different values than counters; beyond that a count may be too high by at most the error that it carries, and
 * whatever is more frequent than that is there. Sources: Metwally, Agrawal and El Abbadi 2005, "Efficient computation of frequent
 * and top-k elements"; Agarwal et al. 2012, "Mergeable summaries", section 3.
 */

import type { TopEntry } from '@millrace/schemas/live'

/** Counters of a summary, where it may have so many. */
export const MAX_COUNTERS = 1_000

/** A summary is cut when it has so many times its counters: cutting sorts, so it is not done for each value. */
const SLACK = 2

/** Longest value, in UTF-16 units. */
const MAX_VALUE_LENGTH = 300

/** Counts by value. `floor` is the most that a value without a counter may have had, `counters` how many are kept. */
export interface Top {
  counters: number
  counts: Map<string, { count: number; error: number }>
  floor: number
}

/** As JSON: value, count and error of each, in order of the values, and the floor. */
export type EncodedTop = [entries: [string, number, number][], floor: number]

export function createTop(counters: number = MAX_COUNTERS): Top {
  return { counters, counts: new Map(), floor: 0 }
}

/** Adds a value that came so often. */
export function addValue(top: Top, value: string, count = 1): void {
  addCount(top, value.slice(0, MAX_VALUE_LENGTH).toWellFormed(), count, 0)
  if (top.counts.size > SLACK * top.counters) cut(top)
}

/** Adds all of another; that one stays as it is. */
export function mergeTop(into: Top, from: Top): void {
  const floor = into.floor
  if (from.floor > 0) {
    // What the other has no counter for may have been there so often.
    for (const [value, counter] of into.counts) {
      if (from.counts.has(value)) continue
      counter.count += from.floor
      counter.error += from.floor
    }
  }
  for (const [value, { count, error }] of from.counts) {
    const known = into.counts.get(value)
    if (known === undefined) into.counts.set(value, { count: count + floor, error: error + floor })
    else {
      known.count += count
      known.error += error
    }
  }
  into.floor += from.floor
  if (into.counts.size > SLACK * into.counters) cut(into)
}

/** The most frequent first; of equal ones the lesser text. */
export function readTop({ counts }: Top, limit: number): TopEntry[] {
  return ranked(counts)
    .slice(0, limit)
    .map(([value, { count, error }]) => ({ value, count, error }))
}

export function encodeTop({ counts, floor }: Top): EncodedTop {
  const entries = [...counts].map(([value, { count, error }]): [string, number, number] => [
    value,
    count,
    error,
  ])
  return [entries.sort(([a], [b]) => (a < b ? -1 : 1)), floor]
}

export function decodeTop([entries, floor]: EncodedTop, counters: number = MAX_COUNTERS): Top {
  const counts = new Map(entries.map(([value, count, error]) => [value, { count, error }]))
  return { counters, counts, floor }
}

function addCount(top: Top, value: string, count: number, error: number): void {
  const known = top.counts.get(value)
  if (known !== undefined) known.count += count
  // It may have been there before, and been cut.
  else top.counts.set(value, { count: count + top.floor, error: error + top.floor })
}

/** Keeps the most frequent. */
function cut(top: Top): void {
  const all = ranked(top.counts)
  const dropped = all[top.counters]?.[1].count ?? 0
  top.counts = new Map(all.slice(0, top.counters))
  top.floor = Math.max(top.floor, dropped)
}

function ranked<T extends { count: number }>(counts: ReadonlyMap<string, T>): [string, T][] {
  return [...counts].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
}
