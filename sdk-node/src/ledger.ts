/**
 * The books: what became of every event, and who waits for it. Knows sequence numbers and outcomes; nothing of time or
 * the network.
 */

import type { EventStatus, FlushResult, Stats } from './news.ts'

/** A wait for every event up to some sequence number that was not settled when it began. */
export interface Wait {
  /** Resolves when the last of them is settled. */
  done: Promise<void>
  /** How they ended so far. */
  result(): FlushResult
  /** Nobody waits any more. */
  end(): void
}

/** How one event ended for this client; `spooled` means that another process sends it. */
export type Ended = EventStatus | 'spooled'

export interface Ledger {
  /** Notes that the event with this sequence number was accepted. Numbers come in order, without a gap. */
  accept(seq: number): void
  /** Notes that an event was dropped before it got a number. */
  drop(reason: keyof Stats['dropped']): void
  /** Notes how the events from `firstSeq` on ended, once each, in whatever order the batches end. */
  settle(firstSeq: number, statuses: readonly Ended[]): void
  /** Notes how so many events of earlier processes ended. */
  recover(how: 'answered' | 'dropped', count: number): void
  /** Notes that everything pending was left on disk. */
  leave(): void
  /** Notes that everything pending is lost, and says how much that was. */
  abandon(): number
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

  /** For a wait that began when some of the events were not there yet. */
  function settlePart({ result, throughSeq }: Waiter, firstSeq: number, statuses: readonly Ended[]): void {
    statuses.forEach((status, index) => {
      if (firstSeq + index > throughSeq) return
      result.pending -= 1
      result[columnOf(status)] += 1
    })
  }

  /** Ends every wait with what it still waits for. */
  function endPending(how: 'spooled' | 'dropped'): number {
    const count = stats.pending
    stats.pending = 0
    for (const waiter of [...waiters]) {
      waiter.result[how] += waiter.result.pending
      waiter.result.pending = 0
      finish(waiter)
    }
    return count
  }

  function finish(waiter: Waiter): void {
    waiters.delete(waiter)
    waiter.resolve()
  }

  return {
    accept(seq) {
      lastSeq = Math.max(lastSeq, seq)
      stats.accepted += 1
      stats.pending += 1
    },
    drop(reason) {
      stats.dropped[reason] += 1
    },
    settle(firstSeq, statuses) {
      stats.pending -= statuses.length
      for (const status of statuses) {
        if (isDrop(status)) stats.dropped[status] += 1
        else stats[status] += 1
      }
      // Counted once, because in an outage there may be a wait for each request that a server answers.
      const totals = countByColumn(statuses)
      const lastOfThese = firstSeq + statuses.length - 1
      for (const waiter of [...waiters]) {
        if (waiter.throughSeq >= lastOfThese) addTotals(waiter.result, totals, statuses.length)
        else settlePart(waiter, firstSeq, statuses)
        if (waiter.result.pending === 0) finish(waiter)
      }
    },
    recover(how, count) {
      stats.recovered[how] += count
    },
    leave() {
      stats.spooled += endPending('spooled')
    },
    abandon() {
      const lost = endPending('dropped')
      stats.dropped.undelivered += lost
      return lost
    },
    request() {
      stats.requests += 1
    },
    retry() {
      stats.retries += 1
    },
    wait() {
      const result: FlushResult = { ...emptyResult(), pending: stats.pending }
      let waiter: Waiter
      const done = new Promise<void>((resolve) => {
        // Everything pending now has a number up to lastSeq, and nothing accepted later has.
        waiter = { throughSeq: lastSeq, result, resolve }
        if (result.pending === 0) resolve()
        else waiters.add(waiter)
      })
      return { done, result: () => ({ ...result }), end: () => void waiters.delete(waiter) }
    },
    pendingCount: () => stats.pending,
    stats: () => ({ ...stats, dropped: { ...stats.dropped }, recovered: { ...stats.recovered } }),
  }
}

function isDrop(status: Ended): status is 'refused' | 'undelivered' {
  return status === 'refused' || status === 'undelivered'
}

function columnOf(status: Ended): keyof FlushResult {
  return isDrop(status) ? 'dropped' : status
}

function countByColumn(statuses: readonly Ended[]): Map<keyof FlushResult, number> {
  const totals = new Map<keyof FlushResult, number>()
  for (const status of statuses) totals.set(columnOf(status), (totals.get(columnOf(status)) ?? 0) + 1)
  return totals
}

function addTotals(result: FlushResult, totals: Map<keyof FlushResult, number>, count: number): void {
  result.pending -= count
  for (const [column, total] of totals) result[column] += total
}

function emptyResult(): FlushResult {
  return { delivered: 0, quarantined: 0, filtered: 0, duplicate: 0, dropped: 0, spooled: 0, pending: 0 }
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
    spooled: 0,
    recovered: { answered: 0, dropped: 0 },
    requests: 0,
    retries: 0,
  }
}
