/** Brings batches to the collector: one at a time while the page is shown, all that may leave at once when it hides. */

import type { DropReason } from './api.ts'
import type { Batch, FormBatch } from './batch.ts'
import { TARGET_BATCH_BYTES } from './batch.ts'
import { decide } from './retry-policy.ts'
import type { Transport } from './transport.ts'

/** The loop that empties the queue. */
export interface Delivery {
  /** To be called after an event was queued: sees to it that it is sent in time. Does no work itself. */
  wake(): void
  /** Sends what waits; resolves when all of it was answered or a retry has to be waited for. Never rejects. */
  flush(): Promise<void>
  /** To be called when the page hides: hands everything that fits to requests that outlive the page. */
  leave(): void
}

/**
 * Creates a delivery loop.
 *
 * A batch may be on its way twice, when the page hides during an ordinary request: the first good answer settles it,
 * and the collector knows its events by their numbers.
 *
 * @param options.form takes waiting events into a batch of at most so many bytes
 * @param options.waitingCount events that wait to be formed
 * @param options.isHidden whether the page is hidden now, so that it may end at any moment without notice
 * @param options.onDropped called with the number of events of a batch that the collector will never take
 */
export function createDelivery(options: {
  form: FormBatch
  waitingCount: () => number
  transport: Transport
  isHidden: () => boolean
  onDropped: (reason: DropReason, eventCount: number) => void
  flushAt: number
  flushIntervalMs: number
  now?: () => number
  random?: () => number
  delay?: (run: () => void, ms: number) => unknown
  microtask?: (run: () => void) => void
}): Delivery {
  const { form, waitingCount, transport, isHidden, onDropped, flushAt, flushIntervalMs } = options
  const { now = Date.now, random = Math.random, delay = setTimeout, microtask = queueMicrotask } = options
  /** Batches without an answer yet, in the order they were formed. */
  const unanswered = new Set<Batch>()
  /** Those of them that a request carries which outlives the page. */
  const keptAlive = new Set<Batch>()
  /** Those who wait for a flush to end. */
  const flushers: (() => void)[] = []
  let requestCount = 0
  let failures = 0
  let isBackingOff = false
  /** What waits is to be sent even if it is little. */
  let isDue = false
  /** The shortest wait that a timer is set for, in milliseconds. */
  let alarmMs = Infinity

  function wake(): void {
    // A hidden page may end without notice: its events leave before the browser gets its hands back.
    const waitMs = isHidden() ? -1 : waitingCount() < flushAt ? flushIntervalMs : 0
    if (waitMs >= alarmMs) return
    alarmMs = waitMs
    const ring = () => {
      alarmMs = Infinity
      sendDue()
    }
    if (waitMs < 0) microtask(ring)
    else delay(ring, waitMs)
  }

  function sendDue(): void {
    isDue = true
    send()
  }

  /**
   * Starts what may be started now. After it, a request is in flight, a retry is waited for, or nothing is due; the
   * end of each request leads back here.
   */
  function send(isLeaving = isHidden() && !isBackingOff): void {
    if (isLeaving) {
      const fits = (batch: Batch) => !keptAlive.has(batch) && batch.bytes <= transport.keepaliveRoom()
      for (;;) {
        const batch = [...unanswered].find(fits) ?? take(transport.keepaliveRoom())
        if (!batch) break
        void attempt(batch, true)
      }
    }
    // What did not fit goes the ordinary way, one by one: a page that is only hidden goes on living.
    if (!isBackingOff && !requestCount) {
      const batch =
        [...unanswered][0] ?? (isDue || waitingCount() >= flushAt ? take(TARGET_BATCH_BYTES) : undefined)
      if (batch) void attempt(batch, false)
    }
    if (!requestCount) for (const resolve of flushers.splice(0)) resolve()
  }

  function take(maxBytes: number): Batch | undefined {
    const batch = form(maxBytes)
    isDue = waitingCount() > 0
    if (batch) unanswered.add(batch)
    return batch
  }

  async function attempt(batch: Batch, isKeepalive: boolean): Promise<void> {
    requestCount++
    if (isKeepalive) keptAlive.add(batch)
    const answer = await transport.send(batch.body(now()), batch.bytes, isKeepalive)
    requestCount--
    if (isKeepalive) keptAlive.delete(batch)
    // Unless another request of the same batch was answered first:
    if (unanswered.has(batch)) {
      const plan = decide(answer, failures, random(), now())
      if (typeof plan === 'number') {
        backOff(plan)
      } else {
        unanswered.delete(batch)
        failures = 0
        if (plan === 'drop') onDropped('refused', batch.count)
      }
    }
    send()
  }

  function backOff(delayMs: number): void {
    if (isBackingOff) return
    isBackingOff = true
    failures++
    delay(() => {
      isBackingOff = false
      sendDue()
    }, delayMs)
  }

  return {
    wake,
    leave: () => send(true),
    flush: () =>
      new Promise((resolve) => {
        flushers.push(resolve)
        sendDue()
      }),
  }
}
