/** Whoever globs the lake at any moment sees no event twice and none vanish, wherever a run of publishing is cut off. */

import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Envelope } from '@millrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LakeBucket } from '../../consumers/src/lake/bucket.ts'
import { runLakeJob } from '../../consumers/src/lake/job.ts'
import { readManifest } from '../../consumers/src/lake/manifest-store.ts'
import { createLakeSink } from '../../consumers/src/lake/sink.ts'
import { cutOffAt } from '../support/cut-off-bucket.ts'
import { createFolderBucket } from '../support/folder-bucket.ts'
import { createDeliveries } from '../support/lake-events.ts'

/** Events of a round; a million in `npm run bench -- lake`. */
const EVENTS = 400

/**
 * Every which write a run is cut off at. What is there after a write is what is there before the next, so with every other
 * one, before and after it, each state is seen once; twice with many rounds.
 */
const CUT_STEP = Number(process.env['PROPERTY_RUNS'] ?? 0) > 10 ? 1 : 2

const START = Date.UTC(2026, 10, 20)

let folder: string
let duckdb: DuckDBConnection
beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create()).connect()
  folder = await mkdtemp(join(tmpdir(), 'millrace-lake-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Ids of all events, as often as they are there. */
async function glob(path: string): Promise<string[]> {
  const result = await duckdb.runAndReadAll(
    `SELECT message_id FROM read_parquet('${path}/events/**/*.parquet')`,
  )
  return result.getRows().map(([id]) => String(id))
}

const silent = { log: () => {}, sleep: async () => {}, randomId: () => crypto.randomUUID() }

let runs = 0

/** Runs as the cron does, ten minutes apart by its clock, so that no lease outlives who held it. */
async function publish(bucket: LakeBucket): Promise<void> {
  runs++
  const now = () => START + runs * 600_000
  const log = ({ event, error }: Record<string, unknown>) => {
    if (event === 'publish_failed' && !String(error).includes('CutOff')) throw new Error(String(error))
  }
  const statements = { run: async () => {}, read: async () => [] }
  await runLakeJob(
    { ...silent, ...statements, bucket, now, log },
    { roundRows: 200, loadRows: 70, rowsAFile: 40 },
  )
}

async function send(bucket: LakeBucket, batches: readonly (readonly Envelope[])[]): Promise<void> {
  const sink = createLakeSink({ bucket })
  for (const batch of batches) {
    const outcomes = await sink.write(
      batch.map((envelope, index) => ({ messageId: String(index), envelope })),
    )
    expect(outcomes.every(({ kind }) => kind === 'written')).toBe(true)
  }
}

/** A bucket of which half is published, so that files are replaced too, and half waits. */
async function createHalf(name: string) {
  const path = join(folder, name)
  await mkdir(path)
  const bucket = createFolderBucket(path)
  const { batches, ids } = createDeliveries({
    events: EVENTS,
    seed: 7,
    startMs: START,
    spanHours: 2,
    lateHours: 3,
  })
  const half = batches.length >> 1
  await send(bucket, batches.slice(0, half))
  await publish(bucket)
  await send(bucket, batches.slice(half))
  const published = await glob(path)
  expect(new Set(published).size).toBe(published.length)
  expect(published.length).toBeGreaterThan(EVENTS / 4)
  return { path, bucket, ids, published }
}

describe('publishing', () => {
  it('spreads hours over several files, and lists what is there', async () => {
    const { path, bucket, ids } = await createHalf('whole')
    await publish(bucket)
    expect((await glob(path)).sort()).toEqual([...ids].sort())
    expect((await bucket.list({ prefix: 'parts/source=' })).objects).toEqual([])
    const { manifest } = await readManifest(bucket, 'shop')
    const files = (await bucket.list({ prefix: 'events/' })).objects.filter(({ key }) => !key.includes('_'))
    expect(manifest.files.map(({ path: key, bytes }) => [key, bytes])).toEqual(
      files.map(({ key, size }) => [key, size]),
    )
    expect(manifest.files.reduce((sum, { rows }) => sum + rows, 0)).toBe(EVENTS)
    expect(new Set(manifest.files.map(({ buckets }) => buckets)).size).toBeGreaterThan(1)
  })

  it.each(['before', 'after'] as const)(
    'shows each event once when it is cut off at each write in turn, %s that is done',
    async (when) => {
      const half = await createHalf(`half-${when}`)
      let write = 1
      for (let isCut = true; isCut; write += CUT_STEP) {
        const path = join(folder, `cut-${when}`)
        await cp(half.path, path, { recursive: true })
        const bucket = createFolderBucket(path)
        const cutting = cutOffAt(bucket, when, write)
        await publish(cutting.bucket).catch(() => {})
        isCut = cutting.isCut()
        const seen = await glob(path)
        expect(new Set(seen).size, `doubled at write ${write}`).toBe(seen.length)
        const vanished = half.published.filter((id) => !seen.includes(id))
        expect(vanished, `vanished at write ${write}`).toEqual([])
        await publish(bucket)
        expect((await glob(path)).sort(), `after write ${write}`).toEqual([...half.ids].sort())
        await rm(path, { recursive: true })
      }
      expect(write).toBeGreaterThan(10)
    },
    120_000,
  )
})
