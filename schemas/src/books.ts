/**
 * The books as the question `books` answers them, and the sums that must come out: shared by the collector, which answers, and
 * those who show it. `docs/books.md` says what each number is. Entry of `@millrace/schemas/books`.
 */

/** The terms in the order they are told: what came and what became of it, and then what became of what was accepted. */
export const TERMS = [
  'received',
  'accepted',
  'quarantined',
  'filtered',
  'refused',
  'stored',
  'duplicates',
  'notStorable',
  'forgotten',
  'inFlight',
  'spilled',
  'dead',
  'missing',
] as const

/** One of {@link TERMS}. */
export type Term = (typeof TERMS)[number]

/** Events by term. */
export type Account = Record<Term, number>

/** What an account leaves over in each of its two equations; 0 and 0 when both come out. */
export function remainders(account: Account): { received: number; accepted: number } {
  const { received, accepted, quarantined, filtered, refused } = account
  const { stored, duplicates, notStorable, forgotten, inFlight, missing } = account
  return {
    received: received - accepted - quarantined - filtered - refused,
    accepted: accepted - stored - duplicates - notStorable - forgotten - inFlight - missing,
  }
}

/** Whether what a store has is explained; `null` where nobody knows. */
export type Closes = boolean | null

/** `totals` of the answer. */
export interface BooksTotals extends Account {
  /** Of all stores together. */
  closes: Closes
  /** Share of the received events that the ledger explains, 0 to 1; `null` when nothing was received. */
  explained: number | null
  quarantinedBy: Record<string, number>
  filteredBy: Record<string, number>
  /** Requests refused whole, by code. */
  refusedRequests: Record<string, number>
  ledger: { closes: Closes; upTo: string | null }
  /** Hours that were compared with the lake. */
  lake: { closes: Closes; equal: number; waiting: number; differs: number }
  /** Closed live windows, and minutes of which they differ. */
  live: { closes: Closes; windows: number; differs: number }
  gaps: {
    streams: number
    missing: number
    undeclared: number
    /** Of the undeclared, those of streams that something came of a moment ago. */
    open: number
    dropped: number
    droppedBy: Record<string, number>
    tailsUnknown: number
  }
}

/** A stream of which numbers are missing, or whose client declared drops: a row of the answer. */
export interface StreamGap {
  stream: string
  missing: number
  /** Both ends inclusive. */
  ranges: [from: number, to: number][]
  dropped: number
  droppedBy: Record<string, number>
  highest: number
  tail: 'known' | 'unknown'
  state: 'open' | 'settled'
  lastReceivedAt: string
}
