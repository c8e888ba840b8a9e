/**
 * The live page in front of a server that only pretends: the assets as they are built, and `live-fixture-worker.ts` behind
 * them. As a script (`node test/support/live-fixture.ts`) it plays until Ctrl-C, to work on the page.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWorker } from '../../local/src/worker.ts'
import { runAsScript } from '../../scripts/step.ts'
import { type FixtureOrders, type FixtureReport, ORDERS_PATH } from './live-fixture-worker.ts'
import { withWorkerBundle } from './worker-bundle.ts'

/** A running page. */
export interface LiveFixture {
  url: string
  order: (orders: FixtureOrders) => Promise<void>
  report: () => Promise<FixtureReport>
  stop: () => Promise<void>
}

const ENTRY = "export { default, LiveAggregator } from './test/support/live-fixture-worker.ts'"

/**
 * Starts it on a free port, or on one that is given. Needs the assets of `npm run build`. At first it has a shop's numbers,
 * which stand still.
 */
export async function startLiveFixture(port = 0): Promise<LiveFixture> {
  const dataPath = await mkdtemp(join(tmpdir(), 'millrace-live-'))
  // Nothing of it asks a ClickHouse.
  const clickhouseUrl = 'http://127.0.0.1:9'
  const worker = await withWorkerBundle({ entry: ENTRY }, (scriptPath) =>
    startWorker({ port, dataPath, clickhouseUrl, scriptPath }),
  )
  return {
    url: worker.url,
    async order(orders) {
      await fetch(`${worker.url}${ORDERS_PATH}`, { method: 'POST', body: JSON.stringify(orders) })
    },
    async report() {
      const response = await fetch(`${worker.url}${ORDERS_PATH}`)
      return (await response.json()) as FixtureReport
    },
    async stop() {
      await worker.stop()
      await rm(dataPath, { recursive: true, force: true })
    },
  }
}

await runAsScript(import.meta.url, async () => {
  const fixture = await startLiveFixture(Number(process.env['PORT'] ?? 8790))
  await fixture.order({ plays: true })
  console.error(`millrace: the live page with made-up numbers is at ${fixture.url}/dashboard`)
})
