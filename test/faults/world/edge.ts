/** The edge: isolates of the collector, and the network between them and the clients. */

import { createApp } from '../../../collector/src/app.ts'
import { createMakeDurable } from '../../../collector/src/durable.ts'
import { createEnqueue } from '../../../collector/src/enqueue.ts'
import { createBooks } from '../../../collector/src/receipts/books.ts'
import { createSources } from '../../../collector/src/sources.ts'
import { createSpill } from '../../../collector/src/spill.ts'
import type { SimBinding } from './bucket.ts'
import type { SimQueueBinding } from './queue.ts'
import type { Seams } from './seams.ts'
import { bindAs, type Version } from './versions.ts'
import type { SimProcess, World } from './world.ts'

/** What the edge works with. */
export interface EdgeEffects {
  world: World
  seams: Seams
  /** Names of the sources; the write key of `shop` is `key-shop`. */
  sources: readonly string[]
  queueFor: (process: SimProcess) => SimQueueBinding
  bucketFor: (process: SimProcess) => SimBinding
  /** How far the clock of servers is ahead just now. */
  skewMs: () => number
  log: (record: Record<string, unknown>) => void
  /** Isolates that work side by side. */
  isolates: number
  /** Version of an isolate that starts now, by its place. */
  versionOf: (place: number) => Version
}

/** The edge of a world. */
export interface Edge {
  fetchFor: (process: SimProcess, clientAddress: string) => typeof fetch
  /** Ends all isolates, as a deploy does; what they are doing they may finish or not. */
  redeploy: () => void
  /** Requests that came in, and events that were answered with success. */
  counts: { requests: number; succeeded: number }
}

interface Isolate {
  process: SimProcess
  handle: (request: Request) => Promise<Response>
}

/** Longest that a hanging line keeps a request or an answer. */
const LONGEST_HANG_MS = 120_000

/** An edge whose isolates start when they are asked. */
export function createEdge(effects: EdgeEffects): Edge {
  const { world } = effects
  const { random, clock } = world
  const isolates: (Isolate | undefined)[] = []
  const counts = { requests: 0, succeeded: 0 }
  let lives = 0

  const isolateAt = (place: number): Isolate => {
    const known = isolates[place]
    if (known !== undefined && !known.process.isDead()) return known
    const isolate = startIsolate(effects, `collector#${++lives}`, effects.versionOf(place))
    isolates[place] = isolate
    return isolate
  }
  const serve = (request: Request, place: number) =>
    new Promise<Response>((resolve, reject) => {
      counts.requests += 1
      const { process, handle } = isolateAt(place)
      process.onCrash(() => reject(new TypeError('the connection was closed')))
      process.run(() => handle(request)).then(resolve, reject)
    })

  return {
    counts,
    redeploy() {
      for (const isolate of isolates) isolate?.process.crash('for a deploy')
    },
    fetchFor: (process, clientAddress) => async (input, init) => {
      const { request, signal } = await readRequest(input, init, clientAddress)
      const travel = async () => {
        const { faults } = world
        const drawn = world.faultsOn() ? random.next() : 0.5
        await clock.sleep(random.integer(5, 200))
        if (drawn < faults.requestLost) return lose(world, 'request lost', process)
        if (drawn > 1 - faults.networkHang) await hang(world, process)
        const response = await serve(request, random.integer(0, effects.isolates - 1))
        const body = response.body === null ? null : await response.arrayBuffer()
        await clock.sleep(random.integer(5, 200))
        if (drawn > 1 - faults.networkHang - faults.answerLost && drawn <= 1 - faults.networkHang)
          return lose(world, 'answer lost', process)
        if (drawn > 1 - faults.networkHang / 2) await hang(world, process)
        if (response.ok) counts.succeeded += 1
        world.trace(`${process.name} hears ${response.status}`)
        return new Response(body, { status: response.status, headers: response.headers })
      }
      return process.run(() => untilAborted(travel(), signal))
    },
  }
}

async function hang(world: World, process: SimProcess): Promise<void> {
  world.injected('network hang', process.name)
  await world.clock.sleep(world.random.integer(1_000, LONGEST_HANG_MS))
}

async function lose(world: World, kind: string, process: SimProcess): Promise<Response> {
  world.injected(kind, process.name)
  // Some lines say at once that they are broken, others after a while.
  await world.clock.sleep(world.random.integer(1, 30_000))
  throw new TypeError('fetch failed')
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject)
  })
}

/** The request as it arrives, with its length and the address of its sender; and the signal, which does not travel. */
async function readRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
  clientAddress: string,
) {
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined) ?? undefined
  const { signal: _, ...rest } = init ?? {}
  const text = typeof rest.body === 'string' && !(input instanceof Request) ? rest.body : undefined
  const sent = text === undefined ? new Request(input, rest) : undefined
  const body =
    text === undefined
      ? new Uint8Array(await (sent as Request).arrayBuffer())
      : new TextEncoder().encode(text)
  const headers = new Headers(sent?.headers ?? rest.headers)
  headers.set('CF-Connecting-IP', clientAddress)
  if (body.byteLength > 0) headers.set('Content-Length', String(body.byteLength))
  const url = sent?.url ?? String(input)
  const method = sent?.method ?? rest.method ?? 'GET'
  const request = new Request(url, { method, headers, ...(body.byteLength === 0 ? {} : { body }) })
  return { request, signal }
}

function startIsolate(effects: EdgeEffects, name: string, version: Version): Isolate {
  const { world, seams, sources, skewMs, log } = effects
  const process = world.spawn(`${name}(${version})`)
  const { queue, bucket } = bindAs(version, {
    queue: effects.queueFor(process),
    bucket: effects.bucketFor(process),
  })
  const now = world.clock.skewed(skewMs)
  const randomHex = () => world.random.hex(16)
  const enqueue = createEnqueue({ queue })
  const spill = createSpill({ bucket, now, randomHex })
  const makeDurable = createMakeDurable({ enqueue, spill, now, log })
  const app = createApp({
    sources: createSources(sources.map((source) => ({ name: source, writeKeys: [`key-${source}`] }))),
    makeDurable: seams.makeDurable(makeDurable, { enqueue, spill }),
    ...(version === 'previous' ? {} : { books: createBooks({ now, randomId: randomHex }) }),
    now,
    log,
  })
  return { process, handle: async (request) => app.fetch(request) }
}
