/** The answer of the question `books` as the command reads it; `docs/books.md` says what each number is. */

import type { Account, BooksTotals, StreamGap, Term } from '@millrace/schemas/books'
import type { Answer } from '../query/ask.ts'

/** The books of a range. */
export interface Books extends Omit<BooksTotals, Term> {
  total: Account
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
  } = totals as unknown as BooksTotals
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
