/**
 * From a parsed body to what goes on the queue: every event accepted or quarantined, each with its id and time, none
 * able to harm its neighbours. Knows nothing of HTTP or queues.
 */

import type {
  EnvelopeEvent,
  EnvelopeHead,
  ParsedEvent,
  QuarantinedEvent,
  Reason,
  Receipt,
  Refusal,
  Route,
} from '@millrace/schemas'
import {
  byteLength,
  encodeJson,
  MAX_AHEAD_MS,
  MAX_EVENT_BYTES,
  MAX_RAW_BYTES,
  parseClientTime,
  parseEvent,
  resolveEventTime,
} from '@millrace/schemas'
import { createIdMinter, ownMessageId } from './message-id.ts'
import { readId, readSharedFields, type SharedFields } from './shared-fields.ts'

/** Where and when a batch arrived. */
export interface Arrival {
  source: string
  route: Route
  /** Milliseconds since 1970. */
  receivedAt: number
  userAgent?: string
}

/** What became of a batch: texts for the envelopes, and a receipt for each event that was not plainly accepted. */
export interface AcceptedBatch {
  head: EnvelopeHead
  eventTexts: string[]
  quarantinedTexts: string[]
  receipts: Receipt[]
}

/** Longest `User-Agent` that is kept, in UTF-16 units: real ones stay under 500. */
const MAX_USER_AGENT_LENGTH = 1_024

/** Outcome for one event. */
type Verdict = { ok: true; event: EnvelopeEvent } | ({ ok: false; messageId: string } & Refusal)

/**
 * Judges every event of a batch. Fields of the batch itself that make no sense (`stream`, `sentAt`, `context` ...) are
 * left out rather than held against its events.
 */
export async function acceptBatch(
  body: Record<string, unknown>,
  batch: unknown[],
  arrival: Arrival,
): Promise<AcceptedBatch> {
  const shared = readSharedFields(body)
  const mintId = createIdMinter(arrival.source)
  const eventTexts: string[] = []
  const quarantinedTexts: string[] = []
  const receipts: Receipt[] = []
  const ids: string[] = []

  for (const [index, input] of batch.entries()) {
    const raw = encodeRaw(input)
    const seq = shared.firstSeq === undefined ? undefined : shared.firstSeq + index
    const verdict = await judge(input, raw, seq, shared, arrival, mintId)
    if (verdict.ok) {
      ids.push(verdict.event.messageId)
      eventTexts.push(encodeJson(verdict.event))
    } else {
      ids.push(verdict.messageId)
      quarantinedTexts.push(encodeJson(quarantine(index, seq, raw, verdict)))
      receipts.push(buildReceipt(index, verdict))
    }
  }

  const { userAgent, ...where } = arrival
  const head: EnvelopeHead = {
    ...where,
    batchId: shared.batchId ?? (await mintId(ids.join('\n'))),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, MAX_USER_AGENT_LENGTH) }),
    ...shared.head,
  }
  return { head, eventTexts, quarantinedTexts, receipts }
}

async function judge(
  input: unknown,
  raw: string,
  seq: number | undefined,
  shared: SharedFields,
  arrival: Arrival,
  mintId: (content: string) => Promise<string>,
): Promise<Verdict> {
  const parsed = parseEvent(input)
  const messageId =
    ownMessageId(parsed.ok ? parsed.event : { messageId: readOwnId(input) }, shared.head.stream, seq) ??
    (await mintId(raw))
  const refuse = (reason: Reason, path: string, message: string): Verdict => {
    return { ok: false, messageId, reason, path, message }
  }

  if (shared.refusal !== undefined) return { ok: false, messageId, ...shared.refusal }
  const bytes = byteLength(raw) + shared.bytes
  if (bytes > MAX_EVENT_BYTES) {
    return refuse(
      'event_too_large',
      '',
      `an event may be at most ${MAX_EVENT_BYTES} bytes with its shared context, got ${bytes}`,
    )
  }
  if (!parsed.ok) return { messageId, ...parsed }

  const time = readTime(parsed.event, shared.head.sentAt, arrival)
  if (!time.ok) return refuse('impossible_time', time.path, time.message)
  const { timestamp: _, originalTimestamp: __, messageId: ___, ...fields } = parsed.event
  return {
    ok: true,
    event: {
      ...withoutUndefined(fields),
      type: parsed.event.type,
      messageId,
      timestamp: time.timestamp,
      ...(time.originalTimestamp === undefined ? {} : { originalTimestamp: time.originalTimestamp }),
      ...(seq === undefined ? {} : { seq }),
    },
  }
}

type TimeResult =
  | { ok: true; timestamp: number; originalTimestamp?: number }
  | { ok: false; path: string; message: string }

function readTime(
  event: ParsedEvent,
  sentAt: number | undefined,
  { route, receivedAt }: Arrival,
): TimeResult {
  const path = event.originalTimestamp === undefined ? 'timestamp' : 'originalTimestamp'
  const given = event[path]
  if (given === undefined) return { ok: true, timestamp: receivedAt }
  const originalTimestamp = parseClientTime(given)
  if (originalTimestamp === undefined) {
    return {
      ok: false,
      path,
      message: `${path} must be an ISO 8601 time from 1970 to 2199, got ${JSON.stringify(given).slice(0, 60)}`,
    }
  }
  // History carries the time it was recorded with: no client clock to correct, and no bound on its age.
  if (route === 'import') {
    const isPast = originalTimestamp <= receivedAt + MAX_AHEAD_MS
    return isPast
      ? { ok: true, timestamp: originalTimestamp, originalTimestamp }
      : { ok: false, path, message: `${path} of an imported event must not lie in the future` }
  }
  const resolved = resolveEventTime({ originalTimestamp, sentAt, receivedAt })
  return resolved.ok
    ? { ok: true, timestamp: resolved.timestamp, originalTimestamp }
    : { ok: false, path, message: resolved.message }
}

function quarantine(
  index: number,
  seq: number | undefined,
  raw: string,
  refused: { messageId: string } & Refusal,
): QuarantinedEvent {
  const { messageId, reason, path, message } = refused
  return {
    messageId,
    index,
    ...(seq === undefined ? {} : { seq }),
    reason,
    path,
    message,
    raw: cutToBytes(raw, MAX_RAW_BYTES),
    rawBytes: byteLength(raw),
  }
}

/** The start of a text, cut between two characters. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.byteLength <= maxBytes) return text
  return new TextDecoder().decode(bytes.subarray(0, maxBytes)).replace(/\ufffd+$/, '')
}

function encodeRaw(input: unknown): string {
  try {
    return encodeJson(input)
  } catch {
    // Only a nesting of many thousands exhausts the stack here; such an event is refused as too deep.
    return '"(nested too deeply to be kept)"'
  }
}

function buildReceipt(index: number, refused: { messageId: string } & Refusal): Receipt {
  const { messageId, reason, path, message } = refused
  return { index, messageId, status: 'quarantined', reason, ...(path === '' ? {} : { path }), message }
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

/** The id that a refused event would have had if it were good: a number counts as its text, as in a good one. */
function readOwnId(input: unknown): string | undefined {
  const id =
    typeof input === 'object' && input !== null ? (input as Record<string, unknown>)['messageId'] : undefined
  return readId(typeof id === 'number' ? String(id) : id)
}
