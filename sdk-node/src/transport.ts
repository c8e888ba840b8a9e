/**
 * One request to the collector: address, key, deadline. Rejects only when a timer cannot be set or cleared; leaves to the
 * retry policy what an answer means and whether to ask again.
 */

import type { FetchLike } from './client-options.ts'
import { messageOf } from './describe.ts'
import type { Stop } from './stop.ts'
import type { Timers } from './timers.ts'

/** What came of one request. `message` says in a few words why there was no answer. */
export type Exchange =
  | { kind: 'answer'; status: number; retryAfter: string | null; location: string | null; body: string }
  | { kind: 'failure'; message: string; cause: unknown }

export interface TransportOptions {
  url: string
  key: string
  requestTimeoutMs: number
  fetch: FetchLike
  timers: Timers
  stop: Stop
}

/**
 * A function that posts a body and resolves with what came of it, at the latest when `requestTimeoutMs` passed or
 * the client is stopped, even over a `fetch` that does not listen to its own signal.
 */
export function createTransport({ url, key, requestTimeoutMs, fetch, timers, stop }: TransportOptions) {
  // The key is the user name of HTTP Basic with an empty password, as in the Segment HTTP API. The options let only
  // printable ASCII through, so that btoa, which throws beyond Latin-1, takes every key.
  const plain = { authorization: `Basic ${btoa(`${key}:`)}`, 'content-type': 'application/json' }
  const gzipped = { ...plain, 'content-encoding': 'gzip' }

  /** Text goes as it is, bytes are gzip. */
  return async function post(body: string | ArrayBuffer): Promise<Exchange> {
    const { aborted, controller, release } = createDeadline(stop, requestTimeoutMs, timers)
    try {
      const request = exchange(fetch, url, {
        method: 'POST',
        headers: typeof body === 'string' ? plain : gzipped,
        body,
        redirect: 'manual',
        signal: controller.signal,
      })
      return await Promise.race([request, aborted])
    } catch (error) {
      return { kind: 'failure', message: describeFailure(error), cause: error }
    } finally {
      release()
    }
  }
}

type RequestInit = Parameters<FetchLike>[1]

async function exchange(fetch: FetchLike, url: string, init: RequestInit): Promise<Exchange> {
  const response = await fetch(url, init)
  return {
    kind: 'answer',
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    location: response.headers.get('location'),
    body: await response.text(),
  }
}

function createDeadline(stop: Stop, requestTimeoutMs: number, timers: Timers) {
  const controller = new AbortController()
  let fail: (reason: Error) => void = () => {}
  const aborted = new Promise<never>((_, reject) => {
    fail = reject
  })
  const abort = (message: string) => {
    const reason = new Error(message)
    fail(reason)
    controller.abort(reason)
  }
  const cancelTimer = timers.after(requestTimeoutMs, () => abort(`no answer within ${requestTimeoutMs} ms`))
  const off = stop.onStop(() => abort('the client was closed'))
  const release = () => {
    cancelTimer()
    off()
  }
  return { aborted, controller, release }
}

/** `fetch` hides the interesting part ("connect ECONNREFUSED 127.0.0.1:8787") in the cause of "fetch failed". */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return messageOf(error)
  const { cause } = error
  // Node tries every address of a name and collects the failures in an AggregateError with an empty message.
  if (cause instanceof AggregateError) return cause.errors.map((each) => messageOf(each)).join(', ')
  return messageOf(cause) || messageOf(error)
}
