/** Monitors of the kind `drift`: whether the values of a property are spread as before. */

import { type DriftMonitor, parseDuration } from '@millrace/schemas/live'
import { bind, type Sql, sql, time } from '@millrace/schemas/sql'
import { askOne } from './ask.ts'
import { type Asking, SETTLE_MS } from './counts.ts'
import { countText, numberText, shareText, shortText } from './describe.ts'
import { conditionsOf, findField, fromEvents } from './fields.ts'
import type { Finding } from './result.ts'

/** How many of a class of values there were before, and are now. */
export interface ValueClass {
  name: string
  before: number
  now: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Longest time between two evaluations. */
const MAX_STEP_MINUTES = 10

/** Values that are told apart; the others are one class. */
const MAX_VALUES = 20

/** A property is one of numbers when this share of its values are, and there are more different ones than this. */
const NUMBER_SHARE = 0.95
const MAX_DISTINCT_NUMBERS = 10

/** How often it is evaluated: it reads days, so it is asked twelve times in a window, and every ten minutes at least. */
export function driftStepMs({ window = '1h' }: Pick<DriftMonitor, 'window'>): number {
  const minutes = (parseDuration(window) ?? 0) / MINUTE_MS
  return Math.min(MAX_STEP_MINUTES, Math.max(1, Math.floor(minutes / 12))) * MINUTE_MS
}

/** Whether it is evaluated in this minute. */
export function isDriftDue(monitor: DriftMonitor, now: number): boolean {
  return (Math.floor(now / MINUTE_MS) * MINUTE_MS) % driftStepMs(monitor) === 0
}

/** Compares the window with the days before it by the population stability index. */
export async function evaluateDrift(
  { property, where, above = 0.25, window = '1h', days = 7, min = 100 }: DriftMonitor,
  { ask, now }: Asking,
): Promise<Finding> {
  const to = now - SETTLE_MS
  const split = to - (parseDuration(window) ?? 0)
  const { text, number, exists } = findField(property)
  const from = split - days * DAY_MS
  const conditions = [exists, ...conditionsOf(where)]
  const reference = await askOne<{ values: number; numbers: number; different: number; edges: number[] }>(
    ask,
    sql`
SELECT count() AS values, countIf(number IS NOT NULL) AS numbers, uniq(text) AS different,
  quantilesDDIf(0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)(assumeNotNull(number), number IS NOT NULL) AS edges
FROM (SELECT ${text} AS text, ${number} AS number ${fromEvents({ from, to: split }, conditions)})`,
  )
  const before = Number(reference.values)
  if (before < min) {
    const message = `${countText(before, 'value')} of ${property} in the ${days} days before; to compare with them takes ${min}`
    return { state: 'unknown', message, value: null }
  }
  const isNumeric =
    Number(reference.numbers) >= before * NUMBER_SHARE && Number(reference.different) > MAX_DISTINCT_NUMBERS
  const edges = [...new Set(reference.edges)]
  const rows = await ask<ValueClass & { all_before: number; all_now: number }>(sql`
SELECT name, countIf(at < ${time(split)}) AS before, countIf(at >= ${time(split)}) AS now,
  sum(before) OVER () AS all_before, sum(now) OVER () AS all_now
FROM (SELECT timestamp AS at, ${isNumeric ? classOf(number, edges) : text} AS name ${fromEvents({ from, to }, conditions)})
GROUP BY name ORDER BY before DESC, name LIMIT ${bind('UInt32', MAX_VALUES)}`)
  const classes = rows.map((row) => ({
    name: isNumeric ? bucketName(row.name, edges) : shortText(row.name),
    before: Number(row.before),
    now: Number(row.now),
  }))
  const totals = { before: Number(rows[0]?.all_before ?? 0), now: Number(rows[0]?.all_now ?? 0) }
  return judgeDrift(withOthers(classes, totals), { property, above, min, days })
}

/** The number of edges that lie below the value; what is no number is a class of its own. */
function classOf(number: Sql, edges: readonly number[]): Sql {
  return sql`if(isNull(${number}), '', toString(arrayCount(edge -> edge < assumeNotNull(${number}), ${bind('Array(Float64)', edges)})))`
}

function bucketName(index: string, edges: readonly number[]): string {
  if (index === '') return 'no number'
  const [low, high] = [edges[Number(index) - 1], edges[Number(index)]]
  if (low === undefined) return `at most ${numberText(high ?? 0)}`
  return high === undefined ? `above ${numberText(low)}` : `${numberText(low)} to ${numberText(high)}`
}

function withOthers(classes: readonly ValueClass[], totals: { before: number; now: number }): ValueClass[] {
  const before = totals.before - classes.reduce((sum, one) => sum + one.before, 0)
  const now = totals.now - classes.reduce((sum, one) => sum + one.now, 0)
  return before + now === 0 ? [...classes] : [...classes, { name: 'other values', before, now }]
}

/** Too few values now are no reason to fire. */
export function judgeDrift(
  classes: readonly ValueClass[],
  { property, above, min, days }: { property: string; above: number; min: number; days: number },
): Finding {
  const now = classes.reduce((sum, one) => sum + one.now, 0)
  if (now < min) {
    const message = `${countText(now, 'value')} of ${property}; too few to judge, which takes ${min}`
    return { state: 'ok', message, value: null }
  }
  const { index, most } = stabilityIndex(classes)
  const moved =
    most === undefined
      ? ''
      : `, most by ${most.name}: ${shareText(most.shareBefore)} before, ${shareText(most.shareNow)} now`
  const message = `the values of ${property} differ from those of the ${days} days before by ${numberText(Math.round(index * 1_000) / 1_000)}${moved}; the limit is ${numberText(above)}`
  return { state: index > above ? 'firing' : 'ok', message, value: index }
}

/**
 * Population stability index: the sum of (now − before) · ln(now / before) over the shares of all classes. Half an event is added
 * to each count, so that a class that is new or gone has a weight that is large but finite.
 */
export function stabilityIndex(classes: readonly ValueClass[]): {
  index: number
  most: { name: string; shareBefore: number; shareNow: number } | undefined
} {
  const [allBefore, allNow] = [sumOf(classes, 'before'), sumOf(classes, 'now')]
  const smooth = (count: number, total: number) => (count + 0.5) / (total + 0.5 * classes.length)
  const parts = classes.map((one) => {
    const [p, q] = [smooth(one.before, allBefore), smooth(one.now, allNow)]
    const shares = { shareBefore: one.before / allBefore, shareNow: one.now / allNow }
    return { name: one.name, ...shares, part: (q - p) * Math.log(q / p) }
  })
  const most = parts.toSorted((a, b) => b.part - a.part)[0]
  return { index: parts.reduce((sum, { part }) => sum + part, 0), most }
}

function sumOf(classes: readonly ValueClass[], side: 'before' | 'now'): number {
  return classes.reduce((sum, one) => sum + one[side], 0)
}
