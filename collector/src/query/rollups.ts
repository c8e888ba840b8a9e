/** Which questions roll-ups can answer, exactly as the events would, and how. */

import { ROLLUP_FIELD_EVENTS, ROLLUP_FIELDS } from '@millrace/schemas'
import { type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { findEventField } from './fields.ts'
import { type EventFields, eventsCondition, type Metric, type MetricFields } from './metrics.ts'
import type { Asked } from './question.ts'
import type { Range } from './range.ts'
import { fromFieldRollups, fromRollups } from './relations.ts'
import { hasWholeHours } from './time.ts'

/** What is looked at. */
export interface RollupFields extends MetricFields, EventFields {
  by?: string | undefined
}

/** What is looked at where values of fields are told apart. */
export interface FieldRollupFields extends EventFields {
  metrics: readonly Metric[]
  by: readonly string[]
}

/** Tables that a question is read from, where there is a choice. */
export const usingSchema = z.enum(['auto', 'events', 'rollups']).default('auto').describe('Tables to read')

/** One of {@link usingSchema}. */
export type Using = z.infer<typeof usingSchema>

const MINUTE_MS = 60_000

/** Roll-ups further behind than this are left alone: the events themselves are always current. */
const MAX_LAG_SECONDS = 300

/** Shorter spans are read from the events, which are few then, and current. */
const MIN_ROLLUP_SPAN_MS = 6 * 3_600_000

/**
 * Whether to read from roll-ups; of two tables that are right and current, the quicker.
 *
 * @param reason why they cannot answer it, if so
 */
export async function prefersRollups(
  { fields, range, freshness }: Asked<{ using: Using }>,
  reason: string | undefined,
): Promise<boolean> {
  if (reason !== undefined || fields.using === 'events') return false
  if (fields.using === 'rollups') return true
  if (range.to - range.from < MIN_ROLLUP_SPAN_MS) return false
  const known = await freshness
  return known !== null && known.lagSeconds <= MAX_LAG_SECONDS
}

/** The name of a measure of the configuration, of `measures.revenue`; `undefined` when a field is no measure. */
export function measureOf(field: string | undefined): string | undefined {
  return /^measures\.([a-z][a-z0-9_]{0,63})$/.exec(field ?? '')?.[1]
}

/**
 * Why roll-ups cannot answer it; `undefined` when they can. A measure is nowhere else, so what is left of it will do.
 *
 * @param rollupsSince those of before are deleted
 */
export function fitsRollups(
  { metric, of, by, filters }: RollupFields,
  { from, to }: Range,
  rollupsSince: number,
): string | undefined {
  const isMeasure = measureOf(of) !== undefined
  if (ROLLUP_COUNTS[metric] === undefined && !isMeasure) {
    return 'they have events, people, sessions, and values of measures'
  }
  if (filters.length > 0) return 'they know of an event its name alone, so filters do not work on them'
  if (by !== undefined && by !== 'event')
    return 'they know of an event its name alone, so by can only be event'
  if (from % MINUTE_MS !== 0 || to % MINUTE_MS !== 0)
    return 'they have whole minutes, so from and to must begin one'
  return isMeasure ? undefined : whyDeleted(from, rollupsSince)
}

/** The same of the roll-ups by field. */
export function fitsFieldRollups(
  { metrics, by, events, filters }: FieldRollupFields,
  { from }: Range,
  rollupsSince: number,
): string | undefined {
  if (!metrics.every((metric) => metric === 'events' || metric === 'people')) {
    return 'by the values of a field they have events and people'
  }
  if (filters.length > 0) return 'filters do not work on them'
  if (events.length === 0 || !events.every((name) => ROLLUP_FIELD_EVENTS.some((known) => known === name))) {
    return `by the values of a field they have the events ${ROLLUP_FIELD_EVENTS.join(' and ')}, so events must name those`
  }
  if (by.length !== 1 || fieldOf(by) === undefined) return `they have one of ${ROLLUP_FIELDS.join(', ')}`
  return whyDeleted(from, rollupsSince)
}

function whyDeleted(from: number, rollupsSince: number): string | undefined {
  if (from >= rollupsSince) return undefined
  return `they are kept since ${new Date(rollupsSince).toISOString()}, so from must not be before`
}

function fieldOf([by]: readonly string[]): (typeof ROLLUP_FIELDS)[number] | undefined {
  return ROLLUP_FIELDS.find((field) => field === by)
}

/** `FROM` and `WHERE` of what answers it, whose rows have the value of the field as `value`. */
export function fromFieldRollupsFor({ by, events }: FieldRollupFields, range: Range): Sql {
  const field = fieldOf(by)
  const text = findEventField(field ?? '')?.text
  if (field === undefined || text === undefined) throw new TypeError(`no roll-up has ${by.join(', ')}`)
  return fromFieldRollups(range, field, text, eventsCondition(events))
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
