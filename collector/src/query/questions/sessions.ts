/** The question `sessions`: how many, how long and how engaged, over time or by a field; or the newest one by one. */

import { bind, join, type Sql, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { bucketName, bucketSql, bucketsOf, fillBuckets, settleBuckets } from '../buckets.ts'
import { findSessionField, SESSION_FIELD_NAMES } from '../fields.ts'
import { type Filter, fieldSchema, filterConditions, filtersSchema } from '../filters.ts'
import { type Asked, type Cell, defineQuestion, type Found, wholeNumber, yesOrNo } from '../question.ts'
import { fromSessions } from '../relations.ts'
import { INTERVALS, type Interval } from '../time.ts'

interface Fields {
  by?: string | undefined
  list: boolean
  interval?: Interval | undefined
  limit: number
  filters: Filter[]
}

/** What is told of sessions together. Durations are in seconds, their sums in whole milliseconds: the same in any order. */
const MEASURES: readonly [name: string, value: Sql][] = [
  ['sessions', sql`count()`],
  ['people', sql`uniqExactIf(cityHash64(person_id), person_id != '')`],
  ['bounceRate', sql`countIf(is_bounce) / count()`],
  ['averageDuration', sql`sum(toInt64(round(duration_seconds * 1000))) / 1000 / count()`],
  ['medianDuration', sql`quantileExactInclusive(0.5)(duration_seconds)`],
  ['averageEngaged', sql`sum(toInt64(round(engaged_seconds * 1000))) / 1000 / count()`],
  ['pagesPerSession', sql`sum(page_views) / count()`],
  ['eventsPerSession', sql`sum(events) / count()`],
]

const MEASURE_NAMES = MEASURES.map(([name]) => name)
const MEASURES_SQL = join(
  MEASURES.map(([, value]) => sql`toFloat64(${value})`),
  sql`, `,
)

/** What is told of each session in a list. */
const COLUMNS = {
  sessionId: sql`session_id`,
  personId: sql`person_id`,
  startedAt: sql`started_at`,
  duration: sql`duration_seconds`,
  engaged: sql`engaged_seconds`,
  events: sql`events`,
  pageViews: sql`page_views`,
  isBounce: sql`is_bounce`,
  entryPage: sql`entry_page`,
  exitPage: sql`exit_page`,
  referrer: sql`referrer_name`,
  campaign: sql`campaign_name`,
  country: sql`country`,
  device: sql`device_type`,
  browser: sql`browser_name`,
  os: sql`os_name`,
} satisfies Record<string, Sql>

const schema = z
  .strictObject({
    by: fieldSchema(findSessionField, SESSION_FIELD_NAMES, false).optional(),
    list: yesOrNo.default(false).describe('The newest sessions, one by one'),
    interval: z.enum(INTERVALS).optional(),
    limit: wholeNumber(1, 1_000).default(50),
    filters: filtersSchema(findSessionField, SESSION_FIELD_NAMES, false),
  })
  .superRefine(({ by, list }, context) => {
    if (by !== undefined && list)
      context.addIssue({ code: 'custom', path: ['by'], message: 'must be absent beside list' })
  })

export const sessions = defineQuestion<Fields>({
  summary: 'Sessions over time, by a field, or the newest one by one',
  schema,
  hasRange: true,
  settle(fields, range) {
    if (fields.by !== undefined || fields.list) return { ok: true, fields, range }
    const settled = settleBuckets(range, fields.interval)
    if (!settled.ok) return settled
    return { ok: true, fields: { ...fields, interval: settled.interval }, range: settled.range }
  },
  async answer(asked) {
    const { by, list } = asked.fields
    const found = list
      ? await listNewest(asked)
      : by === undefined
        ? await overTime(asked)
        : await byField(asked, by)
    return { readFrom: 'sessions', ...found }
  },
})

function from({ fields, range }: Asked<Fields>): Sql {
  return fromSessions(range, filterConditions(fields.filters, findSessionField))
}

async function listNewest(asked: Asked<Fields>): Promise<Omit<Found, 'readFrom'>> {
  const rows = await asked.ask(sql`SELECT ${join(Object.values(COLUMNS), sql`, `)}
${from(asked)}
ORDER BY started_at DESC, session_id
LIMIT ${bind('UInt32', asked.fields.limit)}`)
  return { columns: Object.keys(COLUMNS), rows }
}

async function byField(asked: Asked<Fields>, by: string): Promise<Omit<Found, 'readFrom'>> {
  const rows = await asked.ask(sql`SELECT ${findSessionField(by)?.text ?? sql`''`}, ${MEASURES_SQL}
${from(asked)}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT ${bind('UInt32', asked.fields.limit)}`)
  return { columns: [by, ...MEASURE_NAMES], rows }
}

async function overTime(asked: Asked<Fields>): Promise<Omit<Found, 'readFrom'>> {
  const { fields, range } = asked
  const interval = fields.interval ?? 'day'
  const rows =
    await asked.ask(sql`SELECT grouping(q_bucket), ${bucketSql(sql`started_at`, interval, range.timeZone)} AS q_bucket, ${MEASURES_SQL}
${from(asked)}
GROUP BY GROUPING SETS ((q_bucket), ())`)
  const buckets = bucketsOf(range, interval)
  const byBucket = new Map<string, Cell[]>()
  let whole: Cell[] = EMPTY
  for (const [isTotal, bucket, ...values] of rows) {
    if (Number(isTotal) === 0) byBucket.set(bucketName(bucket), values)
    // Without rows the measures that divide by their number are none.
    else if (Number(values[0]) > 0) whole = values
  }
  const filled = fillBuckets(buckets, byBucket, EMPTY)
  return {
    totals: Object.fromEntries(MEASURE_NAMES.map((name, index) => [name, whole[index] ?? null])),
    buckets,
    series: MEASURE_NAMES.map((name, index) => ({
      name,
      values: filled.map((values) => values[index] ?? null),
    })),
  }
}

/** Of no sessions: none, of no people, and nothing to average. */
const EMPTY: Cell[] = [0, 0, ...MEASURES.slice(2).map(() => null)]
