/** Sends one correction to the collector. Knows the form of a batch, not what is corrected. */

import {
  type CollectorFetch,
  type CollectorText,
  requestCollector,
  secretHeaders,
} from '../collector-request.ts'

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
  fetch: CollectorFetch
  /** Aborted when the user interrupts. */
  signal?: AbortSignal | undefined
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

/** Receipt of an event that was not simply accepted. */
interface Receipt {
  status?: string
  reason?: string
  message?: string
}

/** Sends it once: the same correction twice means the same as once, so that a person may repeat it. Never rejects. */
export async function sendCorrection(correction: CorrectionEvent, options: SendOptions): Promise<SendResult> {
  const { endpoint, source, secretKey, fetch, signal, now, timeoutMs = 30_000 } = options
  const time = new Date(now()).toISOString()
  const event = { type: 'track', ...correction, timestamp: time }
  const answer = await requestCollector({
    endpoint,
    path: '/v1/batch',
    method: 'POST',
    headers: secretHeaders(secretKey),
    body: JSON.stringify({ source, sentAt: time, batch: [event] }),
    fetch,
    signal,
    timeoutMs,
  })
  return answer.kind === 'answered' ? readAnswer(answer) : answer
}

function readAnswer({ status, body, refusal }: CollectorText): SendResult {
  const { success, receipts } = body
  if (status !== 200 || success !== true) {
    return { kind: 'failed', message: refusal }
  }
  const [receipt] = Array.isArray(receipts) ? (receipts as Receipt[]) : []
  if (receipt === undefined) return { kind: 'accepted' }
  const { status: fate = '', reason = '', message: why = '' } = receipt
  return { kind: 'refused', status: fate, reason, message: why }
}
