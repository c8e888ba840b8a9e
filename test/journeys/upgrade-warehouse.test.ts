/**
 * Migrations go forwards over real rows: from the tables of 0.1.0 to the newest, with every answer as it was; and from the state
 * after each single migration, with rows in every table that there was then.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStatements } from '../../consumers/src/statements.ts'
import { createWarehouse } from '../../consumers/src/warehouse/insert.ts'
import { createWarehouseSink } from '../../consumers/src/warehouse/sink.ts'
import { type ClickHouseProcess, startClickHouse } from '../../local/src/clickhouse/process.ts'
import { createRun, DATABASE, migrate, readMigrations } from '../../local/src/migrate.ts'
import { decodeEnvelope } from '../../schemas/src/envelope.ts'
import { listGolden, readBytes, readEventMessages, readJson } from '../support/release-files.ts'
import { checksumMigrations } from '../support/release-migrations.ts'
import { type Answers, askAll, loadTable } from '../support/release-warehouse.ts'

const released = readJson<Record<string, string>>('warehouse/migrations.json')

it('migrations that 0.1.0 has are as they were released', () => {
  const present = checksumMigrations()
  for (const [name, checksum] of Object.entries(released)) {
    const why =
      `${name} was released with 0.1.0 and must never change: databases have it applied, and \`millrace migrate\` refuses ` +
      `an edited file. Put it back as it was, and write what is to change into a new migration.`
    expect(present[name], why).toBe(checksum)
  }
  expect(Object.keys(present).slice(0, Object.keys(released).length)).toEqual(Object.keys(released))
})

let directory: string
let clickhouse: ClickHouseProcess
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-upgrade-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('the tables of 0.1.0', () => {
  beforeAll(async () => {
    clickhouse = await startClickHouse({ dataPath: join(directory, 'release'), port: 0 })
    await migrate(clickhouse.url, { migrations: readMigrations().filter(({ name }) => name in released) })
    for (const file of listGolden('warehouse').filter((name) => name.endsWith('.native.gz'))) {
      const [, table = ''] = /(\w+)\.native\.gz$/.exec(file) ?? []
      await loadTable(clickhouse.url, table, readBytes(file))
    }
  })
  afterAll(() => clickhouse.stop())

  const golden = readJson<Answers>('warehouse/answers.json.gz')

  it('answer as they did, before and after all migrations since', async () => {
    expect(await askAll(clickhouse.url)).toEqual(golden)
    await migrate(clickhouse.url)
    expect(await askAll(clickhouse.url)).toEqual(golden)
  })

  it('take what the present consumer writes, and know what it brings again', async () => {
    const connection = { url: clickhouse.url, username: 'default', password: '', database: DATABASE }
    const sink = createWarehouseSink({ insert: createWarehouse(connection).insert })
    const deliveries = readEventMessages().flatMap(({ id: messageId, body }) => {
      const decoded = decodeEnvelope(body)
      return decoded.ok ? [{ messageId, envelope: decoded.envelope }] : []
    })
    const outcomes = await sink.write(deliveries)
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['written']))
    const { events, quarantine, omitted } = await askAll(clickhouse.url)
    expect({ events, quarantine, omitted }).toEqual({
      events: golden['events'],
      quarantine: golden['quarantine'],
      omitted: golden['omitted'],
    })
    const [found] = await createStatements(connection).read<{ count: number }>(
      "SELECT toUInt32(count()) AS count FROM events_resolved WHERE message_id = 'import-1'",
    )
    expect(found).toEqual({ count: 1 })
  })
})

interface Column {
  table: string
  name: string
  type: string
  isKey: number
}

/** Tables with rows of their own: those that a migration leaves to be dropped by the next are none. */
const COLUMNS = `SELECT table, name, type, is_in_sorting_key AS isKey FROM system.columns
  WHERE database = '${DATABASE}' AND table NOT IN ('migrations', 'events_0004')
    AND table IN (SELECT name FROM system.tables WHERE database = '${DATABASE}' AND engine LIKE '%MergeTree')
    AND default_kind NOT IN ('MATERIALIZED', 'ALIAS') ORDER BY table, position`

/** Columns that say which step a row is of, by table: text in the sorting key, so that no other row takes its place. */
function markColumns(columns: readonly Column[]): Map<string, string[]> {
  const marks = new Map<string, string[]>()
  for (const { table, name, type, isKey } of columns) {
    const isText = isKey === 1 && /^(LowCardinality\()?String\)?$/.test(type)
    if (isText) marks.set(table, [...(marks.get(table) ?? []), name])
  }
  return marks
}

describe('from the state after each migration', () => {
  const files = readMigrations()
  let url: string
  let run: ReturnType<typeof createRun>
  beforeAll(async () => {
    clickhouse = await startClickHouse({ dataPath: join(directory, 'steps'), port: 0 })
    url = clickhouse.url
    run = createRun(url, DATABASE)
  })
  afterAll(() => clickhouse.stop())

  /** Puts a row into every table: the mark in each text of its key, now in each time, the rest as it is by itself. */
  async function fill(mark: string): Promise<string[]> {
    const columns = await run<Column>(COLUMNS)
    const marks = markColumns(columns)
    for (const [table, keys] of marks) {
      const times = columns.filter(
        ({ table: of, type }) => of === table && /^(SimpleAggregateFunction\(\w+, )?Date/.test(type),
      )
      // A default that reads a JSON column wants one that is given.
      const objects = columns.filter(({ table: of, type }) => of === table && type.startsWith('JSON'))
      const names = [...keys, ...[...times, ...objects].map(({ name }) => name)]
      const values = [
        ...keys.map(() => `'${mark}'`),
        ...times.map(() => 'now()'),
        ...objects.map(() => "'{}'"),
      ]
      await run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`)
    }
    return [...marks.keys()]
  }

  it('every row that was there is there after the last', { timeout: 240_000 }, async () => {
    const filled: [mark: string, tables: string[]][] = []
    for (const [index, { version }] of files.entries()) {
      await migrate(url, { migrations: files.slice(0, index + 1) })
      const mark = `step-${version}`
      filled.push([mark, await fill(mark)])
    }
    const marks = markColumns(await run<Column>(COLUMNS))
    const lost: string[] = []
    for (const [table, [key]] of marks) {
      const rows = await run<{ mark: string }>(`SELECT DISTINCT ${key} AS mark FROM ${table}`)
      const left = new Set(rows.map(({ mark }) => mark))
      for (const [mark, tables] of filled) {
        if (tables.includes(table) && !left.has(mark))
          lost.push(`${table}: the row that was put in after ${mark}`)
      }
    }
    const gone = filled.flatMap(([mark, tables]) =>
      tables.filter((table) => !marks.has(table)).map((table) => `${table}: the table of ${mark}`),
    )
    expect(gone).toEqual([])
    expect(lost).toEqual([])
    expect(filled.flatMap(([, tables]) => tables).length).toBeGreaterThan(100)
  })

  it('what reads them gives those rows, too', async () => {
    const [resolved] = await run<{ rows: number }>(
      "SELECT toUInt32(count()) AS rows FROM events_resolved WHERE source LIKE 'step-%'",
    )
    expect(resolved).toEqual({ rows: files.length })
    const views = await run<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = '${DATABASE}' AND engine = 'View' AND position(create_table_query, '{') = 0 ORDER BY name`,
    )
    for (const { name } of views) await run(`SELECT * FROM ${name} LIMIT 1`)
    expect(views.length).toBeGreaterThan(5)
  })
})
