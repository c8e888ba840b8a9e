/** Brings batches to the collector: one at a time while the page is shown, all that may leave at once when it goes. */

import type { BatchReport, DropReason } from './api.ts'
import type { Batch } from './batch.ts'
import { encodeBatch, halveBatch } from './batch.ts'
import type { Clock } from './clock.ts'
import type { Outbox } from './outbox.ts'
import { decide } from './retry-policy.ts'
import type { Store } from './store.ts'
import type { Tabs } from './tabs.ts'
import type { Transport } from './transport.ts'

/** Where tabs note until when nothing is to be sent, and how many attempts failed in a row. */
const PAUSE_KEY = 'pause'

/** No pause is longer: a note of one is from a clock that was wrong. */
const MAX_PAUSE_MS = 7_200_000

/** Requests in a row without an answer on a page that never had one, though there is a network: something blocks them. */
const BLOCKED_FAILURES = 3

/** Least pause then, and half of the longest. A new page tries once by itself. */
const BLOCKED_DELAY_MS = 60_000

/** Pause after a fault of the page's own making. */
const FAULT_PAUSE_MS = 5_000

/** Time in which the note of a pause reaches other tabs: the browser tells them of it a moment after it was written. */
const NOTE_MS = 250

/** Tabs that waited for the same moment return over this time after it. */
const SPREAD_MS = 1_000

/** The loop that empties the outbox. */
export interface Delivery {
  /** Takes batches in that are to be delivered; those it has had before are left alone. */
  take(batches: readonly Batch[]): void
  /** Bytes that wait. */
  heldBytes(): number
  /** Sends what waits; resolves when all was answered or a retry has to be waited for. */
  send(): Promise<unknown>
  /**
   * Stores what waits, before it returns.
   *
   * @param isGoing also hand everything that fits to requests that outlive the page
   */
  leave(isGoing: boolean): void
  /** Ends a pause: the network is back. */
  resume(): void
  /** Forgets everything that waits. Gives the number of events. */
  forget(): number
}

/**
 * Creates a delivery loop.
 *
 * A batch may be on its way twice, when the page goes during an ordinary request, or when its tab was taken for dead: the
 * first good answer settles it, and the collector knows its events by their numbers.
 *
 * @param stream this page's own, whose batches go before those of others
 * @param isHidden whether the page may end without notice
 * @param isOnline whether the browser says that there is a network
 * @param onDropped called with the number of events of a batch that will never be taken
 */
export function createDelivery(
  stream: string,
  outbox: Pick<Outbox, 'save' | 'spill' | 'discard'>,
  transport: Transport,
  tabs: Pick<Tabs, 'takeTurn'>,
  store: Store,
  { time, draw, delay }: Clock,
  maxAgeMs: number,
  isHidden: () => boolean,
  isOnline: () => boolean,
  onDropped: (reason: DropReason, eventCount: number) => void,
  onReport: (report: BatchReport) => void,
): Delivery {
  /** Batches without an answer yet, in the order they were formed or found. */
  const waiting = new Set<Batch>()
  /** Keys of all that was ever taken in. */
  const known = new Set<string>()
  let heldBytes = 0
  let isSending = false
  let sending: Promise<unknown> | undefined
  /** Settled when all requests were answered that outlive the page. */
  let leaving: Promise<unknown> | undefined
  /** When the loop is set to go on by itself. */
  let alarmAt = Infinity
  /** Whether any request of this page had an answer: then nothing blocks them. */
  let wasAnswered = false
  let pausedUntil = 0
  /** Attempts that failed in a row; those of them that something in the browser may have blocked. */
  let failures = 0
  let blocks = 0

  /** Milliseconds until sending may go on; reads what other tabs have noted. */
  function readPause(): number {
    const note = ([] as unknown[]).concat(store.load(PAUSE_KEY) ?? [])
    const [until = 0, count = 0, blocked = 0] = note.map((value) => Number(value) || 0)
    // A note from another day tells nothing of this one.
    if (time() - until < MAX_PAUSE_MS) {
      failures = Math.max(failures, count)
      blocks = Math.max(blocks, blocked)
    }
    const left = Math.max(pausedUntil, until) - time()
    return left > 0 && left < MAX_PAUSE_MS ? left : 0
  }

  function endPause(): void {
    store.keep(PAUSE_KEY)
    pausedUntil = failures = blocks = 0
    alarmAt = Infinity
  }

  function next(): Batch | undefined {
    let found: Batch | undefined
    for (const batch of waiting) {
      const [key, , , timeMs] = batch.stored
      if (time() - timeMs > maxAgeMs) settle(batch, 'expired')
      else if (
        !batch.isKept &&
        !(batch.isBlind && isHidden()) &&
        (!found || (key.startsWith(stream) && !found.stored[0].startsWith(stream)))
      ) {
        found = batch
      }
    }
    return found
  }

  async function sendAll(): Promise<void> {
    isSending = true
    let left: number
    try {
      for (;;) {
        left = readPause()
        if (left || !next()) break
        await tabs.takeTurn(sendNext)
      }
    } catch {
      left = FAULT_PAUSE_MS // the page has replaced a part of the browser with one that throws; that may pass
    }
    isSending = false
    const at = time() + left
    if (!left || at >= alarmAt) return
    alarmAt = at
    delay(
      () => {
        alarmAt = Infinity
        void send()
      },
      left + draw() * SPREAD_MS,
    )
  }

  function send(): Promise<unknown> {
    if (!isSending) sending = sendAll()
    return Promise.all([sending, leaving])
  }

  async function sendNext(): Promise<void> {
    // Another tab may have been told to wait while this one waited for its turn.
    const batch = readPause() ? undefined : next()
    if (!batch) return
    await attempt(batch, isHidden() && batch.bytes <= transport.room())
    // Whose turn is next would look too soon, and try too. In a hidden page the browser may take a minute for such a moment.
    if (readPause() && !isHidden()) await new Promise<void>((goOn) => delay(goOn, NOTE_MS))
  }

  async function attempt(batch: Batch, isKept: boolean): Promise<void> {
    const { bytes, stored } = batch
    batch.isKept = isKept
    const answer = await transport.post(encodeBatch(stored, time()), bytes, isKept)
    const { status } = answer
    batch.isKept = false
    // A beacon tells nothing: as long as the page may go at any time, it stays the last attempt.
    batch.isBlind = status < 0
    onReport({ id: stored[0].replace('-', '.'), events: stored[2].length, bytes, status })
    // Unless another request of the same batch was answered first, or nobody knows:
    if (!waiting.has(batch) || status < 0) return
    const left = readPause()
    wasAnswered ||= !!status
    const mayBeBlocked = !wasAnswered && isOnline()
    const isBlocked = mayBeBlocked && blocks + 1 >= BLOCKED_FAILURES
    const plan = isBlocked ? BLOCKED_DELAY_MS * (1 + draw()) : decide(answer, failures, draw(), time())
    if (typeof plan === 'number') {
      if (left) return
      failures++
      blocks = mayBeBlocked ? blocks + 1 : 0
      pausedUntil = time() + plan
      // One who blocks our requests does so on every page, but each page may see for itself.
      store.keep(PAUSE_KEY, isBlocked ? [time(), failures, blocks] : [pausedUntil, failures])
      return
    }
    endPause()
    if (plan === 'halve' && stored[2].length > 1) {
      const halves = halveBatch(stored)
      remove(batch)
      halves.forEach(add)
      void outbox.save(halves)
    } else settle(batch, plan === 'done' ? undefined : 'refused')
  }

  function add(batch: Batch): void {
    waiting.add(batch)
    known.add(batch.stored[0])
    heldBytes += batch.bytes
  }

  function remove(batch: Batch): void {
    if (waiting.delete(batch)) heldBytes -= batch.bytes
  }

  function settle(batch: Batch, reason?: DropReason): void {
    remove(batch)
    outbox.discard(batch)
    if (reason) onDropped(reason, batch.stored[2].length)
  }

  return {
    take(batches) {
      for (const batch of batches) if (!known.has(batch.stored[0])) add(batch)
    },
    heldBytes: () => heldBytes,
    send,
    leave(isGoing) {
      outbox.spill(waiting)
      for (const batch of waiting) {
        // During a pause, what is stored can wait; a page that may store nothing has only now.
        const isDue = isGoing && !batch.isKept && !batch.isBlind && !(batch.isSaved && readPause())
        if (isDue && batch.bytes <= transport.room()) {
          // What the page has replaced may throw; then the batch is still stored.
          const kept = attempt(batch, true).catch(() => {})
          leaving = Promise.all([leaving, kept])
          void kept.then(send)
        }
      }
      void send()
    },
    resume() {
      endPause()
      void send()
    },
    forget() {
      let count = 0
      for (const batch of waiting) {
        count += batch.stored[2].length
        settle(batch)
      }
      return count
    },
  }
}
