/** What the consumer and the object that keeps a source's windows say to each other. */

import type { LiveHealth, TailEvent } from '@millrace/schemas/live'
import type { MonitorKeys } from '../monitors/desk.ts'
import type { Arrival, HealthNote, LiveTotals } from './health.ts'
import type { InsertTimes } from './insert-times.ts'
import type { MonitorReport } from './monitoring.ts'

/** A combined queue batch of one source. */
export interface ApplyRequest {
  /** JSON text of the source's `LivePlan`. */
  plan: string
  /** Text of `encodeChange`. */
  change: string
  /** Ids of what it covers, see `encodeIds`. */
  ids: Uint8Array
  /** Earliest time of its counted events; `null` when there is none. */
  earliest: number | null
  /** Events for those who watch, and how many of those they want are left out. */
  events: TailEvent[]
  missed: number
  /** What the consumer measured of inserts since it last told; `undefined` for nothing. */
  inserts?: InsertTimes | undefined
}

/** Events that somebody wants to see: filters such as `country:is:DE` that must all hold. */
export interface Watch {
  filters: string[]
  statuses?: TailEvent['status'][]
}

/** What the consumer needs to know for its next batch. */
interface Hints {
  /** Events before it are late. */
  floor: number
  watches: Watch[]
}

/** `again`: nothing was applied, because the ids at these places are counted already, or events are late by now. */
export type ApplyReply = ({ kind: 'applied' } | { kind: 'again'; known: number[] }) & Hints

/** What an object knows of its source's pipeline. */
export interface NoteReply {
  /** Receipts of accepted events, ascending: the latest of each of the last slots. */
  receipts: number[]
  /** Median time from receipt to here; `null` when nothing came lately. */
  liveLagMs: number | null
  /** Keys that the monitors keep; absent in an answer of an older version. */
  monitorKeys?: MonitorKeys
  /** Receipts of the last changes and when they were counted; likewise. */
  arrivals?: Arrival[]
}

/** What an object tells of itself, for `/metrics`. */
export interface LiveMetrics {
  health: LiveHealth
  totals: LiveTotals
  /** Who watches now. */
  watchers: number
  /** How far behind now the windows are closed; `null` while there is none. */
  watermarkLagMs: number | null
}

/** What the consumers, the cron and the collector use of the object. */
export interface LiveObject {
  apply: (request: ApplyRequest) => Promise<ApplyReply>
  /** Shows events that change nothing to those who watch. */
  show: (events: TailEvent[]) => Promise<void>
  /** Takes what is said of the pipeline, and gives what only the object knows. */
  note: (note: HealthNote) => Promise<NoteReply>
  /** Takes what the cron found of the source's monitors. */
  report: (report: MonitorReport) => Promise<void>
  /** Tells how it is; changes nothing. */
  readMetrics: () => Promise<LiveMetrics>
}
