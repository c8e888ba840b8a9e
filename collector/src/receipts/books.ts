/**
 * An isolate's account of what it took, one book a source: each request gets a number, and with its events travels what the
 * book says by then. Nothing is sent for it and nothing kept elsewhere; whoever has a later receipt knows of all before it.
 */

import type { EnvelopeReceipt, ReceiptCounts } from '@millrace/schemas'

/** A request whose events are on their way to queue or bucket. */
export interface OpenReceipt {
  receipt: EnvelopeReceipt
  /** Says whether they are durable, which is also what the client is told; only the first word counts. */
  settle: (isDurable: boolean) => void
}

/** The books of one isolate. */
export interface Books {
  /** Gives a request its place; every one that is opened must be settled. */
  open: (source: string, counts: ReceiptCounts) => OpenReceipt
  /** Notes a request that is refused whole. `events`: 0 where they cannot be counted. */
  refuse: (source: string, code: string, events: number) => void
}

/** What {@link createBooks} needs. */
export interface BooksOptions {
  /** Milliseconds. */
  now: () => number
  /** A text that is given out once. */
  randomId: () => string
  /** How long a book is written in, in milliseconds. Default {@link BOOK_MS}. */
  maxAgeMs?: number
}

/**
 * Readers look so far back for the receipts of a book, with some to spare: see `BOOK_HOURS` of `consumers/src/ledger`.
 */
export const BOOK_MS = 6 * 3_600_000

/**
 * How long a request may be open, in milliseconds; queue and bucket together take 9 s at most. One that is open for longer was cut
 * off, as happens where a client goes away: nobody was told that it is stored, so it counts as failed, and if it landed, it is here.
 */
const MAX_OPEN_MS = 60_000

/** Most events or requests of a code; a client may have told any number of them. */
const MAX_COUNT = 2 ** 31

/** Failed requests that a receipt names; after more a new book is begun, so that its receipts stay small. */
const MAX_FAILED = 32

interface Book {
  id: string
  begunAt: number
  lastNumber: number
  before: ReceiptCounts
  /** Requests under way by their numbers, ascending: a Map keeps the order in which they came. */
  open: Map<number, { since: number; counts: ReceiptCounts }>
  failed: [number: number, ...ReceiptCounts][]
  refused: Record<string, [requests: number, events: number]>
}

/** Books that are all empty. */
export function createBooks({ now, randomId, maxAgeMs = BOOK_MS }: BooksOptions): Books {
  const books = new Map<string, Book>()

  const bookOf = (source: string): Book => {
    const known = books.get(source)
    const isUsable =
      known !== undefined && known.failed.length < MAX_FAILED && isYoung(known, now(), maxAgeMs)
    if (isUsable) return known
    const book: Book = {
      ...{ id: randomId(), begunAt: now(), lastNumber: 0, before: [0, 0, 0] },
      ...{ open: new Map(), failed: [], refused: {} },
    }
    books.set(source, book)
    return book
  }

  return {
    open(source, counts) {
      const book = bookOf(source)
      closeOld(book, now())
      const number = book.lastNumber + 1
      const receipt = describe(book, number, now(), counts)
      book.lastNumber = number
      book.before = add(book.before, counts)
      book.open.set(number, { since: now(), counts })
      return {
        receipt,
        settle(isDurable) {
          const wasOpen = book.open.delete(number)
          if (wasOpen && !isDurable) book.failed.push([number, ...counts])
        },
      }
    },
    refuse(source, code, events) {
      const { refused } = bookOf(source)
      const [requests, counted] = refused[code] ?? [0, 0]
      refused[code] = [Math.min(MAX_COUNT, requests + 1), Math.min(MAX_COUNT, counted + events)]
    },
  }
}

/** Gives up what was cut off; what is told of a request afterwards changes nothing. */
function closeOld({ open, failed }: Book, at: number): void {
  for (const [number, { since, counts }] of open) {
    if (at - since < MAX_OPEN_MS) return
    open.delete(number)
    failed.push([number, ...counts])
  }
}

/** A clock that was set back must not keep a book for ever. */
function isYoung({ begunAt }: Book, at: number, maxAgeMs: number): boolean {
  return at >= begunAt && at - begunAt < maxAgeMs
}

function describe(
  { id, before, open, failed, refused }: Book,
  number: number,
  at: number,
  counts: ReceiptCounts,
): EnvelopeReceipt {
  const [oldest = number] = open.keys()
  const told = failed.filter(([place]) => place < oldest)
  return {
    ...{ book: id, number, at, counts, before, settled: oldest },
    ...(told.length === 0 ? {} : { failed: told }),
    ...(Object.keys(refused).length === 0 ? {} : { refused: structuredClone(refused) }),
  }
}

function add(a: ReceiptCounts, b: ReceiptCounts): ReceiptCounts {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}
