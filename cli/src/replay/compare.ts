/** Compares two databases, source by source: how many rows, whether of the same events, and what they add up to. */

import { ID_SUM_SQL, LAKE_HOUR_SQL } from '@millrace/schemas/lake'
import type { Database } from './databases.ts'

/** The events of one source in both. */
export interface EventDifference {
  source: string
  live: number
  shadow: number
  /** Events that only the one has. */
  onlyLive: number
  onlyShadow: number
  /** When the first of those that only live has was received, and the last; empty where there is none. */
  firstReceived: string
  lastReceived: string
  /** Hours of the client's clock whose events differ. */
  hours: number
}

/** A number of one source that is to be the same in both. */
export interface TableDifference {
  source: string
  table: string
  /** What is counted: rows, or the sum of a column. */
  what: string
  live: string
  shadow: string
}

/** An hour's events: how many, and a sum of their ids that tells whether they are the same. */
const HOURS = `
SELECT source, ${LAKE_HOUR_SQL} AS hour, count() AS rows, ${ID_SUM_SQL} AS ids
FROM @.events FINAL GROUP BY source, hour`

const DIFFERING_HOURS = `
SELECT source, hour, live, shadow, is_same FROM (
  SELECT source, hour, sumIf(rows, side = 0) AS live, sumIf(rows, side = 1) AS shadow,
    anyIf(ids, side = 0) = anyIf(ids, side = 1) AS is_same
  FROM (SELECT 0 AS side, * FROM (${HOURS.replace('@', '@live')}) UNION ALL SELECT 1 AS side, * FROM (${HOURS.replace('@', '@shadow')}))
  GROUP BY source, hour
)`

const TOTALS = `
SELECT source, sum(live) AS live, sum(shadow) AS shadow, countIf(NOT is_same) AS hours
FROM (${DIFFERING_HOURS}) GROUP BY source ORDER BY source`

/** Ids of the weeks in which there is a difference, week by week: the sums have passed over all others. */
const DIFFERING_WEEKS = `
SELECT DISTINCT toString(toMonday(original_timestamp)) AS week FROM @.events
WHERE (source, ${LAKE_HOUR_SQL}) IN (SELECT source, hour FROM (${DIFFERING_HOURS}) WHERE NOT is_same)`

const ONLY = `
SELECT source, count() AS count, toString(min(received_at)) AS first, toString(max(received_at)) AS last
FROM @one.events FINAL
WHERE toMonday(original_timestamp) = {week:Date}
  AND (source, message_id) NOT IN (SELECT source, message_id FROM @other.events WHERE toMonday(original_timestamp) = {week:Date})
GROUP BY source`

/** Compares the events; sources in order, also those without a difference. */
export async function compareEvents(live: Database, shadow: Database): Promise<EventDifference[]> {
  const name = (sql: string) => sql.replaceAll('@live', live.name).replaceAll('@shadow', shadow.name)
  const totals = await live.read<{ source: string; live: string; shadow: string; hours: string }>(
    name(TOTALS),
  )
  const found = new Map<string, EventDifference>()
  for (const { source, ...counts } of totals) {
    found.set(source, {
      source,
      live: Number(counts.live),
      shadow: Number(counts.shadow),
      onlyLive: 0,
      onlyShadow: 0,
      firstReceived: '',
      lastReceived: '',
      hours: Number(counts.hours),
    })
  }
  for (const [one, other] of [
    [live, shadow],
    [shadow, live],
  ] as const) {
    const weeks = await live.read<{ week: string }>(name(DIFFERING_WEEKS).replace('@.', `${one.name}.`))
    for (const { week } of weeks) {
      const sql = ONLY.replace('@one', one.name).replace('@other', other.name)
      for (const row of await live.read<{ source: string; count: string; first: string; last: string }>(sql, {
        week,
      })) {
        const difference = found.get(row.source)
        if (difference === undefined) continue
        if (one === shadow) difference.onlyShadow += Number(row.count)
        else addOnlyLive(difference, row)
      }
    }
  }
  return [...found.values()]
}

function addOnlyLive(
  difference: EventDifference,
  { count, first, last }: { count: string; first: string; last: string },
): void {
  difference.onlyLive += Number(count)
  if (difference.firstReceived === '' || first < difference.firstReceived) difference.firstReceived = first
  if (last > difference.lastReceived) difference.lastReceived = last
}

/** What is counted of each computed table. */
const COUNTED: readonly (readonly [table: string, what: string, expression: string])[] = [
  ['corrections', 'rows', 'count()'],
  ['corrected_events', 'rows', 'count()'],
  ['identities', 'rows', 'count()'],
  ['identity_pairs', 'rows', 'count()'],
  ['identity_aliases', 'rows', 'count()'],
  ['sessions', 'rows', 'count()'],
  ['sessions', 'events', 'sum(t.events)'],
  ...['rollup_minute', 'rollup_hour'].flatMap(
    (table) =>
      [
        [table, 'events', 'sum(t.events)'],
        [table, 'value_sum', 'sum(t.value_sum)'],
      ] as const,
  ),
  ['rollup_hour_fields', 'events', 'sum(t.events)'],
]

/** Compares the computed tables; only what differs. */
export async function compareTables(live: Database, shadow: Database): Promise<TableDifference[]> {
  const differences: TableDifference[] = []
  for (const [table, what, expression] of COUNTED) {
    const of = ({ name }: Database) =>
      `SELECT source, toString(${expression}) AS value FROM ${name}.${table} AS t FINAL GROUP BY source`
    const rows = await live.read<{ source: string; live: string; shadow: string }>(
      `SELECT source, l.value AS live, s.value AS shadow FROM (${of(live)}) AS l FULL JOIN (${of(shadow)}) AS s USING (source) WHERE live != shadow ORDER BY source`,
    )
    for (const row of rows)
      differences.push({ source: row.source, table, what, live: row.live || '0', shadow: row.shadow || '0' })
  }
  return differences
}
