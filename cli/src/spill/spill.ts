/** Asks the collector what waits in the spill, and has it drained. */

import { type AskOperator, OperatorFailure } from '../operator-routes.ts'

/** One object of the spill: the envelopes of one request that the queue did not take. */
export interface SpilledObject {
  key: string
  bytes: number
  /** ISO 8601; absent where the key does not tell. */
  spilledAt?: string
}

/** All objects, the oldest first. */
export interface Spill {
  objects: number
  bytes: number
  /** ISO 8601; absent when there is none. */
  oldestAt?: string
  spilled: SpilledObject[]
}

/** What a drain did, and what is left. */
export interface DrainReport {
  objects: number
  messages: number
  /** Objects, counted up to 1,000; absent when the bucket did not say. */
  left?: number
  oldestLeftMs?: number
  /** What went wrong last. */
  error?: string
}

/** @throws OperatorFailure, Interrupted */
export async function readSpill(ask: AskOperator): Promise<Spill> {
  const spilled: SpilledObject[] = []
  let after: string | undefined
  do {
    const page = await ask({ method: 'GET', path: '/v1/spill', search: { after } })
    if (!Array.isArray(page['spilled'])) throw new OperatorFailure('the collector tells nothing of the spill')
    spilled.push(...(page['spilled'] as SpilledObject[]))
    const next = typeof page['next'] === 'string' ? page['next'] : undefined
    if (next !== undefined && next === after) throw new OperatorFailure('the collector repeats itself')
    after = next
  } while (after !== undefined)
  const [oldest] = spilled
  return {
    objects: spilled.length,
    bytes: spilled.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(oldest?.spilledAt === undefined ? {} : { oldestAt: oldest.spilledAt }),
    spilled,
  }
}

/**
 * Drains until nothing is left or nothing moves any more.
 *
 * @param onProgress called after each round that left something
 * @throws OperatorFailure, Interrupted
 */
export async function drainSpill(
  ask: AskOperator,
  onProgress: (report: DrainReport) => void,
): Promise<DrainReport> {
  let objects = 0
  let messages = 0
  for (;;) {
    const round = (await ask({ method: 'POST', path: '/v1/spill/drain' })) as unknown as DrainReport
    objects += round.objects
    messages += round.messages
    const { left, oldestLeftMs, error } = round
    const report: DrainReport = {
      objects,
      messages,
      ...(left === undefined ? {} : { left }),
      ...(oldestLeftMs === undefined ? {} : { oldestLeftMs }),
      ...(error === undefined ? {} : { error }),
    }
    if (left === 0 || (round.objects === 0 && round.messages === 0)) return report
    onProgress(report)
  }
}
