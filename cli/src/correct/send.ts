/** Sends one correction to the collector. Knows HTTP, not what is corrected. */

import type { FetchLike } from '@millrace/node'

/** A correction as it is sent. */
export interface CorrectionEvent {
  event: string
  messageId: string
  properties: object
}

/** Options of {@link sendCorrection}. */
export interface SendOptions {
  endpoint: string
  source: string
  secretKey: string
  fetch: FetchLike
  signal: AbortSignal
  now: () => number
  /** Default 30,000. */
  timeoutMs?: number
}

/** Outcome of {@link sendCorrection}. */
export type SendResult =
  | { kind: 'accepted' }
  /** The collector has it, and it does not count; `message` says why. */
  | { kind: 'refused'; status: string; reason: string; message: string }
  | { kind: 'failed'; message: string }
  | { kind: 'interrupted' }

interface Answer {
  success?: unknown
  message?: unknown
  receipts?: { status?: string; reason?: string; message?: string }[]
}

/** Sends it once: the same correction twice means the same as once, so that a person may repeat it. Never rejects. */
export async function sendCorrection(correction: CorrectionEvent, options: SendOptions): Promise<SendResult> {
  const { endpoint, source, secretKey, fetch, signal, now, timeoutMs = 30_000 } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  const time = new Date(now()).toISOString()
  const event = { type: 'track', ...correction, timestamp: time }
  try {
    const response = await fetch(`${endpoint.replace(/\/+$/, '')}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${secretKey}:`)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ source, sentAt: time, batch: [event] }),
      signal: AbortSignal.any([signal, timeout]),
      redirect: 'manual',
    })
    return readAnswer(endpoint, response.status, await response.text())
  } catch (error) {
    if (signal.aborted) return { kind: 'interrupted' }
    const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : describe(error)
    return { kind: 'failed', message: `no collector answers at ${endpoint}: ${why}` }
  }
}

function readAnswer(endpoint: string, status: number, text: string): SendResult {
  const { success, message, receipts = [] } = parseAnswer(text)
  if (status !== 200 || success !== true) {
    const what = typeof message === 'string' ? message : `${endpoint} does not answer as a Millrace collector`
    return { kind: 'failed', message: `${what} (HTTP ${status})` }
  }
  const [receipt] = receipts
  if (receipt === undefined) return { kind: 'accepted' }
  const { status: fate = '', reason = '', message: why = '' } = receipt
  return { kind: 'refused', status: fate, reason, message: why }
}

function parseAnswer(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answer) : {}
  } catch {
    // Whoever answered is no collector; the caller says so.
    return {}
  }
}

/** `fetch` itself says only "fetch failed"; why is its cause. */
function describe(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause
  return cause instanceof Error && cause.message !== '' ? cause.message : String(error)
}
