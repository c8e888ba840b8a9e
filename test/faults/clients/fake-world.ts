/** A world with nothing in it but a collector that takes notes, for the tests of the clients themselves. */

import { gunzipSync } from 'node:zlib'
import { replaceGlobals } from '../world/globals.ts'
import { createProcess } from '../world/process.ts'
import { createRandom } from '../world/random.ts'
import { createSchedule } from '../world/schedule.ts'
import type { Client, FaultConfig, World } from '../world/world.ts'

/** What a request says. */
export interface SeenBatch {
  stream: string
  firstSeq: number
  batchId: string
  previous?: { stream: string; lastSeq: number }
  batch: {
    type: string
    event?: string
    properties?: Record<string, unknown>
    traits?: Record<string, unknown>
  }[]
}

/** A world for clients alone. */
export interface FakeWorld {
  world: World
  /** Batches that the collector acknowledged, or took and could not say so. */
  seen: SeenBatch[]
  /** Runs with faults for so long, then without until the clients are idle; gives whether they came to be that. */
  play(clients: readonly Client[], faultyMs: number): Promise<boolean>
}

const NO_FAULTS: FaultConfig = {
  crash: 0,
  requestLost: 0,
  answerLost: 0,
  networkHang: 0,
  duplicateDelivery: 0,
  failure: 0,
  failureLanded: 0,
  hang: 0,
  outagesAnHour: 0,
  outageMs: [0, 0],
  clockJumpsAnHour: 0,
  clockJumpMs: 0,
}

const DAY_MS = 86_400_000

/** Creates it. Of `failure`, the share is answered 503, 429, 500 or 413. */
export function createFakeWorld(
  seed: number,
  given: Partial<FaultConfig> = {},
  collect: (request: Request) => Response | Promise<Response> = () => new Response('{"success":true}'),
): FakeWorld {
  const faults = { ...NO_FAULTS, ...given }
  const random = createRandom(seed)
  const schedule = createSchedule(Date.UTC(2026, 10, 1))
  const seen: SeenBatch[] = []
  let isFaulty = true
  const world: World = {
    seed,
    random,
    clock: schedule,
    faults,
    faultsOn: () => isFaulty,
    injected: () => {},
    spawn: (name) =>
      createProcess(
        { random, crashRate: () => (isFaulty ? faults.crash : 0), injected: () => {}, trace: () => {} },
        name,
      ),
    fetchFor: (process) =>
      ((url: string, init: RequestInit) => process.gate('fetch', () => exchange(url, init))) as typeof fetch,
    trace: () => {},
  }

  async function exchange(url: string, { signal, ...init }: RequestInit): Promise<Response> {
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
    return Promise.race([answer(url, init), aborted])
  }

  async function answer(url: string, init: RequestInit): Promise<Response> {
    const drawn = isFaulty ? random.next() : 1
    const { requestLost, answerLost, networkHang, failure } = faults
    await schedule.sleep(random.integer(1, 300))
    if (drawn < requestLost) throw new TypeError('network')
    if (drawn < requestLost + networkHang) return new Promise(() => {})
    if (drawn < requestLost + networkHang + failure)
      return new Response('', { status: random.pick([503, 429, 500, 413]) })
    seen.push(JSON.parse(decode(init.body as string | Uint8Array)) as SeenBatch)
    const response = await collect(new Request(url, init))
    await schedule.sleep(random.integer(1, 300))
    if (drawn < requestLost + networkHang + failure + answerLost) throw new TypeError('network')
    return response
  }

  return {
    world,
    seen,
    async play(clients, faultyMs) {
      const isIdle = () => clients.every((client) => client.isIdle())
      // A collector's digests and compression would end when a thread of the real machine has its turn.
      const putBack = replaceGlobals({ schedule, random, skewMs: () => 0, fetch: noNetwork, log: () => {} })
      try {
        for (const client of clients) client.start(world)
        await schedule.runUntil(schedule.now() + faultyMs)
        isFaulty = false
        for (const client of clients) client.finish()
        await schedule.runUntil(schedule.now() + DAY_MS, isIdle)
      } finally {
        putBack()
      }
      return isIdle()
    },
  }
}

const noNetwork: typeof fetch = async (url) => {
  throw new Error(`there is no network here: ${url}`)
}

function decode(body: string | Uint8Array | ArrayBuffer): string {
  if (typeof body === 'string') return body
  const bytes = new Uint8Array(body as ArrayBuffer)
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : Buffer.from(bytes)).toString()
}
