/** One book: what an isolate took of one source for some hours, and what can be told of it at any time. Knows no clock. */

import type { BookEnd, EnvelopeReceipt, ReceiptCounts } from '@millrace/schemas'

/**
 * How long a request may be open, in milliseconds; queue and bucket together take 9 s at most. One that is open for longer was cut
 * off, as happens where a client goes away: nobody was told that it is stored, so it counts as failed, and if it landed, it is here.
 */
const MAX_OPEN_MS = 60_000

/** Most events or requests of a code; a client may have told any number of them. */
const MAX_COUNT = 2 ** 31

/**
 * Most failed requests that are named at once, so that no envelope outgrows its queue. More fail in one book only where that
 * many were open when it was closed; nothing is said then of the requests from the next one on.
 */
const MAX_NAMED = 64

/** What is known of a book. */
export interface Book {
  id: string
  begunAt: number
  /** When a request was last entered, be it taken or refused. */
  writtenAt: number
  lastNumber: number
  before: ReceiptCounts
  /** Requests under way by their numbers, ascending: a Map keeps the order in which they came. */
  open: Map<number, { since: number; counts: ReceiptCounts }>
  failed: [number: number, ...ReceiptCounts][]
  refused: Record<string, [requests: number, events: number]>
  /** Durable requests of later books that have told all of it. */
  tellings: number
}

/** A book without a request. */
export function createBook(id: string, at: number): Book {
  return {
    ...{ id, begunAt: at, writtenAt: at, lastNumber: 0, before: [0, 0, 0] },
    ...{ open: new Map(), failed: [], refused: {}, tellings: 0 },
  }
}

/** Enters a request that was taken, and gives what is told with it. */
export function enterRequest(book: Book, counts: ReceiptCounts, at: number): EnvelopeReceipt {
  const { before, lastNumber } = book
  const number = lastNumber + 1
  book.open.set(number, { since: at, counts })
  book.lastNumber = number
  book.before = [before[0] + counts[0], before[1] + counts[1], before[2] + counts[2]]
  book.writtenAt = at
  return { ...describe(book), number, at, counts, before }
}

/** Enters a request that was refused whole. */
export function enterRefusal(book: Book, code: string, events: number, at: number): void {
  const [requests, counted] = book.refused[code] ?? [0, 0]
  book.refused[code] = [Math.min(MAX_COUNT, requests + 1), Math.min(MAX_COUNT, counted + events)]
  book.writtenAt = at
}

/** Says what became of a request; `false` when that was known. */
export function settleRequest({ open, failed }: Book, number: number, isDurable: boolean): boolean {
  const request = open.get(number)
  if (request === undefined) return false
  open.delete(number)
  if (!isDurable) failed.push([number, ...request.counts])
  return true
}

/** Gives up what was cut off; what is told of a request afterwards changes nothing. */
export function giveUpCutOff(book: Book, at: number): void {
  for (const [number, { since }] of book.open) {
    if (at - since < MAX_OPEN_MS) return
    settleRequest(book, number, false)
  }
}

/** What there is to tell of a book after its last request. */
export function describe(book: Book): BookEnd {
  const { id, writtenAt, lastNumber, before, open, failed, refused } = book
  const [oldest = lastNumber + 1] = open.keys()
  const known = failed.filter(([number]) => number < oldest).sort(([a], [b]) => a - b)
  const named = known.slice(0, MAX_NAMED)
  const settled = known[MAX_NAMED]?.[0] ?? oldest
  return {
    ...{ book: id, number: lastNumber + 1, at: writtenAt, before, settled },
    ...(named.length === 0 ? {} : { failed: named }),
    ...(Object.keys(refused).length === 0 ? {} : { refused: structuredClone(refused) }),
  }
}
