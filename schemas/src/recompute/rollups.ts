/** Counts by minute and hour, computed anew from the events of the minutes in the work. */

import { ROLLUP_FIELD_EVENTS, ROLLUP_FIELDS } from '../rollup-fields.ts'
import { measuresSql, type SourceMeasures } from './measures.ts'
import type { Statements } from './statements.ts'
import { HAS_CLIENT_SESSION, type Run, readKinds, runParameters } from './work.ts'

/** Options of {@link recomputeRollups}. */
export interface RollupOptions {
  /** Default none. */
  measures: readonly SourceMeasures[]
  /**
   * For sources whose events are deleted after a time: since when they are whole, `2026-11-22 10:00:00.000`. What is older
   * keeps the counts that it has.
   */
  horizons: ReadonlyMap<string, string>
}

/** What a run needs of the configuration. */
export interface RecomputeOptions extends RollupOptions {
  /** Name of the cluster that the tables are spread over. Default: one server. */
  cluster?: string | undefined
}

/** Minutes of the work that still have all their events. */
const TOUCHED = `(
  SELECT DISTINCT source, toDateTime(from_time, 'UTC') AS minute
  FROM recompute_work
  WHERE run = {run:String} AND kind = 'minute'
    AND from_time >= transform(source, mapKeys({horizons:Map(String, DateTime64(3, 'UTC'))}), mapValues({horizons:Map(String, DateTime64(3, 'UTC'))}), toDateTime64(0, 3, 'UTC'))
)`

const TOUCHED_HOURS = `(SELECT DISTINCT source, toStartOfHour(minute) AS hour FROM ${TOUCHED})`

/** Between an early and a late minute there may be months of sessions: these stay out of the join's memory. */
const OVERLAPS_TOUCHED_HOUR = `arrayExists(
  hour -> hour >= toStartOfHour(toDateTime(started_at, 'UTC')) AND hour <= toDateTime(ended_at, 'UTC'),
  (SELECT arraySort(groupUniqArray(hour)) FROM ${TOUCHED_HOURS})
)`

const CLIENT_SESSION = HAS_CLIENT_SESSION.replaceAll('session_id', 'e.session_id')

/**
 * Bounds are of the same type as the column: `started_at < toDateTime(...)` loses the last second, because the index on the
 * partition takes the bound for whole seconds (ClickHouse 26.7).
 *
 * Events of those minutes, each with its session: the client's, or the one of its visitor that had last begun. */
const EVENTS = `
SELECT e.source AS source, toStartOfMinute(e.timestamp) AS minute, e.event AS event, e.person_id AS person,
  if(${CLIENT_SESSION}, e.session_id, g.session_id) AS session, @values AS measured
FROM events_resolved AS e
ASOF LEFT JOIN (
  SELECT source, visitor_id, session_id, started_at
  FROM sessions FINAL
  WHERE NOT is_client_session
    AND ended_at >= (SELECT toDateTime64(min(minute), 3, 'UTC') FROM ${TOUCHED})
    AND started_at < (SELECT toDateTime64(max(minute) + INTERVAL 1 MINUTE, 3, 'UTC') FROM ${TOUCHED})
    AND ${OVERLAPS_TOUCHED_HOUR}
) AS g ON e.source = g.source AND e.visitor_id = g.visitor_id AND e.timestamp >= g.started_at
WHERE toStartOfMinute(e.timestamp) IN (SELECT minute FROM ${TOUCHED})
  AND (e.source, toStartOfMinute(e.timestamp)) IN ${TOUCHED}`

const COLUMNS =
  'event, measure, events, people, sessions, value_count, value_sum, value_min, value_max, value_quantiles, computed_at'

const QUANTILES = 'quantilesDD%(0.01, 0.5, 0.75, 0.9, 0.95, 0.99)'

/** The empty measure counts the event itself. */
function insertMinutes(measures: string | undefined): string {
  const values = measures ?? 'CAST([] AS Array(Tuple(String, Nullable(Float64))))'
  return `
INSERT INTO rollup_minute (source, minute, ${COLUMNS})
SELECT source, minute, event, measure,
  countIf(measure = '') AS events,
  uniqExactIfState(cityHash64(person), measure = '' AND person != '') AS people,
  uniqExactIfState(cityHash64(session), measure = '' AND session != '') AS sessions,
  countIf(measure != '') AS value_count,
  sum(toDecimal128(toInt128(round(value * 1000000)), 0) * toDecimal128('0.000001', 6)) AS value_sum,
  minIf(value, measure != '') AS value_min,
  maxIf(value, measure != '') AS value_max,
  ${QUANTILES.replace('%', 'IfState')}(value, measure != '') AS value_quantiles,
  {now:DateTime64(3, 'UTC')} AS computed_at
FROM (
  SELECT source, minute, event, person, session, tupleElement(item, 1) AS measure, ifNull(tupleElement(item, 2), 0) AS value
  FROM (${EVENTS.replace('@values', values)})
  ARRAY JOIN arrayPushFront(measured, ('', NULL)) AS item
)
GROUP BY source, minute, event, measure`
}

const INSERT_HOURS = `
INSERT INTO rollup_hour (source, hour, ${COLUMNS})
SELECT source, toStartOfHour(minute) AS hour, event, measure,
  sum(events) AS events,
  uniqExactMergeState(people) AS people,
  uniqExactMergeState(sessions) AS sessions,
  sum(m.value_count) AS value_count,
  sum(value_sum) AS value_sum,
  minIf(value_min, m.value_count > 0) AS value_min,
  maxIf(value_max, m.value_count > 0) AS value_max,
  ${QUANTILES.replace('%', 'MergeState')}(value_quantiles) AS value_quantiles,
  {now:DateTime64(3, 'UTC')} AS computed_at
FROM rollup_minute AS m FINAL
WHERE (source, toStartOfHour(minute)) IN ${TOUCHED_HOURS}
GROUP BY source, hour, event, measure`

const FIELD_EVENTS = ROLLUP_FIELD_EVENTS.map((name) => `'${name}'`).join(', ')

/** From the events of the whole hour, so that no counts of minutes by field need be kept. */
const INSERT_FIELDS = `
INSERT INTO rollup_hour_fields (source, field, event, hour, value, events, people, computed_at)
SELECT source, tupleElement(item, 1) AS field, event, hour, tupleElement(item, 2) AS value,
  count() AS events,
  uniqExactIfState(cityHash64(person), person != '') AS people,
  {now:DateTime64(3, 'UTC')} AS computed_at
FROM (
  SELECT e.source AS source, e.event AS event, toStartOfHour(e.timestamp) AS hour, e.person_id AS person,
    [${ROLLUP_FIELDS.map((field) => `('${field}', e.${field})`).join(', ')}] AS items
  FROM events_resolved AS e
  WHERE e.event IN (${FIELD_EVENTS})
    AND toStartOfHour(e.timestamp) IN (SELECT hour FROM ${TOUCHED_HOURS})
    AND (e.source, toStartOfHour(e.timestamp)) IN ${TOUCHED_HOURS}
)
ARRAY JOIN items AS item
GROUP BY source, field, event, hour, value`

/** A roll-up, its column of time and the others of its sorting key, and the windows of the work. */
interface Rollup {
  table: string
  time: string
  key: string
  touched: string
}

const MINUTES: Rollup = { table: 'rollup_minute', time: 'minute', key: 'event, measure', touched: TOUCHED }
const HOURS: Rollup = { table: 'rollup_hour', time: 'hour', key: 'event, measure', touched: TOUCHED_HOURS }
const FIELDS: Rollup = {
  table: 'rollup_hour_fields',
  time: 'hour',
  key: 'field, event, value',
  touched: TOUCHED_HOURS,
}

/** A row of these windows that this run has not written counts nothing any more. */
function bury({ table, time, key, touched }: Rollup): string {
  return `INSERT INTO ${table} (source, ${time}, ${key}, computed_at, is_deleted)
SELECT source, ${time}, ${key}, {now:DateTime64(3, 'UTC')}, 1
FROM ${table} FINAL
WHERE (source, ${time}) IN ${touched} AND computed_at < {now:DateTime64(3, 'UTC')}`
}

/** Computes the roll-ups of the work. Idempotent. */
export async function recomputeRollups(
  statements: Statements,
  current: Run,
  { measures, horizons }: RollupOptions,
): Promise<void> {
  if (!(await readKinds(statements, current)).has('minute')) return
  const { run } = statements
  const parameters = { ...runParameters(current), horizons: Object.fromEntries(horizons) }
  await run(insertMinutes(measuresSql(measures)), parameters)
  await run(bury(MINUTES), parameters)
  await run(INSERT_HOURS, parameters)
  await run(bury(HOURS), parameters)
  await run(INSERT_FIELDS, parameters)
  await run(bury(FIELDS), parameters)
}
