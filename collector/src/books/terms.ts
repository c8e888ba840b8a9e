/** The terms of the books, and the sums that must come out. Pure. */

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

/** Columns of the view `ledger` that are called otherwise. */
const COLUMNS: { [Name in Term]?: string } = { notStorable: 'not_storable', inFlight: 'in_flight' }

/** The column of the view `ledger` that holds a term. */
export function columnOf(term: Term): string {
  return COLUMNS[term] ?? term
}

/** An account of values in the order of {@link TERMS}; what is absent is 0. */
export function accountOf(values: readonly unknown[]): Account {
  return Object.fromEntries(TERMS.map((term, index) => [term, Number(values[index] ?? 0)])) as Account
}

/** Adds accounts up. */
export function addUp(accounts: readonly Account[]): Account {
  return accountOf(TERMS.map((term) => accounts.reduce((total, account) => total + account[term], 0)))
}

/** What an account leaves over in each of its two equations; 0 and 0 when both come out. */
export function remainders(account: Account): { received: number; accepted: number } {
  const { received, accepted, quarantined, filtered, refused } = account
  const { stored, duplicates, notStorable, forgotten, inFlight, missing } = account
  return {
    received: received - accepted - quarantined - filtered - refused,
    accepted: accepted - stored - duplicates - notStorable - forgotten - inFlight - missing,
  }
}
