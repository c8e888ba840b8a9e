/** The question `timeseries`: a metric over time, whole or by the values of a field. */

import { bind, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { bucketName, bucketSql, bucketsOf, fillBuckets, settleBuckets } from '../buckets.ts'
import { findEventField } from '../fields.ts'
import {
  checkMetric,
  type EventFields,
  emptyMetric,
  eventFieldSchema,
  eventFields,
  fromMetric,
  isValueMetric,
  type MetricFields,
  metricFields,
  metricSql,
} from '../metrics.ts'
import { type Asked, type Cell, defineQuestion, type Found, wholeNumber } from '../question.ts'
import type { Range } from '../range.ts'
import {
  fitsRollups,
  fromRollupsFor,
  measureOf,
  prefersRollups,
  rollupMetricSql,
  type Using,
  usingSchema,
} from '../rollups.ts'
import { INTERVALS, type Interval } from '../time.ts'

interface Fields extends MetricFields, EventFields {
  interval?: Interval | undefined
  by?: string | undefined
  limit: number
  using: Using
}

const schema = z
  .strictObject({
    ...metricFields,
    ...eventFields,
    interval: z.enum(INTERVALS).optional(),
    by: eventFieldSchema.optional(),
    limit: wholeNumber(1, 50).default(5).describe('Values of `by` that are told apart'),
    using: usingSchema,
  })
  .superRefine((fields, context) => {
    if (measureOf(fields.of) === undefined || !isValueMetric(fields.metric)) checkMetric(fields, context)
  })

export const timeseries = defineQuestion<Fields>({
  summary: 'A metric over time, whole or by the values of a field',
  schema,
  hasRange: true,
  settle(fields, range, rollupsSince) {
    const settled = settleBuckets(range, fields.interval)
    if (!settled.ok) return settled
    const isMeasure = measureOf(fields.of) !== undefined
    const reason = fitsRollups(fields, settled.range, rollupsSince)
    if (reason !== undefined && (fields.using === 'rollups' || isMeasure)) {
      return {
        ok: false,
        path: isMeasure ? 'of' : 'using',
        message: `cannot be read from roll-ups: ${reason}`,
      }
    }
    return { ok: true, fields: { ...fields, interval: settled.interval }, range: settled.range }
  },
  async answer(asked) {
    const { fields, range, rollupsSince } = asked
    const isMeasure = measureOf(fields.of) !== undefined
    const reason = fitsRollups(fields, range, rollupsSince)
    const usesRollups = isMeasure || (await prefersRollups(asked, reason))
    const rows = await asked.ask(usesRollups ? rollupStatement(asked) : eventStatement(asked))
    return { readFrom: usesRollups ? 'rollups' : 'events', ...layOut(asked, rows) }
  },
})

function eventStatement({ fields, range }: Asked<Fields>): Sql {
  return statement(fields, range, {
    time: sql`timestamp`,
    metric: metricSql(fields),
    key: findEventField(fields.by ?? '')?.text,
    from: fromMetric([fields.metric], range, fields),
  })
}

function rollupStatement({ fields, range }: Asked<Fields>): Sql {
  return statement(fields, range, {
    time: sql`start`,
    metric: rollupMetricSql(fields),
    key: fields.by === undefined ? undefined : sql`event`,
    from: fromRollupsFor(fields, range),
  })
}

interface Parts {
  time: Sql
  metric: Sql
  key: Sql | undefined
  /** `FROM` and `WHERE`. */
  from: Sql
}

/** Rows: whether it is a total, bucket, whether it is one of the values told apart, that value, metric. */
function statement(fields: Fields, range: Range, { time, metric, key, from }: Parts): Sql {
  const bucket = bucketSql(time, fields.interval ?? 'day', range.timeZone)
  const isShown =
    key === undefined
      ? sql`true`
      : sql`${key} IN (
  SELECT ${key} AS q_top ${from} GROUP BY q_top ORDER BY ${metric} DESC, q_top LIMIT ${bind('UInt32', fields.limit)}
)`
  return sql`SELECT grouping(q_bucket), ${bucket} AS q_bucket, ${isShown} AS q_shown, if(q_shown, ${key ?? sql`''`}, '') AS q_key, ${metric} AS q_value
${from}
GROUP BY GROUPING SETS ((q_bucket, q_shown, q_key), (q_shown, q_key))
ORDER BY grouping(q_bucket) DESC, q_value DESC, q_key`
}

function layOut({ fields, range }: Asked<Fields>, rows: Cell[][]): Pick<Found, 'buckets' | 'series'> {
  const buckets = bucketsOf(range, fields.interval ?? 'day')
  const byKey = new Map<string, { name: string; isShown: boolean; total: Cell; values: Map<string, Cell> }>()
  for (const [isTotal, bucket, shown, name, value = null] of rows) {
    const isShown = Boolean(shown)
    const id = JSON.stringify([isShown, name])
    // Totals come first, the largest before the others.
    if (Number(isTotal) === 1) byKey.set(id, { name: String(name), isShown, total: value, values: new Map() })
    else byKey.get(id)?.values.set(bucketName(bucket), value)
  }
  const empty = emptyMetric(fields.metric)
  const found = [...byKey.values()].map(({ name, isShown, total, values }) => ({
    name: isShown && fields.by !== undefined ? name : null,
    ...(isShown ? {} : { isOther: true as const }),
    total,
    values: fillBuckets<Cell>(buckets, values, empty),
  }))
  const shown = found.filter((one) => !('isOther' in one))
  const others = found.filter((one) => 'isOther' in one)
  if (fields.by !== undefined || shown.length > 0) return { buckets, series: [...shown, ...others] }
  return { buckets, series: [{ name: null, total: empty, values: buckets.map(() => empty) }] }
}
