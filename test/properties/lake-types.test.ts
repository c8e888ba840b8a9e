/** What the lake's files say is what DuckDB and ClickHouse read, whatever the values. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import {
  bytesOf,
  createLakeWriter,
  defaultOf,
  encodeLakeFile,
  LAKE_COLUMNS,
  type LakeBatch,
  type LakeColumn,
  type LakeValue,
  openLakeFile,
  placeOf,
  rowOf,
} from '@millrace/schemas/lake'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sortById } from '../../consumers/src/lake/merge.ts'
import { compressZstd } from '../../schemas/src/lake/zstd.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

/** Files of each reader; more by hand: `PROPERTY_RUNS=100 npx vitest run --project plain test/properties/lake-types`. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 12)

let folder: string
let duckdb: DuckDBConnection
let clickhouse: TestWarehouse
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-types-'))
  duckdb = await (await DuckDBInstance.create()).connect()
  await duckdb.run("SET TimeZone = 'UTC'")
  clickhouse = await startWarehouse()
}, 60_000)
afterAll(async () => {
  await clickhouse.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Valid Unicode of any plane, among it what quoting and ends of lines might trip over. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '\u0000',
    '"\\\n\r\t,',
    'ü😀漢字',
    "'; DROP TABLE events --",
    'null',
    'x'.repeat(3_000),
  ),
)
const bigInteger = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const json = fc.oneof(
  fc.constantFrom('{}', '{"a":{}}', '{"list":[],"none":null}', '{"a.b":1,"a":{"b":2}}', '{"":{"":""}}'),
  bigInteger.map((digits) => `{"big":${digits}}`),
  fc.dictionary(text, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 }).map((value) => JSON.stringify(value)),
)
/** Microseconds from 1970 to 2199. */
const micros = fc
  .integer({ min: 0, max: Date.UTC(2199, 11, 31) })
  .chain((ms) => fc.integer({ min: 0, max: 999 }).map((rest) => ms * 1_000 + rest))
const VALUES: Readonly<Record<LakeColumn['kind'], fc.Arbitrary<LakeValue>>> = {
  text,
  json,
  json_list: fc.array(fc.jsonValue(), { maxLength: 3 }).map((value) => JSON.stringify(value)),
  time: micros,
  time_or_null: fc.option(micros),
  count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  truth: fc.boolean(),
}
const row = fc.tuple(...LAKE_COLUMNS.map(({ kind }) => VALUES[kind]))

const batch = fc.array(row, { minLength: 1, maxLength: 40 }).map((rows): LakeBatch => {
  const columns = LAKE_COLUMNS.map((_, place) =>
    rows.map((values, index) =>
      place === 0 ? `id-${String(index).padStart(4, '0')}` : (values[place] as LakeValue),
    ),
  )
  return sortById({ count: rows.length, columns })
})

/** A column as text that both readers and we write alike. */
const AS_TEXT: Readonly<Record<'duckdb' | 'clickhouse', (column: LakeColumn) => string>> = {
  duckdb: ({ name, kind }) =>
    kind === 'time' || kind === 'time_or_null'
      ? `epoch_us(${name})::VARCHAR AS ${name}`
      : `${name}::VARCHAR AS ${name}`,
  clickhouse: ({ name, kind }) => {
    if (kind === 'time' || kind === 'time_or_null')
      return `toString(toUnixTimestamp64Micro(${name})) AS ${name}`
    return `toString(${name}) AS ${name}`
  },
}

function expected(batch: LakeBatch): Record<string, string | null>[] {
  return Array.from({ length: batch.count }, (_, index) =>
    Object.fromEntries(
      Object.entries(rowOf(batch, index)).map(([name, value]) => [
        name,
        value === null ? null : String(value),
      ]),
    ),
  )
}

describe('a file of the lake', () => {
  it('is read by DuckDB as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async (written) => {
        const path = join(folder, 'duckdb.parquet')
        await writeFile(path, encodeLakeFile(written))
        const columns = LAKE_COLUMNS.map(AS_TEXT.duckdb).join(', ')
        const result = await duckdb.runAndReadAll(`SELECT ${columns} FROM '${path}' ORDER BY message_id`)
        expect(result.getRowObjects()).toEqual(expected(written))
      }),
      { numRuns: RUNS },
    )
  })

  it('is read by ClickHouse as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async (written) => {
        const path = join(folder, 'clickhouse.parquet')
        await writeFile(path, encodeLakeFile(written))
        const columns = LAKE_COLUMNS.map(AS_TEXT.clickhouse).join(', ')
        const structure = LAKE_COLUMNS.map(
          ({ name, kind }) => `${name} ${kind === 'json' ? 'String' : CLICKHOUSE_TYPES[kind]}`,
        ).join(', ')
        const rows = await clickhouse.query(
          `SELECT ${columns} FROM file('${path}', 'Parquet', '${structure.replaceAll("'", "''")}') ORDER BY message_id`,
        )
        expect(rows).toEqual(expected(written))
      }),
      { numRuns: RUNS },
    )
  })

  it('is read by both when its pages are of several frames, as workerd makes them', async () => {
    const texts = Array.from({ length: 40 }, () => randomBytes(12_000).toString('base64'))
    const columns = LAKE_COLUMNS.map((column) =>
      texts.map((value, index): LakeValue => {
        if (column.name === 'message_id') return `id-${String(index).padStart(4, '0')}`
        return column.name === 'page_title' ? value : defaultOf(column)
      }),
    )
    const path = join(folder, 'frames.parquet')
    const pieces: Uint8Array[] = []
    let frames = 0
    const writer = createLakeWriter({
      onBytes: (bytes) => void pieces.push(bytes),
      compress: (page) =>
        compressZstd(page, (bytes) => {
          const frame = zstdCompressSync(bytes)
          if (frame.byteLength > 40_960) throw new Error('Unexpected end of file')
          frames += 1
          return frame
        }),
    })
    writer.write({ count: texts.length, columns })
    writer.finish()
    expect(frames).toBeGreaterThan(LAKE_COLUMNS.length + 10)
    const content = Buffer.concat(pieces)
    await writeFile(path, content)
    const sql = 'SELECT message_id, page_title FROM'
    const expectedRows = texts.map((value, index) => ({
      message_id: columns[placeOf('message_id')]?.[index],
      page_title: value,
    }))
    const ours: unknown[] = []
    const file = await openLakeFile(bytesOf(new Uint8Array(content).buffer))
    for await (const read of file.batches()) ours.push(...(read.columns[placeOf('page_title')] ?? []))
    expect(ours).toEqual(texts)
    const theirs = await duckdb.runAndReadAll(`${sql} '${path}' ORDER BY message_id`)
    expect(theirs.getRowObjects()).toEqual(expectedRows)
    expect(await clickhouse.query(`${sql} file('${path}', 'Parquet') ORDER BY message_id`)).toEqual(
      expectedRows,
    )
  })

  it('has the types of its columns for both', async () => {
    const path = join(folder, 'types.parquet')
    const columns = LAKE_COLUMNS.map((column): LakeValue[] => [defaultOf(column)])
    await writeFile(path, encodeLakeFile({ count: 1, columns }))
    const described = await duckdb.runAndReadAll(`DESCRIBE SELECT * FROM '${path}'`)
    expect(
      described.getRowObjects().map(({ column_name, column_type }) => [column_name, column_type]),
    ).toEqual(LAKE_COLUMNS.map(({ name, kind }) => [name, DUCKDB_TYPES[kind]]))
    const types = await clickhouse.query<{ name: string; type: string }>(
      `DESCRIBE file('${path}', 'Parquet')`,
    )
    expect(types.map(({ name, type }) => [name, type])).toEqual(
      LAKE_COLUMNS.map(({ name, kind }) => [name, CLICKHOUSE_TYPES[kind]]),
    )
  })
})

const DUCKDB_TYPES = {
  text: 'VARCHAR',
  json: 'JSON',
  json_list: 'VARCHAR',
  time: 'TIMESTAMP WITH TIME ZONE',
  time_or_null: 'TIMESTAMP WITH TIME ZONE',
  count: 'UINTEGER',
  truth: 'BOOLEAN',
}

const CLICKHOUSE_TYPES = {
  text: 'String',
  json: 'JSON',
  json_list: 'String',
  time: "DateTime64(6, 'UTC')",
  time_or_null: "Nullable(DateTime64(6, 'UTC'))",
  count: 'UInt32',
  truth: 'Bool',
}
