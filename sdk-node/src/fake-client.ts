/** A client on fakes, for the tests of what it does as a whole. */

import { createClient } from './client.ts'
import type { MillraceOptions } from './client-options.ts'
import { createFakeClock, createFakeFetch, type FakeAnswer } from './fakes.ts'
import type { DropNotice, EventReceipt, MillraceFailure, RetryNotice } from './news.ts'
import type { Platform } from './platform.ts'

/** Options of {@link setUp}. */
export type SetUp = Partial<MillraceOptions> & {
  answers?: FakeAnswer[]
  platform?: Platform
  /** Whether anybody listens. Default true. */
  listens?: boolean
  /** Added to the listeners that keep what is told. */
  listener?: (told: unknown) => unknown
}

/** A client on a fake clock and collector, with everything that it told its listeners. */
export function setUp({ answers = [], platform = {}, listener, listens = true, ...options }: SetUp = {}) {
  const clock = createFakeClock()
  const { fetch, requests } = createFakeFetch({ answers, now: clock.now })
  const errors: MillraceFailure[] = []
  const receipts: EventReceipt[] = []
  const retries: RetryNotice[] = []
  const drops: DropNotice[] = []
  let ids = 0
  const client = createClient(
    {
      writeKey: 'wk',
      endpoint: 'https://events.test',
      fetch,
      now: clock.now,
      setTimeout: clock.setTimeout,
      clearTimeout: clock.clearTimeout,
      random: () => 1,
      randomId: () => `id${++ids}`,
      flushOnExit: false,
      ...(options.flushAt !== undefined && { maxBatchEvents: options.flushAt }),
      ...options,
    } as MillraceOptions,
    platform,
  )
  if (listens) {
    client.on('error', (error) => void errors.push(error))
    client.on('receipt', (receipt) => void receipts.push(receipt))
    client.on('retry', (notice) => void retries.push(notice))
    client.on('drop', (notice) => void drops.push(notice))
  }
  if (listener !== undefined) {
    for (const name of ['error', 'receipt', 'retry', 'drop'] as const) client.on(name, listener)
  }
  return { client, clock, requests, errors, receipts, retries, drops }
}

/** A `process` that is at its end when a test says so. */
export function createFakeProcess() {
  const listeners = new Map<string, Set<() => void>>()
  const of = (name: string) => listeners.get(name) ?? new Set()
  const on = (name: string, listener: () => void) => listeners.set(name, of(name).add(listener))
  const raised: string[] = []
  return {
    raised,
    pid: 1,
    on,
    prependListener: (name: string, listener: () => void) =>
      listeners.set(name, new Set([listener, ...of(name)])),
    off: (name: string, listener: () => void) => of(name).delete(listener),
    listenerCount: (name: string) => of(name).size,
    kill: (_: number, signal: string) => raised.push(signal),
    emit(name: string) {
      for (const listener of [...of(name)]) listener()
    },
    /** How many listeners there are of all names. */
    count: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
  }
}
