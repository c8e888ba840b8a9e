/** Stand-ins for the browser, for tests only: a clock, a storage area, locks, an outbox, a collector, a page. */

import type { WireBatch } from '@millrace/schemas/wire'
import type { Batch, StoredBatch } from './batch.ts'
import { createBatch } from './batch.ts'
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

/** A storage area, its keys its own properties as in a browser; one that refuses throws at every call. */
export function createFakeStorage({ isRefused = false } = {}): Storage {
  const guard = () => {
    if (isRefused) throw new DOMException('refused', 'SecurityError')
  }
  const methods = {
    getItem(key: string) {
      guard()
      return entries[key] ?? null
    },
    setItem(key: string, value: string) {
      guard()
      entries[key] = String(value)
    },
    removeItem(key: string) {
      guard()
      delete entries[key]
    },
  }
  const entries: Record<string, string> = Object.create(methods)
  return entries as unknown as Storage
}

/** A request for a lock: the first of its queue holds it. */
interface FakeHold {
  tab: object
  start(): void
}

/** Locks that tabs share: each has its own door to them, and one that dies lets go of what it holds or waits for. */
export function createFakeLocks() {
  const queues = new Map<string, FakeHold[]>()
  const remove = (name: string, isOver: (hold: FakeHold) => boolean) => {
    const before = queues.get(name) ?? []
    const after = before.filter((hold) => !isOver(hold))
    queues.set(name, after)
    if (after[0] !== before[0]) after[0]?.start()
  }
  async function request(tab: object, name: string, ...rest: unknown[]): Promise<unknown> {
    const run = rest.at(-1) as (lock: object | null) => unknown
    const { ifAvailable = false } = rest.length > 1 ? (rest[0] as LockOptions) : {}
    const queue = queues.get(name) ?? []
    queues.set(name, queue)
    if (ifAvailable && queue[0]) return run(null)
    const started = new Promise<void>((start) => queue.push({ tab, start }))
    const hold = queue.at(-1)
    if (queue[0] === hold) hold?.start()
    try {
      return await started.then(() => run({ name }))
    } finally {
      remove(name, (other) => other === hold)
    }
  }
  return {
    openTab() {
      const tab = {}
      const locks = { request: request.bind(undefined, tab) } as unknown as Pick<LockManager, 'request'>
      return {
        locks,
        die() {
          for (const name of queues.keys()) remove(name, (hold) => hold.tab === tab)
        },
      }
    },
  }
}

/** What tabs have in the browser's storage: batches by key; `discarded` has every key that was given up. */
export function createFakeOutbox() {
  const records = new Map<string, StoredBatch>()
  const discarded: string[] = []
  const put = (batch: Batch) => {
    records.set(batch.stored[0], batch.stored)
    batch.isSaved = true
  }
  return {
    records,
    discarded,
    async save(batches: readonly Batch[]) {
      await undefined
      batches.forEach(put)
    },
    spill(batches: Iterable<Batch>) {
      for (const batch of batches) if (!batch.isSaved) put(batch)
    },
    discard({ stored: [key] }: Batch) {
      records.delete(key)
      discarded.push(key)
    },
    async adopt(claim: (stream: string) => Promise<boolean>): Promise<Batch[]> {
      const found: Batch[] = []
      for (const [key, stored] of [...records]) {
        if (await claim(key.replace(/-.*/, ''))) found.push({ ...createBatch(stored), isSaved: true })
      }
      return found
    },
  }
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
    room: () => room,
    post(body: string, bytes: number, isKeepalive: boolean): Promise<Answer> {
      if (isKeepalive) room -= bytes
      return new Promise((resolve) => {
        requests.push({
          body,
          batch: JSON.parse(body) as WireBatch,
          isKeepalive,
          answer(status, retryAfter) {
            if (isKeepalive) room += bytes
            resolve({ status, wait: retryAfter ?? null })
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
