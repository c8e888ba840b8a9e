/**
 * A client that sends batch after batch while queue and bucket change at random. A seed decides batches and faults; what
 * happens at the same time in other clients it does not.
 */

import fc from 'fast-check'
import { fourMessages, idsOf, type MakeBatch, oneEvent, sevenEvents, twoMessages } from './faulty-batches.ts'
import type { FaultyStack } from './faulty-stack.ts'
import type { Fault, Faults } from './faulty-worker.ts'

/** What became of one batch. */
export interface WalkedBatch {
  ids: string[]
  /** Status of each attempt, in order. */
  statuses: number[]
}

/** Options of {@link walkFaults}. */
export interface WalkOptions {
  stack: Pick<FaultyStack, 'setFaults' | 'postTo'>
  seed: number
  /** Beginning of the names of its streams and isolates; no other walk has it. */
  name: string
  batchCount: number
}

/** After so many a client gives a batch up. */
const MAX_ATTEMPTS = 4

interface Attempt {
  faults: Faults
  /** Whether it meets an isolate that knows of no failure yet. */
  isFresh: boolean
}

// A hang costs five seconds, so there are few.
const FAULTS = fc.record<Faults>({
  queue: pick({
    none: 8,
    refuse: 5,
    throw: 3,
    hang: 1,
    'hang-then-land': 1,
    'land-then-refuse': 3,
    half: 6,
  }),
  bucket: pick({
    none: 24,
    refuse: 4,
    throw: 2,
    hang: 1,
    'hang-then-land': 1,
    'land-then-refuse': 4,
    half: 0,
  }),
})

const PLANNED_BATCH = fc.record({
  make: fc.constantFrom<MakeBatch[]>(oneEvent, sevenEvents, sevenEvents, twoMessages, fourMessages),
  attempts: fc.tuple(
    ...Array.from({ length: MAX_ATTEMPTS }, () =>
      fc.record<Attempt>({ faults: FAULTS, isFresh: fc.boolean() }),
    ),
  ),
})

/** Sends the batches one after the other, each again while it gets a 503, after the time that the answer names. */
export async function walkFaults({ stack, seed, name, batchCount }: WalkOptions): Promise<WalkedBatch[]> {
  const planned = fc.sample(PLANNED_BATCH, { seed, numRuns: batchCount })
  const walked: WalkedBatch[] = []
  let isolate = name
  for (const [index, { make, attempts }] of planned.entries()) {
    const batch = make(`${name}-${index}`)
    const statuses: number[] = []
    for (const { faults, isFresh } of attempts) {
      if (isFresh) isolate = `${name}-${index}-${statuses.length}`
      await stack.setFaults(isolate, faults)
      const status = await attempt(() => stack.postTo(isolate, batch))
      statuses.push(status)
      if (status === 200) break
    }
    walked.push({ ids: idsOf(batch), statuses })
  }
  return walked
}

/** @returns the status, once a client may send again */
async function attempt(post: () => Promise<Response>): Promise<number> {
  const response = await post()
  await response.arrayBuffer()
  const waitSeconds = Number(response.headers.get('retry-after'))
  await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1_000))
  return response.status
}

/** One of the faults, as often as its weight says. */
function pick(weights: Record<Fault, number>): fc.Arbitrary<Fault> {
  const faults = Object.entries(weights) as [Fault, number][]
  return fc.oneof(...faults.map(([fault, weight]) => ({ weight, arbitrary: fc.constant(fault) })))
}
