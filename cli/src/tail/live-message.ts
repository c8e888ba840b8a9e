/** What `/v1/live` says, as far as the event stream is concerned: read from one server-sent event. Pure. */

import type { TailEvent } from '@millrace/schemas/live'
import type { ServerSentEvent } from './server-sent-events.ts'

/** Events that passed, of a snapshot or a change. */
export interface TailEvents {
  /** To go on from; empty where the message has none. */
  version: string
  /** Oldest first. */
  events: TailEvent[]
  /** How many more passed. */
  missed: number
}

/** A message of the collector. */
export type TailMessage =
  | ({ kind: 'events' } & TailEvents)
  /** The last word before the connection is closed. */
  | { kind: 'error'; message: string }
  /** Nothing that is understood: of a later release, or of something else. */
  | { kind: 'other' }

/** Reads it; entries that are no events are left out. */
export function parseTailMessage({ type, data, lastEventId }: ServerSentEvent): TailMessage {
  if (!['snapshot', 'change', 'error'].includes(type)) return { kind: 'other' }
  const { message, events, missed } = parseObject(data)
  if (type === 'error') {
    return { kind: 'error', message: typeof message === 'string' ? message : 'the collector ended it' }
  }
  return {
    kind: 'events',
    version: lastEventId,
    events: Array.isArray(events) ? events.filter(isTailEvent) : [],
    missed: typeof missed === 'number' && missed > 0 ? missed : 0,
  }
}

const TEXTS = ['messageId', 'status', 'type', 'event', 'batchId'] as const
const OPTIONAL_TEXTS = ['reason', 'path', 'message', 'raw'] as const
const TIMES = ['timestamp', 'receivedAt'] as const

function isTailEvent(value: unknown): value is TailEvent {
  if (!isObject(value)) return false
  const { row = {}, violations = [] } = value
  return (
    TEXTS.every((name) => typeof value[name] === 'string') &&
    OPTIONAL_TEXTS.every((name) => ['string', 'undefined'].includes(typeof value[name])) &&
    TIMES.every((name) => typeof value[name] === 'number') &&
    isObject(row) &&
    Array.isArray(violations) &&
    violations.every(isObject)
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    // Whoever says this is no collector: there is nothing in it to show.
    return {}
  }
}
