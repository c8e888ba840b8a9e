/** Decides what to do after an attempt at sending a batch: pure, knows neither network nor clock. */

/** What came back for a request. */
export interface Answer {
  /** HTTP status; 0 when there was none (no network, blocked, timed out); -1 when it was sent by a way that tells nothing. */
  status: number
  /** `Retry-After` as it came; none when absent or not readable (another origin must expose it by CORS). */
  wait?: string | null
}

/** What to do with the batch: it was taken, it never will be, it is too large as it is, or to wait so many milliseconds. */
export type Plan = 'done' | 'drop' | 'halve' | number

/** No answer, request timeout, too many requests: the statuses below 500 that may differ next time. */
const RETRIED = [0, 408, 429]

/** Too many requests, or not now: the collector is there and asks for a pause. */
const PRESSURE = [429, 503]

/** Upper end of the first wait. */
const BASE_DELAY_MS = 1_000

/** Upper end of every wait: a page that stays open finds a collector that is back within half a minute. */
const MAX_DELAY_MS = 30_000

/** Least wait under pressure where `Retry-After` cannot be read, as from a proxy in front that does not expose it. */
const PRESSURE_DELAY_MS = 5_000

/** Longest `Retry-After` that is honoured; beyond it a page is better served by asking again. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Decides by status: 2xx is done; no answer, 408, 429 and 5xx are tried again; 413 goes in two halves; anything else is
 * dropped, because the same bytes would get the same answer.
 *
 * The wait is drawn evenly from 0 to the exponential bound ("full jitter", AWS Architecture Blog, 2015), on top of
 * `Retry-After` (RFC 9110 section 10.2.3) where there is one, so that clients told the same second do not return in it.
 *
 * @param failures attempts that failed in a row before this one
 * @param random a number from 0 to 1
 * @param nowMs client's clock, for a `Retry-After` that is a date
 */
export function decide({ status, wait }: Answer, failures: number, random: number, nowMs: number): Plan {
  if (status >= 200 && status < 300) return 'done'
  if (status === 413) return 'halve'
  if (status < 500 && !RETRIED.includes(status)) return 'drop'
  const bound = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** failures)
  const asked = parseRetryAfter(wait, nowMs) || (PRESSURE.includes(status) ? PRESSURE_DELAY_MS : 0)
  return asked + random * bound
}

/** Seconds or an HTTP date, as milliseconds from now; 0 when absent, past or neither. */
function parseRetryAfter(text: string | null | undefined, nowMs: number): number {
  const waitMs = Number(text) * 1_000 || Date.parse(text ?? '') - nowMs || 0
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, waitMs))
}
