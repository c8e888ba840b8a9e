/**
 * An object of a file to an event that can be sent, or why not: by the collector's own rules, and those of history, which
 * needs a time and an id that is the same in every run. Pure.
 */

import {
  EVENT_TYPES,
  type EventType,
  MAX_EVENT_BYTES,
  type ParsedEvent,
  parseClientTime,
  parseEvent,
} from '@millrace/schemas'
import type { EventFields, Malformed, Verdict } from './format.ts'

/** Left of an event's size for the name and version of the SDK, which the collector counts with each. */
const SHARED_BYTES = 256

/** Most bytes that JSON text grows by when it is parsed and written again: `1e20` becomes 21 digits. */
const MAX_GROWTH = 6

const ID_NAMES = ['userId', 'anonymousId', 'messageId', 'groupId', 'previousId'] as const

const COMMON = ['userId', 'anonymousId', 'context', 'integrations'] as const

/** Fields of each type that are sent. */
const FIELDS: Record<EventType, readonly (keyof ParsedEvent)[]> = {
  track: ['event', 'properties', ...COMMON],
  page: ['name', 'category', 'properties', ...COMMON],
  screen: ['name', 'category', 'properties', ...COMMON],
  identify: ['traits', ...COMMON],
  group: ['groupId', 'traits', ...COMMON],
  alias: ['previousId', ...COMMON],
}

/** What {@link checkEvent} cannot know. */
export interface CheckOptions {
  /** The `messageId` of an event that has none. */
  mintId: () => string
  /** Length of the text that the object comes from. */
  sourceBytes: number
}

/**
 * The verdict on an object. `timestamp` wins over `originalTimestamp`: the first is the second corrected by the clock of
 * who stored it. `sentAt`, `receivedAt` and all other fields that the type does not have are left out.
 */
export function checkEvent(input: unknown, { mintId, sourceBytes }: CheckOptions): Verdict {
  const inexact = findInexactId(input)
  if (inexact !== undefined) {
    return malformed(
      `invalid_field: ${inexact}`,
      `${inexact} is a number with too many digits, write it as text`,
    )
  }
  const parsed = parseEvent(input)
  if (!parsed.ok) {
    const { reason, path, message } = parsed
    return malformed(path === '' || reason === 'unknown_type' ? reason : `${reason}: ${path}`, message)
  }
  const { event } = parsed
  if (event.userId === undefined && event.anonymousId === undefined) {
    return malformed('missing_field: userId', 'userId or anonymousId is required')
  }
  const time = readTime(event)
  if (typeof time !== 'string') return time
  const fields = pickFields(event, event.messageId ?? mintId(), time)
  if (isTooLarge(event.type, fields, sourceBytes)) {
    return malformed('event_too_large', `an event may have ${MAX_EVENT_BYTES} bytes of JSON`)
  }
  return { kind: 'event', event: { type: event.type, fields } }
}

/** A verdict of malformed. */
export function malformed(reason: string, detail?: string): Malformed {
  return { kind: 'malformed', reason, detail }
}

/** Whether a text is one of the types. */
export function isEventType(text: string): text is EventType {
  return (EVENT_TYPES as readonly string[]).includes(text)
}

/** A number over 2^53 has lost digits when JSON was parsed: the event would be another person's. */
function findInexactId(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  return ID_NAMES.find((name) => {
    const value = (input as Record<string, unknown>)[name]
    return typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)
  })
}

function readTime({ timestamp, originalTimestamp }: ParsedEvent): string | Malformed {
  const name = timestamp === undefined ? 'originalTimestamp' : 'timestamp'
  const value = timestamp ?? originalTimestamp
  if (value === undefined) return malformed('missing_field: timestamp', 'history needs a timestamp')
  const time = parseClientTime(value)
  if (time !== undefined) return new Date(time).toISOString()
  return malformed(
    'impossible_time',
    `${name} must be ISO 8601 or milliseconds since 1970, from then to 2200, got ${JSON.stringify(value)}`,
  )
}

function pickFields(event: ParsedEvent, messageId: string, timestamp: string): EventFields {
  const fields: Record<string, unknown> = { messageId, timestamp }
  for (const name of FIELDS[event.type]) {
    const value = event[name]
    if (value !== undefined) fields[name] = value
  }
  return fields as EventFields
}

/** Most events are so small that they need not be written to know it. */
function isTooLarge(type: EventType, fields: EventFields, sourceBytes: number): boolean {
  const limit = MAX_EVENT_BYTES - SHARED_BYTES
  if (sourceBytes * MAX_GROWTH < limit) return false
  return Buffer.byteLength(JSON.stringify({ type, ...fields })) > limit
}
