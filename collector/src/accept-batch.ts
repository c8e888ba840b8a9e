/**
 * From a parsed body to what goes on the queue: every event accepted or quarantined, each with its id and time, none
 * able to harm its neighbours. Knows nothing of HTTP or queues.
 */

import type {
  EnvelopeEvent,
  EnvelopeHead,
  JsonObject,
  ParsedEvent,
  QuarantinedEvent,
  Reason,
  Receipt,
  Refusal,
  Route,
  StreamEnd,
} from '@millrace/schemas'
import {
  byteLength,
  MAX_AHEAD_MS,
  MAX_EVENT_BYTES,
  MAX_ID_LENGTH,
  MAX_RAW_BYTES,
  parseClientTime,
  parseEvent,
  resolveEventTime,
} from '@millrace/schemas'
import { createIdMinter, ownMessageId } from './message-id.ts'

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
  const shared = readShared(body)
  const mintId = createIdMinter(arrival.source)
  const eventTexts: string[] = []
  const quarantinedTexts: string[] = []
  const receipts: Receipt[] = []
  const ids: string[] = []

  for (const [index, input] of batch.entries()) {
    const raw = toText(input)
    const seq = shared.firstSeq === undefined ? undefined : shared.firstSeq + index
    const verdict = await judge(input, raw, seq, shared, arrival, mintId)
    if (verdict.ok) {
      ids.push(verdict.event.messageId)
      eventTexts.push(toText(verdict.event))
    } else {
      const { messageId, reason, path, message } = verdict
      ids.push(messageId)
      quarantinedTexts.push(toText(quarantine(index, seq, raw, verdict)))
      receipts.push({
        index,
        messageId,
        status: 'quarantined',
        reason,
        ...(path === '' ? {} : { path }),
        message,
      })
    }
  }

  const head: EnvelopeHead = {
    ...arrival,
    batchId: shared.batchId ?? (await mintId(ids.join('\n'))),
    ...(arrival.userAgent === undefined
      ? {}
      : { userAgent: arrival.userAgent.slice(0, MAX_USER_AGENT_LENGTH) }),
    ...(shared.sentAt === undefined ? {} : { sentAt: shared.sentAt }),
    ...(shared.stream === undefined ? {} : { stream: shared.stream }),
    ...(shared.previous === undefined ? {} : { previous: shared.previous }),
    // A shared part that is too large has refused every event above, so nobody misses it.
    ...(shared.bytes > MAX_EVENT_BYTES ? {} : { context: shared.context, integrations: shared.integrations }),
  }
  return { head, eventTexts, quarantinedTexts, receipts }
}

/** Fields of the batch that its events share, as far as they make sense. */
interface Shared {
  batchId: string | undefined
  sentAt: number | undefined
  stream: string | undefined
  firstSeq: number | undefined
  previous: StreamEnd | undefined
  context: JsonObject
  integrations: JsonObject
  /** Bytes that context and integrations add to every event. */
  bytes: number
}

function readShared(body: Record<string, unknown>): Shared {
  const stream = readId(body['stream'])
  const context = readObject(body['context'])
  const integrations = readObject(body['integrations'])
  return {
    batchId: readId(body['batchId']),
    sentAt: parseClientTime(body['sentAt']),
    stream,
    firstSeq: stream === undefined ? undefined : readSeq(body['firstSeq']),
    previous: readStreamEnd(body['previous']),
    context,
    integrations,
    bytes: byteLength(toText(context)) + byteLength(toText(integrations)),
  }
}

async function judge(
  input: unknown,
  raw: string,
  seq: number | undefined,
  shared: Shared,
  arrival: Arrival,
  mintId: (content: string) => Promise<string>,
): Promise<Verdict> {
  const parsed = parseEvent(input)
  const messageId =
    ownMessageId(parsed.ok ? parsed.event : { messageId: readOwnId(input) }, shared.stream, seq) ??
    (await mintId(raw))
  const refuse = (reason: Reason, path: string, message: string): Verdict => {
    return { ok: false, messageId, reason, path, message }
  }

  const bytes = byteLength(raw) + shared.bytes
  if (bytes > MAX_EVENT_BYTES) {
    return refuse(
      'event_too_large',
      '',
      `an event may be at most ${MAX_EVENT_BYTES} bytes with its shared context, got ${bytes}`,
    )
  }
  if (!parsed.ok) return { messageId, ...parsed }

  const time = readTime(parsed.event, shared.sentAt, arrival)
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

/**
 * JSON text whose every character is valid Unicode. `JSON.stringify` writes a lone surrogate as an escape that
 * ClickHouse refuses together with all its neighbours, so it becomes U+FFFD here.
 */
function toText(value: unknown): string {
  const text = stringify(value)
  if (!text.includes('\\ud')) return text
  // Pairs of backslashes are consumed whole, so `\\ud800` in a person's text is not taken for an escape.
  return text.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (sequence) =>
    sequence.startsWith('\\ud') ? '\ufffd' : sequence,
  )
}

/** The start of a text, cut between two characters. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.byteLength <= maxBytes) return text
  return new TextDecoder().decode(bytes.subarray(0, maxBytes)).replace(/\ufffd+$/, '')
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // Only a nesting of many thousands exhausts the stack here; such an event is refused as too deep.
    return '"(nested too deeply to be kept)"'
  }
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

function readOwnId(input: unknown): string | undefined {
  return typeof input === 'object' && input !== null
    ? readId((input as Record<string, unknown>)['messageId'])
    : undefined
}

function readId(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH ? value : undefined
}

function readSeq(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_SEQ
    ? value
    : undefined
}

/** Largest number that can start a batch, so that the last of it still fits the column's 32 bits. */
const MAX_SEQ = 2 ** 32 - 1 - 2_500

function readStreamEnd(value: unknown): StreamEnd | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { stream, lastSeq } = value as Record<string, unknown>
  const id = readId(stream)
  const seq = readSeq(lastSeq)
  return id === undefined || seq === undefined ? undefined : { stream: id, lastSeq: seq }
}

function readObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}
