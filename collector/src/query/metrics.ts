/** What questions count: the metrics, their schema, and the SQL of each. */

import { bind, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { EVENT_FIELD_NAMES, findEventField } from './fields.ts'
import { type Filter, fieldSchema, filterConditions, filtersSchema } from './filters.ts'
import { fromEvents, fromEventsInSessions, type Span } from './relations.ts'

/** Metrics that count, and those of a number that events carry. */
export const COUNTS = ['events', 'people', 'visitors', 'sessions'] as const
export const VALUES = ['sum', 'avg', 'min', 'max', 'p50', 'p75', 'p90', 'p95', 'p99'] as const

/** One of {@link COUNTS} or {@link VALUES}. */
export type Metric = (typeof COUNTS)[number] | (typeof VALUES)[number]

/** What a question counts. */
export interface MetricFields {
  metric: Metric
  /** Field that has the number; only for {@link VALUES}. */
  of?: string | undefined
}

/** Fields of a question that say which events it is about. */
export interface EventFields {
  events: string[]
  filters: Filter[]
}

/** Schema of a field of events. */
export const eventFieldSchema = fieldSchema(findEventField, EVENT_FIELD_NAMES, true)

/** Schema of filters on events. */
export const eventFiltersSchema = filtersSchema(findEventField, EVENT_FIELD_NAMES, true)

/** Names of events, where only those count. A page view is an event `page`. Default all. */
export const eventNamesSchema = z.array(z.string().min(1).max(256)).max(50).default([])

export const eventFields = { events: eventNamesSchema, filters: eventFiltersSchema }

export const metricFields = {
  metric: z.enum([...COUNTS, ...VALUES]).default('events'),
  of: z.string().max(256).optional(),
}

/** Metrics of a value need the field that has it, and the others take none. For `superRefine`. */
export function checkMetric({ metric, of }: MetricFields, context: z.RefinementCtx): void {
  const issue = (message: string) => context.addIssue({ code: 'custom', path: ['of'], message })
  if (!isValueMetric(metric)) {
    if (of !== undefined) issue(`must be absent, as ${metric} counts; it is for ${VALUES.join(', ')}`)
  } else if (of === undefined) {
    issue(`must be the field to take the ${metric} of, such as properties.revenue`)
  } else if (findEventField(of)?.number === undefined) {
    issue('must be a field that has numbers: asn, session_index, or a path such as properties.revenue')
  }
}

/** Whether it is one of {@link VALUES}. */
export function isValueMetric(metric: Metric): metric is (typeof VALUES)[number] {
  return VALUES.some((value) => value === metric)
}

/** The metric over rows of {@link fromMetric}. */
export function metricSql({ metric, of }: MetricFields): Sql {
  if (!isValueMetric(metric)) return COUNT_SQL[metric]
  const number = findEventField(of ?? '')?.number ?? sql`CAST(NULL AS Nullable(Float64))`
  return VALUE_SQL[metric](number)
}

/** What the metric is where there are no rows. */
export function emptyMetric(metric: Metric): 0 | null {
  return isValueMetric(metric) && metric !== 'sum' ? null : 0
}

/** `FROM` and `WHERE` of the events, with their sessions where those are counted. */
export function fromMetric(metrics: readonly Metric[], span: Span, fields: EventFields): Sql {
  const conditions = eventConditions(fields)
  return metrics.includes('sessions') ? fromEventsInSessions(span, conditions) : fromEvents(span, conditions)
}

/** Conditions of the events that a question is about. */
export function eventConditions({ events, filters }: EventFields): Sql[] {
  return [...eventsCondition(events), ...filterConditions(filters, findEventField)]
}

/** The condition that an event has one of these names; none where there are none. */
export function eventsCondition(events: readonly string[]): Sql[] {
  return events.length === 0 ? [] : [sql`event IN ${bind('Array(String)', events)}`]
}

const COUNT_SQL: Record<(typeof COUNTS)[number], Sql> = {
  events: sql`count()`,
  people: sql`uniqExactIf(cityHash64(person_id), person_id != '')`,
  visitors: sql`uniqExactIf(cityHash64(visitor_id), visitor_id != '')`,
  sessions: sql`uniqExactIf(cityHash64(session), session != '')`,
}

/** Of values rounded to a millionth, as the roll-ups have it: the same whatever the order. */
function sumOf(number: Sql): Sql {
  const exact = sql`sum(toDecimal128(toInt128(round(${number} * 1000000)), 0) * toDecimal128('0.000001', 6))`
  return sql`ifNull(toFloat64(${exact}), 0)`
}

const VALUE_SQL: Record<(typeof VALUES)[number], (number: Sql) => Sql> = {
  sum: sumOf,
  avg: (number) => sql`if(count(${number}) = 0, NULL, ${sumOf(number)} / count(${number}))`,
  min: (number) => sql`min(${number})`,
  max: (number) => sql`max(${number})`,
  p50: (number) => sql`quantileExactInclusive(0.5)(${number})`,
  p75: (number) => sql`quantileExactInclusive(0.75)(${number})`,
  p90: (number) => sql`quantileExactInclusive(0.9)(${number})`,
  p95: (number) => sql`quantileExactInclusive(0.95)(${number})`,
  p99: (number) => sql`quantileExactInclusive(0.99)(${number})`,
}
