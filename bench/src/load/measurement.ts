/** Load and soak on the real runtime: thousands of clients of both SDKs, with ClickHouse and the Worker taken away on the way. */

import type { Measured } from '../measure.ts'
import { measureBareWorker } from './bare-worker.ts'
import { measureCollectorAlone } from './collector-alone.ts'
import { readCaughtUp, readFaultDelays, readQuietDelays } from './delays.ts'
import { findRate, type RateSearch, warmUp } from './find-rate.ts'
import { startFleet } from './fleet.ts'
import { readOwnBooks } from './ledger.ts'
import { describeLoad, type Findings } from './lines.ts'
import type { LoadOptions } from './options.ts'
import { type Sample, startSampler } from './sampler.ts'
import { settle } from './settle.ts'
import { deploy, runSoak } from './soak.ts'
import { startLoadStack } from './stack/load-stack.ts'

type Say = (line: string) => void

/** Looks between two lines about how it goes. */
const REPORT_EVERY = 15

/** Measures: the ramp takes three to five minutes, then the soak, then two more. */
export async function measureLoad(options: LoadOptions, report: Say): Promise<Measured[]> {
  const stack = await startLoadStack(report)
  const { clients } = options
  const fleetOptions = { clients, endpoint: stack.url, spoolPath: `${stack.dataPath}/spool` }
  // A failing start must not leave the stack behind.
  const fleet = await startFleet(fleetOptions).catch(async (error: unknown) => {
    await stack.stop()
    throw error
  })
  const sampler = startSampler(stack, fleet, createReporter(report))
  const parts = { stack, fleet, sampler, report }
  try {
    const run = await runAll(parts, options)
    await sampler.stop()
    fleet.stop()
    report('the collector alone, with a consumer that does nothing')
    const alone = await measureCollectorAlone(stack, { clients, rate: run.rate })
    report('a Worker that only answers')
    const bare = await measureBareWorker(stack)
    const findings = {
      ...run,
      samples: sampler.samples,
      totals: fleet.totals,
      alone,
      bare,
      logCounts: stack.logCounts,
    }
    for (const { stream, client, ranges } of run.settled.books.examples)
      report(`unexplained: ${client} ${stream} ${JSON.stringify(ranges)}`)
    return describeLoad(findings)
  } finally {
    await sampler.stop()
    fleet.stop()
    await stack.stop()
  }
}

type Run = Pick<Findings, 'rate' | 'steps' | 'soak' | 'settled' | 'own' | 'delays' | 'caughtUpMs' | 'left'>

async function runAll(parts: RateSearch, { rate: wanted, minutes, clients }: LoadOptions): Promise<Run> {
  const { stack, report } = parts
  report(`${clients} clients, Worker ${stack.url}`)
  const { rate, steps } = wanted === undefined ? await findRate(parts) : { rate: wanted, steps: [] }
  // What rates that were too high have left in its memory is not the soak's.
  if (wanted === undefined) {
    parts.fleet.setRate(0)
    await deploy(parts)
  }
  report(`warming up to ${rate} events/s`)
  await warmUp(parts.fleet, rate)
  report(`soak: ${rate} events/s for ${minutes} min`)
  const soak = await runSoak(parts, rate, minutes)
  const settled = await settle(parts, soak)
  const own = await readOwnBooks(stack)
  const outages = soak.faults.filter(({ kind }) => kind === 'clickhouse')
  const { query } = stack
  return {
    ...{ rate, steps, soak, settled, own },
    delays: { quiet: await readQuietDelays(query, soak), fault: await readFaultDelays(query, soak.faults) },
    caughtUpMs: await Promise.all(outages.map((outage) => readCaughtUp(query, outage))),
    left: { spill: await stack.countObjects('spill/'), dead: await stack.countObjects('dead/') },
  }
}

/** Says now and then how it goes. */
function createReporter(report: Say): (sample: Sample) => void {
  let looks = 0
  return ({ phase, sent, acked, backlog, usage }) => {
    looks += 1
    if (looks % REPORT_EVERY !== 0) return
    const memory = (['worker', 'clickhouse'] as const).map(
      (name) => `${name} ${usage[name]?.memoryMiB.toFixed(0) ?? '-'} MiB`,
    )
    const waiting = backlog === undefined ? 'ClickHouse is down' : `backlog ${backlog}`
    report(`${phase}: ${sent} sent, ${acked} acknowledged, ${waiting}, ${memory.join(', ')}`)
  }
}
