/** The books close: whatever is delivered, delayed, sent twice, refused or lost, the ledger's equations hold and name it. */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBooks, type OpenReceipt } from '../../collector/src/receipts/books.ts'
import { keepBooks } from '../../consumers/src/ledger/job.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { findRemainders, LEDGER_COUNTS, type LedgerRow } from '../support/ledger-row.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const HOUR_MS = 3_600_000

/** An hour that is over, so that no test runs across its end. */
const AT = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS

/** Metadata of objects in the bucket, by key. */
type Objects = Record<string, Record<string, string>>

let warehouse: TestWarehouse
let sourceCount = 0

beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

const newSource = () => `s${++sourceCount}`

async function keep(objects: Objects = {}, logged: unknown[] = [], floors = new Map<string, number>()) {
  const bucket = {
    list: async ({ prefix }: { prefix: string }) => ({
      objects: Object.entries(objects)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, customMetadata]) => ({ key, customMetadata, size: 1, etag: '', uploaded: new Date() })),
      truncated: false,
      delimitedPrefixes: [],
    }),
  }
  const log = (record: unknown) => void logged.push(record)
  const statements = { run: warehouse.run, read: warehouse.query }
  await keepBooks({ ...statements, bucket, log, restFactor: 0 }, { horizons: new Map(), floors })
}

type ReadRow = LedgerRow & { refused_requests: Record<string, number> }

/** All of a source lies in one hour. */
async function readLedger(source: string): Promise<ReadRow> {
  const rows = await warehouse.query<Record<string, unknown>>(
    'SELECT * EXCEPT (source, hour, checked_at) FROM ledger WHERE source = {source:String}',
    { source },
  )
  expect(rows.length).toBeLessThanOrEqual(1)
  const nothing = Object.fromEntries(LEDGER_COUNTS.map((name) => [name, 0]))
  const entries = Object.entries({ ...nothing, refused_requests: {}, ...rows[0] })
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? value : Number(value)]),
  ) as ReadRow
}

function expectEquations(row: ReadRow) {
  expect(findRemainders(row)).toEqual([])
}

const eventOf = (messageId: string, at = AT): EnvelopeEvent => ({
  ...{ messageId, type: 'track', event: 'x', anonymousId: 'a', timestamp: at, originalTimestamp: at },
})

let bookCount = 0
const booksAt = () => createBooks({ now: () => AT + 1_000, randomId: () => `book-${++bookCount}` })

describe('the ledger', () => {
  it('counts an event that is replayed twice as stored once', async () => {
    const source = newSource()
    const books = booksAt()
    const first = books.open(source, [0, 1, 0])
    first.settle(true)
    await warehouse.write([buildEnvelope({ source, receivedAt: AT, receipt: first.receipt })])
    const replays = [60_000, 130_000].map((laterMs, index) => {
      const { receipt, settle } = books.open(source, [1, 0, 0])
      settle(true)
      const taken = { ...receipt, at: AT + laterMs }
      return buildEnvelope({
        source,
        receivedAt: AT,
        batchId: `r${index}`,
        receipt: taken,
        events: [eventOf(`${source}-a`)],
      })
    })
    await warehouse.write(replays)
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({
      received: 3,
      accepted: 2,
      quarantined: 1,
      stored: 1,
      duplicates: 1,
      missing: 0,
    })
  })

  it('holds its equations for any fates of requests, and explains all once everything is delivered', async () => {
    const request = fc.record({
      ids: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
      fate: fc.constantFrom('arrives', 'arrives', 'waits', 'fails', 'fails but landed'),
      isSlow: fc.boolean(),
      refusedBefore: fc.integer({ min: 0, max: 2 }),
    })
    const plan = fc.array(request, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(plan, async (requests) => {
        const source = newSource()
        const books = booksAt()
        const arrived: Envelope[] = []
        const waiting: Envelope[] = []
        let refused = 0
        let unsettled: OpenReceipt[] = []
        for (const [index, { ids, fate, isSlow, refusedBefore }] of requests.entries()) {
          for (let count = 0; count < refusedBefore; count++) books.refuse(source, 'rate_limited', 3)
          refused += refusedBefore * 3
          const opened = books.open(source, [ids.length, 0, 0])
          const envelope = buildEnvelope({
            ...{ source, receivedAt: AT + index, receipt: opened.receipt },
            events: ids.map((id) => eventOf(`${source}-${id}`)),
          })
          if (fate.startsWith('fails')) opened.settle(false)
          else if (isSlow) unsettled.push(opened)
          else opened.settle(true)
          if (!isSlow) {
            for (const { settle } of unsettled) settle(true)
            unsettled = []
          }
          if (fate === 'arrives' || fate === 'fails but landed') arrived.push(envelope)
          if (fate === 'waits') waiting.push(envelope)
        }
        // In any order and company, some twice.
        if (arrived.length > 0) await warehouse.write([...arrived].reverse())
        if (arrived.length > 1) await warehouse.write(arrived.slice(0, 2))
        await keep()
        const before = await readLedger(source)
        expectEquations(before)
        expect(before.missing).toBe(0)
        const idsOf = (some: Envelope[]) =>
          some.flatMap(({ events }) => events.map(({ messageId }) => messageId))
        expect(before.stored).toBe(new Set(idsOf(arrived)).size)
        expect(before.stored + before.duplicates).toBe(idsOf(arrived).length)
        expect(before.in_flight).toBeLessThanOrEqual(idsOf(waiting).length)

        for (const { settle } of unsettled) settle(true)
        const last = books.open(source, [1, 0, 0])
        last.settle(true)
        const end = buildEnvelope({
          ...{ source, receivedAt: AT + 100, receipt: last.receipt },
          events: [eventOf(`${source}-end`)],
        })
        await warehouse.write([end])
        await keep()
        // Every request that was acknowledged is known by now, also those that are under way.
        const known = await readLedger(source)
        expectEquations(known)
        expect(known).toMatchObject({ in_flight: idsOf(waiting).length, missing: 0, refused })

        if (waiting.length > 0) await warehouse.write(waiting)
        await keep()
        const all = await readLedger(source)
        expectEquations(all)
        const everything = [...idsOf(arrived), ...idsOf(waiting), `${source}-end`]
        expect(all).toMatchObject({
          ...{ in_flight: 0, missing: 0, accepted: everything.length },
          ...{ stored: new Set(everything).size, received: everything.length + refused },
        })
      }),
      { numRuns: 6 },
    )
  }, 120_000)

  it('names what was said to be stored and is not there, in the log too', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [3, 0, 0])
    const events = ['a', 'b', 'c'].map((id) => eventOf(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: AT, receipt, events })])
    await warehouse.run(`DELETE FROM events WHERE source = {source:String} AND message_id LIKE '%-b'`, {
      source,
    })
    const logged: unknown[] = []
    await keep({}, logged)
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ stored: 2, missing: 1 })
    expect(logged).toContainEqual({ level: 'error', event: 'ledger_missing', source, events: 1, minutes: 1 })
    await warehouse.write([buildEnvelope({ source, receivedAt: AT, receipt, events })])
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 3, missing: 0 })
  })

  it('notices what vanishes from a minute of which nothing came since', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [2, 0, 0])
    const events = ['a', 'b'].map((id) => eventOf(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: AT, receipt, events })])
    await keep()
    await warehouse.run(`DELETE FROM events WHERE source = {source:String} AND message_id LIKE '%-b'`, {
      source,
    })
    // As if that were long ago, and only this source had hours.
    await warehouse.run('TRUNCATE TABLE ledger_runs')
    await warehouse.run(`DELETE FROM ledger_minutes WHERE source = {source:String}`, { source })
    await warehouse.run(
      `INSERT INTO ledger_minutes (source, minute, received, accepted, stored, checked_at)
      SELECT {source:String}, toDateTime({at:UInt32}), 2, 2, 2, now64(3) - INTERVAL 2 HOUR`,
      { source, at: AT / 1_000 },
    )
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 1, missing: 1 })
  })

  it('leaves a minute as it was of which refusals may have gone by now', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [1, 0, 0])
    const envelope = buildEnvelope({ source, receivedAt: AT, receipt, events: [eventOf(`${source}-a`)] })
    await warehouse.write([envelope])
    await keep()
    await warehouse.run('DELETE FROM events WHERE source = {source:String}', { source })
    await keep({}, [], new Map([[source, AT / 1_000 + 60]]))
    expect(await readLedger(source)).toMatchObject({ stored: 1, missing: 0 })
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 0, missing: 1 })
  })

  it('says of what is in flight how much lies in the spill and among the dead letters', async () => {
    const source = newSource()
    const books = booksAt()
    const requests = [5, 2, 1].map((count) => {
      const opened = books.open(source, [count, 0, 0])
      opened.settle(true)
      return opened.receipt
    })
    const [, , receipt] = requests
    if (receipt === undefined) throw new Error('there are three')
    await warehouse.write([
      buildEnvelope({ source, receivedAt: AT, receipt, events: [eventOf(`${source}-z`)] }),
    ])
    const about = { source, takenAt: String(AT) }
    await keep({
      'spill/1-a': { ...about, accepted: '5' },
      'spill/2-b': {},
      'dead/2026-11-21/m.json': { ...about, accepted: '2', sink: 'warehouse' },
      'dead/2026-11-21/n.json': { ...about, accepted: '9', sink: 'lake' },
    })
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ stored: 1, in_flight: 7, spilled: 5, dead: 2 })
  })

  it('knows an envelope of which another part is still under way, once a later receipt says that it is settled', async () => {
    const source = newSource()
    const books = booksAt()
    const { receipt, settle } = books.open(source, [5, 0, 0])
    const events = ['a', 'b'].map((id) => eventOf(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: AT, part: 1, receipt, events })])
    await keep()
    expect(await readLedger(source)).toMatchObject({ accepted: 2, stored: 2, in_flight: 0 })
    settle(true)
    const later = books.open(source, [1, 0, 0]).receipt
    await warehouse.write([
      buildEnvelope({ source, receivedAt: AT, receipt: later, events: [eventOf(`${source}-z`)] }),
    ])
    await keep()
    expect(await readLedger(source)).toMatchObject({ accepted: 6, stored: 3, in_flight: 3 })
  })

  it('owes nobody the rest of a request that was not acknowledged and landed in part', async () => {
    const source = newSource()
    const books = booksAt()
    const failed = books.open(source, [3, 0, 0])
    failed.settle(false)
    const again = books.open(source, [3, 0, 0])
    again.settle(true)
    const events = ['a', 'b', 'c'].map((id) => eventOf(`${source}-${id}`))
    await warehouse.write([
      buildEnvelope({ source, receivedAt: AT, receipt: failed.receipt, events: events.slice(0, 2) }),
      buildEnvelope({ source, receivedAt: AT + 5, receipt: again.receipt, events }),
    ])
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ accepted: 5, stored: 3, duplicates: 2, in_flight: 0 })
  })

  it('counts what comes in the last millisecond of a minute, and what a clock of the next century says', async () => {
    const source = newSource()
    let at = AT + 59_999
    const books = createBooks({ now: () => at, randomId: () => `book-${++bookCount}` })
    const { receipt } = books.open(source, [1, 0, 0])
    await warehouse.write([
      buildEnvelope({
        ...{ source, receivedAt: at, receipt },
        events: [eventOf(`${source}-a`, Date.UTC(2150, 5, 1, 5, 20))],
      }),
    ])
    at = 0
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 1, stored: 1, missing: 0 })
  })

  it('says which copy stores an event anew when an earlier one comes late', async () => {
    const source = newSource()
    const books = (at: number) =>
      createBooks({ now: () => at, randomId: () => `book-${++bookCount}` }).open(source, [1, 0, 0]).receipt
    const copy = (at: number) =>
      buildEnvelope({ source, receivedAt: at, receipt: books(at), events: [eventOf(`${source}-a`)] })
    await warehouse.write([copy(AT + 120_000)])
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 1, duplicates: 0 })
    // As if the first run were long ago.
    const marks =
      "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'ledger', now64(3) + INTERVAL 119 SECOND, 0, 0"
    await warehouse.run(marks)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await warehouse.write([copy(AT)])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 2, stored: 1, duplicates: 1 })
  })

  it('counts what ClickHouse refused, what is forgotten and what a batch repeats', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [5, 1, 1])
    const omitted: Envelope['omitted'] = [
      { messageId: 'f', index: 0, status: 'filtered', reason: 'bot' },
      { messageId: 'r', index: 1, status: 'duplicate', reason: 'repeated_in_batch' },
      { messageId: 'g', index: 2, status: 'filtered', reason: 'forgotten', wasAccepted: true },
    ]
    const quarantined: Envelope['quarantined'] = [
      {
        ...{
          messageId: 'q',
          index: 3,
          reason: 'invalid_field',
          path: '',
          message: '',
          raw: '{}',
          rawBytes: 2,
        },
      },
    ]
    const events = ['a', 'b', 'c'].map((id) => eventOf(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: AT, receipt, events, quarantined, omitted })])
    // As the sink leaves it: one event in the quarantine for what ClickHouse said of it.
    await warehouse.run(`DELETE FROM events WHERE source = {source:String} AND message_id LIKE '%-c'`, {
      source,
    })
    await warehouse.run(
      `INSERT INTO quarantine (source, message_id, reason, received_at) SELECT {source:String}, {id:String}, 'not_storable', fromUnixTimestamp64Milli(toInt64({at:UInt64}))`,
      { source, id: `${source}-c`, at: AT },
    )
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({
      ...{ received: 7, accepted: 5, quarantined: 1, filtered: 1 },
      ...{ stored: 2, not_storable: 1, forgotten: 1, duplicates: 1, missing: 0 },
    })
  })
})

describe('gaps', () => {
  const batchOf = (source: string, stream: string, numbers: number[], more: Partial<Envelope> = {}) =>
    buildEnvelope({
      ...{ source, stream, receivedAt: AT, receipt: booksAt().open(source, [numbers.length, 0, 0]).receipt },
      events: numbers.map((seq) => ({ ...eventOf(`${stream}-${seq}`), seq })),
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
    await warehouse.write([{ ...batchOf(source, 'st', [3]), events, receivedAt: AT + 5 }])
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

  it('are not judged of streams that an earlier collector may have taken a part of', async () => {
    const source = newSource()
    await warehouse.run(
      "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'begun', now64(3), 0, 0",
    )
    try {
      const later = AT + 90 * 60_000
      await warehouse.write([
        batchOf(source, 'early', [3]),
        batchOf(source, 'late', [2], { receivedAt: later }),
      ])
      await keep()
      expect(await readGaps(source)).toMatchObject([{ stream: 'late', missing: 1 }])
    } finally {
      await warehouse.run("DELETE FROM ledger_runs WHERE job = 'begun'")
    }
  })
})
