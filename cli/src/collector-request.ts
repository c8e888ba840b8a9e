/** Asks the collector once, and tells an answer from none. What the answer means is the command's business. */

import { DEFAULT_ENDPOINT } from './command-world.ts'

/** What is used of `fetch`. */
export type CollectorFetch = (
  url: string,
  init: {
    method: string
    headers: Record<string, string>
    body?: string
    signal: AbortSignal
    redirect: 'manual'
  },
) => Promise<{ status: number; headers: Pick<Headers, 'get'>; text: () => Promise<string> }>

/** Options of {@link requestCollector}. */
export interface CollectorRequest {
  /** Address of the collector. */
  endpoint: string
  /** Path and query string, beginning with `/`. */
  path: string
  method: 'GET' | 'POST' | 'PUT'
  headers: Record<string, string>
  /** JSON text. */
  body?: string
  fetch: CollectorFetch
  /** Aborted when the user interrupts. */
  signal?: AbortSignal | undefined
  timeoutMs: number
}

/** What came back. */
export interface CollectorText {
  status: number
  /** By name, in any case. */
  headers: Pick<Headers, 'get'>
  /** Empty where the text is no JSON object. */
  body: Record<string, unknown>
  text: string
  /** What to say when this is not what was hoped for: the collector's own words, or that none answered. */
  refusal: string
}

/** Outcome of {@link requestCollector}. */
export type CollectorAnswer =
  | ({ kind: 'answered' } & CollectorText)
  | { kind: 'failed'; message: string }
  | { kind: 'interrupted' }

/** Sends it once. Never rejects. */
export async function requestCollector(request: CollectorRequest): Promise<CollectorAnswer> {
  const { endpoint, path, method, headers, body, fetch, signal, timeoutMs } = request
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(endpoint.replace(/\/+$/, '') + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      redirect: 'manual',
    })
    return readText(endpoint, response, await response.text())
  } catch (error) {
    if (signal?.aborted === true) return { kind: 'interrupted' }
    const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : describe(error)
    return { kind: 'failed', message: `no collector answers at ${endpoint}: ${why}${adviseOn(endpoint)}` }
  }
}

/** What the default address is about, for who has not given one. */
function adviseOn(endpoint: string): string {
  if (endpoint !== DEFAULT_ENDPOINT) return ''
  return '. `millrace dev` starts one there; for another say --endpoint'
}

/** Headers of a request with the secret key and a JSON body. */
export function secretHeaders(secretKey: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`${secretKey}:`)}`, 'content-type': 'application/json' }
}

function readText(
  endpoint: string,
  { status, headers }: Pick<CollectorText, 'status' | 'headers'>,
  text: string,
): CollectorAnswer {
  const body = parseObject(text)
  const { message = `${endpoint} does not answer as a Millrace collector` } = body
  return { kind: 'answered', status, headers, body, text, refusal: `${message} (HTTP ${status})` }
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
