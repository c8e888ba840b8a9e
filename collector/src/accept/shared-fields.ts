/** Fields of a batch that its events share, as far as they make sense; what does not is left out, not held against them. */

import type { EnvelopeHead, JsonObject, Refusal, StreamEnd } from '@millrace/schemas'
import {
  byteLength,
  encodeJson,
  exceedsNesting,
  MAX_BATCH_EVENTS,
  MAX_EVENT_BYTES,
  MAX_ID_LENGTH,
  MAX_NESTING,
  parseClientTime,
} from '@millrace/schemas'

/** What {@link readSharedFields} gives. */
export interface SharedFields {
  /** Ready for the head of the envelope. */
  head: Pick<EnvelopeHead, 'sentAt' | 'stream' | 'previous' | 'context' | 'integrations'>
  batchId?: string
  /** Number of the first event; absent when the client does not number. */
  firstSeq?: number
  /** Bytes that the shared `context` and `integrations` add to every event. */
  bytes: number
  /** Set when they are such that no event can have them; they are then not in `head`. */
  refusal?: Refusal
}

/** Largest number that can start a batch, so that the last of it still fits the column's 32 bits. */
const MAX_FIRST_SEQ = 2 ** 32 - 1 - MAX_BATCH_EVENTS

/** Reads the body of a batch. Never throws. */
export function readSharedFields(body: Record<string, unknown>): SharedFields {
  const stream = readId(body['stream'])
  const firstSeq = stream === undefined ? undefined : readSeq(body['firstSeq'])
  const batchId = readId(body['batchId'])
  const sentAt = parseClientTime(body['sentAt'])
  const previous = readStreamEnd(body['previous'])
  const { head: attached, bytes, refusal } = readAttached(body)
  return {
    head: {
      ...(sentAt === undefined ? {} : { sentAt }),
      ...(stream === undefined ? {} : { stream }),
      ...(previous === undefined ? {} : { previous }),
      ...attached,
    },
    ...(batchId === undefined ? {} : { batchId }),
    ...(firstSeq === undefined ? {} : { firstSeq }),
    bytes,
    ...(refusal === undefined ? {} : { refusal }),
  }
}

/** An id that can be stored as it is, or `undefined`. */
export function readId(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_ID_LENGTH) return undefined
  return value.toWellFormed()
}

/** `context` and `integrations`: they become part of every event, so what holds for an event holds for them. */
function readAttached(
  body: Record<string, unknown>,
): Pick<SharedFields, 'bytes' | 'refusal'> & { head: SharedFields['head'] } {
  const head: SharedFields['head'] = {}
  let bytes = 0
  for (const name of ['context', 'integrations'] as const) {
    const value = readObject(body[name])
    if (value === undefined) continue
    // The event around it is one level.
    if (exceedsNesting(value, MAX_NESTING - 1)) {
      const message = `the batch's ${name} nests deeper than ${MAX_NESTING} levels`
      return { head: {}, bytes: 0, refusal: { reason: 'too_deep', path: name, message } }
    }
    bytes += byteLength(encodeJson(value))
    head[name] = value
  }
  if (bytes <= MAX_EVENT_BYTES) return { head, bytes }
  const message = `the batch's context and integrations alone are ${bytes} bytes, an event may be ${MAX_EVENT_BYTES}`
  return { head: {}, bytes, refusal: { reason: 'event_too_large', path: 'context', message } }
}

function readSeq(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_FIRST_SEQ
    ? value
    : undefined
}

function readStreamEnd(value: unknown): StreamEnd | undefined {
  const end = readObject(value)
  const stream = readId(end?.['stream'])
  const lastSeq = readSeq(end?.['lastSeq'])
  return stream === undefined || lastSeq === undefined ? undefined : { stream, lastSeq }
}

function readObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined
}
