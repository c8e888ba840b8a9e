/** Monitors that compare numbers of events: `drop`, `quarantine_rate`, `null_rate` and `count_rule`. */

import {
  type CountRuleMonitor,
  type DropMonitor,
  type NullRateMonitor,
  parseDuration,
  type QuarantineRateMonitor,
} from '@millrace/schemas/live'
import { all, bind, join, sql, time } from '@millrace/schemas/sql'
import { type Ask, askOne } from './ask.ts'
import { countText, eventsText, numberText, shareText, timeText } from './describe.ts'
import { conditionsOf, findField, fromEvents, type Span, within } from './fields.ts'
import type { Finding } from './result.ts'

/** What a monitor asks with. */
export interface Asking {
  ask: Ask
  /** Milliseconds since 1970. */
  now: number
  /** Keys that the monitor fires for until now. */
  firing: readonly string[]
}

const DAY_MS = 86_400_000

/** How long events have to come to the warehouse before a window is judged. What comes later counts in the evaluations to come. */
export const SETTLE_MS = 60_000

/** Days before that must have had enough events to compare with. */
const MIN_DAYS = 3

/** The last whole window against the same hours of the days before. */
export async function evaluateDrop(
  { where, window = '1h', percent = 80, days = 7, min = 50 }: DropMonitor,
  { ask, now }: Asking,
): Promise<Finding> {
  const sizeMs = parseDuration(window) ?? 0
  const to = Math.floor((now - SETTLE_MS) / sizeMs) * sizeMs
  const from = to - sizeMs
  const spans = Array.from(
    { length: days + 1 },
    (_, day): Span => ({ from: from - day * DAY_MS, to: to - day * DAY_MS }),
  )
  const first = from - days * DAY_MS
  const rows = await ask<{ day: number; events: number }>(sql`
SELECT ${bind('Int64', days)} - intDiv(toUnixTimestamp64Milli(timestamp) - ${bind('Int64', first)}, 86400000) AS day, count() AS events
${fromEvents({ from: first, to }, [sql`(${join(spans.map(within), sql` OR `)})`, ...conditionsOf(where)])}
GROUP BY day`)
  const counts = new Map(rows.map(({ day, events }) => [Number(day), Number(events)]))
  const current = counts.get(0) ?? 0
  counts.delete(0)
  return judgeDrop(
    { current, before: [...counts.values()], min, percent },
    `${eventsText(where)} from ${timeText(from)} to ${timeText(to)}`,
  )
}

/** Events of the window, and of the days before that had any. */
interface DropCounts {
  current: number
  before: readonly number[]
  min: number
  percent: number
}

/** Days without any such event are left out: those before the first one say nothing of what is usual. */
export function judgeDrop({ current, before, min, percent }: DropCounts, what: string): Finding {
  if (before.filter((events) => events >= min).length < MIN_DAYS) {
    const message = `${what}: ${numberText(current)}; fewer than ${MIN_DAYS} days before had ${min} to compare with`
    return { state: 'unknown', message, value: null }
  }
  const median = medianOf(before)
  const fell = 1 - current / median
  const message = `${what}: ${numberText(current)}, where the days before had ${numberText(median)} (${shareText(Math.abs(fell))} ${fell < 0 ? 'more' : 'less'})`
  // In this form the bound is exact: 20 of 100 is a fall by 80 %.
  return { state: current * 100 <= median * (100 - percent) ? 'firing' : 'ok', message, value: current }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return (low + high) / 2
}

/**
 * The share of refused events among those that were received in the window, each once by its id. Neither table is sorted by
 * when that was: accepted ones are found by when they were inserted, which is never before; of refused ones the column of
 * times is read whole, 8 bytes a row.
 */
export async function evaluateQuarantineRate(
  { above, window = '5m', min = 20 }: QuarantineRateMonitor,
  { ask, now }: Asking,
): Promise<Finding> {
  const to = now - SETTLE_MS
  const from = to - (parseDuration(window) ?? 0)
  const received = sql`received_at >= ${time(from)} AND received_at < ${time(to)}`
  const row = await askOne<{ accepted: number; refused: number }>(
    ask,
    sql`
SELECT sum(a) AS accepted, sum(q) AS refused
FROM (
  SELECT uniqExact(message_id) AS a, toUInt64(0) AS q FROM events
  WHERE source = {source:String} AND inserted_at >= ${time(from - SETTLE_MS)} AND ${received}
  UNION ALL
  SELECT toUInt64(0) AS a, uniqExact(message_id) AS q FROM quarantine WHERE source = {source:String} AND ${received}
)`,
  )
  const refused = Number(row.refused)
  return judgeShare({ count: refused, of: refused + Number(row.accepted), above, min }, 'were refused')
}

/** The share of events that lack a property. */
export async function evaluateNullRate(
  { event, property, above, window = '1h', min = 20 }: NullRateMonitor,
  { ask, now }: Asking,
): Promise<Finding> {
  const to = now - SETTLE_MS
  const from = to - (parseDuration(window) ?? 0)
  const row = await askOne<{ events: number; empty: number }>(
    ask,
    sql`
SELECT count() AS events, countIf(NOT ${findField(property).exists}) AS empty
${fromEvents({ from, to }, [sql`event = ${bind('String', event)}`])}`,
  )
  const what = `of ${event} had no ${property}`
  return judgeShare({ count: Number(row.empty), of: Number(row.events), above, min }, what)
}

/** Too few events are no reason to fire. */
export function judgeShare(
  { count, of, above, min }: { count: number; of: number; above: number; min: number },
  what: string,
): Finding {
  const share = of === 0 ? 0 : count / of
  const message = `${numberText(count)} of ${countText(of)} (${shareText(share)}) ${what}`
  const isFiring = of >= min && share > above
  const few = of < min ? `; too few to judge, which takes ${min}` : `; the limit is ${shareText(above)}`
  return { state: isFiring ? 'firing' : 'ok', message: `${message}${few}`, value: share }
}

/** Two numbers of events of the same time. */
export async function evaluateCountRule(
  { left, op, right, window = '1h', slack = 0 }: CountRuleMonitor,
  { ask, now }: Asking,
): Promise<Finding> {
  const to = now - SETTLE_MS
  const from = to - (parseDuration(window) ?? 0)
  const [isLeft, isRight] = [all(conditionsOf(left.where)), all(conditionsOf(right.where))]
  const row = await askOne<{ on_left: number; on_right: number }>(
    ask,
    sql`
SELECT countIf(${isLeft}) AS on_left, countIf(${isRight}) AS on_right
${fromEvents({ from, to }, [sql`(${isLeft} OR ${isRight})`])}`,
  )
  const [a, b] = [Number(row.on_left), Number(row.on_right)]
  const message = `${countText(a)} of ${eventsText(left.where)}, ${numberText(b)} of ${eventsText(right.where)} from ${timeText(from)} to ${timeText(to)}; the rule is ${op}${slack === 0 ? '' : `, give or take ${numberText(slack)}`}`
  return { state: isKept(op, a - b, slack) ? 'ok' : 'firing', message, value: a - b }
}

/** Whether a rule is kept by a difference of left and right. */
export function isKept(op: CountRuleMonitor['op'], difference: number, slack: number): boolean {
  switch (op) {
    case '<':
      return difference < slack
    case '<=':
      return difference <= slack
    case '=':
      return Math.abs(difference) <= slack
    case '>=':
      return difference >= -slack
    default:
      return difference > -slack
  }
}
