/**
 * The books: what became of every event, and who waits for it. Knows sequence numbers and outcomes; nothing of time or
 * the network.
 */

import type { DropReason, FlushResult, Stats } from './types.ts'

/** How one accepted event ended. */
export type Outcome = 'delivered' | 'quarantined' | 'filtered' | 'duplicate' | 'refused' | 'undelivered'

/** A wait for every event up to some sequence number that was not settled when it began. */
export interface Wait {
  /** Resolves when the last of them is settled. */
  done: Promise<void>
  /** How they ended so far. */
  result(): FlushResult
}

export interface Ledger {
  /** Notes that the event with this sequence number was accepted. Numbers come in order, without a gap. */
  accept(seq: number): void
  /** Notes that an event was dropped before it got a number. */
  drop(reason: Exclude<DropReason, 'refused' | 'undelivered'>): void
  /** Notes how the events from `firstSeq` on ended, once each, in whatever order the batches end. */
  settle(firstSeq: number, outcomes: readonly Outcome[]): void
  request(): void
  retry(): void
  /** Begins a wait for what is unsettled now. */
  wait(): Wait
  pendingCount(): number
  stats(): Stats
}

interface Waiter {
  throughSeq: number
  result: FlushResult
  resolve: () => void
}

/** Empty books. */
export function createLedger(): Ledger {
  const stats = emptyStats()
  const waiters = new Set<Waiter>()
  let lastSeq = 0

  return {
    accept(seq) {
      lastSeq = seq
      stats.accepted += 1
      stats.pending += 1
    },
    drop(reason) {
      stats.dropped[reason] += 1
    },
    settle(firstSeq, outcomes) {
      outcomes.forEach((outcome, index) => {
        stats.pending -= 1
        if (outcome === 'refused' || outcome === 'undelivered') stats.dropped[outcome] += 1
        else stats[outcome] += 1
        for (const waiter of waiters) {
          if (firstSeq + index <= waiter.throughSeq) settleFor(waiter, outcome)
        }
      })
      for (const waiter of waiters) {
        if (waiter.result.pending > 0) continue
        waiters.delete(waiter)
        waiter.resolve()
      }
    },
    request() {
      stats.requests += 1
    },
    retry() {
      stats.retries += 1
    },
    wait() {
      const result: FlushResult = { ...emptyResult(), pending: stats.pending }
      const done = new Promise<void>((resolve) => {
        // Everything pending now has a number up to lastSeq, and nothing accepted later has.
        if (result.pending === 0) resolve()
        else waiters.add({ throughSeq: lastSeq, result, resolve })
      })
      return { done, result: () => ({ ...result }) }
    },
    pendingCount: () => stats.pending,
    stats: () => ({ ...stats, dropped: { ...stats.dropped } }),
  }
}

function settleFor({ result }: Waiter, outcome: Outcome): void {
  result.pending -= 1
  result[outcome === 'refused' || outcome === 'undelivered' ? 'dropped' : outcome] += 1
}

function emptyResult(): FlushResult {
  return { delivered: 0, quarantined: 0, filtered: 0, duplicate: 0, dropped: 0, pending: 0 }
}

function emptyStats(): Stats {
  const dropped = {
    invalid_event: 0,
    event_too_large: 0,
    queue_full: 0,
    closed: 0,
    refused: 0,
    undelivered: 0,
  }
  return {
    accepted: 0,
    pending: 0,
    delivered: 0,
    quarantined: 0,
    filtered: 0,
    duplicate: 0,
    dropped,
    requests: 0,
    retries: 0,
  }
}
