/**
 * `npm run bench`: all measurements, or those named: `npm run bench -- sizes main-path`. With `--profile`, or
 * `--profile=50` for another batch size, it says instead where the collector's time goes.
 */

import { parseArgs } from 'node:util'
import { build } from '../../scripts/build.ts'
import { measureCollector } from './collector/measurement.ts'
import { profileCollector } from './collector/profile-collector.ts'
import { measureCost } from './cost/measurement.ts'
import { printCost } from './cost/table.ts'
import { measureFaults } from './faults/measurement.ts'
import { parseFaultOptions } from './faults/options.ts'
import { measureLake } from './lake/measurement.ts'
import { measureLive } from './live/measurement.ts'
import { measureLoad } from './load/measurement.ts'
import { isWhole, parseLoadOptions } from './load/options.ts'
import { measureMainPath } from './main-path.ts'
import { type Measured, type Measurement, printTable, writeResult } from './measure.ts'
import { measureSdkNode } from './sdk-node/measurement.ts'
import { printNodeTables } from './sdk-node/table.ts'
import { printMatrix } from './sdk-web/matrix.ts'
import { measureSdkWeb } from './sdk-web/measurement.ts'
import { measureSizes } from './sizes.ts'
import { measureSurvival } from './survival/measurement.ts'
import { printSurvival } from './survival/table.ts'
import { measureWarehouse } from './warehouse/measurement.ts'

/** What there is to run; `print` where one line a number would be too many. */
interface Entry {
  title: string
  measure: Measurement
  print?: (title: string, results: readonly Measured[]) => void
  /** Name of the file of results; default: the entry's. */
  file?: string
  /** Whether the result is one to keep. Default: always. */
  isKept?: () => boolean
}

const MEASUREMENTS: Record<string, Entry> = {
  sizes: { title: 'Browser SDK, bytes a page loads', measure: measureSizes },
  'main-path': {
    title: 'Main path: collector, queue, consumer, ClickHouse on one machine',
    measure: measureMainPath,
  },
  collector: {
    title: 'Collector beside a bare Worker, each on one core of workerd: median (range)',
    measure: measureCollector,
  },
  'sdk-web': {
    title: 'Browser SDK beside its peers, one headless Chromium, same pages: medians',
    measure: measureSdkWeb,
    print: printMatrix,
  },
  'sdk-node': {
    title: 'Node SDK beside its peers, each in a process of its own: medians',
    measure: measureSdkNode,
    print: printNodeTables,
  },
  survival: {
    title: 'Browser SDK beside its peers when things break: different events that arrived, of those sent',
    measure: measureSurvival,
    print: printSurvival,
    file: 'sdk-survival',
  },
  warehouse: {
    title:
      'Warehouse: inserts, bytes on disk, questions and recomputation, ClickHouse embedded: median (range)',
    measure: measureWarehouse,
  },
  lake: {
    title: 'Lake: parts, publishing, bytes an event, reads, and runs that are cut off: median (range)',
    measure: measureLake,
  },
  live: {
    title:
      'Live windows: against an oracle and the roll-ups, one object, rows, memory, latency: median (range)',
    measure: measureLive,
  },
  load: {
    title: 'Load and soak: clients of both SDKs, with ClickHouse and the Worker taken away on the way',
    measure: (report) => measureLoad(loadOptions, report),
    isKept: () => isWhole(loadOptions),
  },
  cost: {
    title: 'What it costs: operations counted on the real stack, times published prices; ClickHouse apart',
    measure: measureCost,
    print: printCost,
  },
  faults: {
    title:
      'Faults: simulated worlds in which everything goes wrong, and what they lost, doubled and did not explain',
    measure: (report) => measureFaults(faultOptions, report),
    // One seed that is seen again says nothing of the others.
    isKept: () => faultOptions.seed === undefined,
  },
}

/** Events a request while profiling, unless another number is given. */
const PROFILED_BATCH_EVENTS = 10

const { values, positionals: wanted } = parseArgs({
  // A bare flag means the usual size; `parseArgs` has no optional values.
  args: process.argv.slice(2).map((arg) => (arg === '--profile' ? `${arg}=${PROFILED_BATCH_EVENTS}` : arg)),
  options: {
    profile: { type: 'string' },
    minutes: { type: 'string' },
    clients: { type: 'string' },
    rate: { type: 'string' },
    events: { type: 'string' },
    seeds: { type: 'string' },
    seed: { type: 'string' },
    'events-a-seed': { type: 'string' },
  },
  allowPositionals: true,
})
const loadOptions = parseLoadOptions(values)
const faultOptions = parseFaultOptions(values)
const unknown = wanted.filter((name) => !(name in MEASUREMENTS))
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(', ')}; there are ${Object.keys(MEASUREMENTS).join(', ')}`)
  process.exit(2)
}
if (values.profile !== undefined && wanted.join() !== 'collector') {
  console.error('bench: only the collector can be profiled: npm run bench -- collector --profile')
  process.exit(2)
}

// By itself a signal ends this process without its `exit` handlers, and what it started would go on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

await build()
if (values.profile === undefined) await runMeasurements()
else await profileCollector(Number(values.profile))

async function runMeasurements(): Promise<void> {
  for (const [
    name,
    { title, measure, print = printTable, file = name, isKept = () => true },
  ] of Object.entries(MEASUREMENTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const results = await measure((line) => console.error(`bench: ${name}: ${line}`))
    print(title, results)
    if (isKept()) writeResult(file, results)
  }
}
