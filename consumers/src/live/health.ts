/** How the pipeline of a source is, by what passes here: counts of the last minutes. What other stages say is added. Pure. */

import type { LiveHealth } from '@millrace/schemas/live'
import type { ChangeFacts } from './change.ts'
import { addInsertTimes, createInsertTimes, type InsertTimes } from './insert-times.ts'
import {
  addNumber,
  createQuantiles,
  decodeQuantiles,
  type EncodedQuantiles,
  encodeQuantiles,
  mergeQuantiles,
  type Quantiles,
  readQuantiles,
} from './measures/quantiles.ts'

/** Receipts of which it is kept when they were counted: those of so many changes, which is what the heartbeat asks for. */
const MAX_ARRIVALS = 60

/** Counts are kept by slots of so long, for so long. */
const SLOT_MS = 10_000
const SPAN_MS = 300_000

/** How far back a stage is asked for what it has. */
export const SEEN_MS = 15 * 60_000

/** A note of another stage that is older than this says nothing any more. */
const NOTE_MS = 300_000

/** How a stage is: its lag, or the receipt up to which it has what was received (`null`: nothing lately). */
export type StageReport = { stage: string } & ({ lagMs: number | null } | { upTo: number | null })

/** What others say of a source: the consumers of failed deliveries, the cron of what it looks up every minute. */
export interface HealthNote {
  at: number
  stages?: StageReport[]
  /** Deliveries that failed just now, by sink. */
  retries?: Record<string, number>
  deadLetters?: number | null
  spilled?: number | null
  gaps?: number | null
}

/** The last word of the cron. */
type Noted = { at: number } & Pick<LiveHealth, 'stages' | 'deadLetters' | 'spilled' | 'gaps'>

/**
 * Counts since the object's source is known, which only ever grow. What a change brings is exact; all others are
 * as they were last saved, because what is not saved may be counted back after a crash.
 */
export interface LiveTotals {
  events: number
  late: number
  quarantined: Record<string, number>
  omitted: Record<string, number>
  duplicates: number
  retries: Record<string, number>
  /** Inserts that consumers measured; of all sources, told to the objects of those that were in the batch after. */
  inserts: InsertTimes
}

/** A receipt, and when it was counted; milliseconds since 1970. */
export type Arrival = [receivedAt: number, countedAt: number]

interface Slot {
  events: number
  late: number
  duplicates: number
  quarantined: Record<string, number>
  omitted: Record<string, number>
  retries: Record<string, number>
  latency: Quantiles
  /** Latest receipt of an accepted event; 0 for none. */
  receivedAt: number
}

type EncodedSlot = [start: number, slot: Omit<Slot, 'latency'> & { latency: EncodedQuantiles }]

/** The counts. */
export interface Health {
  /** @param latencyAt when it was applied; without it, as after a restart, no latency is measured */
  apply: (facts: ChangeFacts, at: number, latencyAt: number | undefined) => void
  addDuplicates: (count: number, at: number) => void
  addInserts: (times: InsertTimes) => void
  note: (note: HealthNote) => void
  read: (now: number, progress: { receivedAt: number; liveLagMs: number | null }) => LiveHealth
  /** Latest receipts of accepted events, at most one of every slot, ascending. */
  receipts: () => number[]
  /** Receipts of the last changes, and when they were counted, in that order. */
  arrivals: () => Arrival[]
  totals: () => LiveTotals
  encode: () => string
  load: (text: string) => void
}

export function createHealth(): Health {
  const slots = new Map<number, Slot>()
  let noted: Noted = { at: 0, stages: [], deadLetters: null, spilled: null, gaps: null }
  let arrivals: Arrival[] = []
  let totals = createTotals()
  /** Of what no change brings: as it was last saved. */
  let saved = unsteadyOf(totals)

  const slotAt = (at: number): Slot => {
    const start = Math.floor(at / SLOT_MS) * SLOT_MS
    const known = slots.get(start)
    if (known !== undefined) return known
    for (const old of slots.keys()) if (old < start - SEEN_MS) slots.delete(old)
    const slot = createSlot()
    slots.set(start, slot)
    return slot
  }

  /**
   * Age of the oldest event here that a stage does not have; 0 when it has all.
   *
   * @param receivedAt latest receipt of an accepted event
   */
  const lagOf = (report: StageReport, receivedAt: number, at: number): number | null => {
    if ('lagMs' in report) return report.lagMs
    const upTo = report.upTo ?? 0
    if (upTo >= receivedAt) return 0
    // Nobody was asked for what is older.
    if (receivedAt <= at - SEEN_MS) return 0
    const from = Math.max(upTo, at - SEEN_MS)
    const missing = [...slots].filter(([start, { events }]) => start > from && events > 0)
    const oldest = Math.min(...missing.map(([start]) => start))
    // In the slot that the stage has the beginning of.
    return Number.isFinite(oldest)
      ? Math.max(0, at - oldest)
      : Math.min(SLOT_MS, Math.max(0, at - receivedAt))
  }

  return {
    apply({ events, late, received, acceptedUntil, quarantined, omitted }, at, latencyAt) {
      const slot = slotAt(at)
      slot.events += events
      slot.late += late
      // Not of what was refused: no other stage ever has that.
      slot.receivedAt = Math.max(slot.receivedAt, acceptedUntil ?? 0)
      addCounts(slot.quarantined, quarantined)
      addCounts(slot.omitted, omitted)
      totals.events += events
      totals.late += late
      addCounts(totals.quarantined, quarantined)
      addCounts(totals.omitted, omitted)
      for (const [receivedAt] of received) arrivals.push([receivedAt, at])
      if (arrivals.length > 2 * MAX_ARRIVALS) arrivals = arrivals.slice(-MAX_ARRIVALS)
      if (latencyAt === undefined) return
      for (const [receivedAt, count] of received) {
        for (let i = 0; i < count; i++) addNumber(slot.latency, Math.max(0, latencyAt - receivedAt))
      }
    },
    addDuplicates(count, at) {
      slotAt(at).duplicates += count
      totals.duplicates += count
    },
    addInserts(times) {
      addInsertTimes(totals.inserts, times)
    },
    note({ at, retries, stages, deadLetters = null, spilled = null, gaps = null }) {
      if (retries !== undefined) {
        addCounts(slotAt(at).retries, retries)
        addCounts(totals.retries, retries)
      }
      if (stages === undefined) return
      const accepted = Math.max(0, ...[...slots.values()].map((slot) => slot.receivedAt))
      const told = stages.map((report) => ({ stage: report.stage, lagMs: lagOf(report, accepted, at), at }))
      noted = { at, stages: told, deadLetters, spilled, gaps }
    },
    read(now, { receivedAt, liveLagMs }) {
      const total = createSlot()
      for (const [start, slot] of slots) if (start > now - SPAN_MS - SLOT_MS) addSlot(total, slot)
      const [p50 = null, p95 = null, p99 = null] = readQuantiles(total.latency, [0.5, 0.95, 0.99])
      const isCurrent = noted.at > now - NOTE_MS
      const { latency: _, receivedAt: __, ...counts } = total
      return {
        receivedAt: receivedAt === 0 ? null : receivedAt,
        ...counts,
        latencyMs: { p50, p95, p99 },
        stages: [
          { stage: 'live', lagMs: liveLagMs, at: now },
          ...noted.stages.map((stage) => (isCurrent ? stage : { ...stage, lagMs: null })),
        ],
        deadLetters: isCurrent ? noted.deadLetters : null,
        spilled: isCurrent ? noted.spilled : null,
        gaps: isCurrent ? noted.gaps : null,
      }
    },
    receipts: () =>
      [...slots.values()]
        .flatMap((slot) => (slot.receivedAt === 0 ? [] : [slot.receivedAt]))
        .sort((a, b) => a - b),
    arrivals: () => arrivals.slice(-MAX_ARRIVALS),
    totals: () => structuredClone({ ...totals, ...saved }),
    encode() {
      const encoded = [...slots].map(
        ([start, slot]): EncodedSlot => [start, { ...slot, latency: encodeQuantiles(slot.latency) }],
      )
      saved = unsteadyOf(totals)
      return JSON.stringify([encoded, noted, totals, arrivals.slice(-MAX_ARRIVALS)])
    },
    load(text) {
      const parsed = JSON.parse(text) as [EncodedSlot[], Noted, LiveTotals?, Arrival[]?]
      const [encoded, note, counted = createTotals(), arrived = []] = parsed
      totals = counted
      saved = unsteadyOf(totals)
      arrivals = arrived
      for (const [start, slot] of encoded)
        slots.set(start, { ...slot, latency: decodeQuantiles(slot.latency) })
      noted = note
    },
  }
}

function createTotals(): LiveTotals {
  return {
    ...{ events: 0, late: 0, quarantined: {}, omitted: {}, duplicates: 0, retries: {} },
    inserts: createInsertTimes(),
  }
}

/** What no change brings, and a crash may take back. */
function unsteadyOf({ duplicates, retries, inserts }: LiveTotals) {
  return structuredClone({ duplicates, retries, inserts })
}

function createSlot(): Slot {
  return {
    ...{ events: 0, late: 0, duplicates: 0, quarantined: {}, omitted: {}, retries: {}, receivedAt: 0 },
    latency: createQuantiles(),
  }
}

function addSlot(into: Slot, from: Slot): void {
  into.events += from.events
  into.late += from.late
  into.duplicates += from.duplicates
  addCounts(into.quarantined, from.quarantined)
  addCounts(into.omitted, from.omitted)
  addCounts(into.retries, from.retries)
  mergeQuantiles(into.latency, from.latency)
}

function addCounts(into: Record<string, number>, from: Record<string, number>): void {
  for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count
}
