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
  /** As it was understood; of a question about a range, with its ends in ISO 8601. */
  question?: { name?: string; from?: string; to?: string }
  asOf: string
  readFrom: string
  freshness: { upTo: string; lagSeconds: number } | null
  columns?: string[]
  rows?: unknown[][]
  totals?: Record<string, unknown>
  buckets?: string[]
  series?: { name: string | null; isOther?: boolean; total?: unknown; values: unknown[] }[]
}

/** Outcome of {@link askQuestion}; `wrong` is a mistake in the question, `isKept` an answer that somebody got before. */
export type AskResult =
  | { kind: 'answered'; answer: Answer; text: string; isKept: boolean }
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

/** Header that tells whether an answer was there already; see docs/query.md. */
const CACHE_HEADER = 'Millrace-Cache'

function readAnswer({ status, headers, body, text, refusal }: CollectorText): AskResult {
  if (status === 200 && typeof body['asOf'] === 'string') {
    const isKept = headers.get(CACHE_HEADER) === 'hit'
    return { kind: 'answered', answer: body as unknown as Answer, text, isKept }
  }
  const { message, code } = body
  const isMistake = code === 'invalid_question' || code === 'not_found'
  return isMistake && typeof message === 'string'
    ? { kind: 'wrong', message }
    : { kind: 'failed', message: refusal }
}
