/** Says where the collector's processor time goes: a profile under the same load as the measurement, as tables and a file. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/setup.mjs'
import { SERVICE_NAME } from './config.ts'
import { startDriver } from './driver.ts'
import { COLLECTOR_WORKER, CONNECTIONS, DRIVER_CORE, WARM_UP_MS, WORKERD_CORE } from './measurement.ts'
import { type FunctionShare, sumByFile, summarizeProfile, takeProfile } from './profile.ts'
import { startWorkerd } from './workerd.ts'

/** Where the profile is written, for a browser's developer tools; not kept with the results. */
const PROFILES = join(ROOT, 'dist/bench')

const PROFILE_MS = 5_000

/** Lines of each table. */
const TOP = 20

/**
 * Profiles and prints. Only what runs in the isolate is sampled: the sockets and HTTP of the runtime around it are not.
 *
 * @throws {RangeError} when `batchEvents` is not an integer from 1 to 1,000
 */
export async function profileCollector(batchEvents: number): Promise<void> {
  if (!Number.isInteger(batchEvents) || batchEvents < 1 || batchEvents > 1_000) {
    throw new RangeError(`--profile must be an integer from 1 to 1000, got ${batchEvents}`)
  }
  const driver = await startDriver(DRIVER_CORE)
  const where = { queuePort: driver.sinkPort, core: WORKERD_CORE }
  const workerd = await startWorkerd({ ...where, workerPath: COLLECTOR_WORKER, inspect: true })
  try {
    const { port, inspectorPort = 0 } = workerd
    const load = (durationMs: number) =>
      driver.load({ port, batchEvents, connectionCount: CONNECTIONS, durationMs })
    await load(WARM_UP_MS)
    const profile = await takeProfile(inspectorPort, SERVICE_NAME, () => load(PROFILE_MS))
    printShares(batchEvents, summarizeProfile(profile, readFileSync(COLLECTOR_WORKER, 'utf8')))
    mkdirSync(PROFILES, { recursive: true })
    const file = join(PROFILES, `collector-${batchEvents}.cpuprofile`)
    writeFileSync(file, JSON.stringify(profile))
    console.log(`\n${file}`)
  } finally {
    await workerd.stop()
    driver.stop()
  }
}

function printShares(batchEvents: number, shares: FunctionShare[]): void {
  const byTotal = [...shares].sort((a, b) => b.total - a.total)
  print(
    `Collector, ${batchEvents} a batch: dearest by themselves (self %, total %)`,
    shares,
    describeFunction,
  )
  print('Dearest with what they call (self %, total %)', byTotal, describeFunction)
  print('By file (self %)', sumByFile(shares), ([file, self]) => `${formatShare(self)}  ${file}`)
}

function print<T>(title: string, rows: readonly T[], describe: (row: T) => string): void {
  console.log(`\n${title}`)
  for (const row of rows.slice(0, TOP)) console.log(`  ${describe(row)}`)
}

function describeFunction({ name, file, line, self, total }: FunctionShare): string {
  const place = file === '' ? '' : `  ${file}, worker.js:${line}`
  return `${formatShare(self)} ${formatShare(total)}  ${name}${place}`
}

function formatShare(share: number): string {
  return (share * 100).toFixed(1).padStart(5)
}
