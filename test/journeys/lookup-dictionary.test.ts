/** Lookup tables in ClickHouse: what they say today and said at any time, however their loads are cut off or cross. */

import { createHash } from 'node:crypto'
import type { Envelope } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadLookups } from '../../consumers/src/lookups/load-lookups.ts'
import type { Statements } from '../../consumers/src/statements.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { createRandom } from '../support/oracle/random.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

type Table = Record<string, object>

const START = Date.UTC(2026, 10, 1)
const DAY_MS = 86_400_000

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse.stop())

/** Leaves things as they are. */
const nothing = () => {}

/** A bucket with one table, and runs of the job over it. Each has a source of its own, so that tests share a warehouse. */
function createShop(source: string) {
  let object: { text: string; etag: string; uploaded: Date } | undefined
  const log: Record<string, unknown>[] = []
  const sent: string[] = []
  const key = `lookups/${source}/products.json`
  const statements: Statements = { run: warehouse.run, read: warehouse.query }
  return {
    log,
    /** Statements of all runs. */
    sent,
    put(table: Table | undefined, at: number): void {
      const text = JSON.stringify({ key: 'product_id', rows: table })
      const etag = createHash('md5').update(text).digest('hex')
      object = table === undefined ? undefined : { text, etag, uploaded: new Date(at) }
    },
    /** @param before called before each statement with its number, from 1 */
    async load(before: (count: number) => Promise<void> | void = nothing, now = Date.now()): Promise<void> {
      let count = 0
      const guarded = (sql: string): Promise<void> | void => {
        sent.push(sql)
        count += 1
        return before(count)
      }
      await loadLookups({
        bucket: {
          list: async () => ({
            objects: object === undefined ? [] : [{ key, etag: object.etag }],
            truncated: false,
          }),
          get: async () =>
            object === undefined ? null : { ...object, text: async () => object?.text ?? '' },
        },
        async run(sql, parameters) {
          await guarded(sql)
          await statements.run(sql, parameters)
        },
        async read<Row>(sql: string, parameters?: Record<string, unknown>) {
          await guarded(sql)
          // Tables of other tests are none of this bucket.
          const rows = await statements.read<Row>(sql, parameters)
          return rows.filter((row) => (row as { source?: string }).source === undefined || isOwn(row, source))
        },
        randomId: () => crypto.randomUUID(),
        now: () => now,
        log: (record) => void log.push(record),
      })
    },
    /** What the dictionaries say of each key at each time, and today: JSON texts, empty where there is no row. */
    async ask(keys: readonly string[], times: readonly number[]): Promise<{ past: string; today: string }[]> {
      return warehouse.query(
        `SELECT
  dictGetOrDefault('millrace.lookup_then', 'row', ({source:String}, 'products', key), at, '') AS past,
  dictGetOrDefault('millrace.lookup_today', 'row', ({source:String}, 'products', key), '') AS today
FROM (SELECT arrayJoin({keys:Array(String)}) AS key) ARRAY JOIN {times:Array(Int64)} AS at
ORDER BY key, at`,
        { source, keys, times },
      )
    },
    history: () =>
      warehouse.query<{ key: string; row: string; from: string; to: string }>(
        `SELECT key, row, toString(valid_from) AS from, toString(valid_to) AS to FROM lookup_history
WHERE source = {source:String} AND name = 'products' ORDER BY key, valid_from`,
        { source },
      ),
  }
}

function isOwn(row: unknown, source: string): boolean {
  return (row as { source: string }).source === source
}

/** The text of a row, as the dictionaries have it. */
function textOf(table: Table | undefined, key: string): string {
  const row = table?.[key]
  return row === undefined ? '' : JSON.stringify(row)
}

const FIRST: Table = { stays: { a: 1 }, changes: { a: '{"' }, goes: { a: [] } }
const SECOND: Table = { stays: { a: 1 }, changes: { a: 2.5 }, comes: { 'ü"\\': null } }

/** All keys of both, and what the dictionaries say of them once the second is loaded. */
const KEYS = Object.keys({ ...FIRST, ...SECOND }).toSorted()
const SAID = KEYS.map((key) => ({ past: textOf(SECOND, key), today: textOf(SECOND, key) }))

/** The history of a table that was first `FIRST` and a day later `SECOND`. */
const BOTH = [
  ['changes', '{"a":"{\\""}', '2026-11-01', '2026-11-02'],
  ['changes', '{"a":2.5}', '2026-11-02', '2200-01-01'],
  ['comes', '{"ü\\"\\\\":null}', '2026-11-02', '2200-01-01'],
  ['goes', '{"a":[]}', '2026-11-01', '2026-11-02'],
  ['stays', '{"a":1}', '2026-11-01', '2200-01-01'],
].map(([key, row, from, to]) => ({ key, row, from: `${from} 00:00:00.000`, to: `${to} 00:00:00.000` }))

describe('the dictionaries of lookup tables', () => {
  it('say of every key and time what the table said, and rows that stay equal are not written again', async () => {
    const shop = createShop('history')
    const random = createRandom(3)
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`)
    const versions: { at: number; table: Table | undefined }[] = []
    let changes = 0
    for (let day = 0; day < 25; day++) {
      const at = START + day * DAY_MS
      const before = versions.at(-1)?.table
      const kept = Object.entries(before ?? {}).filter(() => random.chance(0.9))
      const added = keys
        .filter(() => random.chance(0.2))
        .map((key) => [key, { value: random.integer(0, 2) }] as const)
      const table = day % 8 === 7 ? undefined : Object.fromEntries([...kept, ...added])
      versions.push({ at, table })
      changes += keys.filter((key) => textOf(before, key) !== textOf(table, key)).length
      shop.put(table, at)
      await shop.load(nothing, at)
    }
    const times = versions.flatMap(({ at }) => [at - 1, at, at + 1])
    const expected = keys.toSorted().flatMap((key) =>
      times.map((time) => ({
        past: textOf(versions.findLast(({ at }) => at <= time)?.table, key),
        today: textOf(versions.at(-1)?.table, key),
      })),
    )
    expect(await shop.ask(keys, times)).toEqual(expected)
    const [row] = await warehouse.query<{ n: string }>(
      "SELECT count() AS n FROM lookup_rows WHERE source = 'history'",
    )
    expect(Number(row?.n)).toBe(changes)
  })

  it('are asked for nothing more while no table changes', async () => {
    const shop = createShop('same')
    shop.put(FIRST, START)
    await shop.load()
    const before = shop.sent.length
    shop.put(FIRST, START + DAY_MS)
    await shop.load()
    expect(shop.sent.length - before).toBe(1)
  })

  it('end the same when a load is cut off before any statement, and is made again', async () => {
    let isCut = true
    for (let failAt = 1; isCut; failAt++) {
      const shop = createShop(`cut-${failAt}`)
      shop.put(FIRST, START)
      await shop.load()
      shop.put(SECOND, START + DAY_MS)
      isCut = false
      await shop
        .load((count) => {
          isCut ||= count >= failAt
          if (isCut) throw new Error('cut off')
        })
        .catch(nothing)
      await shop.load()
      expect(await shop.history(), `cut off before statement ${failAt}`).toEqual(BOTH)
      expect(await shop.ask(KEYS, [START + DAY_MS])).toEqual(SAID)
    }
  })

  it('end as the newer table when an older load goes on after it', async () => {
    for (let pauseAt = 1; pauseAt <= 9; pauseAt++) {
      const shop = createShop(`crossed-${pauseAt}`)
      shop.put(FIRST, START)
      await shop.load(async (count) => {
        if (count !== pauseAt) return
        shop.put(SECOND, START + DAY_MS)
        await shop.load()
      })
      await shop.load()
      const said = await shop.ask(KEYS, [START + DAY_MS])
      expect(said, `crossed before statement ${pauseAt}`).toEqual(SAID)
    }
  })

  it('take the largest table in pieces', async () => {
    const shop = createShop('large')
    const rows = Array.from({ length: 100_000 }, (_, index) => [
      `p${index}`,
      { n: index / 7, t: 'ü'.repeat(15) },
    ])
    shop.put(Object.fromEntries(rows), START)
    await shop.load()
    expect(shop.log).toMatchObject([{ event: 'lookup_stored', rows: 100_000, changed: 100_000 }])
    expect(Math.max(...shop.sent.map(({ length }) => length))).toBeLessThan(1_001_000)
    const [last] = await shop.ask(['p99999'], [START])
    expect(last?.today).toBe(JSON.stringify(Object.fromEntries(rows)['p99999']))
  })

  it('group events by an attribute of today, and of the time of the event', async () => {
    const shop = createShop('grouped')
    shop.put({ p1: { category: 'Tea' }, p2: { category: 'Cups' } }, START)
    await shop.load()
    shop.put({ p1: { category: 'Hot drinks' } }, START + DAY_MS)
    await shop.load()
    const sold = [
      ['p1', -1],
      ['p1', 0],
      ['p2', 0],
      ['p1', DAY_MS - 1],
      ['p1', DAY_MS],
      ['p2', DAY_MS],
      [undefined, DAY_MS],
    ] as const
    await warehouse.write([
      envelopeOf(
        'grouped',
        sold.map(([productId, shift]) => ({ productId, at: START + shift })),
      ),
    ])
    const group = (row: string) =>
      warehouse.query(
        `SELECT JSONExtractString(${row}, 'category') AS category, toUInt32(count()) AS events FROM events_resolved
WHERE source = 'grouped' GROUP BY category ORDER BY category`,
      )
    const key = "(source, 'products', ifNull(toString(properties.product_id), ''))"
    expect(await group(`dictGetOrDefault('lookup_today', 'row', ${key}, '')`)).toEqual([
      { category: '', events: 3 },
      { category: 'Hot drinks', events: 4 },
    ])
    const at = 'toUnixTimestamp64Milli(timestamp)'
    expect(await group(`dictGetOrDefault('lookup_then', 'row', ${key}, ${at}, '')`)).toEqual([
      { category: '', events: 3 },
      { category: 'Cups', events: 1 },
      { category: 'Hot drinks', events: 1 },
      { category: 'Tea', events: 2 },
    ])
  })
})

function envelopeOf(
  source: string,
  sold: readonly { productId: string | undefined; at: number }[],
): Envelope {
  return buildEnvelope({
    source,
    receivedAt: START + 2 * DAY_MS,
    events: sold.map(({ productId, at }, index) => ({
      messageId: `m${index}`,
      type: 'track',
      event: 'Sold',
      timestamp: at,
      originalTimestamp: at,
      anonymousId: 'a',
      properties: productId === undefined ? {} : { product_id: productId },
    })),
  })
}

describe('a lookup table that is loaded through the collector', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startTestStack()
  })
  afterAll(() => stack.stop())

  async function put(rows: Table): Promise<string> {
    const response = await fetch(`${stack.worker.url}/v1/lookups/products?source=dev`, {
      method: 'PUT',
      headers: { authorization: 'Bearer dev-secret' },
      body: JSON.stringify({ key: 'product_id', rows }),
    })
    const { version } = (await response.json()) as { version: string }
    await stack.worker.triggerCron()
    return version
  }

  it('is in the dictionaries after the next minute, with the version that was answered', async () => {
    const first = await put(FIRST)
    const second = await put(SECOND)
    const rows = await stack.query(
      "SELECT key, version FROM lookup_history WHERE source = 'dev' ORDER BY key, valid_from",
    )
    expect(rows).toEqual([
      { key: 'changes', version: first },
      { key: 'changes', version: second },
      { key: 'comes', version: second },
      { key: 'goes', version: first },
      { key: 'stays', version: first },
    ])
    const today = await stack.query(
      "SELECT key, row FROM dictionary('millrace.lookup_today') WHERE source = 'dev' ORDER BY key",
    )
    expect(today).toEqual(
      Object.keys(SECOND)
        .toSorted()
        .map((key) => ({ key, row: textOf(SECOND, key) })),
    )
  })

  it('answers questions by an attribute of today, and of the time of the event', async () => {
    const batch = ['changes', 'changes', 'goes', 'stays'].map((product_id, index) => ({
      type: 'track',
      event: 'Sold',
      messageId: `sold-${index}`,
      userId: 'u',
      properties: { product_id },
    }))
    expect((await stack.post({ batch })).status).toBe(200)
    await waitFor(
      () => stack.query<{ n: number }>("SELECT count() AS n FROM events FINAL WHERE event = 'Sold'"),
      ([row]) => Number(row?.n) === batch.length,
    )
    await put({ changes: { a: 7 }, goes: { a: { b: true } } })
    const ask = async (field: string) => {
      const response = await fetch(`${stack.worker.url}/v1/query/top`, {
        method: 'POST',
        headers: { authorization: 'Bearer dev-read' },
        body: JSON.stringify({ field, from: '1d', metric: 'events' }),
      })
      const { rows } = (await response.json()) as { rows: unknown[][] }
      return rows.map(([value, events]) => [value, events])
    }
    expect(await ask('lookup_today.products(properties.product_id).a')).toEqual([
      ['7', 2],
      ['', 1],
      ['{"b":true}', 1],
    ])
    expect(await ask('lookup_then.products(properties.product_id).a')).toEqual([
      ['2.5', 2],
      ['', 1],
      ['1', 1],
    ])
    expect(await ask('lookup_today.products(properties.product_id).a.b')).toEqual([
      ['', 3],
      ['true', 1],
    ])
  })
})
