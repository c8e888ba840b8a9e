/**
 * The bounded queue in memory: numbers events as they come in and hands them out in order. Knows counts, bytes and
 * sequence numbers; leaves to others when to take and what a batch looks like on the wire.
 */

import type { EncodedEvent } from './event.ts'

/** Events that were taken together: event `i` has sequence number `firstSeq + i`. */
export interface TakenEvents {
  firstSeq: number
  events: readonly EncodedEvent[]
}

export interface Queue {
  /** Puts an event at the end and numbers it; `false`, and no number, when the queue is full. */
  add(event: EncodedEvent): boolean
  /**
   * Takes from the front as many events as fit, at least one. They count as held until they are released.
   * Nothing when the queue is empty.
   */
  take(limits: { maxEvents: number; maxBytes: number }): TakenEvents | undefined
  /** Frees the room of `count` events that were taken. */
  release(count: number): void
  hasRoom(): boolean
  /** Events waiting, those taken left out. */
  waitingCount(): number
  /** Bytes of the events waiting, each with the comma that parts it from the next. */
  waitingBytes(): number
  /** Events waiting and held. */
  totalCount(): number
  /** Sequence number of the event at the front; one past the last when the queue is empty. */
  firstSeq(): number
  /** Sequence number given out last; 0 before the first. */
  lastSeq(): number
}

/** A queue of at most `maxEvents` events, held ones included. Sequence numbers count from 1 without a gap. */
export function createQueue({ maxEvents }: { maxEvents: number }): Queue {
  let waiting: EncodedEvent[] = []
  let bytes = 0
  let heldCount = 0
  let lastSeq = 0

  const hasRoom = () => waiting.length + heldCount < maxEvents

  return {
    add(event) {
      if (!hasRoom()) return false
      waiting.push(event)
      bytes += event.bytes + 1
      lastSeq += 1
      return true
    },
    take(limits) {
      const count = countThatFits(waiting, limits)
      if (count === 0) return undefined
      const firstSeq = lastSeq - waiting.length + 1
      const events = waiting.slice(0, count)
      waiting = waiting.slice(count)
      for (const event of events) bytes -= event.bytes + 1
      heldCount += count
      return { firstSeq, events }
    },
    release(count) {
      heldCount -= count
    },
    hasRoom,
    waitingCount: () => waiting.length,
    waitingBytes: () => bytes,
    totalCount: () => waiting.length + heldCount,
    firstSeq: () => lastSeq - waiting.length + 1,
    lastSeq: () => lastSeq,
  }
}

function countThatFits(
  waiting: readonly EncodedEvent[],
  { maxEvents, maxBytes }: { maxEvents: number; maxBytes: number },
): number {
  let count = 0
  let bytes = 0
  for (const event of waiting) {
    bytes += event.bytes + 1
    if (count === maxEvents || (count > 0 && bytes > maxBytes)) break
    count += 1
  }
  return count
}
