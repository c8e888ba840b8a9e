/** Closes the books of a run: every number that a client gave out is in exactly one place. Pure. */

import { countOf, intersect, joinRanges, type Ranges, subtract } from './ranges.ts'

/** Which SDK. */
export type ClientKind = 'node' | 'browser'

/** What a client says of one of its streams. */
export interface Issued {
  client: ClientKind
  /** The last number it gave out; the first is 1. */
  lastSeq: number
  /** Answered with success. */
  acked: Ranges
  /** Answered with success, and left out by the source's rules. */
  filtered: Ranges
  /** Numbered, and given up by the client, which says so. */
  dropped: Ranges
}

/** What ClickHouse has of a stream. */
export interface Found {
  stored: Ranges
  quarantined: Ranges
  /** Rows that are there twice after ClickHouse's dedupe. */
  doubled: number
}

/** By stream. */
export type ByStream<T> = ReadonlyMap<string, T>

/** Numbers of events; all but `acked`, `doubled` and `strangers` add up to `sent`. */
export interface Books {
  /** Numbers given out. */
  sent: number
  acked: number
  stored: number
  quarantined: number
  filtered: number
  /** Acknowledged before workerd was killed, held by the queue in its memory by then, and never stored. */
  lostWithQueue: number
  /** Given up by the client, which declared it. */
  dropped: number
  /** Never answered: the client still has them. */
  waiting: number
  /** Acknowledged, and nowhere: there must be none. */
  unexplained: number
  /** Rows too many: there must be none. */
  doubled: number
  /** Stored, but never given out: there must be none. */
  strangers: number
  /** The first streams of which something is unexplained. */
  examples: { stream: string; client: ClientKind; ranges: Ranges }[]
}

const NOTHING: Found = { stored: [], quarantined: [], doubled: 0 }

const MAX_EXAMPLES = 20

/**
 * Compares what clients gave out with where it is.
 *
 * @param held what was acknowledged and not stored when workerd was dead and its queue with it
 */
export function closeBooks(issued: ByStream<Issued>, found: ByStream<Found>, held: ByStream<Ranges>): Books {
  const books: Books = {
    ...{ sent: 0, acked: 0, stored: 0, quarantined: 0, filtered: 0, lostWithQueue: 0, dropped: 0 },
    ...{ waiting: 0, unexplained: 0, doubled: 0, strangers: 0, examples: [] },
  }
  for (const [stream, of] of issued) {
    const there = found.get(stream) ?? NOTHING
    const sent: Ranges = of.lastSeq > 0 ? [[1, of.lastSeq]] : []
    let left = sent
    const take = (ranges: Ranges): number => {
      const taken = countOf(intersect(left, ranges))
      left = subtract(left, ranges)
      return taken
    }
    books.sent += countOf(sent)
    books.acked += countOf(of.acked)
    books.stored += take(there.stored)
    books.quarantined += take(there.quarantined)
    books.filtered += take(of.filtered)
    books.lostWithQueue += take(held.get(stream) ?? [])
    const unexplained = intersect(left, of.acked)
    books.unexplained += take(of.acked)
    books.dropped += take(of.dropped)
    books.waiting += countOf(left)
    books.doubled += there.doubled
    books.strangers += countOf(subtract(joinRanges([...there.stored, ...there.quarantined]), sent))
    if (unexplained.length > 0 && books.examples.length < MAX_EXAMPLES)
      books.examples.push({ stream, client: of.client, ranges: unexplained })
  }
  for (const [stream, { stored, quarantined }] of found) {
    if (!issued.has(stream)) books.strangers += countOf(joinRanges([...stored, ...quarantined]))
  }
  return books
}

/** What was acknowledged and is not in ClickHouse: with the queue, or lost. Streams without any are left out. */
export function findUnstored(issued: ByStream<Issued>, found: ByStream<Found>): Map<string, Ranges> {
  const unstored = new Map<string, Ranges>()
  for (const [stream, { acked, filtered }] of issued) {
    const { stored, quarantined } = found.get(stream) ?? NOTHING
    const left = [stored, quarantined, filtered].reduce(subtract, acked)
    if (left.length > 0) unstored.set(stream, left)
  }
  return unstored
}

/** How many events are in ranges by stream. */
export function countAll(ranges: ByStream<Ranges>): number {
  return [...ranges.values()].reduce((sum, of) => sum + countOf(of), 0)
}
