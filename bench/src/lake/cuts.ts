/** A million events with copies and late ones, published by runs that are cut off at one write after the other. */

import type { DuckDBConnection } from '@duckdb/node-api'
import { runLakeJob } from '../../../consumers/src/lake/job.ts'
import { createLakeSink } from '../../../consumers/src/lake/sink.ts'
import { cutOffAt } from '../../../test/support/cut-off-bucket.ts'
import { createFolderBucket } from '../../../test/support/folder-bucket.ts'
import { createDeliveries } from '../../../test/support/lake-events.ts'
import type { Measured } from '../measure.ts'

const START_MS = Date.UTC(2026, 10, 20)

/** Publishes into `folder`, and throws where a glob ever shows an event twice, or one less than before. */
export async function measureCuts(
  folder: string,
  events: number,
  duckdb: DuckDBConnection,
  report: (line: string) => void,
): Promise<Measured[]> {
  const bucket = createFolderBucket(folder)
  const sink = createLakeSink({ bucket })
  const { batches, ids } = createDeliveries({
    events,
    seed: 11,
    startMs: START_MS,
    spanHours: 3,
    lateHours: 6,
    batchEnvelopes: 100,
  })
  let copies = 0
  for (const batch of batches) {
    copies += batch.reduce((sum, envelope) => sum + envelope.events.length, 0)
    await sink.write(batch.map((envelope, index) => ({ messageId: String(index), envelope })))
  }
  report(`lake: ${copies} copies of ${events} events are waiting`)
  const glob = `read_parquet('${folder}/events/**/*.parquet')`
  const count = async () => {
    const result = await duckdb
      .runAndReadAll(`SELECT count(*)::INTEGER, count(DISTINCT message_id)::INTEGER FROM ${glob}`)
      .catch((error: unknown) => {
        if (/No files found/.test(String(error))) return undefined
        throw error
      })
    const [rows = 0, different = 0] = (result?.getRows()[0] ?? []).map(Number)
    return { rows, different }
  }
  let before = 0
  let cuts = 0
  for (let isCut = true; isCut; ) {
    const cutting = cutOffAt(bucket, cuts % 2 === 0 ? 'before' : 'after', cuts + 1)
    await runLakeJob(
      {
        bucket: cutting.bucket,
        run: async () => {},
        read: async () => [],
        now: () => START_MS + cuts * 600_000,
        sleep: async () => {},
        randomId: () => crypto.randomUUID(),
        log: () => {},
      },
      { budgetMs: Number.POSITIVE_INFINITY },
    ).catch(() => {})
    isCut = cutting.isCut()
    const { rows, different } = await count()
    if (rows !== different)
      throw new Error(`after cut ${cuts + 1} a glob counts ${rows} of ${different} events`)
    if (rows < before) throw new Error(`after cut ${cuts + 1} ${before - rows} events have vanished`)
    before = rows
    if (isCut) cuts++
    if (cuts % 10 === 0) report(`lake: ${cuts} cuts, ${rows} events published`)
  }
  const missing = await duckdb.runAndReadAll(`SELECT message_id FROM ${glob}`)
  const published = new Set(missing.getRows().map(([id]) => String(id)))
  for (const id of ids) if (!published.has(id)) throw new Error(`${id} is not published`)
  return [
    { name: 'cut off at each write in turn: runs', value: cuts, unit: 'runs' },
    { name: 'cut off: events that a glob counts in the end', value: before, unit: 'events' },
    { name: 'cut off: different events that were sent', value: ids.size, unit: 'events' },
    { name: 'cut off: copies that were sent', value: copies, unit: 'copies' },
  ]
}
