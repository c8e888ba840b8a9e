import { HEARTBEAT_SOURCE } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { readLedgerOptions } from './options.ts'

const DAY = 86_400
const NOW = 20_000 * DAY

const read = (retention: object) =>
  readLedgerOptions({ sources: [{ name: 'shop', writeKeys: ['w'], retention }] }, NOW * 1_000)

describe('options of the ledger', () => {
  it('name every source that is looked at again', () => {
    expect(read({}).sources).toEqual(['shop', 'dev', HEARTBEAT_SOURCE])
  })

  it('have no limit where events are kept for ever', () => {
    expect(read({ rollupsDays: 5, quarantineDays: 1 }).horizons).toEqual(new Map())
  })

  it('take events of the last day before their end for gone', () => {
    expect(read({ eventsDays: 30 }).horizons).toEqual(new Map([['shop', NOW - 29 * DAY]]))
  })

  it('are those of the development source too', () => {
    const config = { sources: [], development: { retention: { eventsDays: 2 } } }
    expect(readLedgerOptions(config, NOW * 1_000).horizons).toEqual(new Map([['dev', NOW - DAY]]))
  })
})
