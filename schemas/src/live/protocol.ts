/**
 * What `/v1/live` says to those who watch: as messages of a WebSocket, as server-sent events (`event:` is the type, `data:` the
 * rest), and as the answer of `GET /v1/live/windows` (a snapshot). Times are milliseconds since 1970.
 */

import type { Violation } from '../facts.ts'
import type { JsonObject } from '../wire.ts'
import type { MonitorStatus } from './monitor.ts'

/** Subprotocol of the WebSocket, and the prefix of the one that carries the read token in base64url, for browsers. */
export const LIVE_PROTOCOL = 'millrace.live.v1'
export const TOKEN_PROTOCOL_PREFIX = 'bearer.'

/** Provisional until the watermark passes its end, then final, and corrected when events came after that. */
export type WindowState = 'provisional' | 'final' | 'corrected'

/** A measure's value; `null` where there was nothing to measure. A `top` is a list, most frequent first. */
export type MeasureValue = number | null | TopEntry[] | QuantileValues

/** By the quantile as text: `{ "0.5": 120, "0.95": 900 }`. */
export type QuantileValues = Record<string, number | null>

/** `count` is at most `error` too high. */
export interface TopEntry {
  value: string
  count: number
  error: number
}

/** One group of a window. */
export interface GroupValues {
  /** Values of the definition's `by`, in order; empty text where the event had none. */
  key: string[]
  /** Events in the group. */
  events: number
  values: Record<string, MeasureValue>
}

/** A window as it is now. */
export interface LiveWindow {
  name: string
  /** Inclusive and exclusive. Of a session: its first event, and its last one plus the gap. */
  start: number
  end: number
  state: WindowState
  /** 0 while provisional, 1 when it was first final, one more with each correction. */
  version: number
  /** Events in all groups. */
  events: number
  /** By `events`, largest first. */
  groups: GroupValues[]
  /** What is in no group of its own, because there were too many. */
  other?: Omit<GroupValues, 'key'>
}

/** A definition as those who watch need it. */
export interface LiveDefinition {
  name: string
  title: string
  by: string[]
  kind: 'tumbling' | 'sliding' | 'session'
  sizeMs: number
  /** How often one begins; the size where they do not overlap. */
  everyMs: number
  /** By name: its kind. */
  measures: Record<string, string>
}

/** How a stage of the pipeline is. */
export interface StageHealth {
  /**
   * `live`, `warehouse`, `lake`, `computed`; `closed`: how long closed windows have not got through to ClickHouse; `heartbeat`: for
   * how long heartbeats have not been in time, of the deployment.
   */
  stage: string
  /** How far behind what is received it is; `null` when unknown. */
  lagMs: number | null
  /** When that was found out. */
  at: number
}

/** How the pipeline of the source is. Counts are of the last five minutes unless it is said otherwise. */
export interface LiveHealth {
  /** Receipt of the latest event that is counted; `null` when none ever was. */
  receivedAt: number | null
  events: number
  quarantined: Record<string, number>
  omitted: Record<string, number>
  /** Copies of events that were counted already. */
  duplicates: number
  /** Events that came too late for the windows; the warehouse has them. */
  late: number
  /** From receipt to the live windows, milliseconds; `null` when nothing came. */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null }
  stages: StageHealth[]
  /** Deliveries that failed in a sink and are tried again, by sink. */
  retries: Record<string, number>
  /** Objects in R2 now, of all sources, counted up to 1,000; `null` when unknown. */
  deadLetters: number | null
  spilled: number | null
  /** Events known to be missing, of the last day; `null` when unknown. */
  gaps: number | null
}

/** What can become of an event that passes; `duplicate` is a copy of one that was counted. */
export const TAIL_STATUSES = ['accepted', 'quarantined', 'filtered', 'duplicate'] as const

/** Most filters of one who watches, and most UTF-16 units of all: they are attached to a socket, which holds 16 KB. */
export const MAX_WATCH_FILTERS = 10
export const MAX_WATCH_FILTERS_LENGTH = 4_000

/** One event as it passed, for those who debug a tag. */
export interface TailEvent {
  messageId: string
  status: (typeof TAIL_STATUSES)[number]
  /** Empty where it has none. */
  type: string
  event: string
  /** When it happened; 0 where that is not known, as of one that was not accepted. */
  timestamp: number
  receivedAt: number
  batchId: string
  /** Position in the batch of a refused or left out event. */
  index?: number
  /** Columns of the warehouse that are not empty: the event and its enrichment. Only of accepted ones. */
  row?: JsonObject
  violations?: Violation[]
  /** Why it was not accepted. */
  reason?: string
  path?: string
  message?: string
  /** Beginning of the text of a refused event. */
  raw?: string
  /** Something of it was too long to be shown. */
  isCut?: true
}

/** Everything at once: the first message, and whenever the changes in between are not known any more. */
export interface SnapshotMessage {
  type: 'snapshot'
  /** To resume from: `?since=`. */
  version: string
  source: string
  now: number
  /** Windows that end at or before it are final. */
  watermark: number
  definitions: LiveDefinition[]
  windows: LiveWindow[]
  health: LiveHealth
  monitors: MonitorStatus[]
  /** The last ones, oldest first. */
  events: TailEvent[]
}

/** What changed; a window replaces the one of the same name, start and (for a session) key. */
export interface ChangeMessage {
  type: 'change'
  version: string
  now: number
  watermark: number
  windows: LiveWindow[]
  /** Sessions that are now part of another one: name, start and key. */
  removed?: { name: string; start: number; key: string[] }[]
  health?: LiveHealth
  monitors?: MonitorStatus[]
  /** Events that passed, oldest first, at most 100 a message. */
  events?: TailEvent[]
  /** Events that passed and fit the filter, but are not shown. */
  missed?: number
}

/** The last word before the connection is closed. */
export interface ErrorMessage {
  type: 'error'
  code: string
  message: string
}

/** What the Worker says. */
export type LiveMessage = SnapshotMessage | ChangeMessage | ErrorMessage

/**
 * What a client says. `ack` each message by its version: one that has not acknowledged gets no more until it does, and then
 * all that changed meanwhile as one. `tail` chooses the events that are sent, by filters such as `event:is:Order Completed`
 * and by status; with `null` none are.
 */
export type ClientMessage =
  | { type: 'ack'; version: string }
  | { type: 'tail'; filters: string[]; statuses?: TailEvent['status'][] }
  | { type: 'tail'; filters: null }
