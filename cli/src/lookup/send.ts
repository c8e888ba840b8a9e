/** Puts a lookup table to the collector. Knows nothing of files. */

import {
  type CollectorFetch,
  type CollectorText,
  requestCollector,
  secretHeaders,
} from '../collector-request.ts'

/** Options of {@link sendTable}. */
export interface SendOptions {
  endpoint: string
  name: string
  source: string
  secretKey: string
  json: string
  fetch: CollectorFetch
  /** Aborted when the user interrupts. */
  signal?: AbortSignal | undefined
  /** Default 60,000. */
  timeoutMs?: number
}

/** Outcome of {@link sendTable}. */
export type SendResult =
  | { kind: 'loaded'; rows: number; version: string; warning?: string }
  | { kind: 'failed'; message: string }
  | { kind: 'interrupted' }

/** Sends it once: sending the same table again is safe. Never rejects. */
export async function sendTable(options: SendOptions): Promise<SendResult> {
  const { endpoint, name, source, secretKey, json, fetch, signal, timeoutMs = 60_000 } = options
  const answer = await requestCollector({
    endpoint,
    // The key tells the source; naming it lets a collector refuse a key of another.
    path: `/v1/lookups/${name}?source=${source}`,
    method: 'PUT',
    headers: secretHeaders(secretKey),
    body: json,
    fetch,
    signal,
    timeoutMs,
  })
  return answer.kind === 'answered' ? readAnswer(answer) : answer
}

function readAnswer({ status, body, refusal }: CollectorText): SendResult {
  const { success, rows, version, warning } = body
  if (status === 200 && success === true && typeof rows === 'number' && typeof version === 'string') {
    return { kind: 'loaded', rows, version, ...(typeof warning === 'string' ? { warning } : {}) }
  }
  return { kind: 'failed', message: refusal }
}
