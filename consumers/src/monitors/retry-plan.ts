/** Decides what becomes of a notification that was not taken. Pure: knows no HTTP client and no storage. */

/** What is known after a try that failed. */
export interface FailedTry {
  /** Status of the answer; absent when there was none. */
  status?: number
  /** The header `Retry-After`. */
  retryAfter?: string | null
  /** Tries until now, this one too. */
  attempts: number
  /** When the notification was made. */
  createdAt: number
  now: number
  /** A number from 0 up to 1. */
  random: number
}

/** Milliseconds since 1970 of the next try, or that there is none. */
export type RetryPlan = { kind: 'retry'; at: number } | { kind: 'give-up'; why: string }

const BASE_DELAY_MS = 5_000
const MAX_DELAY_MS = 3_600_000

/** Longest that a receiver can have us wait: one that means milliseconds must not hold up for a day what comes after. */
const MAX_RETRY_AFTER_MS = MAX_DELAY_MS

/** What happened longer ago is told to nobody any more. */
export const MAX_AGE_MS = 24 * 3_600_000

/** The receiver's word, in Standard Webhooks, that it wants no more. */
const GONE = 410

/**
 * Doubles the delay with each try, from 5 s to an hour, and lies somewhere in the upper half of that; later where the receiver
 * asks for it, by an hour at most. Gives up when the next try would be more than a day after the first, and at once when the receiver is gone.
 */
export function planRetry({ status, retryAfter, attempts, createdAt, now, random }: FailedTry): RetryPlan {
  if (status === GONE) return { kind: 'give-up', why: 'the receiver says that it is gone' }
  const ceiling = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** Math.min(attempts - 1, 30))
  const delay = Math.round(ceiling * (0.5 + random / 2))
  const at = now + Math.max(delay, Math.min(MAX_RETRY_AFTER_MS, parseRetryAfter(retryAfter, now)))
  return at - createdAt > MAX_AGE_MS
    ? { kind: 'give-up', why: 'it was tried for a day' }
    : { kind: 'retry', at }
}

/** Milliseconds from now; seconds or a date, RFC 9110 section 10.2.3. */
function parseRetryAfter(text: string | null | undefined, now: number): number {
  if (text === null || text === undefined) return 0
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : Math.max(0, at - now)
}
