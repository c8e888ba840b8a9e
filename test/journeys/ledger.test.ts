/** The books close: whatever is delivered, delayed, sent twice, refused or lost, the ledger's equations hold and name it. */

import type { Envelope } from '@millrace/schemas'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBooks, type OpenReceipt } from '../../collector/src/receipts/books.ts'
import { keepBooks } from '../../consumers/src/ledger/job.ts'
import { buildReceiptRows } from '../../consumers/src/rows/receipt-rows.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { LEDGER_AT, ledgerEffects, ledgerEvent, type Objects } from '../support/ledger.ts'
import { findRemainders, LEDGER_COUNTS, type LedgerRow } from '../support/ledger-row.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const HOUR_MS = 3_600_000

let warehouse: TestWarehouse
let sourceCount = 0

beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

const newSource = () => `s${++sourceCount}`

async function keep(objects?: Objects, logged?: unknown[], horizons = new Map<string, string>()) {
  const sources = Array.from({ length: sourceCount }, (_, index) => `s${index + 1}`)
  await keepBooks(ledgerEffects(warehouse, objects, logged), { sources, horizons })
}

/** As if nothing had come for two hours: the next run looks at the hours in turn, and at nothing else. */
async function letHoursPass(source: string) {
  await warehouse.run('TRUNCATE TABLE ledger_runs')
  await warehouse.run(
    `INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'ledger', now64(3) + INTERVAL 119 SECOND, 0, 0`,
  )
  // Not beside the rows that are there: of copies the one that was checked last stays.
  await warehouse.run(
    `CREATE TABLE aged ENGINE = Memory AS
    SELECT * REPLACE (now64(3) - INTERVAL 2 HOUR AS checked_at) FROM ledger_minutes FINAL WHERE source = {source:String}`,
    { source },
  )
  await warehouse.run('TRUNCATE TABLE ledger_minutes')
  await warehouse.run('INSERT INTO ledger_minutes SELECT * FROM aged')
  await warehouse.run('DROP TABLE aged')
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

let bookCount = 0
const booksAt = () => createBooks({ now: () => LEDGER_AT + 1_000, randomId: () => `book-${++bookCount}` })

describe('the ledger', () => {
  it('counts an event that is replayed twice as stored once', async () => {
    const source = newSource()
    const books = booksAt()
    const first = books.open(source, [0, 1, 0])
    first.settle(true)
    await warehouse.write([buildEnvelope({ source, receivedAt: LEDGER_AT, receipt: first.receipt })])
    const replays = [60_000, 130_000].map((laterMs, index) => {
      const { receipt, settle } = books.open(source, [1, 0, 0])
      settle(true)
      const taken = { ...receipt, at: LEDGER_AT + laterMs }
      return buildEnvelope({
        source,
        receivedAt: LEDGER_AT,
        batchId: `r${index}`,
        receipt: taken,
        events: [ledgerEvent(`${source}-a`)],
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
            ...{ source, receivedAt: LEDGER_AT + index, receipt: opened.receipt },
            events: ids.map((id) => ledgerEvent(`${source}-${id}`)),
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
          ...{ source, receivedAt: LEDGER_AT + 100, receipt: last.receipt },
          events: [ledgerEvent(`${source}-end`)],
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
    const events = ['a', 'b', 'c'].map((id) => ledgerEvent(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events })])
    await warehouse.run(`DELETE FROM events WHERE source = {source:String} AND message_id LIKE '%-b'`, {
      source,
    })
    const logged: unknown[] = []
    await keep({}, logged)
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ stored: 2, missing: 1 })
    expect(logged).toContainEqual({ level: 'error', event: 'ledger_missing', source, events: 1, minutes: 1 })
    await warehouse.write([buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events })])
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 3, missing: 0 })
  })

  it('notices what vanishes from a minute of which nothing came since', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [2, 0, 0])
    const events = ['a', 'b'].map((id) => ledgerEvent(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events })])
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
      { source, at: LEDGER_AT / 1_000 },
    )
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 1, missing: 1 })
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
      buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events: [ledgerEvent(`${source}-z`)] }),
    ])
    const about = { source, takenAt: String(LEDGER_AT) }
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
    const events = ['a', 'b'].map((id) => ledgerEvent(`${source}-${id}`))
    await warehouse.write([buildEnvelope({ source, receivedAt: LEDGER_AT, part: 1, receipt, events })])
    await keep()
    expect(await readLedger(source)).toMatchObject({ accepted: 2, stored: 2, in_flight: 0 })
    settle(true)
    const later = books.open(source, [1, 0, 0]).receipt
    await warehouse.write([
      buildEnvelope({ source, receivedAt: LEDGER_AT, receipt: later, events: [ledgerEvent(`${source}-z`)] }),
    ])
    await keep()
    expect(await readLedger(source)).toMatchObject({ accepted: 6, stored: 3, in_flight: 3 })
  })

  it('sees that a part of a request is under way, though what tells it is received in another minute', async () => {
    const source = newSource()
    let at = LEDGER_AT + 1_000
    const books = createBooks({ now: () => at, randomId: () => `book-${++bookCount}` })
    const first = books.open(source, [4, 0, 0])
    const events = ['a', 'b'].map((id) => ledgerEvent(`${source}-${id}`))
    await warehouse.write([
      buildEnvelope({ source, receivedAt: at, part: 1, receipt: first.receipt, events }),
    ])
    await keep()
    first.settle(true)
    at += 300_000
    const { receipt } = books.open(source, [1, 0, 0])
    // As if the first run were long ago.
    await warehouse.run(
      `INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'ledger', now64(3) + INTERVAL 119 SECOND, 0, 0`,
    )
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await warehouse.write([
      buildEnvelope({ source, receivedAt: at, receipt, events: [ledgerEvent(`${source}-z`)] }),
    ])
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ accepted: 5, stored: 3, in_flight: 2 })
  })

  it('owes nobody the rest of a request that was not acknowledged and landed in part', async () => {
    const source = newSource()
    const books = booksAt()
    const failed = books.open(source, [3, 0, 0])
    failed.settle(false)
    const again = books.open(source, [3, 0, 0])
    again.settle(true)
    const events = ['a', 'b', 'c'].map((id) => ledgerEvent(`${source}-${id}`))
    await warehouse.write([
      buildEnvelope({ source, receivedAt: LEDGER_AT, receipt: failed.receipt, events: events.slice(0, 2) }),
      buildEnvelope({ source, receivedAt: LEDGER_AT + 5, receipt: again.receipt, events }),
    ])
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ accepted: 5, stored: 3, duplicates: 2, in_flight: 0 })
  })

  it('counts what comes in the last millisecond of a minute, and what a clock of the next century says', async () => {
    const source = newSource()
    let at = LEDGER_AT + 59_999
    const books = createBooks({ now: () => at, randomId: () => `book-${++bookCount}` })
    const { receipt } = books.open(source, [1, 0, 0])
    await warehouse.write([
      buildEnvelope({
        ...{ source, receivedAt: at, receipt },
        events: [ledgerEvent(`${source}-a`, Date.UTC(2150, 5, 1, 5, 20))],
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
      buildEnvelope({ source, receivedAt: at, receipt: books(at), events: [ledgerEvent(`${source}-a`)] })
    await warehouse.write([copy(LEDGER_AT + 120_000)])
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 1, duplicates: 0 })
    // As if the first run were long ago.
    const marks =
      "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'ledger', now64(3) + INTERVAL 119 SECOND, 0, 0"
    await warehouse.run(marks)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await warehouse.write([copy(LEDGER_AT)])
    await keep()
    expect(await readLedger(source)).toMatchObject({ received: 2, stored: 1, duplicates: 1 })
  })

  it('takes what is older than a source keeps its events for gone as it should, by the corrected time', async () => {
    const source = newSource()
    const DAY = 86_400_000
    const times = [
      { timestamp: LEDGER_AT - 20 * DAY, originalTimestamp: LEDGER_AT - 20 * DAY },
      // A clock that is five days ahead or behind, and a client without one.
      { timestamp: LEDGER_AT, originalTimestamp: LEDGER_AT - 5 * DAY },
      { timestamp: LEDGER_AT - 20 * DAY, originalTimestamp: LEDGER_AT - 10 * DAY },
      { timestamp: LEDGER_AT },
    ]
    const events = times.map((time, index) => {
      const { originalTimestamp: _, ...event } = ledgerEvent(`${source}-${index}`)
      return { ...event, ...time }
    })
    const { receipt } = booksAt().open(source, [4, 0, 0])
    await warehouse.write([buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events })])
    await warehouse.run('DELETE FROM events WHERE source = {source:String}', { source })
    await keep(
      {},
      [],
      new Map([[source, new Date(LEDGER_AT - 15 * DAY).toISOString().slice(0, 23).replace('T', ' ')]]),
    )
    expect(await readLedger(source)).toMatchObject({ stored: 2, missing: 2 })
  })

  it('looks for an event that was refused once, accepted when it was replayed, and then vanished', async () => {
    const source = newSource()
    const books = booksAt()
    const refused = books.open(source, [0, 1, 0])
    refused.settle(true)
    const id = `${source}-a`
    const fault = {
      index: 0,
      reason: 'invalid_field',
      path: '',
      message: '',
      raw: '{}',
      rawBytes: 2,
    } as const
    await warehouse.write([
      buildEnvelope({
        source,
        receivedAt: LEDGER_AT,
        receipt: refused.receipt,
        quarantined: [{ messageId: id, ...fault }],
      }),
    ])
    const { receipt } = books.open(source, [1, 0, 0])
    await warehouse.write([
      buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events: [ledgerEvent(id)] }),
    ])
    await warehouse.run('DELETE FROM events WHERE source = {source:String}', { source })
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ quarantined: 1, not_storable: 0, missing: 1 })
  })

  it('says which copy stores an event that was accepted, then refused when it was sent again, and replayed', async () => {
    const source = newSource()
    const books = booksAt()
    const id = `${source}-a`
    const open = (counts: [number, number, number]) => {
      const { receipt, settle } = books.open(source, counts)
      settle(true)
      return receipt
    }
    const accepted = (receivedAt: number, takenAt = receivedAt) =>
      buildEnvelope({
        source,
        receivedAt,
        receipt: { ...open([1, 0, 0]), at: takenAt },
        events: [ledgerEvent(id)],
      })
    await warehouse.write([accepted(LEDGER_AT), accepted(LEDGER_AT + 5_000, LEDGER_AT + 90_000)])
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ accepted: 2, stored: 1, duplicates: 1 })
  })

  it('calls missing what is on its way for longer than a queue keeps it, unless it lies in the bucket', async () => {
    const source = newSource()
    const at = LEDGER_AT - 6 * 24 * HOUR_MS
    const books = createBooks({ now: () => at, randomId: () => `book-${++bookCount}` })
    const lost = [5, 2, 3].map((count) => {
      const opened = books.open(source, [count, 0, 0])
      opened.settle(true)
      return buildEnvelope({
        ...{ source, receivedAt: at, receipt: opened.receipt },
        events: Array.from({ length: count }, (_, index) =>
          ledgerEvent(`${source}-${opened.receipt.number}-${index}`, at),
        ),
      })
    })
    const { receipt } = books.open(source, [1, 0, 0])
    await warehouse.write([
      buildEnvelope({ source, receivedAt: at, receipt, events: [ledgerEvent(`${source}-z`, at)] }),
    ])
    const about = { source, takenAt: String(at) }
    const inBucket = {
      'spill/1-a': { ...about, accepted: '2' },
      'dead/2026-11-21/m.json': { ...about, accepted: '3', sink: 'warehouse' },
    }
    await keep(inBucket)
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ accepted: 11, stored: 1, in_flight: 5, spilled: 2, dead: 3, missing: 5 })
    // Who cannot see any of it leaves it as it was, also when the hours are looked at in turn.
    const bucket = { list: () => Promise.reject(new Error('no bucket today')) }
    const options = { sources: [source], horizons: new Map() }
    for (const pass of [async () => {}, letHoursPass]) {
      await pass(source)
      await expect(keepBooks({ ...ledgerEffects(warehouse), bucket }, options)).rejects.toThrow('no bucket')
      expect(await readLedger(source)).toMatchObject({ in_flight: 5, missing: 5 })
    }
    await warehouse.run('TRUNCATE TABLE ledger_runs')
    // Who cannot see all of the bucket judges nobody.
    await keep({ ...inBucket, 'spill/2-b': {} })
    expect(await readLedger(source)).toMatchObject({ in_flight: 10, missing: 0 })
    await warehouse.write(lost)
    await keep()
    expect(await readLedger(source)).toMatchObject({ stored: 11, in_flight: 0, missing: 0 })
  })

  it('counts what comes after its ids are gone, and leaves what was found before', async () => {
    const source = newSource()
    const at = LEDGER_AT - 9 * 24 * HOUR_MS
    const books = createBooks({ now: () => at, randomId: () => `book-${++bookCount}` })
    const late = books.open(source, [5, 0, 0])
    late.settle(true)
    const { receipt } = books.open(source, [2, 0, 0])
    // As a run of nine days ago left it: of two, one had vanished.
    await warehouse.run(
      `INSERT INTO ledger_minutes (source, minute, received, accepted, stored, in_flight, missing)
      SELECT {source:String}, toDateTime({at:UInt32}), 7, 7, 1, 5, 1`,
      { source, at: at / 1_000 },
    )
    const events = (number: number, count: number) =>
      Array.from({ length: count }, (_, index) => ledgerEvent(`${source}-${number}-${index}`, at))
    await warehouse.write([
      buildEnvelope({ source, receivedAt: at, receipt, events: events(2, 2) }),
      buildEnvelope({ source, receivedAt: at, receipt: late.receipt, events: events(1, 5) }),
    ])
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({ received: 7, accepted: 7, stored: 6, in_flight: 0, missing: 1 })
  })

  it('is kept where the bucket cannot be asked, with what is in flight as it was', async () => {
    const source = newSource()
    const books = booksAt()
    const open = (count: number) => {
      const { receipt, settle } = books.open(source, [count, 0, 0])
      settle(true)
      return receipt
    }
    open(3)
    const write = (id: string) =>
      warehouse.write([
        buildEnvelope({
          source,
          receivedAt: LEDGER_AT,
          receipt: open(1),
          events: [ledgerEvent(`${source}-${id}`)],
        }),
      ])
    await write('a')
    await keep()
    await write('b')
    const bucket = { list: () => Promise.reject(new Error('no bucket today')) }
    const effects = { ...ledgerEffects(warehouse), bucket }
    await expect(keepBooks(effects, { sources: [], horizons: new Map() })).rejects.toThrow('no bucket today')
    expect(await readLedger(source)).toMatchObject({ accepted: 5, stored: 2, in_flight: 3 })
  })

  it('is kept where gaps cannot be, and for all minutes but those that cannot be computed', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [1, 0, 0])
    const events = [{ ...ledgerEvent(`${source}-a`), seq: 2 }]
    await warehouse.write([buildEnvelope({ source, stream: 'st', receivedAt: LEDGER_AT, receipt, events })])
    const run = async (sql: string, parameters?: Record<string, unknown>) => {
      if (sql.includes('INTO stream_gaps')) throw new Error('no gaps today')
      await warehouse.run(sql, parameters)
    }
    const effects = { ...ledgerEffects(warehouse), run }
    const gapsTo = async () => {
      const [row] = await warehouse.query<{ at: string }>(
        "SELECT toString(max(up_to)) AS at FROM ledger_runs WHERE job = 'gaps'",
      )
      return row?.at
    }
    const before = await gapsTo()
    await expect(keepBooks(effects, { sources: [], horizons: new Map() })).rejects.toThrow('no gaps today')
    expect(await readLedger(source)).toMatchObject({ stored: 1 })
    expect(await gapsTo()).toBe(before)
    await keep()
    expect(await gapsTo()).not.toBe(before)
    const [gap] = await warehouse.query<{ missing: string }>(
      'SELECT missing FROM delivery_gaps WHERE source = {source:String}',
      { source },
    )
    expect(Number(gap?.missing)).toBe(1)
  })

  it('does not look for what vanishes from sources that are not configured any more', async () => {
    const source = newSource()
    const { receipt } = booksAt().open(source, [1, 0, 0])
    await warehouse.write([
      buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events: [ledgerEvent(`${source}-a`)] }),
    ])
    await keep()
    await warehouse.run('DELETE FROM events WHERE source = {source:String}', { source })
    const sweep = async (sources: string[]) => {
      await letHoursPass(source)
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      await keepBooks(ledgerEffects(warehouse), { sources, horizons: new Map() })
    }
    await sweep([])
    expect(await readLedger(source)).toMatchObject({ stored: 1, missing: 0 })
    await sweep([source])
    expect(await readLedger(source)).toMatchObject({ stored: 0, missing: 1 })
  })

  it('goes round the clock when it looks again, also where an hour has minutes without receipts', async () => {
    const source = newSource()
    const hours = [50, 40, 30].map((ago) => LEDGER_AT / 1_000 - ago * 3_600)
    for (const at of hours)
      await warehouse.run(
        `INSERT INTO ledger_minutes (source, minute, received, checked_at) SELECT {source:String}, toDateTime({at:UInt32}), 1, now64(3) - INTERVAL 2 HOUR`,
        { source, at },
      )
    const seen: number[] = []
    for (let turn = 0; turn < 4; turn++) {
      await warehouse.run("ALTER TABLE ledger_runs DELETE WHERE job = 'swept' SETTINGS mutations_sync = 1")
      await keepBooks(ledgerEffects(warehouse), { sources: [source], horizons: new Map() })
      const [row] = await warehouse.query<{ hour: string }>(
        "SELECT toString(toUnixTimestamp(argMax(up_to, finished_at))) AS hour FROM ledger_runs WHERE job = 'swept_hour'",
      )
      seen.push(Number(row?.hour))
    }
    expect(new Set(seen.slice(0, 3))).toEqual(new Set(hours))
    expect(seen[3]).toBe(seen[0])
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
    const events = ['a', 'b', 'c'].map((id) => ledgerEvent(`${source}-${id}`))
    const envelope = buildEnvelope({ source, receivedAt: LEDGER_AT, receipt, events, quarantined, omitted })
    await warehouse.write([envelope])
    // As the sink leaves it when ClickHouse takes one event not.
    await warehouse.run(`DELETE FROM events WHERE source = {source:String} AND message_id LIKE '%-c'`, {
      source,
    })
    await warehouse.insert('receipts', buildReceiptRows(envelope, new Set([`${source}-c`])))
    await keep()
    const row = await readLedger(source)
    expectEquations(row)
    expect(row).toMatchObject({
      ...{ received: 7, accepted: 5, quarantined: 1, filtered: 1 },
      ...{ stored: 2, not_storable: 1, forgotten: 1, duplicates: 1, missing: 0 },
    })
  })
})
