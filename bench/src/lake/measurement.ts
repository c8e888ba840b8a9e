/** The lake: writing parts, publishing an hour, bytes an event beside other formats, a pruned read, and runs that are cut off. */

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { type Measured, type Measurement, quantile } from '../measure.ts'
import { measureCuts } from './cuts.ts'
import type { WorkResult } from './work.ts'

const DEFAULT_EVENTS = 1_000_000

/** Events of one queue batch: a hundred messages of ten. */
const BATCH_EVENTS = 1_000

/** Heap of the process that publishes: with what it has outside of it, less than the 128 MB of a Worker. */
const HEAP_MB = 96

const MB = 1_000_000

/** How often a question is asked. */
const ROUNDS = 7

const WORK = fileURLToPath(new URL('work.ts', import.meta.url))

/** Measures; about four minutes at a million events. `MILLRACE_BENCH_EVENTS` is another number of them. */
export const measureLake: Measurement = async (report) => {
  const events = Number(process.env['MILLRACE_BENCH_EVENTS'] ?? DEFAULT_EVENTS)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-lake-'))
  const duckdb = await (await DuckDBInstance.create()).connect()
  try {
    return [
      ...(await measureHour(join(folder, 'hour'), events, report)),
      ...(await measureBytes(join(folder, 'hour'), folder, duckdb)),
      ...(await measureReads(join(folder, 'hour'), duckdb)),
      ...(await measureCuts(await makeFolder(folder, 'cuts'), events, duckdb, report)),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeFolder(...names: string[]): Promise<string> {
  const folder = join(...names)
  await mkdir(folder)
  return folder
}

async function run(flags: readonly string[], ...args: string[]): Promise<WorkResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, WORK, ...args])
  return JSON.parse(stdout) as WorkResult
}

const heap = [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=4']

async function measureHour(
  folder: string,
  events: number,
  report: (line: string) => void,
): Promise<Measured[]> {
  const small = await run(heap, 'parts', `${folder}-small`, '1000', '10')
  const parts = await run(heap, 'parts', folder, String(events), String(BATCH_EVENTS))
  report(`lake: ${events} events in ${events / BATCH_EVENTS} parts`)
  const published = await run(heap, 'publish', folder)
  report(`lake: ${published.rows} events published`)
  // The same rows again: each is found to be there, and nothing is written.
  const again = await run(heap, 'parts', folder, String(BATCH_EVENTS), String(BATCH_EVENTS))
  const unchanged = await run(heap, 'publish', folder)
  return [
    rate(`part of ${BATCH_EVENTS.toLocaleString('en-US')} events: rows of an envelope to Parquet`, parts),
    { name: 'part of 10 events', value: (small.ms / small.rows) * 10, unit: 'ms' },
    rate(`publishing ${events.toLocaleString('en-US')} events, most of one hour`, published),
    memory(`writing parts, heap capped at ${HEAP_MB} MB`, parts),
    memory(`publishing, heap capped at ${HEAP_MB} MB`, published),
    {
      name: `publishing ${again.rows.toLocaleString('en-US')} copies of them again`,
      value: unchanged.ms,
      unit: 'ms',
    },
  ]
}

function rate(name: string, { rows, ms }: WorkResult): Measured {
  return { name, value: Math.round((rows / ms) * 1_000), unit: 'rows/s' }
}

function memory(name: string, { rssBefore, rssPeak }: WorkResult): Measured {
  return { name: `memory above an idle process, ${name}`, value: (rssPeak - rssBefore) / MB, unit: 'MB' }
}

/** The same rows in other formats, in the same order. */
async function measureBytes(lake: string, folder: string, duckdb: DuckDBConnection): Promise<Measured[]> {
  const rows = `read_parquet('${lake}/events/**/*.parquet', hive_partitioning = false)`
  const [[count] = []] = (await duckdb.runAndReadAll(`SELECT count(*)::INTEGER FROM ${rows}`)).getRows()
  const perRow = (bytes: number) => bytes / Number(count)
  const ours = await sizeOf(join(lake, 'events'), '.parquet')
  const results: Measured[] = [{ name: 'bytes an event: the lake', value: perRow(ours), unit: 'B' }]
  for (const codec of ['zstd', 'snappy']) {
    const path = join(folder, `${codec}.parquet`)
    await duckdb.run(`COPY (SELECT * FROM ${rows}) TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`)
    const theirs = (await stat(path)).size
    const name = codec === 'snappy' ? 'Snappy, its default' : 'ZSTD'
    results.push(
      { name: `bytes an event: DuckDB's own Parquet, ${name}`, value: perRow(theirs), unit: 'B' },
      {
        name: `the lake beside DuckDB's own Parquet, ${name}`,
        value: ours / theirs,
        unit: '×',
        aim: { atMost: 1.15 },
      },
    )
  }
  const path = join(folder, 'rows.ndjson')
  await duckdb.run(`COPY (SELECT * FROM ${rows} LIMIT 100000) TO '${path}' (FORMAT json)`)
  const gzipped = gzipSync(await readFile(path)).byteLength
  const some = Math.min(Number(count), 100_000)
  results.push(
    { name: 'bytes an event: gzip NDJSON', value: gzipped / some, unit: 'B' },
    { name: 'the lake beside gzip NDJSON', value: perRow(ours) / (gzipped / some), unit: '×' },
  )
  return results
}

async function sizeOf(folder: string, ending: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const sizes = await Promise.all(
    names.filter((name) => name.endsWith(ending)).map(async (name) => (await stat(join(folder, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function measureReads(lake: string, duckdb: DuckDBConnection): Promise<Measured[]> {
  const all = `read_parquet('${lake}/events/**/*.parquet')`
  const [[id, visitor] = []] = (
    await duckdb.runAndReadAll(`SELECT message_id, anonymous_id FROM ${all} LIMIT 1`)
  ).getRows()
  const questions: [string, string][] = [
    ['all rows, every column', `SELECT sum(length(COLUMNS(*)::VARCHAR)) FROM ${all}`],
    ['all rows, events by name', `SELECT event, count(*) FROM ${all} GROUP BY event`],
    ['one hour of all, events by name', `SELECT event, count(*) FROM ${all} WHERE hour = 9 GROUP BY event`],
    ['one event by its id, every column', `SELECT * FROM ${all} WHERE message_id = '${id}'`],
    [
      'one visitor by the bloom filter, every column',
      `SELECT * FROM ${all} WHERE anonymous_id = '${visitor}'`,
    ],
  ]
  const results: Measured[] = []
  for (const [name, sql] of questions) {
    const samples: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now()
      await duckdb.runAndReadAll(sql)
      samples.push(performance.now() - startedAt)
    }
    results.push({ name: `DuckDB reads ${name}`, value: quantile(samples, 0.5), unit: 'ms', samples })
  }
  return results
}
