/** One connection to `/v1/live`, from the request to its end. When there is to be another one is decided elsewhere. */

import { createEventStreamParser, type ServerSentEvent } from './server-sent-events.ts'

/** What is used of `fetch`. */
export type LiveFetch = (
  url: string,
  init: { method: 'GET'; headers: Record<string, string>; signal: AbortSignal; redirect: 'manual' },
) => Promise<LiveResponse>

/** What is used of its answer. */
export type LiveResponse = Pick<Response, 'status' | 'body' | 'text'> & { headers: Pick<Headers, 'get'> }

/** Options of {@link readLive}. */
export interface LiveRequest {
  /** Address of the collector. */
  endpoint: string
  /** What is wanted, as `/v1/live` has it. */
  wishes: URLSearchParams
  readToken: string
  /** Version of the last message that came, to go on from there. */
  lastEventId?: string | undefined
  fetch: LiveFetch
  /** Ends the connection. */
  signal: AbortSignal
  /** Milliseconds without a byte after which nobody is there any more. Default 45,000: the collector says something every 15 s. */
  stallMs?: number
}

/** How a connection ended: by the signal, for good, or so that it may be better the next time. */
export type LiveEnd =
  | { kind: 'stopped' }
  /** `isMistake` where it is one in what was asked for. */
  | { kind: 'refused'; isMistake: boolean; message: string }
  | { kind: 'cut'; message: string; retryAfterMs?: number }

/** An event, or how the connection ended, which is the last of them. */
export type LivePart = { kind: 'event'; event: ServerSentEvent } | LiveEnd

/** Connects and reads: no more than is taken. Never throws. The connection is closed when nobody takes any more. */
export async function* readLive(request: LiveRequest): AsyncGenerator<LivePart, void, void> {
  const { signal, endpoint, stallMs = 45_000 } = request
  const closing = new AbortController()
  const stall = createStall(stallMs, () => closing.abort())
  const either = AbortSignal.any([signal, closing.signal])
  let isOpen = false
  try {
    const response = await stall.during(open(request, either))
    const { status, headers, body } = response
    const isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
    if (status !== 200 || !isStream || body === null) {
      // A stream of something else might never end.
      const text = status === 200 ? '' : await stall.during(response.text())
      yield decideRefusal(endpoint, response, text)
      return
    }
    isOpen = true
    const reader = body.getReader()
    const parse = createEventStreamParser()
    for (;;) {
      const { done, value } = await stall.during(reader.read())
      if (done) break
      for (const event of parse(value)) yield { kind: 'event', event }
    }
    yield { kind: 'cut', message: 'the collector closed it' }
  } catch (error) {
    if (signal.aborted) yield { kind: 'stopped' }
    else if (error instanceof RangeError) yield { kind: 'refused', isMistake: false, message: error.message }
    else {
      const why = closing.signal.aborted ? `nothing came for ${stallMs / 1_000} s` : describe(error)
      yield { kind: 'cut', message: isOpen ? why : `no collector answers at ${endpoint}: ${why}` }
    }
  } finally {
    closing.abort()
  }
}

function open(
  { endpoint, wishes, readToken, lastEventId, fetch }: LiveRequest,
  signal: AbortSignal,
): Promise<LiveResponse> {
  return fetch(`${endpoint.replace(/\/+$/, '')}/v1/live?${wishes}`, {
    method: 'GET',
    headers: {
      authorization: `Bearer ${readToken}`,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal,
    redirect: 'manual',
  })
}

function decideRefusal(endpoint: string, { status, headers }: LiveResponse, text: string): LiveEnd {
  const told = parseMessage(text)
  if (status === 400 && told !== undefined) return { kind: 'refused', isMistake: true, message: told }
  const message = `${told ?? `${endpoint} does not answer as a Millrace collector`} (HTTP ${status})`
  const isTransient = status >= 500 || status === 429 || status === 408
  if (!isTransient) return { kind: 'refused', isMistake: false, message }
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return { kind: 'cut', message, ...(seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {}) }
}

function parseMessage(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) ?? {}
    return typeof message === 'string' ? message : undefined
  } catch {
    // Whoever answered is no collector; the caller says so.
    return undefined
  }
}

/** Counts only while something is waited for: whoever is slow to take events is not a collector that is gone. */
function createStall(stallMs: number, onStall: () => void) {
  return {
    async during<T>(work: Promise<T>): Promise<T> {
      const timer = setTimeout(onStall, stallMs)
      try {
        return await work
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** `fetch` itself says only "fetch failed" or "terminated"; why is its cause. */
function describe(error: unknown): string {
  const { cause, message } = error as { cause?: unknown; message?: string }
  return cause instanceof Error && cause.message !== '' ? cause.message : (message ?? String(error))
}
