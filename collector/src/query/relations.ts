/**
 * What questions read. Every table is named here and nowhere else, and here `source = {source:String}` is put beside it: a
 * question can only narrow that down. The parameter itself is bound where the statement is sent, to the source of the token.
 */

import type { ROLLUP_FIELDS } from '@millrace/schemas'
import { all, bind, type Sql, sql } from '@millrace/schemas/sql'

/** Times between which rows are read, in milliseconds since 1970. */
export interface Span {
  /** Inclusive. */
  from: number
  /** Exclusive. */
  to: number
}

const OF_SOURCE = sql`source = {source:String}`

/** Tables whose rows belong to a source: whatever a statement says, ClickHouse gives those of the token's source only. */
export const SCOPED_TABLES = [
  'events',
  'corrected_events',
  'sessions',
  'identities',
  'rollup_minute',
  'rollup_hour',
  'rollup_hour_fields',
  'quarantine',
  'omitted',
  'ledger_minutes',
  'stream_gaps',
  'lake_reconciliations',
  'live_windows',
] as const

/** Events of the span, each once, as corrected, with `visitor_id` and `person_id`. */
export function fromEvents(span: Span, conditions: readonly Sql[] = []): Sql {
  return sql`FROM events_resolved WHERE ${OF_SOURCE} AND ${within(sql`timestamp`, span)} AND ${all(conditions)}`
}

/** The same with `session`: the client's session, else the one of its visitor that had last begun. Empty when none had. */
export function fromEventsInSessions(span: Span, conditions: readonly Sql[] = []): Sql {
  return sql`FROM (
  SELECT e.*, if(e.session_id != '' AND lower(e.session_id) NOT IN ('null', 'undefined'), e.session_id, g.session_id) AS session
  FROM (SELECT * ${fromEvents(span, conditions)}) AS e
  ASOF LEFT JOIN (
    SELECT visitor_id, session_id, started_at FROM sessions FINAL
    WHERE ${OF_SOURCE} AND NOT is_client_session
      AND ended_at >= ${time(span.from)} AND started_at < ${time(span.to)}
  ) AS g ON e.visitor_id = g.visitor_id AND e.timestamp >= g.started_at
)`
}

/** Sessions that began in the span. */
export function fromSessions(span: Span, conditions: readonly Sql[] = []): Sql {
  return sql`FROM sessions FINAL WHERE ${OF_SOURCE} AND ${within(sql`started_at`, span)} AND ${all(conditions)}`
}

/**
 * Counts of whole minutes, as `start`, `event` and the columns of the roll-ups. Whole hours are read as such.
 *
 * @param span its ends are beginnings of minutes
 * @param measure its name; the empty one has the counts of events, people and sessions
 * @param onlyMinutes where hours of the time zone are not those of UTC
 */
export function fromRollups(
  span: Span,
  measure: string,
  onlyMinutes: boolean,
  conditions: readonly Sql[],
): Sql {
  const isOne = all([sql`measure = ${bind('String', measure)}`, ...conditions])
  const columns = sql`event, events, people, sessions, value_count, value_sum, value_min, value_max, value_quantiles`
  const minutes = (part: Span) =>
    sql`SELECT minute AS start, ${columns} FROM rollup_minute FINAL WHERE ${OF_SOURCE} AND ${isOne} AND ${withinSeconds(sql`minute`, part)}`
  const { before, hours, after } = partsOf(span)
  if (onlyMinutes || hours.from >= hours.to) return sql`FROM (${minutes(span)})`
  const whole = sql`SELECT hour AS start, ${columns} FROM rollup_hour FINAL WHERE ${OF_SOURCE} AND ${isOne} AND ${withinSeconds(sql`hour`, hours)}`
  return sql`FROM (${whole} UNION ALL ${minutes(before)} UNION ALL ${minutes(after)})`
}

/**
 * JSON text of a row of a lookup table of the source, as it is today or was at the event's time; empty where there is none.
 * A dictionary heeds no filters on tables, so the source is a part of the key that it is asked for.
 */
export function lookupRow(isThen: boolean, table: string, key: Sql): Sql {
  const place = sql`({source:String}, ${bind('String', table)}, ${key})`
  return isThen
    ? sql`dictGetOrDefault(concat(currentDatabase(), '.lookup_then'), 'row', ${place}, toUnixTimestamp64Milli(timestamp), '')`
    : sql`dictGetOrDefault(concat(currentDatabase(), '.lookup_today'), 'row', ${place}, '')`
}

/** How far the computed tables are; of all sources, and says nothing of any. */
export const FROM_FRESHNESS = sql`FROM freshness`

/**
 * Page and screen views as `value`, `events` and the state `people`: whole hours from their roll-up, and what the span has
 * before and after those from the events.
 *
 * @param text the same field of events
 */
export function fromFieldRollups(
  span: Span,
  field: (typeof ROLLUP_FIELDS)[number],
  text: Sql,
  conditions: readonly Sql[],
): Sql {
  const { before, hours, after } = partsOf(span)
  const events = (part: Span) =>
    sql`SELECT ${text} AS value, count() AS events, uniqExactIfState(cityHash64(person_id), person_id != '') AS people ${fromEvents(part, conditions)} GROUP BY value`
  const rollups = sql`SELECT value, events, people FROM rollup_hour_fields FINAL WHERE ${OF_SOURCE} AND field = ${bind('String', field)} AND ${all(conditions)} AND ${withinSeconds(sql`hour`, hours)}`
  return sql`FROM (${rollups} UNION ALL ${events(before)} UNION ALL ${events(after)})`
}

/** How far the ledger is; of all sources, and says nothing of any. */
export const FROM_LEDGER_RUNS = sql`FROM ledger_runs FINAL WHERE job = 'ledger'`

/** Hours of the books, by when the collector received what they are about. */
export function fromLedger(span: Span): Sql {
  return sql`FROM ledger WHERE ${OF_SOURCE} AND ${withinSeconds(sql`hour`, span)}`
}

/** Streams with missing numbers or drops that their client declared, by when something of them last came. */
export function fromGaps(span: Span): Sql {
  return sql`FROM delivery_gaps WHERE ${OF_SOURCE} AND ${within(sql`last_received_at`, span)}`
}

/** Refused events, each once, by when they were received; not those that were accepted, and then refused by ClickHouse. */
export function fromQuarantine(span: Span): Sql {
  return sql`FROM quarantine FINAL WHERE ${OF_SOURCE} AND ${within(sql`received_at`, span)} AND reason != 'not_storable'`
}

/** Events that were left out on purpose; not those that were accepted, and then forgotten. */
export function fromFiltered(span: Span): Sql {
  return sql`FROM omitted FINAL WHERE ${OF_SOURCE} AND ${within(sql`received_at`, span)} AND status = 'filtered' AND reason != 'forgotten'`
}

/** Hours of which lake and warehouse were compared, by the client's clock. */
export function fromLakeComparison(span: Span): Sql {
  return sql`FROM lake_reconciliations FINAL WHERE ${OF_SOURCE} AND ${withinSeconds(sql`hour`, span)}`
}

/** Minutes and names of which live windows and roll-ups differ; looks back one day, however long the span. */
export function fromLiveDifferences(span: Span): Sql {
  return sql`FROM live_differences WHERE ${OF_SOURCE} AND ${withinSeconds(sql`minute`, span)}`
}

/** Live windows that those are found by. */
export function fromLiveCompared(span: Span): Sql {
  return sql`FROM live_windows WHERE ${OF_SOURCE} AND name = 'events' AND ${within(sql`window_start`, span)}`
}

/** Whole hours of a span, and what is before and after them. A span without one is all before. */
function partsOf({ from, to }: Span): { before: Span; hours: Span; after: Span } {
  const first = Math.ceil(from / HOUR_MS) * HOUR_MS
  const last = Math.floor(to / HOUR_MS) * HOUR_MS
  const [begin, end] = first <= last ? [first, last] : [to, to]
  return { before: { from, to: begin }, hours: { from: begin, to: end }, after: { from: end, to } }
}

const HOUR_MS = 3_600_000

function within(column: Sql, span: Span): Sql {
  return sql`${column} >= ${time(span.from)} AND ${column} < ${time(span.to)}`
}

function withinSeconds(column: Sql, { from, to }: Span): Sql {
  const seconds = (ms: number) => bind("DateTime('UTC')", textOf(ms).slice(0, 19))
  return sql`${column} >= ${seconds(from)} AND ${column} < ${seconds(to)}`
}

function time(ms: number) {
  return bind("DateTime64(3, 'UTC')", textOf(ms))
}

/** As ClickHouse writes times: `2026-11-22 10:00:00.000`. */
function textOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}
