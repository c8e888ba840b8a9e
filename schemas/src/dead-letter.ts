/**
 * Dead letters in R2, where the consumers put what nothing would take and the collector looks it up for an operator: where
 * they lie, what their metadata says, and how one is taken apart. Parts of the lake that cannot be read lie beside them.
 */

import { type DecodeResult, decodeEnvelope } from './envelope.ts'
import { PARTS_PREFIX, parsePartKey, UNREADABLE_PREFIX } from './lake/object-key.ts'
import { unwrapMessage, type Wrapper } from './wrapped-message.ts'

/** Where they are. Source: DESIGN section 7. */
export const DEAD_PREFIX = 'dead/'

/**
 * Why a letter died: a sink refused it for its content, a sink did not take it however often it was asked, or no Worker
 * could read it.
 */
export const LETTER_KINDS = ['refused', 'out_of_tries', 'unreadable'] as const

/** One of {@link LETTER_KINDS}. */
export type LetterKind = (typeof LETTER_KINDS)[number]

/** Whether a text is one of {@link LETTER_KINDS}. */
export function isLetterKind(text: string | undefined): text is LetterKind {
  return LETTER_KINDS.some((kind) => kind === text)
}

/** Custom metadata of a letter. R2 sends it as HTTP headers, so every value is printable ASCII. */
export interface LetterMetadata {
  /** Id that the message had on the queue `events`. */
  messageId: string
  /** The sink that wanted it; empty for none. */
  sink: string
  /** What went wrong last. */
  error: string
  /** Absent where that is not known. */
  kind?: LetterKind
  /** Whose events these are; absent where the envelope could not be read. */
  source?: string
  /** Events in it, accepted and refused, as digits; absent likewise. */
  events?: string
  /** Accepted ones alone, as digits, and when they were taken in milliseconds since 1970: for the books; absent likewise. */
  accepted?: string
  takenAt?: string
}

/** `dead/2026-11-21/<message id>.json`: by the day it was sent to the queue, which a redelivery does not change. */
export function deadLetterKey(timestamp: Date, messageId: string): string {
  return `${DEAD_PREFIX}${timestamp.toISOString().slice(0, 10)}/${messageId}.json`
}

/** Whether a key is one of {@link deadLetterKey}. */
export function isDeadLetterKey(key: string): boolean {
  return /^dead\/\d{4}-\d{2}-\d{2}\/[^/]+\.json$/.test(key)
}

/** Where the parts of one source's lake are that cannot be read: `dead/parts/source=shop/`. */
export function deadPartsPrefix(source: string): string {
  return `${UNREADABLE_PREFIX}source=${source}/`
}

/** The key that a part had before it was put aside, and its source; `undefined` when a key is not that of such a part. */
export function parseDeadPartKey(key: string): { partKey: string; source: string } | undefined {
  if (!key.startsWith(UNREADABLE_PREFIX)) return undefined
  const partKey = PARTS_PREFIX + key.slice(UNREADABLE_PREFIX.length)
  const parsed = parsePartKey(partKey)
  return parsed === undefined ? undefined : { partKey, source: parsed.source }
}

/** A letter taken apart. */
export interface OpenedLetter {
  /** Absent when the platform moved the message here, from the queue `events`. */
  wrapper?: Wrapper
  /** Text of the message as it was on the queue `events`. */
  body: string
  /** What the text is. */
  decoded: DecodeResult
}

/** Takes the text of a letter apart. Never throws. */
export function openDeadLetter(text: string): OpenedLetter {
  const unwrapped = unwrapMessage(text)
  const body = unwrapped?.body ?? text
  const decoded = decodeEnvelope(body)
  return unwrapped === undefined ? { body, decoded } : { wrapper: unwrapped.wrapper, body, decoded }
}

/** Why a letter died, as far as its text tells: one that an earlier Worker wrapped may be of either kind. */
export function kindOfLetter({ wrapper, decoded }: OpenedLetter): LetterKind | undefined {
  if (isLetterKind(wrapper?.kind)) return wrapper.kind
  // A newer envelope was put off until its tries were used up; see `waitForDeploy` of the consumers.
  if (!decoded.ok) return decoded.fault === 'newer_version' ? 'out_of_tries' : 'unreadable'
  return wrapper === undefined ? 'out_of_tries' : undefined
}

/** Events that a letter holds: accepted ones, and refused ones on their way to the quarantine. */
export function countLetterEvents({ decoded }: OpenedLetter): number | undefined {
  return decoded.ok ? decoded.envelope.events.length + decoded.envelope.quarantined.length : undefined
}

/** A letter without its content, as the collector tells it to an operator. */
export interface DeadLetter {
  key: string
  /** `part`: a part of the lake that could not be read. Absent where it is not known. */
  kind?: LetterKind | 'part'
  /** Absent where nobody can read whose it is. */
  source?: string
  /** The sink that wanted it; absent where there is none. */
  sink?: string
  error: string
  /** Id that the message had on the queue; absent for a part. */
  messageId?: string
  /** Events in it, where that is known. */
  events?: number
  bytes: number
  /** When it was put there, ISO 8601. */
  storedAt: string
}
