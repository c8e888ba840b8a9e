/** Whether the books close: of the warehouse, of the lake, of the live windows, and of all together. Pure. */

import { type Account, remainders } from '@millrace/schemas/books'

/** Hours of which lake and warehouse were compared. */
export interface LakeFacts {
  equal: number
  /** Either changed a moment ago. */
  waiting: number
  differs: number
}

/** Closed live windows that the range has, and minutes of which they differ from the roll-ups. */
export interface LiveFacts {
  windows: number
  differs: number
}

/** What a verdict is made of. */
export interface BooksFacts {
  total: Account
  /** What was inserted before is in the ledger, milliseconds since 1970; `undefined` when its job never ran. */
  upTo: number | undefined
  /** End of the range. */
  to: number
  /** The same clock now. */
  now: number
  lake: LakeFacts
  live: LiveFacts
}

/** `null` where it is not known. */
export interface Verdict {
  closes: boolean | null
  ledgerCloses: boolean | null
  lakeCloses: boolean | null
  liveCloses: boolean | null
  /** Share of the received events that the ledger explains, 0 to 1; `null` when nothing was received. */
  explained: number | null
}

/** The ledger may be behind by so long: its job runs once a minute. */
const MAX_BEHIND_MS = 5 * 60_000

/**
 * The verdict. One store whose books do not close is enough for no. For yes the ledger must be known; a lake or live windows of
 * which the range has nothing that was compared leave it as it is, and are `null` themselves.
 */
export function judgeBooks(facts: BooksFacts): Verdict {
  const { lake, live, total } = facts
  const ledgerCloses = judgeLedger(facts)
  const lakeCloses = lake.differs > 0 ? false : lake.equal > 0 ? true : null
  const liveCloses = live.differs > 0 ? false : live.windows > 0 ? true : null
  const hasTrouble = [ledgerCloses, lakeCloses, liveCloses].includes(false)
  const { received } = total
  const explained = received === 0 ? null : Math.max(0, received - unexplained(total)) / received
  return { closes: hasTrouble ? false : ledgerCloses, ledgerCloses, lakeCloses, liveCloses, explained }
}

function judgeLedger({ total, upTo, to, now }: BooksFacts): boolean | null {
  if (unexplained(total) > 0) return false
  const isBehind = upTo === undefined || upTo < Math.min(now, to) - MAX_BEHIND_MS
  return isBehind ? null : true
}

/** What is missing, and what the two equations leave over: they are made to come out, so that should be nothing. */
function unexplained(total: Account): number {
  const left = remainders(total)
  return total.missing + Math.abs(left.received) + Math.abs(left.accepted)
}
