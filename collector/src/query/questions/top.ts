/** The questions `top` and `breakdown`: values of one field by what they count, and one metric by up to two fields. */

import { bind, join, type Sql, sql } from '@millrace/schemas/sql'
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
import { type Asked, defineQuestion, type Found, wholeNumber } from '../question.ts'
import type { Mistake, Range } from '../range.ts'
import {
  fitsFieldRollups,
  fromFieldRollupsFor,
  prefersRollups,
  rollupMetricSql,
  type Using,
  usingSchema,
} from '../rollups.ts'

interface TopFields extends MetricFields, EventFields {
  field: string
  limit: number
  using: Using
}

export const top = defineQuestion<TopFields>({
  summary: 'The values of a field, those with most first: top pages, referrers, campaigns, countries ...',
  schema: z
    .strictObject({
      field: eventFieldSchema,
      ...metricFields,
      ...eventFields,
      limit: wholeNumber(1, 1_000).default(10),
      using: usingSchema,
    })
    .superRefine(checkMetric),
  hasRange: true,
  settle: (fields, range, rollupsSince) =>
    refuseUsing(fields, whyNotRollups(listTop(fields), range, rollupsSince)) ?? { ok: true, fields, range },
  answer(asked) {
    const { fields } = asked
    return findTable(asked, listTop(fields), fields.metric)
  },
})

/** Events and people are always told; another metric beside them. */
function listTop({ field, metric, of, ...fields }: TopFields): Listed {
  const isOther = metric !== 'events' && metric !== 'people'
  return {
    ...fields,
    by: [field],
    columns: [{ metric: 'events' }, { metric: 'people' }, ...(isOther ? [{ metric, of }] : [])],
  }
}

interface BreakdownFields extends MetricFields, EventFields {
  by: string[]
  limit: number
  using: Using
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
      using: usingSchema,
    })
    .superRefine(checkMetric),
  hasRange: true,
  settle: (fields, range, rollupsSince) =>
    refuseUsing(fields, whyNotRollups(listBreakdown(fields), range, rollupsSince)) ?? {
      ok: true,
      fields,
      range,
    },
  answer(asked) {
    const { fields } = asked
    return findTable(asked, listBreakdown(fields), fields.metric)
  },
})

function listBreakdown({ metric, of, ...fields }: BreakdownFields): Listed {
  return { ...fields, columns: [{ metric, of }] }
}

/** What both list: metrics by fields. */
interface Listed extends EventFields {
  by: readonly string[]
  columns: readonly MetricFields[]
  limit: number
}

function whyNotRollups(
  { by, columns, events, filters }: Listed,
  range: Range,
  rollupsSince: number,
): string | undefined {
  const metrics = columns.map(({ metric }) => metric)
  return fitsFieldRollups({ metrics, by, events, filters }, range, rollupsSince)
}

function refuseUsing({ using }: { using: Using }, reason: string | undefined): Mistake | undefined {
  return using !== 'rollups' || reason === undefined
    ? undefined
    : { ok: false, path: 'using', message: `cannot be read from roll-ups: ${reason}` }
}

/** The table, largest first by one of its metrics. */
async function findTable(
  asked: Asked<{ using: Using }>,
  listed: Listed,
  orderBy: MetricFields['metric'],
): Promise<Found> {
  const { by, columns, limit, events, filters } = listed
  const metrics = columns.map(({ metric }) => metric)
  const reason = whyNotRollups(listed, asked.range, asked.rollupsSince)
  const usesRollups = await prefersRollups(asked, reason)
  const order = metrics.indexOf(orderBy) + by.length + 1
  const statement = usesRollups
    ? table(
        [sql`value`],
        columns.map(rollupMetricSql),
        order,
        fromFieldRollupsFor({ metrics, by, events, filters }, asked.range),
        limit,
      )
    : table(by.map(keySql), columns.map(metricSql), order, fromMetric(metrics, asked.range, listed), limit)
  return {
    readFrom: usesRollups ? 'rollups' : 'events',
    columns: [...by, ...columns.map(nameOf)],
    rows: await asked.ask(statement),
  }
}

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
