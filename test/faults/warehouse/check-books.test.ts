import type { Row } from '@millrace/schemas/native'
import { expect, it } from 'vitest'
import { checkLedger, findGaps } from './check-books.ts'
import { distinctRows } from './oracle-events.ts'
import { prepareSources } from './seed-rows.ts'

const NOBODY = { route: 'batch', previous_stream: '', previous_seq: 0 }
const rowOf = (stream: string, seq: number, more: Row = {}): Row => ({ ...NOBODY, stream, seq, ...more })

it('gaps are numbers that are in no table, below the highest that is there or was told', () => {
  const gaps = findGaps({
    events: [rowOf('a', 1), rowOf('a', 2), rowOf('a', 2), rowOf('b', 2)],
    quarantine: [rowOf('a', 4)],
    omitted: [rowOf('c', 1, { previous_stream: 'a', previous_seq: 6 })],
  })
  expect([...gaps]).toEqual([
    ['a', [3, 5, 6]],
    ['b', [1]],
  ])
})

it.each([
  ['has none of a source that only a collector of the version before served', 0, []],
  ['has some of a source with a book', 1, ['ledger of s1-shop is empty']],
])('a ledger %s', (_, number, problems) => {
  const tables = { events: [], quarantine: [], omitted: [], receipts: [{ number, ids: [] }] }
  const source = {
    name: 's1-shop',
    seed: 1,
    tables,
    acknowledged: [],
    dead: new Set(''),
    hasDeadLetters: false,
  }
  expect(checkLedger(source, undefined)).toEqual(problems)
})

it('history that is imported has no gaps', () => {
  expect(findGaps({ events: [rowOf('a', 5, { route: 'import' })], quarantine: [], omitted: [] }).size).toBe(0)
})

it('of several copies the one that was received first counts', () => {
  const copies = [5, 3, 4].map((at) => ({ message_id: 'm', received_at: at, timestamp: at }))
  expect(distinctRows(copies).map(({ at }) => at)).toEqual([3])
})

it('times of a seed move together, by whole days, and its sources get names of their own', () => {
  const row = { source: 'shop', received_at: 1_000, timestamp: 900, original_timestamp: 0, hours: [3_600, 0] }
  const seed = { seed: 7, sources: ['shop'], acknowledged: new Map(), dead: new Map(), hasDeadLetters: false }
  const rows = (table: string) => (table === 'events' ? [row] : [])
  const [source] = prepareSources([{ ...seed, rows }], 3 * 86_400_000 + 2_000)
  const shift = 2 * 86_400_000
  expect(source?.name).toBe('s7-shop')
  expect(source?.tables.events).toEqual([
    {
      source: 's7-shop',
      received_at: 1_000 + shift,
      timestamp: 900 + shift,
      original_timestamp: 0,
      hours: [3_600 + shift / 1_000, 0],
    },
  ])
})
