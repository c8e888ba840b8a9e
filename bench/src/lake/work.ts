/**
 * Work on the lake in a process of its own, so that its memory can be told from the bench's: `node work.ts parts <events>
 * <a batch>` or `node work.ts publish <folder>`. Prints one line of JSON.
 */

import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { publishLake } from '../../../consumers/src/lake/publish.ts'
import { createLakeSink } from '../../../consumers/src/lake/sink.ts'
import { createFolderBucket } from '../../../test/support/folder-bucket.ts'
import { createEnvelopes, ENVELOPE_EVENTS } from '../warehouse/envelopes.ts'

/** The beginning of an hour, so that all events of a bench lie in it and the next. */
const START_MS = Date.UTC(2026, 10, 21, 10, 0, 30)

/** What a run came to. */
export interface WorkResult {
  rows: number
  ms: number
  /** Memory that the process had before, and the most that it had, in bytes. */
  rssBefore: number
  rssPeak: number
}

async function writeParts(folder: string, events: number, batchEvents: number): Promise<WorkResult> {
  const sink = createLakeSink({ bucket: createFolderBucket(folder) })
  const rssBefore = process.memoryUsage().rss
  let ms = 0
  for (let first = 0; first < events; first += batchEvents) {
    const envelopes = createEnvelopes({
      events: batchEvents,
      first: first / ENVELOPE_EVENTS,
      startMs: START_MS,
    })
    const deliveries = envelopes.map((envelope, index) => ({ messageId: String(index), envelope }))
    const startedAt = performance.now()
    const outcomes = await sink.write(deliveries)
    ms += performance.now() - startedAt
    const failed = outcomes.find(({ kind }) => kind !== 'written')
    if (failed !== undefined) throw new Error(JSON.stringify(failed))
  }
  return { rows: events, ms, rssBefore, rssPeak: process.resourceUsage().maxRSS * 1_024 }
}

async function publish(folder: string): Promise<WorkResult> {
  const bucket = createFolderBucket(folder)
  const rssBefore = process.memoryUsage().rss
  const startedAt = performance.now()
  const report = await publishLake(
    {
      bucket,
      now: Date.now,
      // R2's bound on writes to one key is not the bench's matter.
      sleep: async () => {},
      log: (record) => {
        if (record['level'] === 'error') throw new Error(JSON.stringify(record))
      },
    },
    { budgetMs: Number.POSITIVE_INFINITY, maxWaitMs: 0 },
  )
  const ms = performance.now() - startedAt
  return { rows: report.rows, ms, rssBefore, rssPeak: process.resourceUsage().maxRSS * 1_024 }
}

const [work, folder = '', ...numbers] = parseArgs({ allowPositionals: true }).positionals
const [events = 0, batchEvents = 0] = numbers.map(Number)
await mkdir(folder, { recursive: true })
console.log(
  JSON.stringify(work === 'parts' ? await writeParts(folder, events, batchEvents) : await publish(folder)),
)
