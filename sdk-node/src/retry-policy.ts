/** What to do after a request: settle the batch, wait and ask again, or give it up. Pure; the loop is in delivery.ts. */

import type { BatchAnswer, ErrorAnswer, Receipt } from '@millrace/schemas/wire'
import type { Exchange } from './transport.ts'

/** Ceiling of the first wait of a batch, in milliseconds; it grows fourfold with each attempt. */
const BASE_DELAY_MS = 500
const DELAY_FACTOR = 4

/** Ceiling of every wait of a batch, in milliseconds. The breaker, which is for all batches, is in pace.ts. */
const MAX_DELAY_MS = 60_000

/** Longest `Retry-After` that is honoured, in milliseconds; a server that asks for an hour is asked again after this. */
const MAX_RETRY_AFTER_MS = 300_000

/** Statuses below 500 that a later attempt may change: request timeout, too many requests. */
const TRANSIENT_STATUSES: readonly number[] = [408, 429]

export type Decision =
  | { action: 'settle'; receipts: readonly Receipt[] }
  | ({ action: 'retry'; delayMs: number; askedMs: number | undefined } & RetryDetails)
  | ({ action: 'drop'; reason: 'refused' | 'undelivered'; askedMs?: number } & DropDetails)

interface RetryDetails {
  status: number | undefined
  message: string
}

interface DropDetails {
  status: number | undefined
  collectorCode: string | undefined
  message: string
  cause: unknown
}

export interface Attempt {
  exchange: Exchange
  /** Which attempt this was, from 1. */
  attempt: number
  maxRetries: number
  /** A number in [0, 1). */
  random: number
  /** Milliseconds since the epoch, for a `Retry-After` that is a date. */
  now: number
}

/**
 * The decision after one attempt.
 *
 * - 2xx with `{"success":true}`: settle. Any other 2xx is not the collector's word that the events are durable, so retry.
 * - No answer, 408, 429, 5xx: retry after full-jitter exponential back-off, `random × min(60 s, 500 ms × 4^(attempt-1))`
 *   (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015); after `Retry-After` (RFC 9110, section
 *   10.2.3: seconds or a date, at most 5 minutes) and up to 500 ms more, when the collector names one.
 * - Anything else: drop as `refused`, with the collector's code and message. Redirects too, because following one would
 *   turn the POST into a GET.
 * - No retries left: drop as `undelivered`.
 */
export function decide({ exchange, attempt, maxRetries, random, now }: Attempt): Decision {
  if (exchange.kind === 'failure') {
    const trouble = { status: undefined, message: exchange.message, cause: exchange.cause }
    return retryOrDrop(trouble, backoffMs(attempt, random))
  }
  const { status } = exchange
  if (status >= 200 && status < 300) {
    const answer = parseAnswer(exchange.body)
    if (answer !== undefined) return { action: 'settle', receipts: answer }
    const message = `HTTP ${status} without {"success":true}: is the endpoint a Millrace collector?`
    return retryOrDrop({ status, message, cause: undefined }, backoffMs(attempt, random))
  }
  const { code, message } = describeRefusal(exchange)
  if (status >= 500 || TRANSIENT_STATUSES.includes(status)) {
    const namedMs = parseRetryAfter(exchange.retryAfter, now)
    if (namedMs === undefined)
      return retryOrDrop({ status, message, cause: undefined }, backoffMs(attempt, random))
    const askedMs = Math.round(namedMs + random * BASE_DELAY_MS)
    return retryOrDrop({ status, message, cause: undefined }, askedMs, askedMs)
  }
  return { action: 'drop', reason: 'refused', status, collectorCode: code, message, cause: undefined }

  function retryOrDrop(
    trouble: Omit<DropDetails, 'collectorCode'>,
    delayMs: number,
    askedMs?: number,
  ): Decision {
    const { status, message } = trouble
    if (attempt > maxRetries) {
      const asked = askedMs !== undefined && { askedMs }
      return { action: 'drop', reason: 'undelivered', ...trouble, collectorCode: undefined, ...asked }
    }
    return { action: 'retry', delayMs: Math.round(delayMs), askedMs, status, message }
  }
}

function backoffMs(attempt: number, random: number): number {
  // The ceiling is reached at the fifth attempt; far beyond, the power would not be finite.
  return random * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * DELAY_FACTOR ** Math.min(attempt - 1, 10))
}

/** Milliseconds from now, from delta-seconds or an HTTP date; nothing when the header is absent or neither. */
function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const text = header.trim()
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(waitMs) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, waitMs))
}

/** The receipts of a {@link BatchAnswer}; nothing when the body is not one. */
function parseAnswer(body: string): readonly Receipt[] | undefined {
  const answer = parseJson(body) as Partial<BatchAnswer> | null | undefined
  if (typeof answer !== 'object' || answer === null || answer.success !== true) return undefined
  return Array.isArray(answer.receipts) ? answer.receipts.filter(isReceipt) : []
}

function isReceipt(value: unknown): value is Receipt {
  return typeof value === 'object' && value !== null && 'index' in value && typeof value.index === 'number'
}

/** The collector's code and words from an {@link ErrorAnswer}, or the bare status when something else answered. */
function describeRefusal({ status, body, location }: Extract<Exchange, { kind: 'answer' }>) {
  const answer = parseJson(body) as Partial<ErrorAnswer> | null | undefined
  if (typeof answer === 'object' && answer !== null && typeof answer.message === 'string') {
    return { code: typeof answer.code === 'string' ? answer.code : undefined, message: answer.message }
  }
  if (status >= 300 && status < 400) {
    return {
      code: undefined,
      message: `HTTP ${status}, a redirect to ${location ?? 'nowhere'}; use that as endpoint`,
    }
  }
  return { code: undefined, message: `HTTP ${status}` }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Expected whenever something other than a collector answers; the caller treats it as no answer to parse.
    return undefined
  }
}
