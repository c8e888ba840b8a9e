/** The whole stack with the Worker of this source tree inside {@link withFaults}: queue and bucket misbehave on demand. */

import { configPlugin } from './configured-stack.ts'
import { type NumberedBatch, oneEvent } from './faulty-batches.ts'
import { CRON_ISOLATE, FAULTS_PATH, type Faults, type FaultsReport, ISOLATE_HEADER } from './faulty-worker.ts'
import { startTestStack, type TestStack } from './stack.ts'
import { waitFor } from './wait.ts'
import { withWorkerBundle } from './worker-bundle.ts'

/** A stack whose queue and bucket can fail. */
export interface FaultyStack extends TestStack {
  /** From now on writes of this isolate fare so; what is left out works. */
  setFaults: (isolate: string, faults?: Partial<Faults>) => Promise<void>
  /** Posts a batch with the development write key to one isolate of the collector. */
  postTo: (isolate: string, batch: NumberedBatch) => Promise<Response>
  /** The `messageId` of every event in the bucket's spill. */
  findSpilled: () => Promise<Set<string>>
  /** Rows of each `messageId`, of the streams that begin so; duplicates that ClickHouse takes for one are one. */
  countRows: (streamPrefix: string) => Promise<Map<string, number>>
  /** Resolves once everything that was posted to the queue is in ClickHouse. */
  settle: () => Promise<void>
  /**
   * Waits for writes that hang and will land, runs the cron without faults, and settles.
   *
   * @throws when there is a spill left
   */
  drain: () => Promise<void>
}

const ENTRY = `
import { waitUntil } from 'cloudflare:workers'
import { withFaults } from './test/support/faulty-worker.ts'
import worker from './worker.ts'
export { LiveAggregator } from './worker.ts'
export default withFaults(worker, { waitUntil })
`

/** Options of {@link startFaultyStack}. */
export interface FaultyStackOptions {
  /** Name of a configuration in `configs/`, without the source `dev`, which is there anyway. Default: that of the root. */
  config?: string
  /** Secrets of its sources. */
  variables?: Record<string, string>
}

/** Starts it; no isolate has faults at first. */
export async function startFaultyStack({
  config,
  variables = {},
}: FaultyStackOptions = {}): Promise<FaultyStack> {
  const plugins = config === undefined ? [] : [configPlugin(config)]
  const stack = await withWorkerBundle({ entry: ENTRY, plugins }, (scriptPath) =>
    startTestStack({ scriptPath, variables }),
  )
  const looks = createLooks(stack)
  const controls = createControls(stack.worker.url)
  const { drain, settle } = createEndings(stack, looks, controls)
  return { ...stack, ...looks, setFaults: controls.setFaults, postTo: controls.postTo, drain, settle }
}

function createControls(url: string) {
  return {
    async setFaults(isolate: string, faults: Partial<Faults> = {}) {
      const body = JSON.stringify({ isolate, queue: 'none', bucket: 'none', ...faults })
      const response = await fetch(`${url}${FAULTS_PATH}`, { method: 'POST', body })
      if (!response.ok) throw new Error(`setting faults got ${response.status}`)
    },
    postTo: (isolate: string, batch: NumberedBatch) =>
      fetch(`${url}/v1/batch`, {
        method: 'POST',
        headers: { [ISOLATE_HEADER]: isolate },
        body: JSON.stringify({ writeKey: 'dev', ...batch }),
      }),
    async countLate() {
      const response = await fetch(`${url}${FAULTS_PATH}`)
      return ((await response.json()) as FaultsReport).lateCount
    },
  }
}

function createLooks({ worker, query }: TestStack) {
  return {
    async findSpilled() {
      const keys = await worker.listObjects('spill/')
      const texts = await Promise.all(keys.map((key) => worker.readObject(key)))
      const lines = texts.flatMap((text) => text?.split('\n') ?? [])
      const envelopes = lines.map((line) => JSON.parse(line) as { events: { messageId: string }[] })
      return new Set(envelopes.flatMap(({ events }) => events.map(({ messageId }) => messageId)))
    },
    async countRows(prefix: string) {
      const select = `SELECT message_id, toUInt32(count()) AS n FROM events FINAL
        WHERE startsWith(stream, {prefix:String}) GROUP BY message_id`
      const rows = await query<{ message_id: string; n: number }>(select, { prefix })
      return new Map(rows.map(({ message_id, n }) => [message_id, n]))
    },
  }
}

function createEndings(
  { worker }: TestStack,
  { countRows }: ReturnType<typeof createLooks>,
  { setFaults, postTo, countLate }: ReturnType<typeof createControls>,
) {
  /** The local queue hands on in order, so what is behind a marker is all that was before it. */
  const settle = async () => {
    const marker = oneEvent(`marker-${crypto.randomUUID()}`)
    const { status } = await postTo('healthy', marker)
    if (status !== 200) throw new Error(`the marker got ${status}`)
    await waitFor(async () => (await countRows(marker.stream)).size === 1)
  }
  const drain = async () => {
    await waitFor(async () => (await countLate()) === 0)
    await setFaults(CRON_ISOLATE)
    await worker.triggerCron()
    const left = await worker.listObjects('spill/')
    if (left.length > 0) throw new Error(`the cron left ${left.join(', ')}`)
    await settle()
  }
  return { settle, drain }
}
