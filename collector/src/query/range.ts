/** The span of time that a question is about, from what was written and the clock. */

import { z } from 'zod'
import type { Span } from './relations.ts'
import { bucketStart, type Interval, parseDuration, parseMoment, parseTimeZone } from './time.ts'

/** The fields of a question that say when. */
export const rangeFields = {
  from: z.string().max(40).default('7d'),
  to: z.string().max(40).optional(),
  timeZone: z
    .string()
    .max(64)
    .refine(
      (zone) => parseTimeZone(zone) !== undefined,
      'must be the name of a time zone such as Europe/Berlin',
    )
    .transform((zone) => parseTimeZone(zone) ?? zone)
    .default('UTC'),
}

/** As they were written. */
export interface RangeFields {
  from: string
  to?: string | undefined
  timeZone: string
}

/** A span that was settled. */
export interface Range extends Span {
  timeZone: string
  /** Whether `from` was a duration before the end, so that it may move. */
  isRelative: boolean
  /** How long an answer is current. */
  ttlSeconds: number
}

/** A mistake in a question: where, and what would be right. */
export interface Mistake {
  ok: false
  path: string
  message: string
}

const DAY_MS = 86_400_000

/** What ends now is asked for again after so long: a span below a day, and a longer one. */
const SHORT_TTL_SECONDS = 60
const LONG_TTL_SECONDS = 300

/** What ended more than a day ago changes by late events and corrections alone. */
const PAST_TTL_SECONDS = 3_600

/** The span of a question. One that ends now ends with the minute (or five) that has begun, so that all ask the same. */
export function settleRange(fields: RangeFields, now: number): { ok: true; range: Range } | Mistake {
  const { timeZone } = fields
  const written = (text: string, end: number) => {
    const durationMs = parseDuration(text)
    return durationMs === undefined ? parseMoment(text, timeZone) : end - durationMs
  }
  const roughFrom = written(fields.from, now)
  if (roughFrom === undefined) return refuseTime('from', fields.from)
  const roughTo = fields.to === undefined ? now : written(fields.to, now)
  if (roughTo === undefined) return refuseTime('to', fields.to)

  const isPast = fields.to !== undefined && parseDuration(fields.to) === undefined && roughTo <= now - DAY_MS
  const bucketSeconds = roughTo - roughFrom < DAY_MS ? SHORT_TTL_SECONDS : LONG_TTL_SECONDS
  const clock = Math.ceil(now / (bucketSeconds * 1_000)) * bucketSeconds * 1_000
  const to = fields.to === undefined ? clock : (written(fields.to, clock) ?? clock)
  const isRelative = parseDuration(fields.from) !== undefined
  const from = written(fields.from, fields.to === undefined ? clock : isRelative && isPast ? to : clock)
  if (from === undefined || from < 0) return refuseTime('from', fields.from)
  if (from >= to) {
    return { ok: false, path: 'from', message: `must be before to, which is ${new Date(to).toISOString()}` }
  }
  const ttlSeconds = isPast ? PAST_TTL_SECONDS : bucketSeconds
  return { ok: true, range: { from, to, timeZone, isRelative, ttlSeconds } }
}

/** The same range from the beginning of a bucket, where its `from` may move: else the first bucket would be a part. */
export function alignRange(range: Range, interval: Interval): Range {
  if (!range.isRelative) return range
  return { ...range, from: Math.max(0, bucketStart(range.from, interval, range.timeZone)) }
}

function refuseTime(path: 'from' | 'to', got: string | undefined): Mistake {
  const message = `must be a time from 1970 to 2099 such as 2026-11-22, 2026-11-22T10:00Z or 7d (also m, h, w), got ${JSON.stringify(got)}`
  return { ok: false, path, message }
}
