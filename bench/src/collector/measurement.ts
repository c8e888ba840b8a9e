/**
 * The collector beside a bare Worker, on one core of workerd itself: requests, events and processor time. The other core
 * makes the load and plays the queue, so that what workerd uses is the Worker's own.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../../../scripts/setup.mjs'
import { type Aim, type Measured, type Measurement, quantile } from '../measure.ts'
import { type Driver, startDriver } from './driver.ts'
import { readCpuSeconds, readPeakMemoryMiB } from './process-usage.ts'
import { startWorkerd, type Workerd } from './workerd.ts'

/** The Worker that `npm run build` made. */
export const COLLECTOR_WORKER = join(ROOT, 'dist/worker/worker.js')

const BARE_WORKER = fileURLToPath(new URL('bare-worker.js', import.meta.url))

/** Cores: workerd alone on one, the rest on the other. */
export const WORKERD_CORE = 0
export const DRIVER_CORE = 1

/** Events a request. */
const BATCH_SIZES = [1, 10, 50]

/** Slices of each Worker at each size; the two take turns, so that what disturbs the machine disturbs both. */
const ROUNDS = 5

const SLICE_MS = 3_000

/** Time that V8 gets to optimize before anything is counted. */
export const WARM_UP_MS = 2_000

/** Requests under way at once: enough that workerd never waits. */
export const CONNECTIONS = 32

/**
 * Least events a second of one core, by batch size. Counted in seconds of processor time, so that it holds as well while
 * something else uses the core.
 */
const EVENTS_AIMS: Partial<Record<number, Aim>> = { 10: { atLeast: 10_000 } }

/** Most processor time as a multiple of the bare Worker's, by batch size. */
const RATIO_AIMS: Partial<Record<number, Aim>> = { 50: { atMost: 2 } }

/** One slice. */
interface Slice {
  requestsPerSecond: number
  cpuPerEventUs: number
  /** Of the core, 0 to 1; the rest was idle or went to other processes. */
  busyShare: number
}

interface Pair<T> {
  bare: T
  collector: T
}

/** Measures; about two minutes. Needs Linux and two cores. */
export const measureCollector: Measurement = async (report) => {
  const driver = await startDriver(DRIVER_CORE)
  const where = { queuePort: driver.sinkPort, core: WORKERD_CORE }
  const bare = await startWorkerd({ ...where, workerPath: BARE_WORKER, hasObjects: false })
  const collector = await startWorkerd({ ...where, workerPath: COLLECTOR_WORKER })
  try {
    const lines: Measured[] = []
    for (const batchEvents of BATCH_SIZES) {
      report(`${batchEvents} a batch`)
      const slices = await measureInTurns(driver, { bare, collector }, batchEvents)
      lines.push(...describeSize(batchEvents, slices))
    }
    return [
      ...lines,
      { name: 'bare: peak memory', value: readPeakMemoryMiB(bare.pid), unit: 'MiB' },
      { name: 'collector: peak memory', value: readPeakMemoryMiB(collector.pid), unit: 'MiB' },
    ]
  } finally {
    await Promise.all([bare.stop(), collector.stop()])
    driver.stop()
  }
}

async function measureInTurns(
  driver: Driver,
  workers: Pair<Workerd>,
  batchEvents: number,
): Promise<Pair<Slice[]>> {
  await measureSlice(driver, workers.bare, batchEvents, WARM_UP_MS)
  await measureSlice(driver, workers.collector, batchEvents, WARM_UP_MS)
  const slices: Pair<Slice[]> = { bare: [], collector: [] }
  for (let round = 0; round < ROUNDS; round++) {
    slices.bare.push(await measureSlice(driver, workers.bare, batchEvents, SLICE_MS))
    slices.collector.push(await measureSlice(driver, workers.collector, batchEvents, SLICE_MS))
  }
  return slices
}

async function measureSlice(
  driver: Driver,
  { pid, port }: Workerd,
  batchEvents: number,
  durationMs: number,
): Promise<Slice> {
  const before = readCpuSeconds(pid)
  const result = await driver.load({ port, batchEvents, connectionCount: CONNECTIONS, durationMs })
  const cpuSeconds = readCpuSeconds(pid) - before
  if (result.enqueuedCount < result.answeredCount) {
    throw new Error(
      `${result.answeredCount} requests were answered, ${result.enqueuedCount} reached the queue`,
    )
  }
  return {
    requestsPerSecond: result.answeredCount / result.seconds,
    cpuPerEventUs: (cpuSeconds * 1e6) / (result.answeredCount * batchEvents),
    busyShare: cpuSeconds / result.seconds,
  }
}

function describeSize(batchEvents: number, { bare, collector }: Pair<Slice[]>): Measured[] {
  const at = `${batchEvents} a batch`
  // Each slice of the collector with the slice of the bare Worker just before it.
  const ratios = collector.map(
    ({ cpuPerEventUs }, round) => cpuPerEventUs / (bare[round]?.cpuPerEventUs ?? 0),
  )
  return [
    ...describeWorker(`${at}, bare`, batchEvents, bare),
    ...describeWorker(`${at}, collector`, batchEvents, collector, EVENTS_AIMS[batchEvents]),
    describeSamples(`${at}, collector / bare: CPU`, '×', ratios, RATIO_AIMS[batchEvents]),
  ]
}

function describeWorker(name: string, batchEvents: number, slices: Slice[], aim?: Aim): Measured[] {
  const requests = slices.map(({ requestsPerSecond }) => requestsPerSecond)
  const events = requests.map((perSecond) => perSecond * batchEvents)
  const cpu = slices.map(({ cpuPerEventUs }) => cpuPerEventUs)
  const perCpuSecond = cpu.map((us) => 1e6 / us)
  const busy = slices.map((slice) => slice.busyShare * 100)
  return [
    describeSamples(`${name}: answered`, 'requests/s', requests),
    describeSamples(`${name}: answered`, 'events/s', events),
    describeSamples(`${name}: core in use`, '%', busy),
    describeSamples(`${name}: CPU per event`, 'µs', cpu),
    describeSamples(`${name}: events per second of CPU`, 'events/s', perCpuSecond, aim),
  ]
}

function describeSamples(name: string, unit: string, samples: number[], aim?: Aim): Measured {
  return { name, value: quantile(samples, 0.5), unit, samples, ...(aim === undefined ? {} : { aim }) }
}
