/**
 * A sender as the stock SDKs are: it batches, retries with growing waits, gives some batches up, and some of its kind cut their
 * batches anew on a retry. What it knows of its own events is what the world is held to.
 */

import { REFUSED_EVENT } from '../world/clickhouse.ts'
import type { Random } from '../world/random.ts'
import type { Client, ClientLedger, SimProcess, World } from '../world/world.ts'

/** What a client is like. */
export interface ModelOptions {
  name: string
  source: string
  /** Events that it makes in all, and for how long. */
  events: number
  spanMs: number
  /** Numbers its events, and does not cut batches anew. */
  isNumbered: boolean
  /** Cuts what waits into new batches for each try. */
  cutsAnew: boolean
  /** Says when it sends, so that its clock is corrected. */
  tellsSentAt: boolean
  /** How far its clock is ahead; it may jump once. */
  skewMs: readonly [before: number, after: number]
  /** Events of a full batch, and how long one is waited for at most. */
  flushAt: number
  flushMs: number
  /** Tries after which a batch is dropped; `undefined`: never. */
  maxTries?: number
}

interface ModelEvent {
  id: string
  seq: number
  wire: Record<string, unknown>
  isBad: boolean
}

interface Batch {
  id: string
  events: ModelEvent[]
  tries: number
}

const TIMEOUT_MS = 15_000
const MAX_WAIT_MS = 120_000

/** A client that has not started. */
export function createModelClient(options: ModelOptions): Client {
  const { name, source, isNumbered, cutsAnew } = options
  const acknowledged = new Set<string>()
  const bad: string[] = []
  const dropped: string[] = []
  const lost: number[] = []
  const stream = `s${name}`
  let made = 0
  let batches = 0
  let isFinishing = false
  let buffer: ModelEvent[] = []
  let outbox: Batch[] = []
  let world: World
  let process: SimProcess
  let random: Random
  let clock: () => number
  let isSending = false
  let wake = () => {}

  const cut = () => {
    if (buffer.length === 0) return
    const id = `b${name}x${++batches}`
    outbox.push({ id, events: buffer, tries: 0 })
    buffer = []
  }
  const make = () => {
    made += 1
    const event = makeEvent({ options, random, now: clock(), number: made })
    if (event.isBad) bad.push(event.id)
    buffer.push(event)
    // The same event twice in one batch, as a page does that is loaded from the cache of the browser.
    if (!isNumbered && random.chance(0.02)) buffer.push(event)
    if (buffer.length >= options.flushAt) flush()
  }
  const flush = () => {
    cut()
    if (!isSending) void sendAll()
  }
  const sendAll = async () => {
    isSending = true
    let wait = 500
    while (outbox.length > 0) {
      if (cutsAnew && outbox.length > 1)
        outbox = cutAnew(outbox, random, options.flushAt, () => `b${name}x${++batches}`)
      const batch = outbox[0] as Batch
      const isTaken = await send(batch)
      // What is in the outbox may be another by now.
      if (isTaken) {
        outbox.shift()
        for (const { id } of batch.events) acknowledged.add(id)
        wait = 500
        continue
      }
      batch.tries += 1
      if (options.maxTries !== undefined && batch.tries >= options.maxTries && !isFinishing) {
        outbox.shift()
        for (const { id, seq } of batch.events) {
          dropped.push(id)
          if (isNumbered) lost.push(seq)
        }
        continue
      }
      await pause(wait)
      wait = Math.min(MAX_WAIT_MS, wait * 2)
    }
    isSending = false
  }
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = world.clock.setTimeout(resolve, ms * (0.5 + random.next()))
      wake = () => {
        world.clock.clearTimeout(timer)
        resolve()
      }
    })
  const send = async (batch: Batch): Promise<boolean> => {
    const controller = new AbortController()
    const timer = world.clock.setTimeout(
      () => controller.abort(new DOMException('late', 'AbortError')),
      TIMEOUT_MS,
    )
    try {
      const response = await world.fetchFor(process, `203.0.113.${random.integer(1, 250)}`)(
        `https://edge.sim/v1/batch`,
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(bodyOf(batch)),
          signal: controller.signal,
        },
      )
      if (response.status >= 400 && response.status < 500 && response.status !== 429)
        throw new Error(`${name} is refused: ${response.status} ${await response.text()}`)
      return response.ok
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(`${name} is refused`)) {
        world.trace(`MODEL ${error.message}`)
        process.crash(error.message)
      }
      return false
    } finally {
      world.clock.clearTimeout(timer)
    }
  }
  const bodyOf = ({ id, events }: Batch) => ({
    writeKey: `key-${source}`,
    batchId: id,
    ...(options.tellsSentAt ? { sentAt: new Date(clock()).toISOString() } : {}),
    ...(isNumbered ? { stream, firstSeq: events[0]?.seq } : {}),
    batch: events.map(({ wire }) => wire),
  })

  return {
    name,
    source,
    start(given) {
      world = given
      random = world.random.fork(name)
      process = world.spawn(`client ${name}`)
      const start = world.clock.now()
      const jumpAt = start + random.integer(0, options.spanMs)
      clock = world.clock.skewed(() => options.skewMs[world.clock.now() < jumpAt ? 0 : 1])
      planEvents(options, random, (at) => void world.clock.setTimeout(make, at))
      const tick = () => {
        flush()
        if (!isFinishing) world.clock.setTimeout(tick, options.flushMs)
      }
      world.clock.setTimeout(tick, options.flushMs)
    },
    finish() {
      isFinishing = true
      flush()
      wake()
    },
    isIdle: () => buffer.length === 0 && outbox.length === 0,
    sent: (): ClientLedger => ({
      acknowledged: [...acknowledged],
      bad,
      made,
      dropped: dropped.filter((id) => !acknowledged.has(id)),
      ...(isNumbered ? { streams: [{ stream, highest: made, lost }] } : {}),
    }),
  }
}

/** When events happen: in bursts, as visits are. */
function planEvents(
  { events, spanMs, flushAt }: ModelOptions,
  random: Random,
  at: (ms: number) => void,
): void {
  let left = events
  while (left > 0) {
    const start = random.integer(0, spanMs - 1)
    const burst = Math.min(left, random.integer(5, 3 * flushAt))
    for (let i = 0; i < burst; i++) at(Math.min(spanMs - 1, start + random.integer(0, 90_000)))
    left -= burst
  }
}

const NAMES = ['Product Viewed', 'Product Added', 'Order Completed', 'Searched', 'Clicked'] as const

interface Making {
  options: ModelOptions
  random: Random
  now: number
  number: number
}

function makeEvent({ options: { name, isNumbered }, random, now, number }: Making): ModelEvent {
  const id = isNumbered ? `s${name}-${number}` : `m${name}x${number}`
  const isBad = random.chance(0.01)
  const event = random.chance(0.002) ? `${REFUSED_EVENT} ${random.integer(1, 3)}` : random.pick(NAMES)
  const isTimeless = random.chance(0.03)
  return {
    id,
    seq: number,
    isBad,
    wire: {
      type: 'track',
      ...(isBad ? {} : { event }),
      ...(isNumbered ? {} : { messageId: id }),
      ...(isTimeless ? {} : { timestamp: new Date(now).toISOString() }),
      anonymousId: `v${name}-${random.integer(1, 3)}`,
      properties: { amount: random.integer(1, 1_000) },
    },
  }
}

/** All events that wait, in new batches; copies of an event may come to lie in two. */
function cutAnew(outbox: readonly Batch[], random: Random, flushAt: number, newId: () => string): Batch[] {
  const events = outbox.flatMap((batch) => batch.events)
  const batches: Batch[] = []
  for (let at = 0; at < events.length; ) {
    const size = random.integer(5, 2 * flushAt)
    batches.push({ id: newId(), events: events.slice(at, at + size), tries: 0 })
    at += size
  }
  return batches
}
