/** The fault simulator over many seeds: bounded, and resumable by the file of its progress. */

import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hook, loadAggregator } from '../../../test/faults/world/load-aggregator.ts'
import type { Measured } from '../measure.ts'
import type { FaultOptions } from './options.ts'
import { readProgress, type Totals, writeProgress } from './progress.ts'

const PROGRESS = fileURLToPath(new URL('../../../.millrace/faults-progress.json', import.meta.url))

/** How often it is said how far it is. */
const REPORT_MS = 10_000

/** Runs seeds until all are done or the time is over; a seed that fails is told with its schedule. */
export async function measureFaults(
  options: FaultOptions,
  report: (line: string) => void,
  progressFile: string = PROGRESS,
): Promise<Measured[]> {
  hook()
  // After the hook: what they load takes its base class from it.
  const { runSeed } = await import('../../../test/faults/run-seed.ts')
  const { describeFailure } = await import('../../../test/faults/describe-failure.ts')
  const aggregator = await loadAggregator()
  const { seeds, eventsASeed, seed: only, minutes } = options
  const totals = only === undefined ? readProgress(progressFile, eventsASeed) : readProgress('', eventsASeed)
  if (totals.seeds > 0) report(`goes on after seed ${totals.seeds}`)
  const endsAt = performance.now() + minutes * 60_000
  const last = only ?? seeds
  let reportedAt = performance.now()
  for (let seed = only ?? totals.seeds + 1; seed <= last && performance.now() < endsAt; seed++) {
    const usedBefore = process.cpuUsage()
    const result = await runSeed({ seed, events: eventsASeed, aggregator })
    const used = process.cpuUsage(usedBefore)
    addSeed(totals, result, (used.user + used.system) / 1_000)
    if (result.problems.length > 0) report(describeFailure(result, eventsASeed))
    else if (only !== undefined)
      report(`seed ${seed} has no problem; its schedule has the hash ${result.traceHash}`)
    if (only === undefined) writeProgress(progressFile, totals)
    if (performance.now() - reportedAt < REPORT_MS) continue
    reportedAt = performance.now()
    report(
      `${totals.seeds} of ${seeds} seeds, ${totals.events} events, ${totals.failed.length} seeds with problems`,
    )
  }
  // Done: the next run begins anew.
  if (only === undefined && totals.seeds >= seeds) rmSync(progressFile, { force: true })
  return describe(totals)
}

type SeedResult = Awaited<ReturnType<typeof import('../../../test/faults/run-seed.ts')['runSeed']>>

function addSeed(totals: Totals, result: SeedResult, processorMs: number): void {
  totals.seeds = result.seed
  totals.events += result.made
  for (const name of [
    'acknowledged',
    'lost',
    'doubled',
    'received',
    'explained',
    'falseGaps',
    'virtualMs',
  ] as const)
    totals[name] += result[name]
  totals.processorMs += processorMs
  for (const [kind, count] of Object.entries(result.faults))
    totals.faults[kind] = (totals.faults[kind] ?? 0) + count
  if (result.problems.length > 0) totals.failed.push(result.seed)
}

function describe(totals: Totals): Measured[] {
  const {
    seeds,
    events,
    acknowledged,
    lost,
    doubled,
    received,
    explained,
    falseGaps,
    virtualMs,
    processorMs,
  } = totals
  const injected = Object.values(totals.faults).reduce((sum, count) => sum + count, 0)
  return [
    { name: 'seeds', value: seeds, unit: 'seeds' },
    { name: 'seeds with a problem', value: totals.failed.length, unit: 'seeds', aim: { atMost: 0 } },
    { name: 'events', value: events, unit: 'events' },
    { name: 'acknowledged', value: acknowledged, unit: 'events' },
    { name: 'acknowledged and lost', value: lost, unit: 'events', aim: { atMost: 0 } },
    { name: 'counted twice', value: doubled, unit: 'events', aim: { atMost: 0 } },
    { name: 'received, by the books', value: received, unit: 'events' },
    {
      name: 'explained of these',
      value: received === 0 ? 100 : (100 * explained) / received,
      unit: '%',
      aim: { atLeast: 100 },
    },
    { name: 'false gaps', value: falseGaps, unit: 'numbers', aim: { atMost: 0 } },
    { name: 'faults injected', value: injected, unit: 'faults' },
    ...Object.entries(totals.faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, count]) => ({ name: `fault: ${kind}`, value: count, unit: 'times' })),
    { name: 'virtual time', value: virtualMs / 3_600_000, unit: 'hours' },
    { name: 'events a second of processor time', value: events / (processorMs / 1_000), unit: 'events/s' },
  ]
}
