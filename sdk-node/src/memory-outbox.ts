/**
 * The outbox in memory: a queue that is bounded by what it costs the heap. Knows bytes and sequence numbers; nothing of
 * time, the network or a disk.
 */

import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import { batchIdOf } from './batch.ts'
import type { Batch, BatchLimits, EncodedEvent, Outbox } from './outbox.ts'

/** Heap that an event takes besides its text, in bytes: object, string header and place in the queue, rounded up. */
const EVENT_OVERHEAD_BYTES = 100

/** How many empty places at the front of the array are kept at least before they are cut off. */
const MAX_EMPTY_PLACES = 1_024

/** What an event counts against the bound, in bytes. V8 stores a text with one character over U+00FF in two bytes each. */
export function costOf({ json, bytes }: EncodedEvent): number {
  const isAscii = bytes === json.length
  return (isAscii ? bytes : Math.max(bytes, json.length * 2)) + EVENT_OVERHEAD_BYTES
}

/** A queue of at most `maxBytes`, events under way included; see {@link costOf}. Numbers count from 1 without a gap. */
export function createMemoryOutbox({ stream, maxBytes }: { stream: string; maxBytes: number }): Outbox {
  let events: (EncodedEvent | undefined)[] = []
  /** Index in `events` of the first one that is in no batch. */
  let front = 0
  let usedBytes = 0
  let newBytes = 0
  let lastSeq = 0
  const costs = new Map<Batch, number>()
  const returned: Batch[] = []

  const newCount = () => events.length - front

  function form(limits: BatchLimits): Batch | undefined {
    const { count, bytes, cost } = measure(events, front, limits)
    if (count === 0) return undefined
    const firstSeq = lastSeq - newCount() + 1
    const texts: string[] = []
    for (let i = front; i < front + count; i += 1) {
      texts.push((events[i] as EncodedEvent).json)
      // The batch alone holds the text from now on.
      events[i] = undefined
    }
    front += count
    newBytes -= bytes
    // At half, so that what is copied is never more than what was taken.
    if ((front > MAX_EMPTY_PLACES && front * 2 > events.length) || front === events.length) {
      events = events.slice(front)
      front = 0
    }
    const batchId = batchIdOf(stream, firstSeq, count)
    const batch: Batch = { batchId, stream, firstSeq, events: texts, isRecovered: false }
    costs.set(batch, cost)
    return batch
  }

  return {
    add(event) {
      const cost = costOf(event)
      if (usedBytes + cost > maxBytes) return undefined
      events.push(event)
      usedBytes += cost
      newBytes += event.bytes + 1
      lastSeq += 1
      return lastSeq
    },
    // The largest event there is, so that who asks before each call never loses one.
    hasRoom: () => usedBytes + 2 * MAX_EVENT_BYTES + EVENT_OVERHEAD_BYTES <= maxBytes,
    isHalfFree: () => usedBytes <= maxBytes / 2,
    take: (limits, what) => returned.shift() ?? (what === 'all' ? form(limits) : undefined),
    putBack(batch) {
      returned.push(batch)
    },
    settle(batch) {
      usedBytes -= costs.get(batch) ?? 0
      costs.delete(batch)
    },
    hasOld: () => returned.length > 0,
    newCount,
    newBytes: () => newBytes,
    lastSeq: () => lastSeq,
    save: () => usedBytes === 0,
    close() {},
  }
}

/** How many events from `start` on fit into a batch, at least one if there is one, and what they weigh. */
function measure(
  events: readonly (EncodedEvent | undefined)[],
  start: number,
  { maxEvents, maxBytes }: BatchLimits,
) {
  let count = 0
  let bytes = 0
  let cost = 0
  for (let i = start; i < events.length && count < maxEvents; i += 1) {
    const event = events[i] as EncodedEvent
    if (count > 0 && bytes + event.bytes + 1 > maxBytes) break
    count += 1
    bytes += event.bytes + 1
    cost += costOf(event)
  }
  return { count, bytes, cost }
}
