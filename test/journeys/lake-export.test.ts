/** The lake as people read it: exported by the command and read by other engines, downloaded, and filtered as questions are. */

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import {
  batchOfRows,
  chooseRows,
  fileKey,
  type Manifest,
  type ManifestFile,
  manifestKey,
  parseLakeFilter,
} from '@millrace/schemas/lake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { runCommand, signalGroup, startCommand } from '../support/command.ts'
import { type LakeRow, putLakeFile, putLakeManifest } from '../support/lake-files.ts'
import { startLakeS3 } from '../support/lake-s3.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { withWorkerBundle } from '../support/worker-bundle.ts'

const ENTRY = `export { default, LiveAggregator } from './worker.ts'`

const HOUR_MS = 3_600_000
const FIRST_HOUR = Date.UTC(2026, 10, 21, 9)

/** Hours of the client's clock, each with its buckets. */
const HOURS = [1, 2, 1]

const ROWS_A_FILE = 600

/** A row of which everything follows from its number. */
function createRow(number: number, hour: number): LakeRow {
  const clock = (hour + (number % 3_600) * 1_000) * 1_000
  const isOrder = number % 4 === 0
  return {
    message_id: `m-${String(number).padStart(6, '0')}`,
    type: isOrder ? 'track' : 'page',
    event: isOrder ? 'Order Completed' : 'page',
    // The clocks of some are ahead by two hours.
    timestamp: clock - (number % 10 === 0 ? 2 * HOUR_MS * 1_000 : 0),
    original_timestamp: clock,
    received_at: clock + 7,
    user_id: `u-${number % 50}`,
    country: number % 3 === 0 ? 'DE' : 'FR',
    properties: isOrder ? JSON.stringify({ price: number / 8, text: 'a "quoted", line\n' }) : '{}',
  }
}

let stack: TestStack
let folder: string
const rows: LakeRow[] = []
let files: ManifestFile[] = []

beforeAll(async () => {
  stack = await withWorkerBundle({ entry: ENTRY, plugins: [] }, (scriptPath) =>
    startTestStack({ scriptPath }),
  )
  folder = await mkdtemp(join(tmpdir(), 'millrace-lake-export-'))
  for (const [index, buckets] of HOURS.entries()) {
    const hour = FIRST_HOUR + index * HOUR_MS
    for (let bucket = 0; bucket < buckets; bucket++) {
      const own = Array.from({ length: ROWS_A_FILE }, (_, at) => createRow(rows.length + at, hour))
      rows.push(...own)
      files.push(await putLakeFile(stack.worker, { source: 'dev', hour, bucket }, own, buckets))
    }
  }
  await putLakeManifest(stack.worker, 'dev', files)
})
afterAll(async () => {
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Report {
  files: number
  rows: number
  fetched: number
  kept: number
  removed: number
  failed: { path: string }[]
}

function exportArgs(out: string, ...options: string[]): string[] {
  const where = ['--source', 'dev', '--endpoint', stack.worker.url, '--out', join(folder, out)]
  return ['cli/bin/millrace.mjs', 'export', ...where, '--json', ...options]
}

async function exportTo(out: string, ...options: string[]) {
  const { code, stdout, stderr } = await runCommand(process.execPath, exportArgs(out, ...options))
  return { code, stderr, report: (stdout === '' ? {} : JSON.parse(stdout)) as Report }
}

/** Files of an export, by their paths below `events/`. */
async function listFiles(out: string): Promise<string[]> {
  const names = await readdir(join(folder, out), { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(join(folder, out, 'events/').length))
    .sort()
}

const docs = readFile(join(ROOT, 'docs/lake.md'), 'utf8')

/** A block of SQL of the docs, by the heading above it and its place there, on an export. */
async function sqlOfDocs(heading: string, place: number, out = 'export'): Promise<string> {
  const [, section = ''] = (await docs).split(`\n## ${heading}\n`)
  const blocks = [...(section.split('\n## ')[0] ?? '').matchAll(/```sql\n(.*?)```/gs)]
  const sql = blocks[place]?.[1]
  if (sql === undefined) throw new Error(`docs/lake.md has no block ${place} of SQL under ${heading}`)
  return sql.replaceAll("'export/", `'${join(folder, out)}/`)
}

async function askDuckDb(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** What the first statements of the docs are answered with. */
function expectedCounts(): { event: string; events: number; revenue: number }[] {
  const own = rows.filter(({ timestamp }) => timestamp >= Date.UTC(2026, 10, 21) * 1_000)
  const counts = [...Map.groupBy(own, ({ event }) => String(event))].map(([event, some]) => ({
    event,
    events: some.length,
    revenue: some.reduce((sum, { properties }) => sum + priceOf(properties), 0),
  }))
  return counts.sort((a, b) => b.events - a.events)
}

function priceOf(properties: unknown): number {
  const { price = 0 } = JSON.parse(String(properties)) as { price?: number }
  return price
}

describe('an export', () => {
  it('has the files of the lake byte for byte, and nothing else', async () => {
    const { code, report } = await exportTo('export')
    expect([code, report]).toMatchObject([
      0,
      { files: 4, rows: rows.length, fetched: 4, kept: 0, failed: [] },
    ])
    const names = files.map(({ path }) => path.slice('events/'.length))
    expect(await listFiles('export')).toEqual(
      [...names, 'source=dev/_export.json', 'source=dev/_manifest.json'].sort(),
    )
    for (const { path } of files) {
      const bytes = new Uint8Array(await readFile(join(folder, 'export', path)))
      expect(bytes).toEqual(await stack.worker.readBytes(path))
    }
    const manifest: Manifest = JSON.parse(await readFile(join(folder, 'export', manifestKey('dev')), 'utf8'))
    expect(manifest.files).toEqual(files)
  })

  it('is read by DuckDB as the docs say', async () => {
    const found = await askDuckDb(await sqlOfDocs('DuckDB', 0))
    expect(
      found.map(({ event, events, revenue }) => ({
        event,
        events: Number(events),
        revenue: Number(revenue ?? 0),
      })),
    ).toEqual(expectedCounts())
  })

  it('is read by ClickHouse as the docs say', async () => {
    const found = await stack.query<Record<string, unknown>>(await sqlOfDocs('ClickHouse', 0))
    expect(
      found.map(({ event, events, revenue }) => ({
        event,
        events: Number(events),
        revenue: Number(revenue),
      })),
    ).toEqual(expectedCounts())
  })

  it('need not be: ClickHouse reads the bucket as the docs say', async () => {
    const s3 = await startLakeS3(stack.worker)
    try {
      const sql = (await sqlOfDocs('ClickHouse', 1))
        .replace('https://<account>.r2.cloudflarestorage.com/millrace-lake', s3.url)
        .replace('source=shop', 'source=dev')
      const found = await stack.query<{ event: string; events: string }>(sql)
      expect(found.map(({ event, events }) => [event, Number(events)])).toEqual(
        expectedCounts().map(({ event, events }) => [event, events]),
      )
    } finally {
      await s3.stop()
    }
  })

  it('need not be: ClickHouse reads one file through the collector as the docs say', async () => {
    const sql = (await sqlOfDocs('ClickHouse', 2)).replace('http://127.0.0.1:8787', stack.worker.url)
    const [found] = await stack.query<{ events: string }>(sql)
    expect(Number(found?.events)).toBe(ROWS_A_FILE)
  })

  it('is chosen by time and condition, exactly', async () => {
    const span = { from: FIRST_HOUR + HOUR_MS / 20, to: FIRST_HOUR + 2 * HOUR_MS }
    const { code, report } = await exportTo(
      'some',
      '--from',
      new Date(span.from).toISOString(),
      '--to',
      new Date(span.to).toISOString(),
      '--where',
      'country:is:DE',
      '--where',
      'properties.price:gt:10',
    )
    const wanted = rows.filter(
      ({ timestamp, country, properties }) =>
        timestamp >= span.from * 1_000 &&
        timestamp < span.to * 1_000 &&
        country === 'DE' &&
        priceOf(properties) > 10,
    )
    expect([code, report.rows, report.failed]).toEqual([0, wanted.length, []])
    const found = await askDuckDb(
      `SELECT message_id FROM read_parquet('${join(folder, 'some')}/events/**/*.parquet') ORDER BY 1`,
    )
    expect(found.map(({ message_id }) => message_id)).toEqual(
      wanted.map(({ message_id }) => message_id).sort(),
    )
  })

  it.each([
    ['csv', 2],
    ['ndjson', 3],
  ])('may be %s, which DuckDB reads as the docs say', async (format, place) => {
    const { code, report } = await exportTo(format, '--format', format)
    expect([code, report.rows]).toEqual([0, rows.length])
    const [found] = await askDuckDb(await sqlOfDocs('DuckDB', place, format))
    expect(Number(found?.['events'])).toBe(rows.length)
    const kind = format === 'csv' ? 'read_csv' : 'read_json'
    const options = format === 'csv' ? ', header = true, all_varchar = true' : ''
    const path = `${join(folder, format)}/events/**/*.${format}`
    const price = format === 'csv' ? "properties->>'$.price'" : 'properties.price'
    const [order] = await askDuckDb(
      `SELECT source, message_id, ${price} AS price FROM ${kind}('${path}'${options}) WHERE message_id = 'm-000004'`,
    )
    expect(order).toMatchObject({ source: 'dev', message_id: 'm-000004' })
    expect(Number(order?.['price'])).toBe(0.5)
  })

  it('goes on where it was: what is there is not fetched again, what is broken is', async () => {
    const [first, second] = files as [ManifestFile, ManifestFile]
    await writeFile(join(folder, 'export', first.path), 'overwritten')
    await rm(join(folder, 'export', second.path))
    await writeFile(
      join(folder, 'export', second.path.replace('bucket-0', '.bucket-0').concat('.part')),
      'half',
    )
    expect((await exportTo('export')).report).toMatchObject({
      fetched: 2,
      kept: 2,
      removed: 0,
      rows: rows.length,
    })
    expect((await exportTo('export')).report).toMatchObject({ fetched: 0, kept: 4 })
    expect((await listFiles('export')).filter((name) => name.includes('.part'))).toEqual([])
    expect((await exportTo('some', '--where', 'country:is:DE')).stderr).toContain(
      'holds an export of --format parquet --from 2026-11-21T09:03:00.000Z',
    )
    expect((await exportTo('export', '--format', 'csv')).code).toBe(2)
  })

  it('ends by Ctrl-C with 130 and nothing half, and is brought to its end later', async () => {
    const running = startCommand(process.execPath, exportArgs('cut', '--endpoint', 'http://127.0.0.1:9'))
    await waitFor(async () => running.output().includes('next try in'))
    signalGroup(running, 'SIGINT')
    const { code, stderr } = await running.finished
    expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted; the same command goes on')])
    expect((await exportTo('cut')).report).toMatchObject({ fetched: 4, rows: rows.length })
  })

  it('follows the lake: files that are new, replaced, gone or broken', async () => {
    const hour = FIRST_HOUR + 5 * HOUR_MS
    const late = createRow(90_000, FIRST_HOUR)
    const firstRows = [...rows.slice(0, ROWS_A_FILE), late]
    const [replaced, , , last] = files as [ManifestFile, ManifestFile, ManifestFile, ManifestFile]
    const again = await putLakeFile(stack.worker, { source: 'dev', hour: FIRST_HOUR, bucket: 0 }, firstRows)
    const fresh = await putLakeFile(stack.worker, { source: 'dev', hour, bucket: 0 }, [
      createRow(91_000, hour),
    ])
    const broken = await putLakeFile(stack.worker, { source: 'dev', hour: hour + HOUR_MS, bucket: 0 }, [
      createRow(92_000, hour + HOUR_MS),
    ])
    await stack.worker.putObject(broken.path, 'not what the manifest says')
    const before = files
    files = [...files.filter((file) => file !== replaced && file !== last), again, fresh, broken]
    await putLakeManifest(stack.worker, 'dev', files)
    const { code, report, stderr } = await exportTo('export')
    expect([code, report]).toMatchObject([
      3,
      { fetched: 2, kept: 2, removed: 1, failed: [{ path: broken.path }] },
    ])
    expect(stderr).toContain(`${broken.path} has other content than its SHA-256 in the manifest says`)
    const found = await askDuckDb(
      `SELECT count(*) AS events, count(DISTINCT message_id) AS ids FROM read_parquet('${join(folder, 'export')}/events/**/*.parquet')`,
    )
    const left = rows.length - ROWS_A_FILE + 2
    expect(found).toEqual([{ events: String(left), ids: String(left) }])
    await expect(stat(join(folder, 'export', last.path))).rejects.toThrow('ENOENT')
    files = before
    const rest = rows.slice(0, ROWS_A_FILE)
    files = [
      await putLakeFile(stack.worker, { source: 'dev', hour: FIRST_HOUR, bucket: 0 }, rest),
      ...before.slice(1),
    ]
    await putLakeManifest(stack.worker, 'dev', files)
  })

  it('says in one line that the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '')
    const { code, stderr } = await exportTo('file')
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      expect.stringMatching(/^millrace: cannot (read|write) .*: not a directory$/),
    ])
  })

  it('is refused with a token that is none', async () => {
    const { code, stderr } = await exportTo('none', '--read-token', 'wrong')
    expect([code, stderr]).toEqual([1, expect.stringContaining('no source has this read token')])
  })
})

const READER = { authorization: 'Bearer dev-read' }

describe('a download', () => {
  it('is the rows that are asked for', async () => {
    const query = new URLSearchParams({ from: '2026-11-21T10:00Z', to: '2026-11-21T11:00Z', format: 'csv' })
    const response = await fetch(`${stack.worker.url}/v1/lake/download?${query}`, { headers: READER })
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="dev-events-2026-11-21T100000Z-to-2026-11-21T110000Z.csv"',
    )
    const path = join(folder, 'download.csv')
    await writeFile(path, new Uint8Array(await response.arrayBuffer()))
    const [found] = await askDuckDb(
      `SELECT count(*) AS events FROM read_csv('${path}', header = true, all_varchar = true)`,
    )
    const [from, to] = [FIRST_HOUR + HOUR_MS, FIRST_HOUR + 2 * HOUR_MS].map((time) => time * 1_000) as [
      number,
      number,
    ]
    const wanted = rows.filter(({ timestamp }) => timestamp >= from && timestamp < to)
    expect(Number(found?.['events'])).toBe(wanted.length)
  })

  it('that cannot be ended is cut, never short', async () => {
    const path = fileKey({ source: 'dev', hour: FIRST_HOUR + 2 * HOUR_MS, bucket: 0 })
    const content = await stack.worker.readBytes(path)
    if (content === undefined) throw new Error(`${path} is not there`)
    await stack.worker.putObject(path, 'broken')
    const response = await fetch(`${stack.worker.url}/v1/lake/download`, { headers: READER })
    expect(response.status).toBe(200)
    await expect(response.arrayBuffer()).rejects.toThrow(/terminated/)
    await stack.worker.putObject(path, content)
  })
})

/** Values that the query API and the lake must read alike. */
const VALUES: unknown[] = [
  'text',
  'Text',
  '',
  ' 12',
  '12',
  '12.50',
  '1e3',
  '.5',
  '5.',
  '-7',
  '+7',
  '0',
  'true',
  'nan',
  'inf',
  '2026-11-22',
  'größer 😀',
  "it's",
  'a,b',
  0,
  1,
  -1,
  12.5,
  0.1,
  1e-7,
  1e15,
  1e16,
  1e21,
  1e20,
  2 ** 63,
  true,
  false,
  null,
  [],
  [1, 2],
  ['a', "b'c\\d\n"],
  [true, 1],
  [null, 1.5],
  [{ b: 1, a: null }],
  {},
  { deep: { er: 'x' } },
  { '': 1 },
]

const FILTERS = [
  'v:is:12',
  'v:is:12.5',
  'v:is:',
  'v:is_not:text',
  'v:in:text,true,0,1',
  'v:not_in:text,true,0,1',
  'v:contains:e',
  'v:contains:1',
  "v:contains:'",
  'v:not_contains:e',
  'v:starts_with:1',
  'v:ends_with:t',
  'v:ends_with:😀',
  'v:gt:0',
  'v:gte:12',
  'v:lt:1',
  'v:lte:-1',
  'v:lt:1e15',
  'v:gte:1e15',
  'v:exists',
  'v:not_exists',
  'v:is:[1,2]',
  "v:is:['a','b\\'c\\\\d\\n']",
  'v:is:[true,1]',
  'v:is:[NULL,1.5]',
  `v:is:['{"b":1}']`,
  'v:is:1e21',
  'v:is:100000000000000000000',
  'v:is:9223372036854776000',
  'v:is:1e-7',
  'v.deep.er:is:x',
  'v.deep:exists',
  'v.length:exists',
  'dot%2Eted:is:yes',
  'dot.ted:exists',
  'per%252Ecent:is:yes',
  'missing:is_not:x',
]

describe('a filter', () => {
  const events = VALUES.map((value, at) => ({
    event: `P${at}`,
    properties: { v: value, 'dot.ted': 'yes', 'per%2Ecent': 'yes' },
  }))

  beforeAll(async () => {
    const batch = events.map((event, at) => ({ type: 'track', userId: 'u', messageId: `p-${at}`, ...event }))
    await stack.post({ batch })
    await waitFor(async () => {
      const [row] = await stack.query<{ n: string }>(
        "SELECT count() AS n FROM events FINAL WHERE startsWith(message_id, 'p-')",
      )
      return Number(row?.n) === events.length
    })
  })

  it.each(FILTERS)('of %s means what it means in a question', async (text) => {
    const filter = `properties.${text}`
    const query = new URLSearchParams({ field: 'event', filter, limit: '100', from: '1d' })
    const response = await fetch(`${stack.worker.url}/v1/query/top?${query}`, { headers: READER })
    const { rows: found } = (await response.json()) as { rows: [string, number][] }
    const parsed = parseLakeFilter(filter)
    if (!parsed.ok) throw new Error(parsed.message)
    const batch = batchOfRows(
      events.map(({ event, properties }) => ({ event, properties: JSON.stringify(properties) })),
    )
    const chosen = chooseRows(batch, [parsed.condition]).map((row) => events[row]?.event)
    expect(chosen.sort()).toEqual(found.map(([event]) => event).sort())
  })
})
