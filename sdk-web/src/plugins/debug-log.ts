/** Remembers what a client did of late, and guesses what became of each event; showing it is left to others. */

import type { BatchReport, DropReason, MutableEvent } from '../api.ts'

/** Most batches that are remembered. */
const MAX_BATCHES = 20

/** What became of an event. */
export type EventStatus = 'waiting' | 'sent' | 'dropped'

/** One event of the log. */
export interface LoggedEvent {
  event: Readonly<MutableEvent>
  status: EventStatus
}

/** What a client did. */
export interface DebugLog {
  /** Oldest first. */
  readonly events: readonly LoggedEvent[]
  /** Oldest first. */
  readonly batches: readonly BatchReport[]
  readonly dropped: ReadonlyMap<DropReason, number>
  addEvent(event: Readonly<MutableEvent>): void
  addBatch(report: BatchReport): void
  addDropped(reason: DropReason, count: number): void
  clear(): void
}

/** Reasons for which events are given up that had been numbered, and so are in the log. */
const LATE_REASONS: readonly DropReason[] = ['queue_full', 'expired', 'refused']

/**
 * Creates an empty log.
 *
 * Reports hold numbers of events, not which: the oldest that wait are taken to be meant, as they are sent in order. That
 * is wrong for a while when the client also sends what closed tabs have left.
 *
 * @param maxEvents how many of the last events are kept
 */
export function createDebugLog(maxEvents: number): DebugLog {
  const events: LoggedEvent[] = []
  const batches: BatchReport[] = []
  const dropped = new Map<DropReason, number>()

  function settle(count: number, status: EventStatus): void {
    const waiting = events.filter((logged) => logged.status === 'waiting')
    for (const logged of waiting.slice(0, count)) logged.status = status
  }

  return {
    events,
    batches,
    dropped,
    addEvent(event) {
      events.push({ event, status: 'waiting' })
      if (events.length > maxEvents) events.shift()
    },
    addBatch(report) {
      batches.push(report)
      if (batches.length > MAX_BATCHES) batches.shift()
      if (report.status >= 200 && report.status < 300) settle(report.events, 'sent')
    },
    addDropped(reason, count) {
      dropped.set(reason, (dropped.get(reason) ?? 0) + count)
      if (LATE_REASONS.includes(reason)) settle(count, 'dropped')
    },
    clear() {
      events.length = batches.length = 0
      dropped.clear()
    },
  }
}
