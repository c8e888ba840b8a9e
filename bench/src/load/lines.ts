/** The lines of the result. */

import type { Measured } from '../measure.ts'
import type { BareWorker } from './bare-worker.ts'
import type { Books } from './books/compare.ts'
import type { CollectorAlone } from './collector-alone.ts'
import { decimate } from './course.ts'
import type { Delays } from './delays.ts'
import type { Fleet } from './fleet.ts'
import type { OwnBooks } from './ledger.ts'
import type { Step } from './ramp.ts'
import { mergeTimes, type Sample } from './sampler.ts'
import type { Settled } from './settle.ts'
import type { FaultRecord, Soak } from './soak.ts'
import { PROCESS_NAMES } from './stack/usage.ts'
import { costOf, memoryOf, rateOf } from './summary.ts'

/** Everything that was found out. */
export interface Findings {
  rate: number
  steps: readonly Step[]
  samples: readonly Sample[]
  soak: Soak
  settled: Settled
  own: OwnBooks | undefined
  totals: Fleet['totals']
  /** Outside of faults and what follows them, and within. */
  delays: { quiet: Delays; fault: Delays }
  /** When what came during each outage of ClickHouse was stored, in the order of the outages. */
  caughtUpMs: readonly number[]
  alone: CollectorAlone
  bare: BareWorker
  logCounts: ReadonlyMap<string, number>
  /** Objects that are left in the bucket. */
  left: { spill: number; dead: number }
}

/** Points of a course that are kept. */
const MAX_POINTS = 240

const NONE = { atMost: 0 }

/** All lines. */
export function describeLoad(findings: Findings): Measured[] {
  return [
    ...describeRate(findings),
    ...describeBooks(findings),
    ...describeFaults(findings),
    ...describeTimes(findings),
    ...describeCost(findings),
    ...describeMemory(findings),
    ...describeQueue(findings),
    ...describeCourse(findings),
  ]
}

function describeRate({ rate, steps, samples, soak }: Findings): Measured[] {
  const isSoak = ({ phase }: Sample) => phase === 'quiet' || phase === 'disturbed'
  return [
    { name: 'rates tried', value: steps.length, unit: 'rates', samples: steps.map((step) => step.rate) },
    { name: 'rate held', value: rate, unit: 'events/s' },
    { name: 'held for', value: (soak.untilMs - soak.fromMs) / 60_000, unit: 'min' },
    {
      name: 'acknowledged, nothing broken',
      value: rateOf(samples, ({ phase }) => phase === 'quiet'),
      unit: 'events/s',
    },
    { name: 'acknowledged, faults included', value: rateOf(samples, isSoak), unit: 'events/s' },
  ]
}

function describeBooks({ settled: { books, waiting, ...times }, own, totals }: Findings): Measured[] {
  const line = (name: string, value: number, aim?: Measured['aim']): Measured => ({
    ...{ name: `books: ${name}`, value, unit: 'events' },
    ...(aim === undefined ? {} : { aim }),
  })
  const unnumbered = Object.values(totals.unnumbered).reduce((sum, count) => sum + count, 0)
  return [
    line('sent', books.sent),
    line('stored', books.stored),
    line('quarantined', books.quarantined),
    line('filtered', books.filtered),
    line('lost with the local in-memory queue', books.lostWithQueue),
    line('given up by clients, declared', books.dropped),
    line('with the clients still', books.waiting),
    line('of those not found there', books.waiting - waiting, NONE),
    line('unexplained', books.unexplained, NONE),
    line('stored twice', books.doubled, NONE),
    line('stored and never sent', books.strangers, NONE),
    line('given up before they had a number', unnumbered),
    ...(own === undefined ? [] : describeOwn(own, books, line)),
    { name: 'until clients had delivered all', value: times.deliveredSeconds, unit: 's' },
    { name: 'until all was stored', value: times.storedSeconds, unit: 's' },
  ]
}

/**
 * What of it the pipeline knows by itself. The ledger cannot know what was lost with the queue: the receipts were lost too, and
 * no later one of a dead isolate comes. The numbers of streams tell it.
 */
function describeOwn(
  { ledger, gaps }: OwnBooks,
  { stored, lostWithQueue, waiting }: Books,
  line: (name: string, value: number, aim?: Measured['aim']) => Measured,
): Measured[] {
  return [
    line('ledger: accepted', ledger.accepted),
    line('ledger: duplicates', ledger.duplicates),
    line('ledger: stored', ledger.stored),
    line('ledger: stored otherwise than found', Math.abs(ledger.stored - stored), NONE),
    line('ledger: in flight', ledger.in_flight),
    line('ledger: missing', ledger.missing),
    line(`delivery gaps: missing, in ${gaps.streams} streams`, gaps.missing),
    line('delivery gaps: otherwise than lost', Math.abs(gaps.missing - lostWithQueue - waiting), NONE),
    line('delivery gaps: declared by clients', gaps.dropped),
  ]
}

function describeFaults({ soak, caughtUpMs }: Findings): Measured[] {
  const outages = soak.faults.filter(({ kind }) => kind === 'clickhouse')
  return soak.faults.flatMap((fault, index) => {
    const name = `fault ${index + 1}, ${describeKind(fault)}`
    const caughtUp = caughtUpMs[outages.indexOf(fault)]
    const seconds = (what: string, ms: number | undefined): Measured[] =>
      ms === undefined ? [] : [{ name: `${name}: ${what}`, value: ms / 1_000, unit: 's' }]
    return [
      ...seconds('away', fault.backMs - fault.fromMs),
      ...seconds('of that draining', fault.drainMs),
      { name: `${name}: backlog at most`, value: fault.backlog, unit: 'events' },
      ...seconds('caught up after', fault.calmMs === undefined ? undefined : fault.calmMs - fault.backMs),
      ...seconds(
        'last event of the outage stored after',
        caughtUp === undefined ? undefined : caughtUp - fault.backMs,
      ),
    ]
  })
}

function describeKind({ kind }: FaultRecord): string {
  if (kind === 'clickhouse') return 'ClickHouse killed'
  return kind === 'deploy' ? 'Worker restarted when drained' : 'workerd killed'
}

function describeTimes({ samples, delays: { quiet, fault } }: Findings): Measured[] {
  const answers = mergeTimes(samples.filter(({ phase }) => phase === 'quiet'))
  const disturbed = mergeTimes(samples.filter(({ phase }) => phase === 'disturbed'))
  const lines = (name: string, values: readonly number[]): Measured[] =>
    ['p50', 'p95', 'p99'].map((label, i) => ({
      name: `${name}, ${label}`,
      value: values[i] ?? Number.NaN,
      unit: 'ms',
    }))
  const quantiles = [0.5, 0.95, 0.99]
  return [
    ...lines('answer, nothing broken', quantiles.map(answers.quantile)),
    ...lines('answer, during and after faults', quantiles.map(disturbed.quantile)),
    ...lines('to ClickHouse, nothing broken', quiet.quantiles),
    ...lines('to ClickHouse, during and after faults', fault.quantiles),
  ]
}

function describeCost({ samples, alone }: Findings): Measured[] {
  const cost = (name: (typeof PROCESS_NAMES)[number]) => costOf(samples, name).cpuSeconds * 1e6
  const line = (name: string, value: number): Measured => ({
    name: `CPU an event: ${name}`,
    value,
    unit: 'µs',
  })
  const worker = cost('worker')
  const collector = alone.cpuSeconds * 1e6
  return [
    line('workerd', worker),
    line('of that collector and local queue, with a consumer that does nothing', collector),
    line('of that consumer, sinks, cron: the rest', worker - collector),
    line('ClickHouse', cost('clickhouse')),
    line('Node SDK clients, each of their events', cost('node clients') * 2),
    line('browser SDK clients, each of their events', cost('browser clients') * 2),
    line('the bench itself and miniflare', cost('bench')),
  ]
}

function describeMemory({ samples, bare }: Findings): Measured[] {
  const later = samples.filter(({ phase }) => phase !== 'ramp')
  const processes = PROCESS_NAMES.flatMap((name): Measured[] => {
    const { peakMiB, growthMiB, fittedSeconds } = memoryOf(later, name)
    const over = `${(fittedSeconds / 60).toFixed(1)} min`
    return [
      { name: `memory, ${name}: at most`, value: peakMiB, unit: 'MiB' },
      { name: `memory, ${name}: growth over its last ${over}`, value: growthMiB, unit: 'MiB/min' },
    ]
  })
  const { requests, startMiB, laterMiB, endMiB } = bare
  const bareLine = (when: string, value: number): Measured => ({
    name: `memory, a Worker that only answers: ${when}`,
    ...{ value, unit: 'MiB' },
  })
  return [
    ...processes,
    bareLine('when it has started', startMiB),
    bareLine(`after ${Math.round((requests * 2) / 3)} requests`, laterMiB),
    bareLine(`after ${requests} requests`, endMiB),
  ]
}

function describeQueue({ totals, logCounts, left }: Findings): Measured[] {
  const statuses = Object.entries(totals.statuses).map(([status, value]) => ({
    name: status === '0' ? 'requests without an answer' : `requests answered ${status}`,
    ...{ value, unit: 'requests' },
  }))
  const logged = [...logCounts].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...statuses,
    ...logged.map(([name, value]) => ({ name: `logged: ${name}`, value, unit: 'lines' })),
    { name: 'left in the spill', value: left.spill, unit: 'objects', aim: NONE },
    { name: 'dead letters', value: left.dead, unit: 'objects', aim: NONE },
  ]
}

function describeCourse({ samples }: Findings): Measured[] {
  const line = (name: string, unit: string, values: readonly number[]): Measured => {
    const course = decimate(values, MAX_POINTS)
    return { name: `course: ${name}`, value: course.at(-1) ?? 0, unit, samples: course }
  }
  const rates = samples.slice(1).map(({ at, acked }, i) => {
    const before = samples[i]
    return before === undefined ? 0 : ((acked - before.acked) / (at - before.at)) * 1_000
  })
  const [first, last] = [samples[0]?.at ?? 0, samples.at(-1)?.at ?? 0]
  return [
    { name: 'course: from beginning to end', value: (last - first) / 1_000, unit: 's' },
    line('acknowledged', 'events/s', rates),
    line(
      'backlog',
      'events',
      samples.map(({ backlog = 0 }) => backlog),
    ),
    ...PROCESS_NAMES.map((name) => {
      // While it is away it has none.
      const memory = samples.map(({ usage }) => usage[name]?.memoryMiB ?? 0)
      return line(`memory of ${name}`, 'MiB', memory)
    }),
  ]
}
