/** The answer of the question `books` as the command reads it; `docs/books.md` says what each number is. */

import type { Answer } from '../query/ask.ts'

/** Numbers of events by what became of them. */
export interface Account {
  received: number
  accepted: number
  quarantined: number
  filtered: number
  refused: number
  stored: number
  duplicates: number
  notStorable: number
  forgotten: number
  inFlight: number
  spilled: number
  dead: number
  missing: number
}

/** Whether what one store has is explained; `null` where nobody knows. */
export type Closes = boolean | null

/** A stream of which numbers are missing, or whose client declared drops. */
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

/** The books of a range. */
export interface Books {
  closes: Closes
  explained: number | null
  total: Account
  quarantinedBy: Record<string, number>
  filteredBy: Record<string, number>
  refusedRequests: Record<string, number>
  ledger: { closes: Closes; upTo: string | null }
  lake: { closes: Closes; equal: number; waiting: number; differs: number }
  live: { closes: Closes; windows: number; differs: number }
  gaps: {
    streams: number
    missing: number
    undeclared: number
    open: number
    dropped: number
    droppedBy: Record<string, number>
    tailsUnknown: number
  }
  streams: StreamGap[]
  /** In order; by hour or day. */
  buckets: { name: string; account: Account }[]
  from: string
  to: string
  asOf: string
}

/** Lays an answer out. The collector is trusted to have answered this question. */
export function readBooks({ question = {}, asOf, totals = {}, ...answer }: Answer): Books {
  const { columns = [], rows = [], buckets = [], series = [] } = answer
  const {
    closes,
    explained,
    quarantinedBy,
    filteredBy,
    refusedRequests,
    ledger,
    lake,
    live,
    gaps,
    ...total
  } = totals as unknown as Omit<Books, 'total'> & Account
  return {
    ...{ closes, explained, quarantinedBy, filteredBy, refusedRequests, ledger, lake, live, gaps, asOf },
    total,
    streams: rows.map(
      (row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])) as unknown as StreamGap,
    ),
    buckets: buckets.map((name, index) => ({
      name,
      account: Object.fromEntries(
        series.map(({ name: term, values }) => [term, values[index]]),
      ) as unknown as Account,
    })),
    from: question.from ?? '',
    to: question.to ?? '',
  }
}

/** Numbers that nobody explains and that can come no more: what is missing in the ledger, and in streams that are silent. */
export function countMissing({ total, gaps }: Books): number {
  return total.missing + gaps.undeclared - gaps.open
}
