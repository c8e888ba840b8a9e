/** Numbers of streams that never came: exactly those, whatever comes late, twice or after months of silence. */

import type { Envelope } from '@millrace/schemas'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createBooks } from '../../collector/src/receipts/books.ts'
import { writeGaps } from '../../consumers/src/ledger/gaps.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { LEDGER_AT, ledgerEvent } from '../support/ledger.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let warehouse: TestWarehouse
let sourceCount = 0

beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

const newSource = () => `s${++sourceCount}`

/** Everything that was ever inserted is new to it. */
const keep = () => writeGaps({ run: warehouse.run }, '2020-01-01 00:00:00.000')

let bookCount = 0
const booksAt = (at = LEDGER_AT + 1_000) =>
  createBooks({ now: () => at, randomId: () => `book-${++bookCount}` })

describe('gaps', () => {
  const batchOf = (source: string, stream: string, numbers: number[], more: Partial<Envelope> = {}) =>
    buildEnvelope({
      ...{
        source,
        stream,
        receivedAt: LEDGER_AT,
        receipt: booksAt().open(source, [numbers.length, 0, 0]).receipt,
      },
      events: numbers.map((seq) => ({ ...ledgerEvent(`${stream}-${seq}`), seq })),
      ...more,
    })
  const readGaps = (source: string) =>
    warehouse.query<Record<string, unknown>>(
      `SELECT stream, toUInt32(missing) AS missing, arrayMap(r -> [r.from, r.to], missing_ranges) AS ranges, highest, tail,
        toUInt32(dropped) AS dropped, mapApply((k, v) -> (k, toUInt32(v)), dropped_by) AS dropped_by
      FROM delivery_gaps WHERE source = {source:String}`,
      { source },
    )

  it('are the numbers that a client lost, exactly, and close when they come', async () => {
    const source = newSource()
    const lost = [4, 5, 6, 11, 20, 29, 30]
    const all = Array.from({ length: 30 }, (_, index) => index + 1)
    const came = all.filter((seq) => !lost.includes(seq))
    await warehouse.write([batchOf(source, 'st', came.slice(10)), batchOf(source, 'st', came.slice(0, 12))])
    const next = { previous: { stream: 'st', lastSeq: 30 } }
    await warehouse.write([batchOf(source, 'next', [1, 2], next)])
    await keep()
    expect(await readGaps(source)).toEqual([
      {
        ...{ stream: 'st', missing: 7, highest: 30, tail: 'known', dropped: 0, dropped_by: {} },
        ranges: [
          [4, 6],
          [11, 11],
          [20, 20],
          [29, 30],
        ],
      },
    ])
    await warehouse.write([batchOf(source, 'st', [4, 5, 6, 11, 20, 29, 30])])
    await keep()
    expect(await readGaps(source)).toEqual([])
  })

  it('stand beside what the client says it dropped, counted once however often it says so', async () => {
    const source = newSource()
    const telling = batchOf(source, 'st', [3])
    const [event] = telling.events
    if (event === undefined) throw new Error('there is one')
    const events = [{ ...event, context: { dropped: { queue_full: 2 } } }]
    await warehouse.write([{ ...telling, events }])
    await warehouse.write([{ ...batchOf(source, 'st', [3]), events, receivedAt: LEDGER_AT + 5 }])
    await keep()
    expect(await readGaps(source)).toEqual([
      {
        ...{ stream: 'st', missing: 2, ranges: [[1, 2]], highest: 3, tail: 'unknown' },
        ...{ dropped: 2, dropped_by: { queue_full: 2 } },
      },
    ])
  })

  it('are all of a page of which nothing came, once the next one has told its end', async () => {
    const source = newSource()
    await warehouse.write([batchOf(source, 'next', [1], { previous: { stream: 'gone', lastSeq: 3 } })])
    await keep()
    expect(await readGaps(source)).toMatchObject([
      { stream: 'gone', missing: 3, ranges: [[1, 3]], tail: 'known' },
    ])
  })

  it('are none where events were refused, left out, imported or sent without numbers', async () => {
    const source = newSource()
    const omitted: Envelope['omitted'] = [
      { messageId: 'f', index: 0, seq: 2, status: 'filtered', reason: 'bot' },
    ]
    const imported = batchOf(source, 'history', [5], { route: 'import' })
    await warehouse.write([batchOf(source, 'st', [1, 3], { omitted }), imported])
    await keep()
    expect(await readGaps(source)).toEqual([])
  })

  describe('after an upgrade from a release without books', () => {
    const begunBefore = (days: number) =>
      warehouse.run(
        "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'begun', now64(3) - toIntervalDay({days:UInt32}), 0, 0",
        { days },
      )
    afterEach(() => warehouse.run("DELETE FROM ledger_runs WHERE job = 'begun'"))
    const pages = (source: string) => [
      batchOf(source, 'page', [20, 23]),
      batchOf(source, 'following', [1], { previous: { stream: 'gone', lastSeq: 7 } }),
      batchOf(source, 'another', [1], { previous: { stream: 'page', lastSeq: 25 } }),
    ]

    it('are not judged below the first number of a stream, nor of one of which nothing came', async () => {
      const source = newSource()
      await begunBefore(0)
      await warehouse.write(pages(source))
      await keep()
      const ranges = [
        [21, 22],
        [24, 25],
      ]
      expect(await readGaps(source)).toMatchObject([{ stream: 'page', missing: 4, ranges }])
    })

    it('are judged from the beginning once the streams of before are over', async () => {
      const source = newSource()
      await begunBefore(30)
      await warehouse.write(pages(source))
      await keep()
      expect(await readGaps(source)).toMatchObject([
        { stream: 'gone', missing: 7 },
        { stream: 'page', missing: 23 },
      ])
    })
  })

  describe('of streams that were silent for longer than their numbers are kept', () => {
    const NOW = Date.now()
    const ago = (days: number) => ({ receivedAt: NOW - days * DAY_MS })

    it.each([36, 45, 300])('are none of a tab that goes on after %i days', async (days) => {
      const source = newSource()
      await warehouse.write([batchOf(source, 'old', [1, 2, 3], ago(days))])
      const previous = { stream: 'old', lastSeq: 3 }
      await warehouse.write([batchOf(source, 'next', [1], { previous })])
      await forget()
      await keep()
      expect(await readGaps(source)).toEqual([])
    })

    it.each([36, 45, 300])('are only what a process lost since, %i days later', async (days) => {
      const source = newSource()
      await warehouse.write([batchOf(source, 'old', [1, 2, 3], ago(days))])
      await warehouse.write([batchOf(source, 'old', [4])])
      await forget()
      await keep()
      expect(await readGaps(source)).toEqual([])
      await warehouse.write([batchOf(source, 'old', [7])])
      await keep()
      expect(await readGaps(source)).toMatchObject([{ missing: 2, ranges: [[5, 6]], highest: 7 }])
    })

    it('are none below a number that came late', async () => {
      const source = newSource()
      await warehouse.write([batchOf(source, 'old', [1, 2, 3, 4, 6, 7], ago(50))])
      await warehouse.write([batchOf(source, 'old', [5], ago(20)), batchOf(source, 'old', [8])])
      await forget()
      await keep()
      expect(await readGaps(source)).toEqual([])
    })

    it('are what a later page says of numbers beyond those of before', async () => {
      const source = newSource()
      await warehouse.write([batchOf(source, 'old', [1, 2, 3], ago(50))])
      const previous = { stream: 'old', lastSeq: 5 }
      await warehouse.write([batchOf(source, 'next', [1], { previous })])
      await keep()
      expect(await readGaps(source)).toMatchObject([{ stream: 'old', missing: 2, ranges: [[4, 5]] }])
    })
  })

  describe('are computed at a cost that a public write key cannot raise', () => {
    const keepWithin = async (settings: string) => {
      const [now] = await warehouse.query<{ now: string }>('SELECT toString(now64(3)) AS now')
      return {
        keep: () =>
          writeGaps(
            { run: (query, parameters) => warehouse.run(`${query} SETTINGS ${settings}`, parameters) },
            now?.now ?? '',
          ),
      }
    }

    it('of the gaps of other streams', async () => {
      const source = newSource()
      await warehouse.run(
        `INSERT INTO stream_gaps (source, stream, missing, highest, tail, last_received_at)
        SELECT 'other', toString(number), 1, 2, 'unknown', now64(3) FROM numbers(50000)`,
      )
      const job = await keepWithin('max_rows_in_set = 5000')
      await warehouse.write([batchOf(source, 'st', [2])])
      await job.keep()
      expect(await readGaps(source)).toMatchObject([{ missing: 1 }])
    })

    it('of the requests that a long stream came in', async () => {
      const source = newSource()
      await insertRequests(source, 200_000, '[toUInt32(3 * number + 1)], [toUInt32(3 * number + 3)]')
      const job = await keepWithin('max_rows_to_read = 50000')
      await insertRanges(source, [[600_003, 600_004]])
      await job.keep()
      expect(await readGaps(source)).toMatchObject([{ missing: 2, ranges: [[600_001, 600_002]] }])
    })

    it('of what a client declares: 32 drops of an envelope count, and of numbers that are not kept none', async () => {
      const source = newSource()
      const declared = Array.from({ length: 40 }, (_, index) => ({
        ...{ ...ledgerEvent(`st-${index}`), seq: index + 1, context: { dropped: { refused: 1 } } },
      }))
      await warehouse.write([batchOf(source, 'st', [], { events: declared })])
      const old = { receivedAt: Date.now() - 45 * DAY_MS }
      await warehouse.write([
        batchOf(source, 'st', [], {
          ...old,
          events: declared.map((event) => ({ ...event, messageId: `old-${event.seq}` })),
        }),
      ])
      await keep()
      expect(await readGaps(source)).toMatchObject([{ missing: 0, dropped: 32, dropped_by: { refused: 32 } }])
    })

    it('of numbers that come in turn', async () => {
      const source = newSource()
      const everySecond = 'arrayMap(i -> toUInt32(2500 * number + 2 * i + 1), range(1250)) AS f, f'
      await insertRequests(source, 1_000, everySecond)
      const job = await keepWithin('max_memory_usage = 150000000')
      await insertRanges(source, [[2_500_001, 2_500_001]])
      await job.keep()
      const ranges = Array.from({ length: 100 }, (_, index) => [2 * index + 2, 2 * index + 2])
      expect(await readGaps(source)).toMatchObject([{ missing: 1_250_000, highest: 2_500_001, ranges }])
    })
  })

  it('are the same whatever the order in which ranges come, and however often, across sets of numbers', async () => {
    const number = fc.integer({ min: 65_500, max: 65_580 })
    const piece = fc.tuple(number, fc.integer({ min: 0, max: 5 })).map(([from, more]) => [from, from + more])
    const pieces = fc.array(piece as fc.Arbitrary<[number, number]>, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(pieces, fc.option(fc.integer({ min: 65_500, max: 200_000 })), async (came, told) => {
        const source = newSource()
        const middle = came.length >> 1
        await insertRanges(source, came.slice(middle))
        await keep()
        const end = told === null ? {} : { previous: { stream: 'st', lastSeq: told } }
        await warehouse.write([batchOf(source, 'next', [1], end)])
        await insertRanges(source, came)
        await keep()
        const [found] = await readGaps(source)
        expect(found?.['ranges']).toEqual(rangesBetween(came, told ?? 0))
      }),
      { numRuns: 6 },
    )
  })
})

/** Receipts of a stream `st`, as the sink inserts them. */
async function insertRanges(source: string, ranges: [number, number][]) {
  await warehouse.run(
    `INSERT INTO receipts (source, stream, book, number, route, taken_at, received_at, seq_from, seq_to)
    SELECT {source:String}, 'st', {book:String}, number, 'batch', now64(3), now64(3), [r.1], [r.2]
    FROM (SELECT arrayJoin(CAST({ranges:Array(Array(UInt32))}, 'Array(Array(UInt32))')) AS pair, (pair[1], pair[2]) AS r, rowNumberInAllBlocks() + 1 AS number)`,
    { source, ranges, book: `book-${++bookCount}` },
  )
}

/** Receipts of a stream `st` of an hour ago. */
async function insertRequests(source: string, count: number, ranges: string) {
  await warehouse.run(
    `INSERT INTO receipts (source, stream, book, number, route, taken_at, received_at, inserted_at, seq_from, seq_to)
    SELECT {source:String}, 'st', 'b', number, 'batch', now64(3) AS at, at, at - INTERVAL 1 HOUR, ${ranges} FROM numbers({count:UInt32})`,
    { source, count },
  )
}

/** What is in none of them, one by one. */
function rangesBetween(came: [number, number][], told: number): [number, number][] {
  const numbers = new Set(
    came.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
  )
  const highest = Math.max(told, ...numbers)
  const found: [number, number][] = []
  for (let seq = 1; seq <= highest; seq++) {
    const last = found.at(-1)
    if (numbers.has(seq)) continue
    if (last?.[1] === seq - 1) last[1] = seq
    else found.push([seq, seq])
  }
  return found
}

/** What is too old is deleted now, and not when ClickHouse gets to it. */
async function forget() {
  for (const table of ['receipts', 'stream_parts', 'stream_ends'])
    await warehouse.run(`OPTIMIZE TABLE ${table} FINAL`)
}
