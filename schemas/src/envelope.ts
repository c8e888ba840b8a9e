/**
 * A batch as it travels from the collector to the consumers: one queue message, or several when one would be too large.
 * The envelope is the only meeting point of the two, and deploys overlap, so it carries its version.
 */

import { encodeJson } from './json-text.ts'
import type { EventType, JsonObject, Reason, StreamEnd } from './wire.ts'

/** Version that {@link encodeEnvelopes} writes. */
export const ENVELOPE_VERSION = 1

/** Largest queue message in bytes. Source: Cloudflare Queues limits, checked November 2026. */
export const QUEUE_MESSAGE_BYTES = 128_000

/** Room kept free in every envelope for what the `retry` and `dead` queues put before it. */
export const WRAPPER_BYTES = 2_000

/** Largest envelope in bytes. */
export const MAX_ENVELOPE_BYTES = QUEUE_MESSAGE_BYTES - WRAPPER_BYTES

/** Longest part of a refused event's own text that travels with it, in bytes; quoting it again at most doubles it. */
export const MAX_RAW_BYTES = 32 * 1024

/** Which route a batch came by: live, or history with the secret key. */
export type Route = 'batch' | 'import'

/** What all events of a batch share. Times are milliseconds since 1970. */
export interface EnvelopeHead {
  source: string
  route: Route
  receivedAt: number
  sentAt?: number
  batchId: string
  stream?: string
  previous?: StreamEnd
  userAgent?: string
  /** Shared context; each event's own is merged over it at the first level. */
  context?: JsonObject
  integrations?: JsonObject
}

/** One accepted event. Times are milliseconds since 1970. */
export interface EnvelopeEvent {
  messageId: string
  type: EventType
  /** Place in the stream, from 1; absent for clients that do not number. */
  seq?: number
  /** Corrected time. */
  timestamp: number
  /** Client's clock, uncorrected; absent when the client did not say. The same in every copy of an event. */
  originalTimestamp?: number
  event?: string
  name?: string
  category?: string
  userId?: string
  anonymousId?: string
  groupId?: string
  previousId?: string
  properties?: JsonObject
  traits?: JsonObject
  context?: JsonObject
  integrations?: JsonObject
}

/** One refused event, kept so that it can be looked at and replayed. */
export interface QuarantinedEvent {
  /** The event's own id, or the one it would have had. */
  messageId: string
  /** Position in the batch, from 0. */
  index: number
  seq?: number
  reason: Reason
  path: string
  message: string
  /** JSON text of the event as it arrived, cut to {@link MAX_RAW_BYTES}. */
  raw: string
  /** Bytes of the whole text. */
  rawBytes: number
}

/** A decoded envelope. */
export interface Envelope extends EnvelopeHead {
  version: typeof ENVELOPE_VERSION
  /** Which of the envelopes of this batch, from 0. */
  part: number
  events: EnvelopeEvent[]
  quarantined: QuarantinedEvent[]
}

/** Outcome of {@link decodeEnvelope}. */
export type DecodeResult = { ok: true; envelope: Envelope } | { ok: false; message: string }

/** More parts than a batch can be cut into; only its digits count, to reserve their room. */
const MAX_PARTS = 9_999

const encoder = new TextEncoder()

/**
 * JSON texts of as few envelopes as hold everything, each at most `maxBytes` of UTF-8, in the order given. The head is
 * repeated in each.
 *
 * @param head what all share
 * @param eventTexts JSON text of each {@link EnvelopeEvent}
 * @param quarantinedTexts JSON text of each {@link QuarantinedEvent}
 * @throws RangeError when the head with one single entry is over `maxBytes`; the collector's limits rule that out
 */
export function encodeEnvelopes(
  head: EnvelopeHead,
  eventTexts: readonly string[],
  quarantinedTexts: readonly string[],
  maxBytes: number = MAX_ENVELOPE_BYTES,
): string[] {
  const shared = encodeJson(head).slice(1, -1)
  const openPart = (part: number) => `{"version":${ENVELOPE_VERSION},"part":${part},${shared},"events":[`
  const middle = '],"quarantined":['
  const close = ']}'
  const frameBytes = byteLength(openPart(MAX_PARTS)) + middle.length + close.length
  const texts: string[] = []
  let events: string[] = []
  let quarantined: string[] = []
  let bytes = frameBytes

  const closePart = () => {
    if (events.length + quarantined.length > 0) {
      texts.push(openPart(texts.length) + events.join(',') + middle + quarantined.join(',') + close)
    }
    events = []
    quarantined = []
    bytes = frameBytes
  }
  const add = (text: string, isEvent: boolean) => {
    const entryBytes = byteLength(text) + 1
    if (bytes + entryBytes > maxBytes) closePart()
    if (bytes + entryBytes > maxBytes) {
      throw new RangeError(
        `an envelope must be at most ${maxBytes} bytes, one entry needs ${bytes + entryBytes}`,
      )
    }
    bytes += entryBytes
    ;(isEvent ? events : quarantined).push(text)
  }

  for (const text of eventTexts) add(text, true)
  for (const text of quarantinedTexts) add(text, false)
  closePart()
  return texts
}

/**
 * Reads one envelope: this version and, once there is a second, the one before. It was written by our own collector,
 * so only what would make a consumer go astray is checked. Never throws.
 */
export function decodeEnvelope(text: unknown): DecodeResult {
  if (typeof text !== 'string') return { ok: false, message: `an envelope must be text, got ${typeof text}` }
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null)
    return { ok: false, message: 'an envelope must be a JSON object' }
  const envelope = value as Partial<Envelope>
  if (envelope.version !== ENVELOPE_VERSION) {
    return { ok: false, message: `envelope version ${String(envelope.version)} is not one this Worker reads` }
  }
  if (typeof envelope.source !== 'string' || typeof envelope.receivedAt !== 'number') {
    return { ok: false, message: 'an envelope must have source and receivedAt' }
  }
  if (!Array.isArray(envelope.events) || !Array.isArray(envelope.quarantined)) {
    return { ok: false, message: 'an envelope must have events and quarantined' }
  }
  return { ok: true, envelope: envelope as Envelope }
}

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).byteLength
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is the answer: the caller refuses it by name.
    return undefined
  }
}
