/**
 * An isolate's account of what it took, one book a source: each request gets a number, and with its events travels what the
 * book says by then. Nothing is sent for it and nothing kept elsewhere; whoever has a later receipt knows of all before it. How
 * a book ended is told by receipts of the next one.
 */

import type { EnvelopeReceipt, ReceiptCounts } from '@millrace/schemas'
import {
  type Book,
  createBook,
  describe,
  enterRefusal,
  enterRequest,
  giveUpCutOff,
  settleRequest,
} from './book.ts'

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

/** Failed requests after which a new book is begun, so that its receipts stay small. */
const MAX_FAILED = 32

/** Closed books that are told at once. */
const MAX_CLOSED = 4

/** Requests that must be durable with the whole end of a book in them, before it is told no more: an envelope may be lost too. */
const TELLINGS = 3

/** Books of one source. */
interface Shelf {
  current: Book
  /** What later receipts still have to tell, oldest first. */
  closed: Book[]
}

/** Books that are all empty. */
export function createBooks({ now, randomId, maxAgeMs = BOOK_MS }: BooksOptions): Books {
  const shelves = new Map<string, Shelf>()

  const shelfOf = (source: string, at: number): Shelf => {
    const known = shelves.get(source)
    if (known !== undefined) {
      known.closed = known.closed.filter(({ tellings }) => tellings < TELLINGS)
      if (!isUsable(known.current, at, maxAgeMs)) turn(known, createBook(randomId(), at))
      return known
    }
    const shelf = { current: createBook(randomId(), at), closed: [] }
    shelves.set(source, shelf)
    return shelf
  }

  return {
    open(source, counts) {
      const at = now()
      const { current, closed } = shelfOf(source, at)
      for (const book of [current, ...closed]) giveUpCutOff(book, at)
      const whole = closed.filter((book) => book.open.size === 0)
      const own = enterRequest(current, counts, at)
      return {
        receipt: closed.length === 0 ? own : { ...own, closed: closed.map(describe) },
        settle(isDurable) {
          const isNews = settleRequest(current, own.number, isDurable)
          if (isNews && isDurable) for (const book of whole) book.tellings += 1
        },
      }
    },
    refuse(source, code, events) {
      const at = now()
      enterRefusal(shelfOf(source, at).current, code, events, at)
    },
  }
}

/** A clock that was set back must not keep a book for ever. */
function isUsable({ begunAt, failed }: Book, at: number, maxAgeMs: number): boolean {
  return failed.length < MAX_FAILED && at >= begunAt && at - begunAt < maxAgeMs
}

/** Begins the next book. Of too many closed ones the first goes that has nothing durable, as those of an outage; else the oldest. */
function turn(shelf: Shelf, next: Book): void {
  shelf.closed.push(shelf.current)
  shelf.current = next
  if (shelf.closed.length <= MAX_CLOSED) return
  const idle = shelf.closed.findIndex(
    ({ lastNumber, open, failed }) => open.size + failed.length === lastNumber,
  )
  shelf.closed.splice(Math.max(0, idle), 1)
}
