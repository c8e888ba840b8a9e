/** Waits until the local queue, which is in memory, has handed on what it holds. */

import { setTimeout } from 'node:timers/promises'
import { describeError } from './describe-error.ts'
import type { DoorState } from './door.ts'

/** Time beyond the wait of a queue after which it has handed on what came in when its last batch ended. */
const MARGIN_MS = 500

/** How often it is looked at. */
const LOOK_MS = 100

/** What is known of a queue's consumer, as miniflare is told it. */
export interface QueueWait {
  /** Seconds. */
  maxBatchTimeout?: number | undefined
  deadLetterQueue?: string | undefined
}

/** Options of {@link drain}. */
export interface DrainOptions {
  /** Closes the door, and says what is in hand behind it; `undefined` where there is none. */
  closeDoor: (() => Promise<DoorState>) | undefined
  /** Time without anything in hand after which the queues hold nothing. Milliseconds. */
  quietMs: number
  /** Longest wait for that. Milliseconds. */
  maxMs: number
  /** Default `Date.now`. */
  now?: () => number
  delay?: (ms: number) => Promise<unknown>
}

/**
 * The time without anything in hand after which no queue holds anything: miniflare hands on what came in meanwhile when the
 * queue's wait for a full batch is over, which begins anew after each batch. Dead letters are not waited for.
 *
 * @param consumers by the name of the queue
 * @returns milliseconds
 */
export function quietTimeOf(consumers: Readonly<Record<string, QueueWait>>): number {
  const dead = new Set(Object.values(consumers).map(({ deadLetterQueue }) => deadLetterQueue))
  const waits = Object.entries(consumers).map(([name, { maxBatchTimeout = 0 }]) =>
    dead.has(name) ? 0 : maxBatchTimeout,
  )
  return Math.max(0, ...waits) * 1_000 + MARGIN_MS
}

/**
 * Closes the door, and waits until nothing has begun or ended behind it for a while. Without a door it only waits that while.
 *
 * @throws Error that says what could not be waited for
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { closeDoor, quietMs, maxMs, now = Date.now, delay = setTimeout } = options
  const begunAt = now()
  let quietSince = begunAt
  let lastEnded: number | undefined
  for (;;) {
    const state = await closeDoor?.().catch((cause: unknown) => ({ failure: describeError(cause) }))
    if (state === undefined || 'failure' in state) {
      // One that is ending by a signal of its own takes nothing any more, and goes on with what it has.
      await delay(Math.max(0, quietSince + quietMs - now()))
      if (state === undefined) return
      throw new Error(`what it took last may be lost, because it does not answer: ${state.failure}`)
    }
    const { inHand, ended } = state
    if (inHand > 0 || (lastEnded !== undefined && lastEnded !== ended)) quietSince = now()
    lastEnded = ended
    if (now() - quietSince >= quietMs) return
    if (now() - begunAt >= Math.max(maxMs, quietMs))
      throw new Error(`after ${maxMs} ms it still had work in hand: ${inHand} begun, ${ended} ended`)
    await delay(LOOK_MS)
  }
}
