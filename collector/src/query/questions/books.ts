/** The question `books`: what became of all that was received, what is missing, and whether the stores agree. */

import { type Account, TERMS } from '@millrace/schemas/books'
import { column, join, sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import { accountOf, addUp, columnOf } from '../../books/accounts.ts'
import { judgeBooks } from '../../books/verdict.ts'
import { readComparisons, readGaps, readLedgerFreshness, readReasons } from '../books-parts.ts'
import { bucketName, bucketSql, bucketsOf, fillBuckets, MAX_BUCKETS, settleBuckets } from '../buckets.ts'
import { type Ask, defineQuestion, wholeNumber } from '../question.ts'
import type { Range } from '../range.ts'
import { fromLedger } from '../relations.ts'

const TOO_LONG = `is too long before the end of the range: the books of at most ${MAX_BUCKETS} days are told at once`

interface Fields {
  interval?: 'hour' | 'day' | undefined
  limit: number
}

const HOUR_MS = 3_600_000

/** Longest range that is told by the hour where nothing else is asked for. */
const MAX_HOURS = 72

/** What is missing may come any minute, so no answer is kept for longer. */
const MAX_TTL_SECONDS = 60

const NOTHING = addUp([])

export const books = defineQuestion<Fields>({
  summary: 'What became of all that was received, what is missing, and whether the stores agree',
  schema: z.strictObject({
    interval: z.enum(['hour', 'day']).optional(),
    limit: wholeNumber(1, 100).default(10),
  }),
  hasRange: true,
  settle(fields, range) {
    const interval = fields.interval ?? (range.to - range.from <= MAX_HOURS * HOUR_MS ? 'hour' : 'day')
    const settled = settleBuckets(bucketZone(range, interval), interval)
    if (!settled.ok) return interval === 'hour' ? settled : { ok: false, path: 'from', message: TOO_LONG }
    // The books are kept by the hour. A day of a zone whose hours are not those of UTC begins with the first that begins in it.
    const start = settled.range.from
    const from = interval === 'hour' ? Math.floor(start / HOUR_MS) * HOUR_MS : start
    const ttlSeconds = Math.min(range.ttlSeconds, MAX_TTL_SECONDS)
    return { ok: true, fields: { ...fields, interval }, range: { ...range, from, ttlSeconds } }
  },
  async answer({ fields: { interval = 'hour', limit }, range, ask }) {
    const [accounts, reasons, gaps, compared, ledger] = await Promise.all([
      readAccounts(ask, range, interval),
      readReasons(ask, range),
      readGaps(ask, range, limit),
      readComparisons(ask, range),
      readLedgerFreshness(ask),
    ])
    const total = addUp([...accounts.byBucket.values()])
    const verdict = judgeBooks({ total, ...ledger, to: range.to, ...compared })
    const buckets = bucketsOf(bucketZone(range, interval), interval)
    const filled = fillBuckets(buckets, accounts.byBucket, NOTHING)
    return {
      readFrom: 'ledger',
      totals: {
        closes: verdict.closes,
        explained: verdict.explained,
        ...total,
        ...reasons,
        refusedRequests: accounts.refusedRequests,
        ledger: { closes: verdict.ledgerCloses, upTo: isoOf(ledger.upTo) },
        lake: { closes: verdict.lakeCloses, ...compared.lake },
        live: { closes: verdict.liveCloses, ...compared.live },
        gaps: gaps.totals,
      },
      buckets,
      series: TERMS.map((name) => ({ name, total: total[name], values: filled.map((one) => one[name]) })),
      columns: gaps.columns,
      rows: gaps.rows,
    }
  },
})

/** Hours of the books are those of UTC, and so are buckets of hours. */
function bucketZone(range: Range, interval: 'hour' | 'day'): Range {
  return interval === 'hour' ? { ...range, timeZone: 'UTC' } : range
}

/** The books by bucket, and refused requests by code. */
async function readAccounts(ask: Ask, range: Range, interval: 'hour' | 'day') {
  const { timeZone } = bucketZone(range, interval)
  const sums = TERMS.map((term) => sql`sum(${column(columnOf(term))})`)
  const rows =
    await ask(sql`SELECT ${bucketSql(sql`hour`, interval, timeZone)} AS q_bucket, sumMap(refused_requests), ${join(sums, sql`, `)}
${fromLedger(range)}
GROUP BY q_bucket`)
  const byBucket = new Map<string, Account>()
  const refusedRequests: Record<string, number> = {}
  for (const [bucket, codes, ...values] of rows) {
    byBucket.set(bucketName(bucket), accountOf(values))
    for (const [code, count] of Object.entries(codes ?? {})) {
      refusedRequests[code] = (refusedRequests[code] ?? 0) + Number(count)
    }
  }
  return { byBucket, refusedRequests }
}

function isoOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}
