/**
 * A batch as it travels from the collector to the consumers: one queue message, or several when one would be too large.
 * The envelope is the only meeting point of the two, and deploys overlap, so it carries its version.
 */

import type { EventFacts, RequestFacts, Violation } from './facts.ts'
import { encodeJson } from './json-text.ts'
import type { EventType, JsonObject, Reason, StreamEnd } from './wire.ts'

/** Version that {@link encodeEnvelopes} writes. */
export const ENVELOPE_VERSION = 2

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

/** Events of requests: accepted (those that the same batch repeats among them), quarantined, filtered. */
export type ReceiptCounts = [accepted: number, quarantined: number, filtered: number]

/**
 * What a collector says of a request, and with it of all it took before: so the books can tell what is under way and what
 * is missing, without a message of their own. A *book* is one isolate's account of one source, for some hours.
 */
export interface EnvelopeReceipt {
  /** Random id of the book. */
  book: string
  /** Which request of the book this is, from 1. Its envelopes all have the same. */
  number: number
  /** When it was taken, milliseconds since 1970: for what is replayed, other than when it was received at first. */
  at: number
  /** Events of this request, in all of its envelopes. */
  counts: ReceiptCounts
  /** Events of all requests before it in the book. */
  before: ReceiptCounts
  /** Every request below this number was made durable and acknowledged, but for {@link failed}. */
  settled: number
  /** Numbers below `settled` that neither queue nor bucket took, as far as is known, and their events: the client was told so. */
  failed?: [number: number, ...ReceiptCounts][]
  /** Requests refused whole since the book was begun, and events in them as far as they could be counted, by code. */
  refused?: Record<string, [requests: number, events: number]>
  /** Books of the same isolate and source that it wrote in before, until they are known to be told. */
  closed?: BookEnd[]
}

/**
 * The end of a book, told by the receipts of those after it: what no request of its own can tell any more. `number` is one more
 * than that of its last request, `at` when it was last written in, `before` and `refused` are of all of it. While a request of it
 * is under way `settled` is below `number`, and a later telling says more.
 */
export type BookEnd = Omit<EnvelopeReceipt, 'counts' | 'closed'>

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
  /** What the edge knows of the sender; since version 2. */
  request?: RequestFacts
  /** Absent in what an earlier collector wrote, and what was replayed from the dead letters of one. */
  receipt?: EnvelopeReceipt
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
  /** Fields that the wire does not know, kept as they came; since version 2. */
  extra?: JsonObject
  /** What the edge found out about it; since version 2. */
  facts?: EventFacts
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
  /** Its type, where it has one of the six. */
  type?: EventType
  /** Its name, where it has one. */
  event?: string
  /** All that is wrong with it; since version 2. */
  violations?: Violation[]
  /** Version of the plan's entry that it breaks. */
  planVersion?: string
  /** The id that the edge gave it, where the source leaves that to the edge and the plan is what refuses it. */
  anonymousId?: string
  /** The client's own id, where the edge's stands in its place. */
  clientAnonymousId?: string
  /** Text of the event exactly as it arrived, cut to {@link MAX_RAW_BYTES}. */
  raw: string
  /** Bytes of the whole text. */
  rawBytes: number
}

/** One event that is left out on purpose; nothing of its content is kept. Since version 2. */
export interface OmittedEvent {
  messageId: string
  /** Position in the batch, from 0. */
  index: number
  seq?: number
  status: 'filtered' | 'duplicate'
  reason: Reason
  /** Set by the consumer for what the collector had accepted, and that is forgotten now. */
  wasAccepted?: true
}

/** A decoded envelope. */
export interface Envelope extends EnvelopeHead {
  version: typeof ENVELOPE_VERSION
  /** Which of the envelopes of this batch, from 0. */
  part: number
  events: EnvelopeEvent[]
  quarantined: QuarantinedEvent[]
  omitted: OmittedEvent[]
}

/** Outcome of {@link decodeEnvelope}. */
export type DecodeResult =
  | { ok: true; envelope: Envelope }
  | { ok: false; fault: DecodeFault; message: string }

/** More parts than a batch can be cut into; only its digits count, to reserve their room. */
const MAX_PARTS = 9_999

const encoder = new TextEncoder()

const scratch = new Uint8Array(MAX_ENVELOPE_BYTES)

/** JSON texts of what a batch became: of each {@link EnvelopeEvent}, {@link QuarantinedEvent}, {@link OmittedEvent}. */
export interface EnvelopeEntries {
  events: readonly string[]
  quarantined: readonly string[]
  omitted: readonly string[]
}

/** Options of {@link encodeEnvelopes}. */
export interface EncodeOptions {
  /** Most bytes of one envelope. Default {@link MAX_ENVELOPE_BYTES}. */
  maxBytes?: number
  /** Number of the first part, when a batch has parts already. Default 0. */
  firstPart?: number
}

/** In the order they are written. */
const LISTS = ['events', 'quarantined', 'omitted'] as const

/** Most bytes that a UTF-16 unit becomes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3

/**
 * JSON texts of as few envelopes as hold everything, each at most `maxBytes` of UTF-8, in the order given. The head is
 * repeated in each.
 *
 * @param head what all share
 * @throws RangeError when the head with one single entry is over `maxBytes`; the collector's limits rule that out
 */
export function encodeEnvelopes(
  head: EnvelopeHead,
  entries: EnvelopeEntries,
  { maxBytes = MAX_ENVELOPE_BYTES, firstPart = 0 }: EncodeOptions = {},
): string[] {
  const shared = encodeJson(head).slice(1, -1)
  const openPart = (part: number) => `{"version":${ENVELOPE_VERSION},"part":${part},${shared}`
  const join = (part: number, lists: EnvelopeEntries) => {
    const fields = LISTS.map((name) => `,"${name}":[${lists[name].join(',')}]`)
    return `${openPart(part)}${fields.join('')}}`
  }
  if (LISTS.every((name) => entries[name].length === 0)) return []
  const whole = join(firstPart, entries)
  // Almost every batch fits; counting its bytes exactly costs more than joining it.
  if (fitsBytes(whole, maxBytes)) return [whole]

  const frameBytes = byteLength(join(MAX_PARTS, { events: [], quarantined: [], omitted: [] }))
  const texts: string[] = []
  let lists = { events: [] as string[], quarantined: [] as string[], omitted: [] as string[] }
  let bytes = frameBytes
  const closePart = () => {
    if (bytes > frameBytes) texts.push(join(firstPart + texts.length, lists))
    lists = { events: [], quarantined: [], omitted: [] }
    bytes = frameBytes
  }
  for (const name of LISTS) {
    for (const text of entries[name]) {
      const entryBytes = byteLength(text) + 1
      if (bytes + entryBytes > maxBytes) closePart()
      if (bytes + entryBytes > maxBytes) {
        throw new RangeError(
          `an envelope must be at most ${maxBytes} bytes, one entry needs ${bytes + entryBytes}`,
        )
      }
      bytes += entryBytes
      lists[name].push(text)
    }
  }
  closePart()
  return texts
}

/** What {@link decodeEnvelope} found wrong: a newer Worker's envelope can be read after the deploy, anything else never. */
export type DecodeFault = 'newer_version' | 'unreadable'

/**
 * Reads one envelope: this version and the one before. It was written by our own collector, so only what would make a
 * consumer go astray is checked. Never throws.
 */
export function decodeEnvelope(text: unknown): DecodeResult {
  if (typeof text !== 'string') return unreadable(`an envelope must be text, got ${typeof text}`)
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return unreadable('an envelope must be a JSON object')
  const envelope = value as Partial<Omit<Envelope, 'version'>> & { version?: unknown }
  const { version } = envelope
  if (version !== ENVELOPE_VERSION && version !== ENVELOPE_VERSION - 1) {
    const isNewer = typeof version === 'number' && version > ENVELOPE_VERSION
    const message = `envelope version ${String(version)} is not one this Worker reads`
    return { ok: false, fault: isNewer ? 'newer_version' : 'unreadable', message }
  }
  if (typeof envelope.source !== 'string' || typeof envelope.receivedAt !== 'number') {
    return unreadable('an envelope must have source and receivedAt')
  }
  // Version 1 had no omitted events, and left the address where the client had put it.
  const omitted = version === 1 ? [] : envelope.omitted
  if (!Array.isArray(envelope.events) || !Array.isArray(envelope.quarantined) || !Array.isArray(omitted)) {
    return unreadable('an envelope must have events, quarantined and omitted')
  }
  const events = version === 1 ? envelope.events.map(evolveEvent) : envelope.events
  return { ok: true, envelope: { ...(envelope as Envelope), version: ENVELOPE_VERSION, events, omitted } }
}

function evolveEvent(event: EnvelopeEvent): EnvelopeEvent {
  const ip = event.context?.['ip']
  return typeof ip === 'string' ? { ...event, facts: { ip } } : event
}

function unreadable(message: string): DecodeResult {
  return { ok: false, fault: 'unreadable', message }
}

/** Whether a text is at most so many bytes in UTF-8; counts them only when its length leaves that open. */
export function fitsBytes(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return false
  if (text.length * MAX_BYTES_PER_UNIT <= maxBytes) return true
  // Into a buffer that is there already: a third of the time of `encode`, which makes one. Nothing is kept in it.
  if (maxBytes > scratch.byteLength) return byteLength(text) <= maxBytes
  return encoder.encodeInto(text, scratch.subarray(0, maxBytes)).read === text.length
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
