/** The questions `top` and `breakdown`: values of one field by what they count, and one metric by up to two fields. */

import { z } from 'zod'
import { findEventField } from '../fields.ts'
import {
  checkMetric,
  type EventFields,
  eventFieldSchema,
  eventFields,
  fromMetric,
  type MetricFields,
  metricFields,
  metricSql,
} from '../metrics.ts'
import { defineQuestion, wholeNumber } from '../question.ts'
import { bind, join, type Sql, sql } from '../sql.ts'

interface TopFields extends MetricFields, EventFields {
  field: string
  limit: number
}

export const top = defineQuestion<TopFields>({
  summary: 'The values of a field, those with most first: top pages, referrers, campaigns, countries ...',
  schema: z
    .strictObject({
      field: eventFieldSchema,
      ...metricFields,
      ...eventFields,
      limit: wholeNumber(1, 1_000).default(10),
    })
    .superRefine(checkMetric),
  hasRange: true,
  async answer({ fields, range, ask }) {
    const { field, metric, of, limit } = fields
    // Events and people are always told; another metric beside them.
    const isOther = metric !== 'events' && metric !== 'people'
    const metrics = [
      { metric: 'events' },
      { metric: 'people' },
      ...(isOther ? [{ metric, of }] : []),
    ] satisfies MetricFields[]
    const order = metrics.findIndex((one) => one.metric === metric) + 2
    const keys = [keySql(field)]
    const rows = await ask(
      table(keys, metrics.map(metricSql), order, fromMetric([metric], range, fields), limit),
    )
    return { readFrom: 'events', columns: [field, ...metrics.map(nameOf)], rows }
  },
})

interface BreakdownFields extends MetricFields, EventFields {
  by: string[]
  limit: number
}

export const breakdown = defineQuestion<BreakdownFields>({
  summary: 'A metric by one or two fields',
  schema: z
    .strictObject({
      ...metricFields,
      by: z.preprocess(
        (value) => (typeof value === 'string' ? [value] : value),
        z.array(eventFieldSchema).min(1).max(2),
      ),
      ...eventFields,
      limit: wholeNumber(1, 1_000).default(100),
    })
    .superRefine(checkMetric),
  hasRange: true,
  async answer({ fields, range, ask }) {
    const { by, limit } = fields
    const from = fromMetric([fields.metric], range, fields)
    const rows = await ask(table(by.map(keySql), [metricSql(fields)], by.length + 1, from, limit))
    return { readFrom: 'events', columns: [...by, nameOf(fields)], rows }
  },
})

/** Rows of keys and metrics, largest first by the column of that number. */
function table(keys: Sql[], metrics: Sql[], order: number, from: Sql, limit: number): Sql {
  const keyNumbers = [sql`1`, sql`1, 2`][keys.length - 1] ?? sql`1`
  const orderNumber = [sql`2`, sql`3`, sql`4`][order - 2] ?? sql`2`
  return sql`SELECT ${join([...keys, ...metrics], sql`, `)}
${from}
GROUP BY ${keyNumbers}
ORDER BY ${orderNumber} DESC NULLS LAST, ${keyNumbers}
LIMIT ${bind('UInt32', limit)}`
}

function keySql(field: string): Sql {
  return findEventField(field)?.text ?? sql`''`
}

/** A column of a metric: `people`, `sum of properties.revenue`. */
function nameOf({ metric, of }: MetricFields): string {
  return of === undefined ? metric : `${metric} of ${of}`
}
