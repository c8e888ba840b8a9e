/** The live sink: combines what a queue batch has of each source, and tells the object that keeps its windows. */

import { byteLength } from '@millrace/schemas'
import type { LivePlan } from '@millrace/schemas/live'
import type { Delivery, Outcome, Sink } from '../sink.ts'
import { encodeChange } from './change.ts'
import { combine, type Entry, listEntries } from './combine.ts'
import { encodeIds } from './event-ids.ts'
import type { InsertMeter } from './insert-times.ts'
import { MAX_CHANGE_BYTES } from './live-storage.ts'
import { type CompiledPlan, compilePlan } from './plan.ts'
import type { ApplyReply, LiveObject, Watch } from './rpc.ts'
import { chooseCopies, chooseTail } from './tail.ts'

/** What the sink works with. */
export interface LiveSinkDeps {
  /** The object that keeps the source's windows, anew for each call: after an error a stub is of no more use. */
  objectOf: (source: string) => Pick<LiveObject, 'apply' | 'show'>
  planOf: (source: string) => LivePlan
  /** What is known of sources; kept between batches. */
  memory: LiveSinkMemory
  /** What was measured of inserts, to be told along with the next change. Default: nothing is. */
  inserts?: Pick<InsertMeter, 'take' | 'giveBack'> | undefined
}

/** What the object last said, by source: a batch then mostly fits at once. */
export interface LiveSinkMemory {
  hints: Map<string, { floor: number; watches: Watch[] }>
  plans: Map<string, { text: string; compiled: CompiledPlan }>
}

/** An empty memory. */
export function createLiveSinkMemory(): LiveSinkMemory {
  return { hints: new Map(), plans: new Map() }
}

/** How often a batch is combined anew, because of what the object knows. More means that two batches with the same events race. */
const MAX_ROUNDS = 5

/** A sink that counts each event once in the windows of its source. One call a source, however many events there are. */
export function createLiveSink(deps: LiveSinkDeps): Sink {
  const write = async (deliveries: readonly Delivery[]): Promise<Outcome[]> => {
    const bySource = Map.groupBy(deliveries, ({ envelope }) => envelope.source)
    const outcomes = new Map<string, Outcome>()
    await Promise.all(
      [...bySource].map(async ([source, some]) => {
        outcomes.set(source, await writeSource(deps, source, some))
      }),
    )
    return deliveries.map(
      ({ envelope }) => outcomes.get(envelope.source) ?? { kind: 'retry', error: 'no outcome' },
    )
  }
  return { name: 'live', write }
}

async function writeSource(
  deps: LiveSinkDeps,
  source: string,
  deliveries: readonly Delivery[],
): Promise<Outcome> {
  try {
    await writeEntries(deps, source, listEntries(deliveries))
    return { kind: 'written' }
  } catch (error) {
    return { kind: 'retry', error: String(error), isPressure: isOverloaded(error) }
  }
}

async function writeEntries(deps: LiveSinkDeps, source: string, entries: readonly Entry[]): Promise<void> {
  let left = entries
  for (let round = 0; round < MAX_ROUNDS && left.length > 0; round++) {
    // History changes nothing here, and there may be millions of it.
    const { floor = 0 } = deps.memory.hints.get(source) ?? {}
    left = left.filter(({ envelope, accepted }) => {
      return envelope.route !== 'import' || (accepted?.event.timestamp ?? floor) >= floor
    })
    if (left.length === 0) return
    const reply = await tell(deps, source, left)
    if (reply === 'too large') {
      const half = Math.ceil(left.length / 2)
      await writeEntries(deps, source, left.slice(0, half))
      left = left.slice(half)
      round = -1
      continue
    }
    if (reply.kind === 'applied') return
    const known = new Set(reply.known)
    const copies = chooseCopies(
      left.filter((_, index) => known.has(index)),
      reply.watches,
    )
    if (copies.length > 0) await deps.objectOf(source).show(copies)
    left = left.filter((_, index) => !known.has(index))
  }
  if (left.length > 0) throw new Error(`events were not counted in ${MAX_ROUNDS} rounds`)
}

async function tell(
  { objectOf, planOf, memory, inserts }: LiveSinkDeps,
  source: string,
  entries: readonly Entry[],
): Promise<ApplyReply | 'too large'> {
  const { text, compiled } = readPlan(memory, source, planOf)
  const { floor, watches } = memory.hints.get(source) ?? { floor: 0, watches: [] }
  const ids = encodeIds(entries.map(({ id }) => id))
  let combined = combine(compiled, entries, floor)
  let change = encodeChange(combined)
  const isTooLarge = () => byteLength(change) + ids.byteLength > MAX_CHANGE_BYTES
  if (isTooLarge() && entries.length > 1) return 'too large'
  if (isTooLarge()) {
    // One event with a list of thousands: what is in no group of its own is added up.
    combined = combine(compiled, entries, floor, true)
    change = encodeChange(combined)
  }
  // With many definitions even that may be too much for a row. The warehouse has the event; it must not stop the others.
  if (isTooLarge()) change = encodeChange({ ...combined, windows: [] })
  const measured = inserts?.take()
  const request = {
    ...{ plan: text, change, ids, earliest: combined.earliest },
    ...chooseTail(entries, watches),
    ...(measured === undefined ? {} : { inserts: measured }),
  }
  const reply = await objectOf(source)
    .apply(request)
    .catch((error: unknown) => {
      inserts?.giveBack(measured)
      throw error
    })
  memory.hints.set(source, { floor: reply.floor, watches: reply.watches })
  return reply
}

function readPlan(
  { plans }: LiveSinkMemory,
  source: string,
  planOf: LiveSinkDeps['planOf'],
): { text: string; compiled: CompiledPlan } {
  const known = plans.get(source)
  if (known !== undefined) return known
  const plan = planOf(source)
  const read = { text: JSON.stringify(plan), compiled: compilePlan(plan) }
  plans.set(source, read)
  return read
}

/** Source: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/, checked November 2026. */
function isOverloaded(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'overloaded' in error && error.overloaded === true
}
