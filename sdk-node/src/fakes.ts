/** Fakes for the unit tests: a clock whose time passes when a test says so, and a collector that answers from a script. */

import { gunzipSync } from 'node:zlib'
import type { WireBatch } from '@millrace/schemas/wire'
import type { FetchLike } from './client-options.ts'

/** When every fake clock starts: 2026-01-02T03:04:05.000Z, in milliseconds. */
export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

interface FakeTimer {
  at: number
  callback: () => void
}

/** `now`, `setTimeout` and `clearTimeout` over a time that only `advance` moves, and how many timers were unref'ed. */
export function createFakeClock() {
  let time = START_MS
  const timers = new Set<FakeTimer>()

  /** Runs the timers due within `ms`, in order, letting promises settle in between. */
  async function advance(ms: number): Promise<void> {
    const end = time + ms
    await settlePromises()
    for (;;) {
      const due = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      timers.delete(due)
      time = due.at
      due.callback()
      await settlePromises()
    }
    time = end
  }

  return {
    advance,
    now: () => time,
    timerCount: () => timers.size,
    setTimeout(callback: () => void, delayMs: number): unknown {
      const timer = { at: time + delayMs, callback }
      timers.add(timer)
      return timer
    },
    clearTimeout(handle: unknown): void {
      timers.delete(handle as FakeTimer)
    },
  }
}

/** Lets every promise that can settle without a timer do so. */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** One answer of the fake collector, or a failure of the network. `hang` never answers. */
export type FakeAnswer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { fails: string }
  | { hang: true }

/** A request as the fake collector saw it. */
export interface FakeRequest {
  url: string
  headers: Record<string, string>
  text: string
  body: WireBatch
  at: number
}

/** The answer of a collector that takes everything. */
export const ACCEPTED: FakeAnswer = { status: 200, body: { success: true } }

/** A `fetch` that gives the answers in turn and then accepts everything, and the requests it got. */
export function createFakeFetch({
  answers = [],
  now = () => 0,
}: {
  answers?: FakeAnswer[]
  now?: () => number
}) {
  const requests: FakeRequest[] = []
  const script = [...answers]
  const fetch: FetchLike = async (url, { headers, body }) => {
    const text = typeof body === 'string' ? body : gunzipSync(new Uint8Array(body)).toString()
    requests.push({ url, headers, text, body: JSON.parse(text) as WireBatch, at: now() })
    const answer = script.shift() ?? ACCEPTED
    if ('hang' in answer) return new Promise(() => {})
    if ('fails' in answer) throw new TypeError('fetch failed', { cause: new Error(answer.fails) })
    return new Response(JSON.stringify(answer.body ?? null), {
      status: answer.status,
      headers: answer.headers ?? {},
    })
  }
  return { fetch, requests }
}
