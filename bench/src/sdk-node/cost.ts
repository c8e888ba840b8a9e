/** What an SDK costs the server that it runs in: the call, and processor time until all has arrived. */

import { type Child, startChild } from './children.ts'
import { type Contender, isOurs, listPlain, listSpooled, withOptions } from './contenders.ts'
import { describeFailure, describeMedian, firstLineOf, type NodeMeasured } from './lines.ts'
import type { NodeRecorder } from './recorder.ts'
import type { ServerSdk } from './subjects.ts'
import type { Word } from './task.ts'

const TABLE = 'cost'

/** Processes of each; those of ours are quick. */
const OWN_REPEATS = 5

const PEER_REPEATS = 2

/** Rounds of a process, and calls of a round. */
const ROUNDS = 2

const CALLS = 10_000

/** Of a spool that waits for the disk at each call. */
const SYNCED_CALLS = 500

const EVENTS = 20_000

/** More than any has between two requests: Segment's and Amplitude's timers are of 10 s. */
const QUIET_MS = 11_000

const DEADLINE_MS = 90_000

/** One whose processes take longer has one turn; and no turn of a peer begins after it, so that the bench ends. */
const SLOW_MS = 25_000

const LAST_TURN_AFTER_MS = 240_000

/** Samples of one row. */
interface CostSamples {
  contender: Contender
  callMicros: number[]
  cpuMicros: number[]
  arrived: number[]
  errors: string[]
  isSlow: boolean
}

/** Measures all of them, taking turns, each alone. */
export async function measureCost(
  sdks: readonly ServerSdk[],
  recorder: NodeRecorder,
  report: (line: string) => void,
): Promise<NodeMeasured[]> {
  const all = [...listPlain(sdks), ...listSpooled(sdks, [undefined, 'always', 'never'])].map(createSamples)
  const began = performance.now()
  for (let repeat = 0; repeat < OWN_REPEATS; repeat += 1) {
    report(`cost: processes ${repeat + 1} of ${OWN_REPEATS}`)
    for (const samples of all) {
      const hasTurn = isOurs(samples.contender) || repeat < PEER_REPEATS
      const startedAt = performance.now()
      if (samples.isSlow || !hasTurn || (repeat > 0 && startedAt - began > LAST_TURN_AFTER_MS)) continue
      await measureOnce(samples, recorder, repeat).catch((error) => samples.errors.push(firstLineOf(error)))
      samples.isSlow = performance.now() - startedAt > SLOW_MS
    }
  }
  return all.flatMap(describeSamples)
}

function createSamples(contender: Contender): CostSamples {
  return { contender, callMicros: [], cpuMicros: [], arrived: [], errors: [], isSlow: false }
}

async function measureOnce(samples: CostSamples, recorder: NodeRecorder, repeat: number): Promise<void> {
  const { contender } = samples
  const { endpoint } = recorder
  const subject = contender.sdk.name
  const isSynced = contender.spool?.fsync === 'always'
  await withOptions(contender, { endpoint, run: `pace ${contender.row} ${repeat}` }, async (options) => {
    const task = { kind: 'pace', rounds: ROUNDS, calls: isSynced ? SYNCED_CALLS : CALLS } as const
    const child = startChild({ subject, options, task }, DEADLINE_MS)
    const { code, complaint } = await child.ended
    if (code !== 0) throw new Error(`the process ended with ${code}: ${complaint}`)
    samples.callMicros.push(...child.words.flatMap((word) => (word.word === 'round' ? [word.micros] : [])))
  })
  // What waits for the disk is no work of the processor.
  if (isSynced) return
  await withOptions(contender, { endpoint, run: `cost ${contender.row} ${repeat}` }, async (options) => {
    const task = { kind: 'cost', events: EVENTS } as const
    const child = startChild({ subject, options, task }, DEADLINE_MS)
    const { arrived, cpuMicros } = await followCost(child, recorder, options.run)
    samples.arrived.push(arrived)
    samples.cpuMicros.push(cpuMicros / arrived)
  })
}

/** Until all has arrived, or nothing comes any more; the processor time is that of when the last came. */
async function followCost(
  child: Child,
  recorder: NodeRecorder,
  run: string,
): Promise<{ arrived: number; cpuMicros: number }> {
  try {
    if ((await child.heard('tracked')) === undefined) throw new Error((await child.ended).complaint)
    const { arrived, lastAt } = await recorder.settled(run, EVENTS, QUIET_MS)
    const cpuMicros = await waitForCpu(child.words, lastAt)
    return { arrived, cpuMicros }
  } finally {
    child.signal('SIGKILL')
    await child.ended
  }
}

/** Of the first word after that moment: what follows an answer belongs to it. */
async function waitForCpu(words: readonly Word[], after: number): Promise<number> {
  for (let looks = 0; looks < 100; looks += 1) {
    for (const word of words) if (word.word === 'cpu' && word.at > after + 50) return word.micros
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the process said nothing of its processor time for five seconds')
}

function describeSamples({ contender, callMicros, cpuMicros, arrived, errors }: CostSamples): NodeMeasured[] {
  const { row } = contender
  // With a spool it is for information.
  const isAimed = isOurs(contender) && contender.spool === undefined
  const place = (column: string, unit: string, most: number) => ({
    ...{ table: TABLE, row, column, unit },
    aim: isAimed ? { atMost: most } : undefined,
  })
  const failures = errors.map((error) => describeFailure(TABLE, row, error))
  const arrivals = { table: TABLE, row, column: 'arrived', unit: `of ${EVENTS} events` }
  return [
    ...(callMicros.length > 0 ? [describeMedian(place('track()', 'µs a call', 3), callMicros)] : []),
    ...(cpuMicros.length > 0
      ? [
          describeMedian(place('all-in CPU', 'µs an event that arrived', 30), cpuMicros),
          describeMedian(arrivals, arrived),
        ]
      : []),
    ...failures,
  ]
}
