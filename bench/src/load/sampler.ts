/** Looks at everything once a second, while other code makes things happen. */

import type { Fleet } from './fleet.ts'
import { createHistogram, type Histogram, type HistogramCounts } from './histogram.ts'
import type { LoadStack } from './stack/load-stack.ts'
import { PROCESS_NAMES, type ProcessName, readUsage, type Usage } from './stack/usage.ts'

/** What is going on: the search for a rate, the soak while nothing is broken, a fault and what follows, the time after. */
export type Phase = 'ramp' | 'quiet' | 'disturbed' | 'end' | 'collector'

/** One look. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number
  phase: Phase
  sent: number
  acked: number
  /**
   * Acknowledged events that are not in ClickHouse yet; absent while it is down. Rows are counted before its dedupe, so that
   * it may be a few too small, and below 0 after a retry.
   */
  backlog?: number
  usage: Partial<Record<ProcessName, Usage>>
  /** Times of the answers of this second. */
  answerTimes: HistogramCounts
}

/** A sampler that runs. */
export interface Sampler {
  samples: readonly Sample[]
  setPhase: (phase: Phase) => void
  /** The same with what was acknowledged since; while ClickHouse is down it grows. */
  backlog: () => number
  /** So many will never be stored, and are no backlog. */
  forgive: (events: number) => void
  /** Times of answers in some phases together. */
  answerTimes: (phases: readonly Phase[]) => Histogram
  /** Ends it, after the look that is under way. */
  stop: () => Promise<void>
}

const LOOK_MS = 1_000

/** ClickHouse may be down; a look must not wait for it. */
const STORED_TIMEOUT_MS = 2_000

/** Starts it. */
export function startSampler(stack: LoadStack, fleet: Fleet, report: (sample: Sample) => void): Sampler {
  const samples: Sample[] = []
  let phase: Phase = 'ramp'
  let lastStored = 0
  let forgiven = 0
  let isStopped = false
  const look = async () => {
    const { sent, acked } = fleet.totals
    const stored = await countStored(stack)
    const sample: Sample = {
      ...{ at: Date.now(), phase, sent, acked, usage: readAll(stack, fleet) },
      ...{ answerTimes: fleet.takeAnswerTimes() },
    }
    if (stored !== undefined) {
      lastStored = stored
      sample.backlog = acked - stored - forgiven
    }
    samples.push(sample)
    report(sample)
  }
  const run = async () => {
    for (let next = Date.now(); !isStopped; ) {
      await look()
      next = Math.max(next + LOOK_MS, Date.now())
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())))
    }
  }
  const running = run()
  return {
    samples,
    setPhase: (value) => {
      phase = value
    },
    backlog: () => fleet.totals.acked - lastStored - forgiven,
    forgive: (events) => {
      forgiven += events
    },
    answerTimes: (phases) => mergeTimes(samples.filter((sample) => phases.includes(sample.phase))),
    async stop() {
      isStopped = true
      await running
    },
  }
}

/** The answers of some looks together. */
export function mergeTimes(samples: readonly Sample[]): Histogram {
  const histogram = createHistogram()
  for (const { answerTimes } of samples) histogram.merge(answerTimes)
  return histogram
}

const COUNT = `SELECT (SELECT count() FROM events) + (SELECT count() FROM quarantine) AS n`

async function countStored(stack: LoadStack): Promise<number | undefined> {
  if (stack.pids().clickhouse === undefined) return undefined
  const timeUp = new Promise<undefined>((resolve) =>
    setTimeout(() => resolve(undefined), STORED_TIMEOUT_MS).unref(),
  )
  // It may be killed while it is asked.
  const asked = stack.query<{ n: string }>(COUNT).catch(() => undefined)
  const rows = await Promise.race([asked, timeUp])
  return rows?.[0] === undefined ? undefined : Number(rows[0].n)
}

function readAll(stack: LoadStack, fleet: Fleet): Sample['usage'] {
  const { worker, clickhouse } = stack.pids()
  const listOf = (pid: number | undefined) => (pid === undefined ? [] : [pid])
  const pids: Record<ProcessName, readonly number[]> = {
    worker: listOf(worker),
    clickhouse: listOf(clickhouse),
    'node clients': fleet.pids.node,
    'browser clients': fleet.pids.browser,
    bench: [process.pid],
  }
  const usage: Sample['usage'] = {}
  for (const name of PROCESS_NAMES) {
    const read = readUsage(pids[name])
    if (read !== undefined) usage[name] = read
  }
  return usage
}
