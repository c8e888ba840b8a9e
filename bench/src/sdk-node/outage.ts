/** A collector that is away for a minute: memory, requests and what is told, then what arrives once it is back. */

import { runInLanes } from '../survival/lanes.ts'
import { type Child, startChild } from './children.ts'
import { type Contender, isOurs, listPlain, listSpooled, SPOOLED, withOptions } from './contenders.ts'
import { describeFailure, describeValue, firstLineOf, type NodeMeasured } from './lines.ts'
import { type NodeRecorder, startNodeRecorder } from './recorder.ts'
import type { SubjectOptions } from './subject.ts'
import { OURS, type ServerSdk } from './subjects.ts'
import type { OutageMemory } from './task.ts'

const EVENTS = 20_000

/** Filling that makes the events more than the queue's 16 MiB, so that some must go. */
const PADDING_BYTES = 2_000

/** Longest wait for the first event after the return: SDKs ask again after up to a minute. */
const FIRST_MS = 65_000

/** Longest wait for more, from the last that came. */
const QUIET_MS = 15_000

const LOOK_MS = 100

/** A process and the processor's other core. */
const LANES = 2

const MIB = 2 ** 20

const MAX_HEAP_MIB = 16

/** Of one lane in a minute. */
const MAX_REQUESTS = 5

/** What an SDK meets. */
interface OutageJob {
  contender: Contender
  row: string
  /** Whether connections are refused, or taken and closed at once. */
  isCutOff?: boolean
  padding?: number
}

/** What became of it. */
export interface OutageOutcome extends OutageMemory {
  /** Connections that the listener saw, where there was one. */
  cutOff: number
  /** Given up, as the SDK told. */
  told: number
  arrived: number
  doubled: number
  /** From the collector's return until the last event came. */
  recoveryMs: number
}

/** Measures; `MILLRACE_BENCH_OUTAGE_SECONDS` is another length of it than 60. */
export async function measureOutages(
  sdks: readonly ServerSdk[],
  report: (line: string) => void,
): Promise<NodeMeasured[]> {
  const durationMs = Number(process.env['MILLRACE_BENCH_OUTAGE_SECONDS'] ?? 60) * 1_000
  const table = `collector away for ${durationMs / 1_000} s, ${EVENTS.toLocaleString('en-US')} events`
  const lines = new Map<string, NodeMeasured[]>()
  const jobs = planJobs(sdks)
  await runInLanes(
    jobs.map((job) => async () => {
      report(`outage: ${job.row}`)
      try {
        lines.set(job.row, describeOutage(table, job, await playOutage(job, durationMs)))
      } catch (error) {
        lines.set(job.row, [describeFailure(table, job.row, firstLineOf(error))])
      }
    }),
    LANES,
  )
  return jobs.flatMap(({ row }) => lines.get(row) ?? [])
}

function planJobs(sdks: readonly ServerSdk[]): OutageJob[] {
  const plain = listPlain(sdks)
  const own = plain.filter(isOurs)
  return [
    ...own.map((contender) => ({ contender, row: OURS })),
    ...own.map((contender) => ({ contender, row: `${OURS}, connections cut`, isCutOff: true })),
    ...own.map((contender) => ({ contender, row: `${OURS}, 45 MB of events`, padding: PADDING_BYTES })),
    ...listSpooled(sdks).map((contender) => ({ contender, row: SPOOLED })),
    ...plain.filter((one) => !isOurs(one)).map((contender) => ({ contender, row: contender.row })),
  ]
}

async function playOutage({ contender, row, isCutOff, padding = 0 }: OutageJob, durationMs: number) {
  const recorder = await startNodeRecorder()
  try {
    if (isCutOff) await recorder.cutOff()
    else await recorder.refuse()
    const base = { endpoint: recorder.endpoint, run: `outage ${row}`, padding }
    return await withOptions(contender, base, (options) => endure(contender, recorder, options, durationMs))
  } finally {
    await recorder.stop()
  }
}

async function endure(
  { sdk }: Contender,
  recorder: NodeRecorder,
  options: SubjectOptions,
  durationMs: number,
): Promise<OutageOutcome> {
  const task = { kind: 'outage', events: EVENTS, durationMs } as const
  const child = startChild({ subject: sdk.name, options, task }, durationMs + 180_000)
  try {
    const said = await child.heard('memory')
    if (said === undefined) {
      const { code, signal, complaint } = await child.ended
      throw new Error(`the process ended with ${code ?? signal}: ${complaint}`)
    }
    const cutOff = await recorder.cutOffCount()
    const backAt = Date.now()
    await recorder.accept()
    const { arrived, doubled, lastAt } = await waitForReturn(child, recorder, options.run, backAt)
    const recoveryMs = lastAt === 0 ? Number.NaN : lastAt - backAt
    return { ...said.memory, cutOff, told: readDrops(child), arrived, doubled, recoveryMs }
  } finally {
    child.signal('SIGKILL')
    await child.ended
  }
}

/** What is told as given up is not waited for. */
async function waitForReturn(child: Child, recorder: NodeRecorder, run: string, backAt: number) {
  for (;;) {
    const counts = await recorder.counts(run)
    const isWhole = counts.arrived >= EVENTS - readDrops(child)
    const patientUntil = counts.arrived === 0 ? backAt + FIRST_MS : counts.lastAt + QUIET_MS
    if (isWhole || Date.now() > patientUntil) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  // What is given up meanwhile is told within half a second, and what should not come may come yet.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  return recorder.counts(run)
}

function readDrops({ words }: Child): number {
  return words.findLast((word) => word.word === 'drops')?.count ?? 0
}

/** The lines of one outage. */
export function describeOutage(table: string, job: OutageJob, outcome: OutageOutcome): NodeMeasured[] {
  const { contender, row, padding } = job
  const { heapGrowth, peakGrowth, requests, connections, cutOff, told, arrived, doubled, recoveryMs } =
    outcome
  const own = isOurs(contender)
  const line = (column: string, unit: string, value: number, most?: number) =>
    describeValue(
      { table, row, column, unit, aim: own && most !== undefined ? { atMost: most } : undefined },
      value,
    )
  return [
    // With more than the queue may hold, its own bound is what is seen.
    line('heap', 'MiB after gc', heapGrowth / MIB, padding === undefined ? MAX_HEAP_MIB : undefined),
    line('peak RSS', 'MiB', peakGrowth / MIB),
    line('requests', 'requests', requests, MAX_REQUESTS),
    line('connections', 'connections', job.isCutOff ? cutOff : connections),
    line('told', 'events given up, as told', told),
    { ...line('arrived', 'events', arrived), outcomes: [outcome] },
    // Below zero is as wrong: told as given up, and arrived.
    line('unexplained', 'events', Math.abs(EVENTS - arrived - told), 0),
    line('doubled', 'events', doubled, 0),
    line('back after', 's', recoveryMs / 1_000),
  ]
}
