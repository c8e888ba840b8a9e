/** Holds a rate for the given time, and breaks what the plan says on the way. */

import { type ByStream, countAll, findUnstored } from './books/compare.ts'
import { joinRanges, type Ranges } from './books/ranges.ts'
import { readFound } from './books/stored.ts'
import type { RateSearch } from './find-rate.ts'
import { type Fault, type FaultKind, planFaults } from './schedule.ts'

/** What a fault came to. Times are milliseconds since 1970. */
export interface FaultRecord {
  kind: FaultKind
  /** When it began, and when everything was there again. */
  fromMs: number
  backMs: number
  /** When the backlog was as small as before; absent when it never was. */
  calmMs?: number
  /** The largest backlog. */
  backlog: number
  /** Of a crash: acknowledged events that were in the queue's memory alone, and with it are lost. */
  held: ByStream<Ranges>
  /** Of a deploy: how long draining took. */
  drainMs?: number
}

/** A soak that is over. */
export interface Soak {
  fromMs: number
  untilMs: number
  faults: FaultRecord[]
}

/** Longest wait for an empty queue. */
const DRAIN_MS = 120_000

/** A killed ClickHouse client's statement may still land; so long nothing must have changed. */
const STILL_MS = 2_000

/** Backlog in seconds of the rate that is no backlog: a batch waits up to a second, in the SDK and in the queue. */
const CALM_SECONDS = 2

/** Nothing is measured as quiet for so long after it is calm. */
const AFTER_MS = 5_000

/** Runs it. */
export async function runSoak(parts: RateSearch, rate: number, minutes: number): Promise<Soak> {
  const { fleet, sampler } = parts
  fleet.setRate(rate)
  const fromMs = Date.now()
  const untilMs = fromMs + minutes * 60_000
  sampler.setPhase('quiet')
  const faults: FaultRecord[] = []
  const plan = planFaults(minutes)
  for (const [index, fault] of plan.entries()) {
    await pause(fromMs + fault.atMs - Date.now())
    const nextMs = fromMs + (plan[index + 1]?.atMs ?? minutes * 60_000)
    sampler.setPhase('disturbed')
    const record = await cause(parts, fault)
    await followUp(parts, record, rate, nextMs)
    sampler.setPhase('quiet')
    faults.push(record)
  }
  await pause(untilMs - Date.now())
  return { fromMs, untilMs: Date.now(), faults }
}

function cause(parts: RateSearch, fault: Fault): Promise<FaultRecord> {
  if (fault.kind === 'clickhouse') return killClickHouse(parts, fault)
  return fault.kind === 'deploy' ? deploy(parts) : crash(parts)
}

async function killClickHouse({ stack, report }: RateSearch, { forMs }: Fault): Promise<FaultRecord> {
  const fromMs = Date.now()
  report(`ClickHouse: SIGKILL, away for ${(forMs / 1_000).toFixed(0)} s`)
  await stack.killClickHouse()
  await pause(forMs)
  await stack.startClickHouse()
  return { kind: 'clickhouse', fromMs, backMs: Date.now(), backlog: 0, held: new Map() }
}

/** Restarts the Worker as a deploy should locally, where the queue is in the memory of what is replaced: it is empty first. */
export async function deploy(parts: RateSearch): Promise<FaultRecord> {
  const { stack, fleet, report } = parts
  const fromMs = Date.now()
  report('Worker: intake stops, the queue empties, then it is restarted')
  fleet.setOpen(false)
  await fleet.settleRequests()
  const held = await drain(parts, fromMs + DRAIN_MS)
  const drainMs = Date.now() - fromMs
  if (held.size > 0) report(`Worker: ${countAll(held)} events are not stored after ${drainMs / 1_000} s`)
  await stack.endWorker('stop')
  await stack.startWorker()
  fleet.setOpen(true)
  // Nothing was to be lost: what is missing later is not explained by this.
  return { kind: 'deploy', fromMs, backMs: Date.now(), backlog: 0, held: new Map(), drainMs }
}

async function crash({ stack, fleet, sampler, report }: RateSearch): Promise<FaultRecord> {
  const fromMs = Date.now()
  report('Worker: SIGKILL of workerd')
  await stack.endWorker('kill')
  // Nothing more is answered; after this everything that was is known.
  await fleet.sync()
  await untilStill(() => countRows(stack.query))
  const held = findUnstored(fleet.issued(), await readFound(stack.query))
  sampler.forgive(countAll(held))
  report(`Worker: ${countAll(held)} acknowledged events were in the local queue, which is memory`)
  await stack.startWorker()
  return { kind: 'crash', fromMs, backMs: Date.now(), backlog: 0, held }
}

async function drain({ stack, fleet }: RateSearch, untilMs: number): Promise<ByStream<Ranges>> {
  for (;;) {
    await pause(1_000)
    const unstored = findUnstored(fleet.issued(), await readFound(stack.query))
    if (unstored.size === 0 || Date.now() > untilMs) return unstored
  }
}

/** Watches the backlog until it is as small as before, at most until the next fault. */
async function followUp(
  { sampler, report }: RateSearch,
  record: FaultRecord,
  rate: number,
  untilMs: number,
): Promise<void> {
  const limit = rate * CALM_SECONDS
  while (Date.now() < untilMs) {
    await pause(1_000)
    record.backlog = Math.max(record.backlog, sampler.backlog())
    if (sampler.backlog() > limit) continue
    record.calmMs = Date.now()
    report(`calm again ${((record.calmMs - record.backMs) / 1_000).toFixed(0)} s after it was back`)
    await pause(Math.min(AFTER_MS, untilMs - Date.now()))
    return
  }
}

/** Everything that is held by crashes, by stream. */
export function heldBy(faults: readonly FaultRecord[]): Map<string, Ranges> {
  const all = new Map<string, Ranges>()
  for (const { held } of faults) {
    for (const [stream, ranges] of held) all.set(stream, joinRanges([...(all.get(stream) ?? []), ...ranges]))
  }
  return all
}

async function countRows(query: RateSearch['stack']['query']): Promise<string> {
  const [row] = await query<{ n: string }>('SELECT count() AS n FROM events')
  return row?.n ?? ''
}

async function untilStill(look: () => Promise<string>): Promise<void> {
  for (let last = ''; ; ) {
    const now = await look()
    if (now === last) return
    last = now
    await pause(STILL_MS)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
