/** The lanes: as many requests at once as allowed, each batch from the outbox to its settlement. Knows not what is due. */

import type { Settlement } from './delivery.ts'
import type { Batch } from './outbox.ts'
import type { Timers } from './timers.ts'

/**
 * Milliseconds between two requests of a lane that nobody waits for. An open request holds the process, a timer does not:
 * without a pause a backlog would hold a finished process until it is sent, whatever exitTimeoutMs says. Node's fetch lets
 * go of its socket one turn of the event loop after the answer, so that a few milliseconds are needed. An event that is
 * tracked meanwhile ends the pause: a server that is busy does not have any.
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
  timers: Timers
  onThrown: (cause: unknown) => void
}

/**
 * A function that sets the lanes to work, in the next microtask: a call of `track` costs no more when it makes a batch full,
 * and events of one go are one batch.
 */
export function createLanes(options: LanesOptions): () => void {
  const { count, next, deliver, onSettled, isHeld, hasWork, timers, onThrown } = options
  let running = 0
  let isScheduled = false

  function wake(): void {
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
        if (isHeld() || !hasWork()) continue
        timers.after(PAUSE_MS, wake)
        break
      }
    } catch (cause) {
      onThrown(cause)
    } finally {
      running -= 1
    }
  }

  return wake
}
