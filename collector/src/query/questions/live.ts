/** The question `live`: who is there now, what happens a minute, and on which pages. */

import { bind, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { bucketName, bucketSql, bucketsOf, fillBuckets } from '../buckets.ts'
import { findEventField } from '../fields.ts'
import { type Filter, filterConditions } from '../filters.ts'
import { eventFiltersSchema } from '../metrics.ts'
import { type Cell, defineQuestion, wholeNumber } from '../question.ts'
import { fromEvents } from '../relations.ts'

interface Fields {
  limit: number
  filters: Filter[]
}

/** What is now, and the span that is told a minute at a time. */
const NOW_MS = 5 * 60_000
export const LIVE_SPAN_MS = 30 * 60_000

/** How long an answer is current. */
export const LIVE_TTL_SECONDS = 10

export const live = defineQuestion<Fields>({
  summary: 'Visitors of the last 5 and 30 minutes, events a minute, and the pages of the last 5 minutes',
  schema: z.strictObject({ limit: wholeNumber(1, 100).default(10), filters: eventFiltersSchema }),
  hasRange: false,
  ttlSeconds: LIVE_TTL_SECONDS,
  async answer({ fields, range, ask }) {
    const conditions = filterConditions(fields.filters, findEventField)
    const recent = { from: range.to - NOW_MS, to: range.to }
    const [visitors, minutes, pages] = await Promise.all([
      ask(sql`SELECT uniqExactIf(visitor_id, timestamp >= ${bind("DateTime64(3, 'UTC')", sqlTime(recent.from))}), uniqExact(visitor_id)
${fromEvents(range, [sql`visitor_id != ''`, ...conditions])}`),
      ask(sql`SELECT ${bucketSql(sql`timestamp`, 'minute', 'UTC')} AS q_bucket, count(), countIf(type IN ('page', 'screen'))
${fromEvents(range, conditions)}
GROUP BY q_bucket`),
      ask(sql`SELECT page_path, uniqExactIf(visitor_id, visitor_id != '') AS visitors, count()
${fromEvents(recent, [sql`type = 'page'`, ...conditions])}
GROUP BY page_path ORDER BY visitors DESC, page_path LIMIT ${bind('UInt32', fields.limit)}`),
    ])
    const buckets = bucketsOf(range, 'minute')
    const byMinute = new Map(minutes.map(([minute, ...counts]) => [bucketName(minute), counts]))
    const filled = fillBuckets<Cell[]>(buckets, byMinute, [0, 0])
    return {
      readFrom: 'events',
      totals: { visitors5: visitors[0]?.[0] ?? 0, visitors30: visitors[0]?.[1] ?? 0 },
      buckets,
      series: ['events', 'pageViews'].map((name, index) => ({
        name,
        values: filled.map((counts) => counts[index] ?? 0),
      })),
      columns: ['page', 'visitors', 'pageViews'],
      rows: pages,
    }
  },
})

function sqlTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}
