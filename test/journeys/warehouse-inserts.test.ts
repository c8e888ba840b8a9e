/** The warehouse sink against the real ClickHouse: what is stored is what was sent, and what goes wrong is told apart. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import {
  decodeEnvelope,
  type Envelope,
  type EnvelopeEvent,
  encodeJson,
  type JsonObject,
} from '@millrace/schemas'
import { JSON_SETTINGS, toStorableJson } from '@millrace/schemas/native'
import { toDateTime } from '@millrace/schemas/recompute'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Row } from '../../consumers/src/rows/column-values.ts'
import { buildEventRows } from '../../consumers/src/rows/rows.ts'
import { createWarehouse, type InsertRows } from '../../consumers/src/warehouse/insert.ts'
import { createWarehouseSink } from '../../consumers/src/warehouse/sink.ts'
import { type ClickHouseProcess, startClickHouse } from '../../local/src/clickhouse/process.ts'
import { DATABASE, migrate } from '../../local/src/migrate.ts'
import { buildEnvelope } from '../support/envelope.ts'

let dataPath: string
let server: ClickHouseProcess
let client: ClickHouseClient
let insert: InsertRows
beforeAll(async () => {
  dataPath = await mkdtemp(join(tmpdir(), 'millrace-test-'))
  server = await startClickHouse({ dataPath, port: 0 })
  await migrate(server.url)
  client = createClient({ url: server.url, database: DATABASE })
  insert = createWarehouse({ url: server.url, username: 'default', password: '', database: DATABASE }).insert
})
afterAll(async () => {
  await client.close()
  await server.stop()
  await rm(dataPath, { recursive: true, force: true })
})
beforeEach(async () => {
  await run('TRUNCATE TABLE events')
  await run('TRUNCATE TABLE quarantine')
})

const run = (query: string) => client.command({ query })

async function read<T>(query: string): Promise<T[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<T>()
}

function createEnvelope(events: Partial<EnvelopeEvent>[], more: Partial<Envelope> = {}): Envelope {
  return buildEnvelope({
    source: 'shop',
    receivedAt: Date.UTC(2026, 10, 21, 10),
    events: events.map((event, i) => ({
      messageId: `m${i}`,
      type: 'track',
      event: 'Viewed',
      timestamp: Date.UTC(2026, 10, 21, 9),
      ...event,
    })),
    ...more,
  })
}

describe('what people send', () => {
  /** A row in text that ClickHouse reads by itself is what a block of ours is compared with. */
  const TEXT_SETTINGS = JSON_SETTINGS
  const TIMES = new Set(['timestamp', 'original_timestamp', 'received_at', 'sent_at'])

  const oddKeys = [
    'a',
    'a.b',
    'a%2Eb',
    '%2E',
    '',
    '__proto__',
    'a`b',
    'a"b',
    "a'b",
    'a\\b',
    '.',
    '^a',
    'a[]',
    '\0',
    'ü',
  ]
  const oddTexts = [
    '2026-01-02',
    '2026-01-02 03:04:05',
    'true',
    'null',
    '1.5',
    '{}',
    '\0',
    '\ud800',
    '😀',
    '\'"\\\n\t',
  ]
  const lengths = [63, 64, 127, 128, 16_383, 16_384].flatMap((n) => [
    'x'.repeat(n),
    'ü'.repeat(n / 2),
    '€'.repeat(n / 3),
  ])
  const oddNumbers = [0, -1, 1.5, 1e20, -1e20, 1e21, 2 ** 53, 2 ** 63, 2 ** 64, -(2 ** 63), 1e300, 5e-324]
  const key = fc.oneof(fc.constantFrom(...oddKeys), fc.string({ maxLength: 6, unit: 'binary' }))
  const text = fc.oneof(fc.constantFrom(...oddTexts, ...lengths), fc.string({ unit: 'binary' }))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(...oddNumbers),
      text,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  const object = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<JsonObject>
  const event = fc.record({
    ...{ event: text, name: text, category: text, userId: text, previousId: text },
    ...{ properties: object, traits: object, context: object, integrations: object, extra: object },
    facts: fc.record({
      violations: fc.array(fc.record({ path: text, rule: text, found: text, message: text }), {
        maxLength: 3,
      }),
      lookups: fc.dictionary(fc.constantFrom('plan', 'ü'), fc.record({ version: text, row: object }), {
        noNullPrototype: true,
      }),
    }),
    originalTimestamp: fc.integer({ min: 0, max: Date.UTC(2199, 0) }),
  })

  it('is stored as ClickHouse itself reads it from JSON, to the last value and type', async () => {
    for (const table of ['ours', 'theirs']) {
      await run(`CREATE TABLE ${table} AS events ENGINE = MergeTree ORDER BY message_id`)
    }
    const events = fc.sample(event, { numRuns: 90, seed: 20_261_121 })
    const rows = events.flatMap((one, i) => {
      const sentAt = i % 3 === 0 ? {} : { sentAt: Date.UTC(2026, 10, 21, 9, 0, 0, i) }
      const messageId = `m${String(i).padStart(4, '0')}`
      return buildEventRows(travel(createEnvelope([{ ...one, messageId }], sentAt)))
    })
    // In pieces: ClickHouse makes a column of every path, and thousands of odd ones at once take it minutes.
    for (let at = 0; at < rows.length; at += 15) await insert('ours', rows.slice(at, at + 15))
    const values = rows.map((row) => Object.fromEntries(Object.entries(row).map(writeValue)))
    const columns = Object.keys(rows[0] ?? {}) as [string, ...string[]]
    for (let at = 0; at < values.length; at += 15) {
      const some = { table: 'theirs', values: values.slice(at, at + 15), columns }
      await client.insert({ ...some, format: 'JSONEachRow', clickhouse_settings: TEXT_SETTINGS })
    }
    const [ours, theirs] = await Promise.all([readAll('ours'), readAll('theirs')])
    expect(ours).toHaveLength(events.length)
    expect(ours).toEqual(theirs)
  })

  /** From the collector to the consumer, which costs lone surrogates: ClickHouse would refuse them. */
  function travel(envelope: Envelope): Envelope {
    const decoded = decodeEnvelope(encodeJson(envelope))
    if (!decoded.ok) throw new Error(decoded.message)
    return decoded.envelope
  }

  function writeValue([name, value]: [string, Row[string]]): [string, unknown] {
    if (TIMES.has(name) && typeof value === 'number') return [name, toDateTime(value)]
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return [name, isObject ? toStorableJson(value) : value]
  }

  /** Every column, of those that are JSON also the type of each path. */
  async function readAll(table: string): Promise<unknown[]> {
    const described = await read<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns WHERE database = '${DATABASE}' AND table = '${table}' AND default_kind != 'ALIAS' AND name != 'inserted_at'`,
    )
    const selected = described.flatMap(({ name, type }) =>
      type.startsWith('JSON')
        ? [`toJSONString(${name}) AS ${name}_text`, `JSONAllPathsWithTypes(${name}) AS ${name}_types`]
        : [name],
    )
    expect(selected.length).toBeGreaterThan(70)
    return read(`SELECT ${selected.join(', ')} FROM ${table} ORDER BY message_id`)
  }
})

describe('events that ClickHouse refuses', () => {
  it('are three of two hundred: found by halves, quarantined, and all others stored', async () => {
    await run("ALTER TABLE events ADD CONSTRAINT no_poison CHECK event != 'poison'")
    try {
      const bad = new Set(['m17', 'm118', 'm199'])
      const events = Array.from({ length: 200 }, (_, i) => (bad.has(`m${i}`) ? { event: 'poison' } : {}))
      const { events: all, ...head } = createEnvelope(events)
      // As twenty messages of ten.
      const deliveries = Array.from({ length: 20 }, (_, i) => ({
        messageId: `q${i}`,
        envelope: { ...head, events: all.slice(i * 10, i * 10 + 10) },
      }))
      let inserts = 0
      const sink = createWarehouseSink({
        insert(table, rows) {
          inserts += 1
          return insert(table, rows)
        },
      })
      expect((await sink.write(deliveries)).filter(({ kind }) => kind !== 'written')).toEqual([])
      expect(await read('SELECT toUInt32(uniqExact(message_id)) AS n FROM events')).toEqual([{ n: 197 }])
      const quarantined = await read<{ id: string; message: string }>(
        "SELECT message_id AS id, message FROM quarantine FINAL WHERE reason = 'not_storable'",
      )
      expect(new Set(quarantined.map(({ id }) => id))).toEqual(bad)
      for (const { message } of quarantined) expect(message).toContain('VIOLATED_CONSTRAINT')
      expect(inserts).toBeLessThanOrEqual(3 * (2 * Math.ceil(Math.log2(200)) + 1) + 1)
    } finally {
      await run('ALTER TABLE events DROP CONSTRAINT no_poison')
    }
  })
})

describe('a ClickHouse that has too many parts', () => {
  it('is under pressure: nothing is lost, nothing quarantined, and the next try succeeds', async () => {
    const deliveries = ['a', 'b'].map((id) => ({
      messageId: id,
      envelope: createEnvelope([{ messageId: `${id}1` }, { messageId: `${id}2` }]),
    }))
    const sink = createWarehouseSink({ insert })
    await run('SYSTEM STOP MERGES events')
    await run('ALTER TABLE events MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1')
    try {
      await sink.write([{ messageId: 'first', envelope: createEnvelope([{ messageId: 'first' }]) }])
      expect(await sink.write(deliveries)).toEqual(
        deliveries.map(() => ({
          kind: 'retry',
          error: expect.stringContaining('252 TOO_MANY_PARTS'),
          isPressure: true,
        })),
      )
      expect(await read('SELECT * FROM quarantine')).toEqual([])
    } finally {
      await run('ALTER TABLE events RESET SETTING parts_to_delay_insert, parts_to_throw_insert')
      await run('SYSTEM START MERGES events')
    }
    expect(await sink.write(deliveries)).toEqual(deliveries.map(() => ({ kind: 'written' })))
    const stored = await read<{ id: string }>('SELECT message_id AS id FROM events FINAL ORDER BY id')
    expect(stored.map(({ id }) => id)).toEqual(['a1', 'a2', 'b1', 'b2', 'first'])
  })
})
