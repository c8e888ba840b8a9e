/** Live windows: a million events against the oracle and the roll-ups, what one object sustains, rows written, memory, latency. */

import { startTestStack } from '../../../test/support/stack.ts'
import { withWorkerBundle } from '../../../test/support/worker-bundle.ts'
import { type Measured, type Measurement, quantile } from '../measure.ts'
import { measureLatency } from './latency.ts'
import { childProcessIds, readMemoryMiB } from './processes.ts'
import { post, runTruth, type Truth } from './truth.ts'
import { ENTRY, type RunOrder } from './worker.ts'

const DEFAULT_EVENTS = 1_000_000

/** Queue batches of one round, and rounds, of the comparison with the bare object. */
const ROUND_BATCHES = 40
const ROUNDS = 5

/** Measures; about ten minutes at a million events. `MILLRACE_BENCH_EVENTS` is another number of them. */
export const measureLive: Measurement = async (report) => {
  const events = Number(process.env['MILLRACE_BENCH_EVENTS'] ?? DEFAULT_EVENTS)
  return withWorkerBundle({ entry: ENTRY }, async (scriptPath) => {
    const stack = await startTestStack({ scriptPath })
    try {
      const rates = await measureRates(stack, report)
      const truth = await runTruth(stack, scriptPath, events, report)
      for (const fault of truth.faults.slice(0, 10)) report(fault)
      return [...describeTruth(truth), ...rates, ...(await measureLatency(report))]
    } finally {
      await stack.stop()
    }
  })
}

function describeTruth({
  events,
  faults,
  windows,
  restarts,
  compared,
  differing,
  results,
  memoryMiB,
}: Truth): Measured[] {
  const rows = results.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
  const batches = results.reduce((sum, result) => sum + result.batches, 0)
  return [
    {
      name: `windows of ${events.toLocaleString('en-US')} events, ${restarts} restarts`,
      value: windows,
      unit: 'windows',
    },
    { name: 'that differ from the oracle', value: faults.length, unit: 'windows', aim: { atMost: 0 } },
    { name: 'minutes and names compared with the roll-ups', value: compared, unit: 'counts and sums' },
    { name: 'that differ', value: differing, unit: 'counts and sums', aim: { atMost: 0 } },
    { name: `rows written a million events, ${batches} calls`, value: (rows / events) * 1e6, unit: 'rows' },
    { name: 'memory of workerd at most, with four hours of windows', value: memoryMiB, unit: 'MiB' },
  ]
}

/** The same batches to the object and to one that only stores what it gets, by turns. */
async function measureRates(
  stack: Awaited<ReturnType<typeof startTestStack>>,
  report: (line: string) => void,
): Promise<Measured[]> {
  const idle = Math.max(...childProcessIds('workerd').map(readMemoryMiB))
  const order = (more: Partial<RunOrder>): RunOrder => ({
    ...{ events: 10_000_000, seed: 3, source: 'rate', isStored: false, isBare: false },
    ...{ startMs: Date.now() - 2 * 3_600_000, spanMs: 90 * 60_000, from: 0, to: 0 },
    ...more,
  })
  const samples = {
    live: [] as number[],
    bare: [] as number[],
    events: [] as number[],
    combined: [] as number[],
  }
  for (let round = 0; round <= ROUNDS; round++) {
    const range = { from: 0, to: ROUND_BATCHES }
    const live = await post(stack, order({ ...range, seed: round + 3, source: `rate-${round}` }))
    const bare = await post(
      stack,
      order({ ...range, seed: round + 3, source: `bare-${round}`, isBare: true }),
    )
    // The first warms up.
    if (round === 0) continue
    samples.live.push((live.batches / live.callMs) * 1_000)
    samples.bare.push((bare.batches / bare.callMs) * 1_000)
    samples.events.push((live.events / live.callMs) * 1_000)
    samples.combined.push((live.events / live.combineMs) * 1_000)
    report(`round ${round}`)
  }
  const line = (name: string, values: number[], unit: string): Measured => ({
    ...{ name, value: quantile(values, 0.5), unit, samples: values },
  })
  return [
    line('batches of 1,000 events to one object', samples.live, 'batches/s'),
    line('events to one object', samples.events, 'events/s'),
    line('batches to an object that only stores them', samples.bare, 'batches/s'),
    {
      name: 'the object beside the bare one',
      value: quantile(samples.live, 0.5) / quantile(samples.bare, 0.5),
      unit: '×',
    },
    line('events combined in the consumer, one core', samples.combined, 'events/s'),
    { name: 'memory of workerd when idle', value: idle, unit: 'MiB' },
  ]
}
