/** Asks the collector one question. Knows HTTP, not what the answer means. */

/** What is used of `fetch`. */
export type AskFetch = (
  url: string,
  init: { method: 'GET'; headers: Record<string, string>; signal: AbortSignal; redirect: 'manual' },
) => Promise<{ status: number; text: () => Promise<string> }>

/** Options of {@link askQuestion}. */
export interface AskOptions {
  endpoint: string
  /** Kind of question. */
  name: string
  /** Its fields, as in a query string. */
  fields: readonly (readonly [name: string, value: string])[]
  readToken: string
  fetch: AskFetch
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
  const timeout = AbortSignal.timeout(timeoutMs)
  const search = new URLSearchParams()
  for (const [field, value] of fields) search.append(field, value)
  const url = `${endpoint.replace(/\/+$/, '')}/v1/query/${encodeURIComponent(name)}?${search}`
  try {
    const response = await fetch(url, {
      method: 'GET',
      headers: { authorization: `Bearer ${readToken}` },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      redirect: 'manual',
    })
    return readAnswer(response.status, await response.text())
  } catch (error) {
    if (signal?.aborted === true) return { kind: 'interrupted' }
    const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : describe(error)
    return { kind: 'failed', message: `no collector answers at ${endpoint}: ${why}` }
  }
}

function readAnswer(status: number, text: string): AskResult {
  const body = parseObject(text)
  if (status === 200 && typeof body['asOf'] === 'string') {
    return { kind: 'answered', answer: body as unknown as Answer, text }
  }
  const { message, code } = body
  if (typeof message !== 'string')
    return { kind: 'failed', message: `this is not the answer of a Millrace collector (HTTP ${status})` }
  const isMistake = code === 'invalid_question' || code === 'not_found'
  return {
    kind: isMistake ? 'wrong' : 'failed',
    message: isMistake ? message : `${message} (HTTP ${status})`,
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
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
