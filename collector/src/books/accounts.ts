/** Accounts as rows of the view `ledger` have them. Pure. */

import { type Account, TERMS, type Term } from '@millrace/schemas/books'

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
