/** The lanes: as many requests at once as allowed, each batch from the outbox to its settlement. Knows not what is due. */

import type { Settlement } from './delivery.ts'
import type { Batch } from './outbox.ts'
import type { Timers } from './timers.ts'

/**
 * Milliseconds between two requests of a lane that nobody waits for. A server that is busy has fewer and larger batches by
 * it, and most of what an event costs is its part of a request. And an open request holds the process, a timer does not:
 * without a pause a backlog would hold a finished process until it is sent, whatever exitTimeoutMs says. Node's fetch lets
 * go of its socket one turn of the event loop after the answer, so that a few milliseconds are needed.
 */
const PAUSE_MS = 10

export interface LanesOptions {
  count: number
  /** The next batch; `undefined` when nothing is due. */
  next: () => Batch | undefined
  /** Never rejects. */
  deliver: (batch: Batch) => Promise<Settlement>
  /** Each batch comes here once. */
  onSettled: (batch: Batch, settlement: Settlement) => void
  /** Whether somebody waits, so that the process is held anyway. */
  isHeld: () => boolean
  /** Whether there is more to do now. */
  hasWork: () => boolean
  /** Whether new events fill the largest batch, so that a pause gains nothing. */
  isBatchFull: () => boolean
  timers: Timers
  onThrown: (cause: unknown) => void
}

/**
 * A function that sets the lanes to work, in the next microtask: a call of `track` costs no more when it makes a batch full,
 * and events of one go are one batch.
 */
export function createLanes(options: LanesOptions): () => void {
  const { count, next, deliver, onSettled, isHeld, hasWork, isBatchFull, timers, onThrown } = options
  let running = 0
  let isScheduled = false

  const pauses = new Set<() => void>()

  function wake(): void {
    if (pauses.size > 0 && (isHeld() || isBatchFull())) for (const end of [...pauses]) end()
    if (isScheduled) return
    isScheduled = true
    queueMicrotask(() => {
      isScheduled = false
      try {
        // Counted, because what looked like work may turn out to be none.
        for (let lane = running; lane < count && hasWork(); lane += 1) void run()
      } catch (cause) {
        onThrown(cause)
      }
    })
  }

  async function run(): Promise<void> {
    running += 1
    try {
      for (let batch = next(); batch !== undefined; batch = next()) {
        onSettled(batch, await deliver(batch))
        if (!isHeld()) await pause()
      }
    } catch (cause) {
      onThrown(cause)
    } finally {
      running -= 1
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        pauses.delete(end)
        resolve()
      }
      const cancel = timers.after(PAUSE_MS, end)
      pauses.add(end)
    })
  }

  return wake
}
