/**
 * One event from a caller's argument to the JSON text that travels: checked, copied, dated. Knows the shapes of the six
 * types; knows nothing of queues or the network.
 */

import { type EventType, MAX_EVENT_BYTES, MAX_ID_LENGTH, MAX_NAME_LENGTH } from '@millrace/schemas/wire'
import { byteLength } from './byte-length.ts'
import { kindOf, messageOf } from './describe.ts'
import type { Defaults } from './event-arguments.ts'
import type { DropCounts } from './news.ts'
import type { EncodedEvent } from './outbox.ts'
import { SHARED_CONTEXT_BYTES } from './shared-context.ts'

export type BuiltEvent =
  | {
      ok: true
      event: EncodedEvent
      /** Whether the event tells the collector of drops. */
      tellsDrops?: boolean
    }
  | { ok: false; reason: 'invalid_event' | 'event_too_large'; message: string }

type FieldRule = (value: unknown) => string | undefined

/** Fields of every type, in the order in which they are written. */
const COMMON_RULES = {
  userId: optional(text(MAX_ID_LENGTH)),
  anonymousId: optional(text(MAX_ID_LENGTH)),
  messageId: optional(text(MAX_ID_LENGTH)),
  timestamp: optional(time),
  context: optional(plainObject),
  integrations: optional(plainObject),
} satisfies Record<string, FieldRule>

const VIEW_RULES = {
  name: optional(text(MAX_NAME_LENGTH)),
  category: optional(text(MAX_NAME_LENGTH)),
  properties: optional(plainObject),
}

/** Fields of each type and their rules, as lists so that a call makes no copy. A field that is not here is not sent. */
const RULES = {
  track: withCommon({ event: text(MAX_NAME_LENGTH), properties: optional(plainObject) }),
  page: withCommon(VIEW_RULES),
  screen: withCommon(VIEW_RULES),
  identify: withCommon({ traits: optional(plainObject) }),
  group: withCommon({ groupId: text(MAX_ID_LENGTH), traits: optional(plainObject) }),
  alias: withCommon({ previousId: text(MAX_ID_LENGTH) }),
} satisfies Record<EventType, unknown>

/** What an event gets besides what the call says. */
export interface EventSurroundings {
  /** ISO 8601 in UTC, for an event that does not say when it happened. */
  now: string
  /** What is known of the request or the person; the first wins, `context` and `integrations` key by key. */
  defaults?: readonly Defaults[] | undefined
  /** Drops that were not told yet; become `context.dropped`. */
  dropped?: DropCounts | undefined
}

/**
 * The event's JSON text, or why it cannot be sent: `{ ok: false, reason, message }`, the message naming the field, the
 * rule and the kind of value it got, never the value. `timestamp` is written as ISO 8601 in UTC. A field that is `null`
 * counts as absent.
 */
export function buildEvent(type: EventType, argument: unknown, surroundings: EventSurroundings): BuiltEvent {
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) {
    return invalid(`${type} takes one object, got ${kindOf(argument)}`)
  }
  try {
    // Inside the try: getters, proxies and toJSON of the caller's values may throw.
    return encode(type, argument as Record<string, unknown>, surroundings)
  } catch (error) {
    return invalid(`${type}: the event cannot be written as JSON: ${messageOf(error)}`)
  }
}

function encode(
  type: EventType,
  fields: Record<string, unknown>,
  { now, defaults = NONE, dropped }: EventSurroundings,
): BuiltEvent {
  const event: Record<string, unknown> = { type }
  for (const [name, rule] of RULES[type]) {
    const value = defaults.length === 0 ? (fields[name] ?? undefined) : complete(name, fields[name], defaults)
    const problem = rule(value)
    if (problem !== undefined) return invalid(`${type}: ${name} must be ${problem}`)
    if (value !== undefined) event[name] = value
  }
  if (event['userId'] === undefined && event['anonymousId'] === undefined) {
    return invalid(`${type}: userId or anonymousId must be given`)
  }
  const { timestamp } = event
  event['timestamp'] = timestamp === undefined ? now : toIso(timestamp)
  if (dropped !== undefined) event['context'] = { ...(event['context'] as object | undefined), dropped }
  const json = JSON.stringify(event)
  const bytes = byteLength(json)
  // The collector counts the same way, because the shared context becomes part of each event.
  const countedBytes = bytes + SHARED_CONTEXT_BYTES
  if (countedBytes > MAX_EVENT_BYTES) {
    const message = `${type}: the event must be at most ${MAX_EVENT_BYTES} bytes of JSON with the batch's context, got ${countedBytes}`
    return { ok: false, reason: 'event_too_large', message }
  }
  return { ok: true, event: { json, bytes } }
}

const NONE: readonly Defaults[] = []

/** Fields of an event that may be known without being said, and those of which each key may come from another place. */
const DEFAULTED: ReadonlySet<string> = new Set(['userId', 'anonymousId', 'context', 'integrations'])
const MERGED: ReadonlySet<string> = new Set(['context', 'integrations'])

/** The value of a field: the call's own, else that of the first default which has one. */
function complete(name: string, own: unknown, defaults: readonly Defaults[]): unknown {
  if (!DEFAULTED.has(name)) return own ?? undefined
  const found: unknown[] = [own]
  for (const each of defaults) found.push((each as Record<string, unknown> | null | undefined)?.[name])
  const values = found.filter((value) => value !== undefined && value !== null)
  const isMerged =
    MERGED.has(name) && values.length > 1 && values.every((value) => plainObject(value) === undefined)
  // Without a prototype, because a key may be called `__proto__`.
  return isMerged ? Object.assign(Object.create(null), ...values.reverse()) : values[0]
}

function invalid(message: string): BuiltEvent {
  return { ok: false, reason: 'invalid_event', message }
}

function withCommon(own: Record<string, FieldRule>): [name: string, rule: FieldRule][] {
  return Object.entries({ ...own, ...COMMON_RULES })
}

function optional(rule: FieldRule): FieldRule {
  return (value) => (value === undefined ? undefined : rule(value))
}

function text(maxLength: number): FieldRule {
  return (value) => {
    if (typeof value === 'string' && value.length >= 1 && value.length <= maxLength) return undefined
    const got = typeof value === 'string' && value !== '' ? `one of ${value.length}` : kindOf(value)
    return `a string of 1 to ${maxLength} characters, got ${got}`
  }
}

function plainObject(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined
  return `an object, got ${kindOf(value)}`
}

function time(value: unknown): string | undefined {
  const isDate = value instanceof Date || typeof value === 'string' || typeof value === 'number'
  if (isDate && !Number.isNaN(new Date(value).getTime())) return undefined
  return `a Date, ISO 8601 text or milliseconds since the epoch, got ${isDate ? 'one that is no date' : kindOf(value)}`
}

function toIso(value: unknown): string {
  return new Date(value as Date | string | number).toISOString()
}
