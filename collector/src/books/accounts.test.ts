import { remainders, TERMS } from '@millrace/schemas/books'
import { describe, expect, it } from 'vitest'
import { accountOf, addUp } from './accounts.ts'

describe('accounts', () => {
  it('have every term in its order, 0 for what is absent', () => {
    expect(accountOf([10, '8'])).toMatchObject({ received: 10, accepted: 8, quarantined: 0, missing: 0 })
    expect(Object.keys(accountOf([]))).toEqual([...TERMS])
  })

  it('add up term by term', () => {
    const sum = addUp([accountOf([10, 8, 2]), accountOf([5, 5])])
    expect(sum).toMatchObject({ received: 15, accepted: 13, quarantined: 2 })
  })

  it('leave nothing over when both equations come out, and what is too much or too little when not', () => {
    const account = {
      ...addUp([]),
      ...{ received: 20, accepted: 13, quarantined: 4, filtered: 2, refused: 1 },
      ...{ stored: 6, duplicates: 2, notStorable: 1, forgotten: 1, inFlight: 2, missing: 1 },
    }
    expect(remainders(account)).toEqual({ received: 0, accepted: 0 })
    // Spilled and dead are parts of what is in flight.
    expect(remainders({ ...account, spilled: 2 })).toEqual({ received: 0, accepted: 0 })
    expect(remainders({ ...account, stored: 5, received: 23 })).toEqual({ received: 3, accepted: 1 })
  })
})
