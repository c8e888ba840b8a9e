/** Everything that is run, in order: quiet things first, because what was published before makes later publishing wait. */

import { measureCollectorCpu } from './collector-cpu.ts'
import { type CountedStack, pause, withCountedStack } from './counted-stack.ts'
import {
  type Burst,
  measureIdle,
  type Run,
  runBurst,
  runMinutes,
  runSingles,
  type Shape,
  type Steady,
} from './runs.ts'

/** What was counted. */
export interface Runs {
  /** Processor time of workerd with nothing to do, milliseconds a second. */
  idleMsPerSecond: number
  /** Heartbeats and the cron alone. */
  idle: Steady
  /** Few events: {@link QUIET}. */
  quiet: Steady
  /** More of them: {@link BUSY}, to hold the composed number against. */
  busy: Steady
  singles: Run
  bursts: Burst[]
  /** Milliseconds of the collector a request, in the order of the bursts. */
  collectorMs: number[]
  /** Bytes of SQLite of the source's object in the end. */
  storedBytes: number
}

/** Shapes and how many requests of each make a burst. The collector takes 500 KB at most, so 250 events of 2 KB are none. */
const BURSTS: readonly (Shape & { requests: number })[] = [
  { events: 1, size: '650 B', requests: 400 },
  { events: 3, size: '650 B', requests: 400 },
  { events: 10, size: '650 B', requests: 300 },
  { events: 3, size: '250 B', requests: 400 },
  { events: 10, size: '250 B', requests: 300 },
  { events: 50, size: '250 B', requests: 200 },
  { events: 3, size: '2 KB', requests: 400 },
  { events: 10, size: '2 KB', requests: 300 },
  { events: 50, size: '650 B', requests: 200 },
  { events: 50, size: '2 KB', requests: 100 },
  { events: 250, size: '650 B', requests: 100 },
]

/** Requests of three events that are a batch of their own each. */
const SINGLE: Shape = { events: 3, size: '650 B' }
const SINGLES = 20

/** A request every two and a half seconds. */
export const QUIET: Shape & { rate: number } = { events: 3, size: '650 B', rate: 0.4 }

/** Ten a second. */
export const BUSY: Shape & { rate: number } = { events: 10, size: '650 B', rate: 10 }

const IDLE_MINUTES = 3
const QUIET_MINUTES = 3
const BUSY_MINUTES = 2

/** Runs it all; about 20 minutes. */
export async function runAll(report: (line: string) => void): Promise<Runs> {
  report('processor time of the collector')
  const collectorMs = await measureCollectorCpu(BURSTS)
  return withCountedStack(async (stack) => ({ collectorMs, ...(await runOnStack(stack, report)) }))
}

async function runOnStack(
  stack: CountedStack,
  report: (line: string) => void,
): Promise<Omit<Runs, 'collectorMs'>> {
  // What is made once is not of a month.
  await stack.post(1, '650 B')
  await stack.drain()
  await stack.runCron()
  const idleMsPerSecond = await measureIdle(stack, 20_000)
  report(`${IDLE_MINUTES} minutes without traffic`)
  const idle = await runMinutes(stack, QUIET, 0, IDLE_MINUTES)
  report(`${QUIET_MINUTES} minutes with ${QUIET.rate} requests a second`)
  const quiet = await runMinutes(stack, QUIET, QUIET.rate, QUIET_MINUTES)
  report(`${BUSY_MINUTES} minutes with ${BUSY.rate} requests a second`)
  const busy = await runMinutes(stack, BUSY, BUSY.rate, BUSY_MINUTES)
  report(`${SINGLES} batches of one message`)
  await stack.drain()
  const singles = await runSingles(stack, SINGLE, SINGLES)
  await stack.runCron()
  await pause(2_000)
  const bursts: Burst[] = []
  for (const { requests, ...shape } of BURSTS) {
    report(`${requests} requests of ${shape.events} events of ${shape.size}`)
    bursts.push(await runBurst(stack, shape, requests))
  }
  const { storedBytes } = await stack.read()
  return { idleMsPerSecond, idle, quiet, busy, singles, bursts, storedBytes }
}
