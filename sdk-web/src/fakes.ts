/** Stand-ins for the browser, for tests only: a clock, a storage area, a collector, a page. */

import type { WireBatch } from '@millrace/schemas/wire'
import type { LifecycleWindow } from './page-lifecycle.ts'
import type { Answer } from './retry-policy.ts'

/** A clock that stands until it is told to go on. */
export interface FakeClock {
  now(): number
  delay(run: () => void, ms: number): void
  /** Goes on, running what falls due in its order and letting promises settle in between. */
  advance(ms: number): Promise<void>
}

/** Creates a clock that shows the start of 2026. */
export function createFakeClock(): FakeClock {
  let nowMs = Date.UTC(2026, 0, 1)
  let timers: { atMs: number; run: () => void }[] = []
  return {
    now: () => nowMs,
    delay: (run, ms) => void timers.push({ atMs: nowMs + ms, run }),
    async advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        await settle()
        const next = timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (!next) break
        timers = timers.filter((timer) => timer !== next)
        nowMs = Math.max(nowMs, next.atMs)
        next.run()
      }
      nowMs = endMs
    },
  }
}

/** Lets all promises settle that wait for nothing but each other. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A storage area; one that refuses throws at every call, as a browser's does. */
export function createFakeStorage({ isRefused = false } = {}): Storage {
  const entries = new Map<string, string>()
  const guard = () => {
    if (isRefused) throw new DOMException('refused', 'SecurityError')
  }
  return {
    getItem(key: string) {
      guard()
      return entries.get(key) ?? null
    },
    setItem(key: string, value: string) {
      guard()
      entries.set(key, value)
    },
  } as Storage
}

/** A request that waits for its answer. */
export interface FakeRequest {
  body: string
  batch: WireBatch
  isKeepalive: boolean
  answer(status: number, retryAfter?: string): void
}

/** A way to a collector that answers when told to. */
export function createFakeTransport({ keepaliveBytes = 64 * 1024 } = {}) {
  const requests: FakeRequest[] = []
  let room = keepaliveBytes
  return {
    /** Every request so far, answered or not. */
    requests,
    keepaliveRoom: () => room,
    send(body: string, bytes: number, isKeepalive: boolean): Promise<Answer> {
      if (isKeepalive) room -= bytes
      return new Promise((resolve) => {
        requests.push({
          body,
          batch: JSON.parse(body) as WireBatch,
          isKeepalive,
          answer(status, retryAfter) {
            if (isKeepalive) room += bytes
            resolve({ status, retryAfter: retryAfter ?? null })
          },
        })
      })
    },
  }
}

/** A page that hides and shows when told to. */
export function createFakeWindow() {
  const listeners: { type: string; listener: (event: { type: string }) => void }[] = []
  const page = { visibilityState: 'visible' }
  const window: LifecycleWindow = {
    document: page,
    addEventListener: (type, listener) => void listeners.push({ type, listener }),
  }
  const fire = (type: string) => {
    for (const entry of listeners) if (entry.type === type) entry.listener({ type })
  }
  return {
    window,
    types: () => listeners.map(({ type }) => type),
    fire,
    setVisibility(state: 'visible' | 'hidden') {
      page.visibilityState = state
      fire('visibilitychange')
    },
  }
}
