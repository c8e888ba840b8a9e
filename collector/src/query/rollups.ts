/** Which questions roll-ups can answer, exactly as the events would, and how. */

import { type EventFields, eventsCondition, type Metric, type MetricFields } from './metrics.ts'
import type { Range } from './range.ts'
import { fromRollups } from './relations.ts'
import { type Sql, sql } from './sql.ts'
import { hasWholeHours } from './time.ts'

/** What is looked at. */
export interface RollupFields extends MetricFields, EventFields {
  by?: string | undefined
}

const MINUTE_MS = 60_000

/** The name of a measure of the configuration, of `measures.revenue`; `undefined` when a field is no measure. */
export function measureOf(field: string | undefined): string | undefined {
  return /^measures\.([a-z][a-z0-9_]{0,63})$/.exec(field ?? '')?.[1]
}

/** Why roll-ups cannot answer it; `undefined` when they can. */
export function fitsRollups(
  { metric, of, by, filters }: RollupFields,
  { from, to }: Range,
): string | undefined {
  if (ROLLUP_COUNTS[metric] === undefined && measureOf(of) === undefined) {
    return 'they have events, people, sessions, and values of measures'
  }
  if (filters.length > 0) return 'they know of an event its name alone, so filters do not work on them'
  if (by !== undefined && by !== 'event')
    return 'they know of an event its name alone, so by can only be event'
  if (from % MINUTE_MS !== 0 || to % MINUTE_MS !== 0)
    return 'they have whole minutes, so from and to must begin one'
  return undefined
}

/** `FROM` and `WHERE` of the roll-ups that answer it. */
export function fromRollupsFor({ of, events }: RollupFields, range: Range): Sql {
  const onlyMinutes = !hasWholeHours(range.from, range.to, range.timeZone)
  return fromRollups(range, measureOf(of) ?? '', onlyMinutes, eventsCondition(events))
}

/** The metric over rows of {@link fromRollupsFor}. */
export function rollupMetricSql({ metric }: MetricFields): Sql {
  return ROLLUP_COUNTS[metric] ?? ROLLUP_VALUES[metric] ?? sql`NULL`
}

const ROLLUP_COUNTS: { [Name in Metric]?: Sql } = {
  events: sql`sum(events)`,
  people: sql`uniqExactMerge(people)`,
  sessions: sql`uniqExactMerge(sessions)`,
}

const COUNT = sql`sum(value_count)`
const SUM = sql`toFloat64(sum(value_sum))`
const QUANTILES = sql`quantilesDDMerge(0.01, 0.5, 0.75, 0.9, 0.95, 0.99)(value_quantiles)`

/** Quantiles of measures are within 1 %. */
const ROLLUP_VALUES: { [Name in Metric]?: Sql } = {
  sum: SUM,
  avg: sql`if(${COUNT} = 0, NULL, ${SUM} / ${COUNT})`,
  min: sql`if(${COUNT} = 0, NULL, minIf(value_min, value_count > 0))`,
  max: sql`if(${COUNT} = 0, NULL, maxIf(value_max, value_count > 0))`,
  p50: sql`if(${COUNT} = 0, NULL, ${QUANTILES}[1])`,
  p75: sql`if(${COUNT} = 0, NULL, ${QUANTILES}[2])`,
  p90: sql`if(${COUNT} = 0, NULL, ${QUANTILES}[3])`,
  p95: sql`if(${COUNT} = 0, NULL, ${QUANTILES}[4])`,
  p99: sql`if(${COUNT} = 0, NULL, ${QUANTILES}[5])`,
}
