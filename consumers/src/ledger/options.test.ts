import { describe, expect, it } from 'vitest'
import { readLedgerOptions } from './options.ts'

const DAY = 86_400
const NOW = 20_000 * DAY

const read = (retention: object) =>
  readLedgerOptions({ sources: [{ name: 'shop', writeKeys: ['w'], retention }] }, NOW * 1_000)

describe('options of the ledger', () => {
  it('have no limit where rows are kept for ever', () => {
    expect(read({ rollupsDays: 5 })).toEqual({ horizons: new Map(), floors: new Map() })
  })

  it('take events for gone from the third day before their end on, and leave minutes alone whose refusals may go', () => {
    expect(read({ eventsDays: 30, quarantineDays: 3 })).toEqual({
      horizons: new Map([['shop', NOW - 27 * DAY]]),
      floors: new Map([['shop', NOW - 2 * DAY]]),
    })
  })

  it('are those of the development source too', () => {
    const config = { sources: [], development: { retention: { quarantineDays: 2 } } }
    expect(readLedgerOptions(config, NOW * 1_000).floors).toEqual(new Map([['dev', NOW - DAY]]))
  })
})
