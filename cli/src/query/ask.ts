/** Asks the collector one question. Knows its address, not what the answer means. */

import { type CollectorFetch, type CollectorText, requestCollector } from '../collector-request.ts'

/** Options of {@link askQuestion}. */
export interface AskOptions {
  endpoint: string
  /** Kind of question. */
  name: string
  /** Its fields, as in a query string. */
  fields: readonly (readonly [name: string, value: string])[]
  readToken: string
  fetch: CollectorFetch
  /** Aborted when the user interrupts. */
  signal?: AbortSignal | undefined
  /** Default 60,000. */
  timeoutMs?: number
}

/** An answer of the collector; see docs/query.md. */
export interface Answer {
  asOf: string
  readFrom: string
  freshness: { upTo: string; lagSeconds: number } | null
  columns?: string[]
  rows?: unknown[][]
  totals?: Record<string, unknown>
  buckets?: string[]
  series?: { name: string | null; isOther?: boolean; total?: unknown; values: unknown[] }[]
}

/** Outcome of {@link askQuestion}; `wrong` is a mistake in the question. */
export type AskResult =
  | { kind: 'answered'; answer: Answer; text: string }
  | { kind: 'wrong' | 'failed'; message: string }
  | { kind: 'interrupted' }

/** Asks once. Never rejects. */
export async function askQuestion(options: AskOptions): Promise<AskResult> {
  const { endpoint, name, fields, readToken, fetch, signal, timeoutMs = 60_000 } = options
  const search = new URLSearchParams()
  for (const [field, value] of fields) search.append(field, value)
  const answer = await requestCollector({
    endpoint,
    path: `/v1/query/${encodeURIComponent(name)}?${search}`,
    method: 'GET',
    headers: { authorization: `Bearer ${readToken}` },
    fetch,
    signal,
    timeoutMs,
  })
  return answer.kind === 'answered' ? readAnswer(answer) : answer
}

function readAnswer({ status, body, text, refusal }: CollectorText): AskResult {
  if (status === 200 && typeof body['asOf'] === 'string') {
    return { kind: 'answered', answer: body as unknown as Answer, text }
  }
  const { message, code } = body
  const isMistake = code === 'invalid_question' || code === 'not_found'
  return isMistake && typeof message === 'string'
    ? { kind: 'wrong', message }
    : { kind: 'failed', message: refusal }
}
