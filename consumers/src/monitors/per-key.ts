/** Monitors of the kind `per_key`: one user, or whatever the key is, has too much of something. */

import { type PerKeyMonitor, parseDuration } from '@millrace/schemas/live'
import { all, bind, type Sql, sql, time } from '@millrace/schemas/sql'
import type { Asking } from './counts.ts'
import { eventsText, numberText, shortText } from './describe.ts'
import { conditionsOf, findField, fromEvents } from './fields.ts'
import { firingFirst } from './known-keys.ts'
import { type Finding, MAX_KEYS } from './result.ts'

/** After midnight the day before is still looked at, for what comes late. */
const DAY_GRACE_MS = 10 * 60_000

const MAX_DAY_MS = 25 * 3_600_000

/** Every key above the limit: those that fire until now, then the highest. */
export async function evaluatePerKey(
  monitor: PerKeyMonitor,
  { ask, now, firing: known }: Asking,
): Promise<Finding> {
  const { key: keyName, measure, where, window, above } = monitor
  const key = findField(keyName).key
  const { value, counts } = measureOf(measure)
  const inDay = window === 'day' ? dayOf(now - DAY_GRACE_MS, monitor.timeZone ?? 'UTC') : sql`true`
  const from = window === 'day' ? now - DAY_GRACE_MS - MAX_DAY_MS : now - (parseDuration(window) ?? 0)
  const rows = await ask<{ key: string; value: number; firing: number }>(sql`
SELECT key, toFloat64(total) AS value, count() OVER () AS firing
FROM (
  SELECT ${key} AS key, ${value} AS total
  ${fromEvents({ from, to: now }, [inDay, sql`${key} != ''`, counts, ...conditionsOf(where)])}
  GROUP BY key
  HAVING ${isAbove(measure, above)}
)
ORDER BY ${await firingFirst(sql`key`, known)}total DESC, key LIMIT ${bind('UInt32', MAX_KEYS)}`)
  const what = measure === 'count' ? eventsText(where) : `${measure.sum} of ${eventsText(where)}`
  const when = window === 'day' ? 'in a day' : `in ${window}`
  const keys = rows.map((row) => ({
    key: row.key,
    value: Number(row.value),
    message: `${keyName} ${shortText(row.key)} has ${numberText(Number(row.value))} (${what}) ${when}; the limit is ${numberText(above)}`,
  }))
  const firing = Number(rows[0]?.firing ?? 0)
  return {
    state: firing > 0 ? 'firing' : 'ok',
    message: `${numberText(firing)} of ${keyName} ${firing === 1 ? 'has' : 'have'} more than ${numberText(above)} (${what}) ${when}`,
    value: firing,
    keys,
    ...(firing > keys.length ? { more: firing - keys.length, judged: known } : {}),
  }
}

/** Sums are exact, of values rounded to a millionth, so that 0.1 three times is not above 0.3. */
function measureOf(measure: PerKeyMonitor['measure']): { value: Sql; counts: Sql } {
  if (measure === 'count') return { value: sql`count()`, counts: sql`true` }
  const { number } = findField(measure.sum)
  return {
    value: sql`sum(toDecimal128(toInt128(round(assumeNotNull(${number}) * 1000000)), 0) * toDecimal128('0.000001', 6))`,
    counts: sql`${number} IS NOT NULL`,
  }
}

function isAbove(measure: PerKeyMonitor['measure'], above: number): Sql {
  const limit = bind('Float64', above)
  return measure === 'count' ? sql`total > ${limit}` : sql`total > toDecimal128(${limit}, 6)`
}

/** Events of the calendar day of a time. */
function dayOf(ms: number, timeZone: string): Sql {
  const day = (at: Sql) => sql`toDate(${at}, ${bind('String', timeZone)})`
  return all([sql`${day(sql`timestamp`)} = ${day(sql`${time(ms)}`)}`])
}
