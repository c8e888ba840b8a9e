/** What can become of one event, and how that is said to the client and written for the consumers. */

import type {
  EventType,
  OmittedEvent,
  QuarantinedEvent,
  Reason,
  Receipt,
  Refusal,
  Violation,
} from '@millrace/schemas'
import { byteLength, MAX_RAW_BYTES } from '@millrace/schemas'

/** An event that is refused for its content. */
export interface Refused extends Refusal {
  kind: 'quarantined'
  messageId: string
  type?: EventType
  event?: string
  violations?: Violation[]
  planVersion?: string
  /** What the edge decided of its identity; absent where that is left to the client. */
  anonymousId?: string
  clientAnonymousId?: string
  /** Its identity may not be kept: `raw` is then what is kept in place of its own text. */
  isAnonymized: boolean
  raw?: string
}

/** An event that is left out on purpose. */
export interface Omitted {
  kind: 'filtered' | 'duplicate'
  messageId: string
  reason: Reason
  message: string
}

/** An event that is stored: `text` is the JSON text of its `EnvelopeEvent`. */
export interface Accepted {
  kind: 'accepted'
  messageId: string
  text: string
  isAnonymized: boolean
}

/** What became of one event. */
export type Judgement = Accepted | Refused | Omitted

/** Most bytes of what an event becomes in an envelope: with the largest head it stays below the limit of a message. */
export const MAX_ENTRY_BYTES = 76 * 1024

/** Longest name of a refused event that is kept, in UTF-16 units. */
const MAX_EVENT_NAME = 512

/** What the client is told of an event that was not plainly accepted: of its violations the first, and how many more. */
export function buildReceipt(index: number, judgement: Refused | Omitted): Receipt {
  const { kind, messageId, reason, message } = judgement
  if (judgement.kind !== 'quarantined') return { index, messageId, status: kind, reason, message }
  const { path, violations = [] } = judgement
  const more = violations.length > 1 ? `; and ${violations.length - 1} more` : ''
  const where = path === '' ? {} : { path }
  return { index, messageId, status: kind, reason, ...where, message: `${message}${more}` }
}

/** What the consumers get of a refused event; `raw` is its text as it arrived. */
export function buildQuarantined(
  index: number,
  seq: number | undefined,
  raw: string,
  refused: Refused,
): QuarantinedEvent {
  const { kind: _, isAnonymized: __, event, ...rest } = refused
  return {
    ...rest,
    ...(event === undefined ? {} : { event: event.slice(0, MAX_EVENT_NAME) }),
    index,
    ...(seq === undefined ? {} : { seq }),
    raw: cutToBytes(raw, MAX_RAW_BYTES),
    rawBytes: byteLength(raw),
  }
}

/** What the consumers get of an event that was left out. */
export function buildOmitted(index: number, seq: number | undefined, omitted: Omitted): OmittedEvent {
  const { kind, messageId, reason } = omitted
  return { messageId, index, ...(seq === undefined ? {} : { seq }), status: kind, reason }
}

/** The start of a text, cut between two characters. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.byteLength <= maxBytes) return text
  return new TextDecoder().decode(bytes.subarray(0, maxBytes)).replace(/\ufffd+$/, '')
}
