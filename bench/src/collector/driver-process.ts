/** The other core: one process that is both the load and the sink, told by its parent what to do. Run by `driver.ts`. */

import { buildRequests } from './event.ts'
import { type LoadResult, runLoad } from './load.ts'
import { startSink } from './sink.ts'

/** From the parent: run a load. */
export interface LoadCommand {
  port: number
  batchEvents: number
  connectionCount: number
  durationMs: number
}

/** To the parent: first the port of the sink, then one outcome for each command. */
export type DriverMessage =
  | { kind: 'ready'; sinkPort: number }
  | { kind: 'done'; result: LoadResult & { enqueuedCount: number } }
  | { kind: 'failed'; error: string }

/** Distinct events of each batch size, so that no cache sees the same event again soon. */
const POOL_EVENTS = 3_200

const sink = await startSink()
const tell = (message: DriverMessage) => process.send?.(message)
process.on('message', ({ batchEvents, ...options }: LoadCommand) => {
  const requests = buildRequests(Math.ceil(POOL_EVENTS / batchEvents), batchEvents, Date.now())
  const before = sink.takenCount()
  runLoad({ ...options, requests }).then(
    (result) => tell({ kind: 'done', result: { ...result, enqueuedCount: sink.takenCount() - before } }),
    (error: unknown) => tell({ kind: 'failed', error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
tell({ kind: 'ready', sinkPort: sink.port })
