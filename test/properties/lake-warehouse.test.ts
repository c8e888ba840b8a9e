/** The lake beside the warehouse: compared, and rewritten without persons who asked to be forgotten. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Envelope } from '@millrace/schemas'
import { LAKE_COLUMNS, type LakeColumn } from '@millrace/schemas/lake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findTraces, forget } from '../../cli/src/forget/forget.ts'
import { listRequests } from '../../cli/src/forget/record.ts'
import type { LakeBucket } from '../../consumers/src/lake/bucket.ts'
import { runLakeJob, sweepLake } from '../../consumers/src/lake/job.ts'
import { readManifest } from '../../consumers/src/lake/manifest-store.ts'
import { idsOf } from '../../consumers/src/lake/merge.ts'
import { readBatches } from '../../consumers/src/lake/published-file.ts'
import { reconcileLake } from '../../consumers/src/lake/reconcile.ts'
import { createLakeSink } from '../../consumers/src/lake/sink.ts'
import { createQuarantineSink } from '../../consumers/src/quarantine/sink.ts'
import { createFolderBucket } from '../support/folder-bucket.ts'
import { createDeliveries } from '../support/lake-events.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

let warehouse: TestWarehouse
let folder: string
let bucket: LakeBucket
beforeAll(async () => {
  warehouse = await startWarehouse()
  folder = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
  bucket = createFolderBucket(folder)
}, 60_000)
afterAll(async () => {
  await warehouse.stop()
  await rm(folder, { recursive: true, force: true })
})

const START = Date.UTC(2026, 10, 20)

let runs = 0

async function publish(): Promise<Record<string, unknown>[]> {
  const logged: Record<string, unknown>[] = []
  runs++
  await runLakeJob({
    bucket,
    run: warehouse.run,
    read: warehouse.query,
    now: () => Date.UTC(2026, 10, 23, 12, runs * 10),
    sleep: async () => {},
    randomId: () => crypto.randomUUID(),
    log: (record) => void logged.push(record),
  })
  return logged
}

/** To both, as the consumer writes. */
async function store(envelopes: readonly Envelope[]): Promise<void> {
  await warehouse.write(envelopes)
  const deliveries = envelopes.map((envelope, index) => ({ messageId: String(index), envelope }))
  await createLakeSink({ bucket }).write(deliveries)
  await createQuarantineSink({ bucket }).write(deliveries)
}

async function reconcile(patienceMs = 0) {
  const logged: Record<string, unknown>[] = []
  const effects = {
    bucket,
    run: warehouse.run,
    read: warehouse.query,
    log: (record: Record<string, unknown>) => void logged.push(record),
  }
  const differing = await reconcileLake(
    { ...effects, intervalMs: -1_000, patienceMs },
    { horizons: new Map() },
  )
  return { differing: Object.fromEntries(differing), logged }
}

const statusOf = (source: string) =>
  warehouse.query<{ status: string; hours: string; lake: string; warehouse: string }>(
    `SELECT status, toString(count()) AS hours, toString(sum(lake_events)) AS lake, toString(sum(warehouse_events)) AS warehouse
FROM lake_reconciliations FINAL WHERE source = {source:String} AND status != 'compared' GROUP BY status ORDER BY status`,
    { source },
  )

/** A column as both engines write it as text; JSON is parsed, because ClickHouse orders its keys. */
const CLICKHOUSE_TEXT = ({ name, kind }: LakeColumn) => {
  if (kind.startsWith('time')) return `toString(toUnixTimestamp64Milli(${name}) * 1000) AS ${name}`
  return kind.startsWith('json') ? `toJSONString(${name}) AS ${name}` : `toString(${name}) AS ${name}`
}
const DUCKDB_TEXT = ({ name, kind }: LakeColumn) =>
  kind.startsWith('time') ? `epoch_us(${name})::VARCHAR AS ${name}` : `${name}::VARCHAR AS ${name}`

function parseJsonColumns(row: Record<string, unknown>): Record<string, unknown> {
  const json = new Set(LAKE_COLUMNS.filter(({ kind }) => kind.startsWith('json')).map(({ name }) => name))
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, json.has(name) ? JSON.parse(String(value)) : value]),
  )
}

describe('the lake', () => {
  it('has the same 1,500 rows as ClickHouse, in every column, as DuckDB reads it', async () => {
    const { batches, ids } = createDeliveries({ events: 1_500, seed: 9, source: 'rows', startMs: START })
    for (const batch of batches) await store(batch)
    await publish()
    const theirs = await warehouse.query<Record<string, unknown>>(
      `SELECT ${LAKE_COLUMNS.map(CLICKHOUSE_TEXT).join(', ')} FROM events AS e FINAL WHERE source = 'rows' ORDER BY e.message_id
SETTINGS json_type_escape_dots_in_keys = 1`,
    )
    const duckdb = await (await DuckDBInstance.create()).connect()
    const result = await duckdb.runAndReadAll(
      `SELECT ${LAKE_COLUMNS.map(DUCKDB_TEXT).join(', ')} FROM read_parquet('${folder}/events/source=rows/**/*.parquet') ORDER BY message_id`,
    )
    const ours = result.getRowObjects()
    expect(ours.length).toBe(ids.size)
    expect(ours.map(parseJsonColumns)).toEqual(theirs.map(parseJsonColumns))
  })
})

describe('the comparison of lake and warehouse', () => {
  it('finds them equal whatever the order of arrival, and waits for what is on its way', async () => {
    const { batches, ids } = createDeliveries({ events: 1_500, seed: 3, source: 'equal', startMs: START })
    for (const batch of batches) await store(batch)
    expect(await reconcile(60_000)).toMatchObject({ differing: {} })
    expect(await statusOf('equal')).toMatchObject([
      { status: 'waiting', lake: '0', warehouse: String(ids.size) },
    ])
    await publish()
    expect(await reconcile()).toEqual({ differing: {}, logged: [] })
    const [row, ...others] = await statusOf('equal')
    expect(others).toEqual([])
    expect(row).toMatchObject({ status: 'equal', lake: String(ids.size), warehouse: String(ids.size) })
  })

  it('names the hours that differ, in either direction, until they agree', async () => {
    const { batches } = createDeliveries({
      events: 300,
      seed: 4,
      source: 'differs',
      startMs: START,
      lateHours: 0,
    })
    for (const batch of batches) await store(batch)
    await publish()
    await reconcile()
    const { files } = (await readManifest(bucket, 'differs')).manifest
    const hour = Date.parse('2026-11-20T01:00:00Z')
    const lost = files.find(({ path }) => path.includes('hour=02'))
    await warehouse.run(
      "DELETE FROM events WHERE source = 'differs' AND toStartOfHour(if(toUnixTimestamp64Milli(original_timestamp) = 0, received_at, original_timestamp)) = toDateTime('2026-11-20 01:00:00', 'UTC')",
    )
    await bucket.delete(lost?.path ?? '')
    await sweepLake({ bucket, now: Date.now, log: () => {} })
    const { differing, logged } = await reconcile()
    expect(differing['differs']).toEqual([hour / 1_000, hour / 1_000 + 3_600])
    expect(logged).toContainEqual({
      level: 'error',
      event: 'lake_differs',
      source: 'differs',
      count: 2,
      hours: ['2026-11-20T01:00:00.000Z', '2026-11-20T02:00:00.000Z'],
    })
    const told = await warehouse.query(
      "SELECT toString(hour) AS hour, toString(only_in_lake) AS more FROM lake_differences WHERE source = 'differs'",
    )
    expect(told).toEqual([
      { hour: '2026-11-20 01:00:00', more: String(files.find(({ path }) => path.includes('hour=01'))?.rows) },
      { hour: '2026-11-20 02:00:00', more: String(-(lost?.rows ?? 0)) },
    ])
    for (const batch of batches) await store(batch)
    await publish()
    expect((await reconcile()).differing['differs']).toBeUndefined()
  })

  it('tells an event that was swapped for another from one that is there', async () => {
    const { batches } = createDeliveries({
      events: 20,
      seed: 5,
      source: 'swapped',
      startMs: START,
      lateHours: 0,
      spanHours: 1,
    })
    for (const batch of batches)
      await createLakeSink({ bucket }).write(
        batch.map((envelope, index) => ({ messageId: String(index), envelope })),
      )
    const swapped = batches.map((batch) =>
      batch.map((envelope) => ({
        ...envelope,
        events: envelope.events.map((event) => ({
          ...event,
          messageId: event.messageId.replace(/-3$/, '-x'),
        })),
      })),
    )
    for (const batch of swapped) await warehouse.write(batch)
    await publish()
    expect((await reconcile()).differing['swapped']?.length).toBeGreaterThan(0)
  })
})

describe('forgetting', () => {
  it('rewrites the files that hold the person, published and waiting, says which, and leaves the others', async () => {
    const source = 'forgets'
    const { batches } = createDeliveries({ events: 400, seed: 6, source, startMs: START, lateHours: 5 })
    const withUser = batches.map((batch) =>
      batch.map((envelope) => ({
        ...envelope,
        events: envelope.events.map((event) =>
          event.anonymousId?.endsWith('7') === true ? { ...event, userId: 'u7' } : event,
        ),
        quarantined:
          envelope.events[0]?.anonymousId?.endsWith('7') === true
            ? [refused('q7', '{"userId":"u7"}'), refused('q8', '{"userId":"u8"}')]
            : [],
      })),
    )
    const hers = new Set(
      withUser
        .flat()
        .flatMap(({ events }) =>
          events.flatMap(({ userId, messageId }) => (userId === 'u7' ? [messageId] : [])),
        ),
    )
    const half = withUser.length >> 1
    for (const batch of withUser.slice(0, half)) await store(batch)
    await publish()
    for (const batch of withUser.slice(half)) await store(batch)
    await warehouse.recompute()
    const before = await readIds(source)
    expect(before.some((id) => hers.has(id))).toBe(true)

    const found = await findTraces(
      { run: warehouse.run, read: warehouse.query },
      { source, kind: 'user', id: 'u7' },
    )
    const effects = {
      run: warehouse.run,
      read: warehouse.query,
      randomId: () => crypto.randomUUID(),
      sleep: async () => {},
      patienceMs: 0,
    }
    await forget(effects, found, 'asked for it')
    await publish()
    const after = await readIds(source)
    expect(after.filter((id) => hers.has(id))).toEqual([])
    const all = new Set(withUser.flat().flatMap(({ events }) => events.map(({ messageId }) => messageId)))
    expect(new Set(after)).toEqual(new Set([...all].filter((id) => !hers.has(id))))
    const [request] = await listRequests(effects, source)
    expect(request?.openLake).toEqual([])
    const events = request?.rewritten.filter(({ path }) => path.startsWith('events/')) ?? []
    expect(events.reduce((sum, { rows }) => sum + rows, 0)).toBe(before.filter((id) => hers.has(id)).length)
    // The same person again: what is known to be done is done again, because something may have come since.
    await forget(effects, found, 'asked again')
    expect((await listRequests(effects, source))[0]?.openLake.length).toBeGreaterThan(0)
    await publish()
    expect((await listRequests(effects, source))[0]?.openLake).toEqual([])
    const refusals = (await bucket.list({ prefix: `quarantine/source=${source}/` })).objects
    const texts = await Promise.all(refusals.map(async ({ key }) => (await readText(key)) ?? ''))
    expect(texts.join('')).not.toContain('u7')
    expect(texts.join('')).toContain('u8')
    expect((await reconcile()).differing[source]).toBeUndefined()
  })

  it('goes through the whole lake of a source whose old events ClickHouse has deleted', async () => {
    const source = 'expired'
    const { batches } = createDeliveries({ events: 100, seed: 8, source, startMs: START })
    for (const batch of batches) await store(batch)
    await publish()
    await warehouse.run(
      `ALTER TABLE events MODIFY TTL timestamp + toIntervalDay(3650) DELETE WHERE source = '${source}'`,
    )
    await warehouse.run(`DELETE FROM events WHERE source = '${source}'`)
    const effects = {
      run: warehouse.run,
      read: warehouse.query,
      randomId: () => crypto.randomUUID(),
      sleep: async () => {},
      patienceMs: 0,
    }
    const found = await findTraces(effects, { source, kind: 'anonymous', id: 'anonymous-3' })
    expect(found.lake).toEqual([`events/source=${source}/`])
    const before = await readIds(source)
    await forget(effects, found, '')
    await publish()
    const after = await readIds(source)
    expect(before.length - after.length).toBe(10)
    await warehouse.run('ALTER TABLE events REMOVE TTL')
  })

  const refused = (messageId: string, raw: string) => ({
    messageId,
    index: 0,
    reason: 'missing_field' as const,
    path: '',
    message: 'm',
    raw,
    rawBytes: raw.length,
  })

  const readText = async (key: string) => {
    const object = await bucket.get(key)
    return object !== null && 'text' in object ? object.text() : undefined
  }

  async function readIds(source: string): Promise<string[]> {
    const ids: string[] = []
    const { objects } = await bucket.list({ prefix: `events/source=${source}/` })
    for (const object of objects.filter(({ key }) => key.endsWith('.parquet'))) {
      for await (const batch of readBatches(bucket, object)) ids.push(...idsOf(batch))
    }
    return ids.sort()
  }
})
