/** What tests of the page have in common: messages with as little in them as there may be. */

import type {
  ChangeMessage,
  GroupValues,
  LiveDefinition,
  LiveHealth,
  LiveWindow,
  SnapshotMessage,
  TailEvent,
} from '@millrace/schemas/live'
import { applyMessage, type LiveState } from './state.ts'

/** The clock of the server in tests: a whole minute. */
export const NOW = Date.UTC(2026, 10, 22, 10, 0, 0)

/** A definition of windows that follow each other, or with `everyMs` overlap. */
export function definition(name: string, sizeMs: number, everyMs = sizeMs): LiveDefinition {
  const kind = everyMs === sizeMs ? 'tumbling' : 'sliding'
  return { name, title: name, by: [], kind, sizeMs, everyMs, measures: {} }
}

/** A final window of 10 s, unless it is said otherwise. */
export function window(name: string, start: number, more: Partial<LiveWindow> = {}): LiveWindow {
  const groups = more.groups ?? []
  const events = groups.reduce((sum, group) => sum + group.events, 0)
  return { name, start, end: start + 10_000, state: 'final', version: 1, events, groups, ...more }
}

/** A group with one measure for each name. */
export function group(key: string[], values: GroupValues['values'], events = 1): GroupValues {
  return { key, events, values }
}

/** Health of which there is nothing to say. */
export const HEALTH: LiveHealth = {
  receivedAt: null,
  events: 0,
  quarantined: {},
  omitted: {},
  duplicates: 0,
  late: 0,
  latencyMs: { p50: null, p95: null, p99: null },
  stages: [],
  retries: {},
  deadLetters: null,
  spilled: null,
  gaps: null,
}

/** A snapshot of a source without events, with what is given. */
export function snapshot(more: Partial<SnapshotMessage> = {}): SnapshotMessage {
  return {
    type: 'snapshot',
    version: 'v1',
    source: 'shop',
    now: NOW,
    watermark: NOW - 4_000,
    definitions: [],
    windows: [],
    health: HEALTH,
    monitors: [],
    events: [],
    ...more,
  }
}

/** A change of nothing but what is given. */
export function change(more: Partial<ChangeMessage> = {}): ChangeMessage {
  return { type: 'change', version: 'v2', now: NOW + 500, watermark: NOW - 3_500, windows: [], ...more }
}

/** The state after a snapshot. */
export function stateOf(more: Partial<SnapshotMessage> = {}): LiveState {
  const state = applyMessage(undefined, snapshot(more), NOW)
  if (state === undefined) throw new Error('a snapshot makes a state')
  return state
}

/** An accepted event of the stream. */
export function tailEvent(messageId: string, more: Partial<TailEvent> = {}): TailEvent {
  return {
    messageId,
    status: 'accepted',
    type: 'track',
    event: 'Signed Up',
    timestamp: NOW - 1_000,
    receivedAt: NOW - 400,
    batchId: 'b1',
    ...more,
  }
}
