/** Puts a lookup table to the collector. Knows nothing of files. */

/** What is used of `fetch`. */
export type PutFetch = (
  url: string,
  init: {
    method: 'PUT'
    headers: Record<string, string>
    body: string
    signal: AbortSignal
    redirect: 'manual'
  },
) => Promise<{ status: number; text: () => Promise<string> }>

/** Options of {@link sendTable}. */
export interface SendOptions {
  endpoint: string
  name: string
  source: string
  secretKey: string
  json: string
  fetch: PutFetch
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
  const timeout = AbortSignal.timeout(timeoutMs)
  // The key tells the source; naming it lets a collector refuse a key of another.
  const url = `${endpoint.replace(/\/+$/, '')}/v1/lookups/${name}?source=${source}`
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: { authorization: `Basic ${btoa(`${secretKey}:`)}`, 'content-type': 'application/json' },
      body: json,
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

function readAnswer(status: number, text: string): SendResult {
  const { success, rows, version, message, warning } = parseObject(text)
  if (status === 200 && success === true && typeof rows === 'number' && typeof version === 'string') {
    return { kind: 'loaded', rows, version, ...(typeof warning === 'string' ? { warning } : {}) }
  }
  const what = typeof message === 'string' ? message : 'this is not the answer of a Millrace collector'
  return { kind: 'failed', message: `${what} (HTTP ${status})` }
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
