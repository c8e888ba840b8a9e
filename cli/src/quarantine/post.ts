/** Posts batches to the collector's replay route, as often as it takes. Knows HTTP, not what is replayed. */

import { setTimeout as delay } from 'node:timers/promises'
import type { FetchLike } from '@millrace/node'
import { secretHeaders } from '../collector-request.ts'

/** What the collector says to a batch. */
export interface ReplayAnswer {
  accepted: number
  receipts: { index: number; messageId?: string; status: string; reason: string; message?: string }[]
}

/** Options of {@link createPoster}. */
export interface PosterOptions {
  endpoint: string
  secretKey: string
  fetch: FetchLike
  signal: AbortSignal
  /** Called with a sentence when the collector keeps the replay waiting. */
  onNotice: (message: string) => void
  /** Waits so many milliseconds, or rejects when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/** The collector refused a batch, or never answered; the message says which. */
export class ReplayFailure extends Error {
  override readonly name = 'ReplayFailure'
}

const MAX_ATTEMPTS = 8

/** Wait after the first failure; it doubles with each, up to the longest. */
const BASE_DELAY_MS = 500
const MAX_DELAY_MS = 30_000

/** Longest `Retry-After` that is honoured. */
const MAX_RETRY_AFTER_MS = 300_000

/** How long one answer may take: each event is judged again. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * A function that posts one body and resolves with the answer. 429 and 5xx are tried again after `Retry-After`, or after a
 * growing wait; so is a request without an answer.
 *
 * @throws ReplayFailure for any other answer, and after 8 tries; the signal's own error when it was aborted
 */
export function createPoster(options: PosterOptions): (body: string) => Promise<ReplayAnswer> {
  const { signal, onNotice, sleep = (ms, until) => delay(ms, undefined, { signal: until }) } = options
  return async (body) => {
    for (let attempt = 1; ; attempt += 1) {
      const result = await postOnce(options, body)
      if (result.ok) return result.answer
      if (!result.isTransient || attempt === MAX_ATTEMPTS) throw new ReplayFailure(result.message)
      const waitMs = result.retryAfterMs ?? Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (attempt - 1))
      onNotice(`${result.message}; next try in ${(waitMs / 1_000).toFixed(1)} s`)
      await sleep(waitMs, signal)
    }
  }
}

type PostResult =
  | { ok: true; answer: ReplayAnswer }
  | { ok: false; isTransient: boolean; message: string; retryAfterMs?: number | undefined }

async function postOnce(
  { endpoint, secretKey, fetch, signal }: PosterOptions,
  body: string,
): Promise<PostResult> {
  try {
    const response = await fetch(`${endpoint.replace(/\/+$/, '')}/v1/replay`, {
      method: 'POST',
      headers: secretHeaders(secretKey),
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      redirect: 'manual',
    })
    const text = await response.text()
    return readAnswer(endpoint, response.status, text, response.headers.get('retry-after'))
  } catch (error) {
    signal.throwIfAborted()
    return { ok: false, isTransient: true, message: `no answer from ${endpoint}: ${describe(error)}` }
  }
}

function readAnswer(endpoint: string, status: number, text: string, retryAfter: string | null): PostResult {
  const answer = parseJson(text)
  if (status === 200 && answer?.['success'] === true && typeof answer['accepted'] === 'number') {
    const receipts = Array.isArray(answer['receipts']) ? answer['receipts'] : []
    return { ok: true, answer: { accepted: answer['accepted'], receipts } }
  }
  const isTransient = status === 429 || status >= 500
  const why = typeof answer?.['message'] === 'string' ? `: ${answer['message']}` : ''
  const message =
    status === 200
      ? `${endpoint} answers HTTP 200, but not as a Millrace collector`
      : `the collector at ${endpoint} answers HTTP ${status}${why}`
  return { ok: false, isTransient, message, retryAfterMs: parseRetryAfter(retryAfter) }
}

/** Seconds, as the collector says it. Source: RFC 9110, section 10.2.3; the date that it allows too is not read. */
function parseRetryAfter(value: string | null): number | undefined {
  const isSeconds = value !== null && /^\d{1,9}$/.test(value.trim())
  return isSeconds ? Math.min(MAX_RETRY_AFTER_MS, Number(value) * 1_000) : undefined
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // Somebody else's error page.
    return undefined
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  // OpenSSL ends its messages with a line end.
  return (cause instanceof Error && cause.message !== '' ? cause.message : error.message).trim()
}
