/** Monitors of the kind `sequence`: one event and then another of the same key, or one and then not the other. */

import { parseDuration, type SequenceCondition, type SequenceMonitor } from '@millrace/schemas/live'
import { all, bind, column, compareSql, join, type Sql, sql } from '@millrace/schemas/sql'
import { type Asking, SETTLE_MS } from './counts.ts'
import { countText, durationText, eventsText, numberText, shortText, timeText } from './describe.ts'
import { conditionsOf, findField, fromEvents, type Span } from './fields.ts'
import { firingFirst } from './known-keys.ts'
import { type Finding, type FiringKey, MAX_KEYS } from './result.ts'

/** Meters of the international mile. */
const METERS = { distance_miles: 1_609.344, distance_km: 1_000 } as const

/** First events of a key that are looked at, the latest: each is held against every second one. */
const MAX_FIRST = 1_000

interface Row {
  key: string
  found: number
  firing: number
  first_at: number
  then_at: number
  /** -1 where no condition measures one. */
  distance: number
}

/**
 * Looks for what ended in the last `lookback`: the second event came, or was due and a minute to settle has passed. Every first
 * event that is near enough is held against every second one, so of several it is enough that one fits.
 */
export async function evaluateSequence(
  monitor: SequenceMonitor,
  { ask, now, firing: known }: Asking,
): Promise<Finding> {
  const { key: keyName, lookback = '1h', absent = false, first, then } = monitor
  const withinMs = parseDuration(monitor.within) ?? 0
  const lookbackMs = parseDuration(lookback) ?? 0
  const due = absent ? now - SETTLE_MS : now
  const from = due - lookbackMs - withinMs
  const statement = absent
    ? unanswered(monitor, { from, to: due - withinMs }, { from, to: due })
    : pairs(monitor, { from, to: now }, { from: now - lookbackMs, to: now })
  const rows = await ask<Row>(sql`
SELECT *, count() OVER () AS firing FROM (${statement})
ORDER BY ${await firingFirst(sql`key`, known)}distance DESC, first_at DESC, key LIMIT ${bind('UInt32', MAX_KEYS)}`)
  const firing = Number(rows[0]?.firing ?? 0)
  const [a, b] = [eventsText(first.where), eventsText(then.where)]
  const what = absent
    ? `${a} without ${b} within ${monitor.within}`
    : `${a} and then ${b} within ${monitor.within}`
  return {
    state: firing > 0 ? 'firing' : 'ok',
    message: `${numberText(firing)} of ${keyName} had ${what} in the last ${lookback}`,
    value: firing,
    keys: rows.map((row) => describeKey(row, monitor, [a, b])),
    ...(firing > rows.length ? { more: firing - rows.length, judged: known } : {}),
  }
}

function describeKey(row: Row, monitor: SequenceMonitor, [a, b]: readonly [string, string]): FiringKey {
  const [firstAt, thenAt, found, distance] = [row.first_at, row.then_at, row.found, row.distance].map(
    Number,
  ) as [number, number, number, number]
  const who = `${monitor.key} ${shortText(row.key)}`
  const times = found === 1 ? '' : ` (${countText(found, 'time')})`
  if (monitor.absent === true) {
    const message = `${who}: ${a} at ${timeText(firstAt)}, and no ${b} within ${monitor.within}${times}`
    return { key: row.key, message, value: found }
  }
  const unit = monitor.condition?.find(({ kind }) => kind !== 'compare')?.kind
  const far =
    unit === undefined ? '' : `, ${numberText(distance)} ${unit === 'distance_km' ? 'km' : 'miles'} away`
  const message = `${who}: ${a} at ${timeText(firstAt)}, and ${b} ${durationText(thenAt - firstAt)} later${far}${times}`
  return { key: row.key, message, value: unit === undefined ? found : distance }
}

/** By key: how many second events fit, and the pair that lies furthest apart, of equally far ones the latest. */
function pairs(monitor: SequenceMonitor, firstIn: Span, thenIn: Span): Sql {
  return sql`
SELECT first_key AS key, uniqExact(then_id) AS found, max(apart) AS distance,
  argMax(first_ms, (apart, then_ms, first_ms)) AS first_at, argMax(then_ms, (apart, then_ms, first_ms)) AS then_at
FROM (${joined(monitor, firstIn, thenIn)}) GROUP BY key`
}

/** By key: how many first events no second one answers, and the latest of them. */
function unanswered(monitor: SequenceMonitor, firstIn: Span, thenIn: Span): Sql {
  return sql`
SELECT first_key AS key, uniqExact(first_id) AS found, toFloat64(-1) AS distance, max(first_ms) AS first_at, toInt64(0) AS then_at
FROM (${events(monitor, 'first', firstIn)})
WHERE first_id NOT IN (SELECT first_id FROM (${joined(monitor, firstIn, thenIn)}))
GROUP BY key`
}

/** Every pair of a first and a second event that fits. */
function joined(monitor: SequenceMonitor, firstIn: Span, thenIn: Span): Sql {
  const withinMs = bind('Int64', parseDuration(monitor.within) ?? 0)
  const conditions = (monitor.condition ?? []).map(conditionOf)
  return sql`
SELECT first_key, first_id, first_ms, then_id, then_ms, ${distanceOf(monitor.condition)} AS apart
FROM (${events(monitor, 'first', firstIn)}) AS a
INNER JOIN (${events(monitor, 'then', thenIn)}) AS b ON first_key = then_key
WHERE then_ms >= first_ms AND then_ms <= first_ms + ${withinMs} AND then_id != first_id AND ${all(conditions)}`
}

/** First or second events: key, id, time, and the values that conditions compare. */
function events(monitor: SequenceMonitor, side: 'first' | 'then', span: Span): Sql {
  const { key } = findField(monitor.key)
  const own = (name: string) => column(`${side}_${name}`)
  const values = (monitor.condition ?? []).flatMap((condition, index) => valuesOf(condition, index, side))
  const columns = [
    sql`${key} AS ${own('key')}`,
    sql`message_id AS ${own('id')}`,
    sql`toUnixTimestamp64Milli(timestamp) AS ${own('ms')}`,
    ...values,
  ]
  const read = sql`SELECT ${join(columns, sql`, `)} ${fromEvents(span, [sql`${key} != ''`, ...conditionsOf(monitor[side].where)])}`
  if (side === 'then') return read
  return sql`${read} ORDER BY first_ms DESC LIMIT ${bind('UInt32', MAX_FIRST)} BY first_key`
}

/** Columns are named by letters, as names of columns have no digits: `then_value_ba`. */
function valueColumn(side: 'first' | 'then', index: number, part: number): Sql {
  return column(`${side}_value_${String.fromCharCode(97 + index, 97 + part)}`)
}

function valuesOf(condition: SequenceCondition, index: number, side: 'first' | 'then'): Sql[] {
  if (condition.kind !== 'compare') {
    return condition[side].map((name, part) => {
      const { number } = findField(name)
      // Who can send events must not be able to stop the monitor by a latitude of 1,000.
      const limit = part === 0 ? sql`90` : sql`180`
      return sql`if(abs(${number}) <= ${limit}, ${number}, NULL) AS ${valueColumn(side, index, part)}`
    })
  }
  const field = findField(condition[side])
  const isText = condition.op === 'is' || condition.op === 'is_not'
  return [sql`${isText ? field.text : field.number} AS ${valueColumn(side, index, 0)}`]
}

function conditionOf(condition: SequenceCondition, index: number): Sql {
  if (condition.kind !== 'compare') {
    const distance = distanceBetween(condition, index)
    const { above, below } = condition
    return above === undefined
      ? compareSql(distance, 'lt', sql`${bind('Float64', below ?? 0)}`)
      : compareSql(distance, 'gt', sql`${bind('Float64', above)}`)
  }
  const [first, then] = [valueColumn('first', index, 0), valueColumn('then', index, 0)]
  const { op } = condition
  if (op !== 'is' && op !== 'is_not') return compareSql(first, op, then)
  return sql`(${first} != '' AND ${then} != '' AND ${first} ${op === 'is' ? sql`=` : sql`!=`} ${then})`
}

/** On the ellipsoid of WGS 84, in the condition's unit; `NULL` where a point is not known. */
function distanceBetween(condition: Exclude<SequenceCondition, { kind: 'compare' }>, index: number): Sql {
  const at = (side: 'first' | 'then', part: number) => valueColumn(side, index, part)
  return sql`(geoDistance(${at('first', 1)}, ${at('first', 0)}, ${at('then', 1)}, ${at('then', 0)}) / ${bind('Float64', METERS[condition.kind])})`
}

/** The distance that the first such condition measures. */
function distanceOf(conditions: readonly SequenceCondition[] = []): Sql {
  const index = conditions.findIndex(({ kind }) => kind !== 'compare')
  const condition = conditions[index]
  if (condition === undefined || condition.kind === 'compare') return sql`toFloat64(-1)`
  return sql`assumeNotNull(toFloat64(${distanceBetween(condition, index)}))`
}
