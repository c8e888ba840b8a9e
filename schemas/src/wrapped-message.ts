/**
 * Messages of the `retry` and `dead` queues: one line of JSON that says what is left to do, then the original text
 * untouched. A wrapper that quoted the text instead would grow it past what a queue message holds.
 */

import type { LetterKind } from './dead-letter.ts'
import { byteLength, WRAPPER_BYTES } from './envelope.ts'

/** The line before the original text. */
export interface Wrapper {
  version: 1
  /** The sink that still wants the message, maybe one that only a newer Worker has; absent when it could not be read at all. */
  sink?: string
  /** What went wrong last, cut short. */
  error: string
  /** Id that the message had on the `events` queue. */
  messageId: string
  /**
   * Why it was sent to `dead`, one of {@link LetterKind} or what only a newer Worker knows; absent in messages of `retry`,
   * also in those that the platform itself moved from there.
   */
  kind?: string
  /** How often it was sent to `retry` anew because its tries were used up; absent for none. */
  rounds?: number
}

/** Longest error text that is kept, so that wrapper and envelope together stay under the limit of a queue message. */
const MAX_ERROR_LENGTH = 250

/**
 * The wrapped text.
 *
 * @throws RangeError when the wrapper needs more than the room that every envelope leaves for it
 */
export function wrapMessage(
  wrapper: Omit<Wrapper, 'version' | 'kind'> & { kind?: LetterKind },
  body: string,
): string {
  const line = JSON.stringify({ version: 1, ...wrapper, error: wrapper.error.slice(0, MAX_ERROR_LENGTH) })
  if (byteLength(line) >= WRAPPER_BYTES)
    throw new RangeError(`a wrapper must be under ${WRAPPER_BYTES} bytes`)
  return `${line}\n${body}`
}

/** Takes a wrapped text apart, or `undefined` when it is not one. */
export function unwrapMessage(text: unknown): { wrapper: Wrapper; body: string } | undefined {
  if (typeof text !== 'string') return undefined
  const end = text.indexOf('\n')
  if (end === -1 || end > WRAPPER_BYTES) return undefined
  const wrapper = parseWrapper(text.slice(0, end))
  return wrapper === undefined ? undefined : { wrapper, body: text.slice(end + 1) }
}

function parseWrapper(line: string): Wrapper | undefined {
  try {
    const value = JSON.parse(line) as Partial<Wrapper> | null
    if (value?.version !== 1 || typeof value.messageId !== 'string' || typeof value.error !== 'string')
      return undefined
    if (value.sink !== undefined && typeof value.sink !== 'string') return undefined
    if (value.kind !== undefined && typeof value.kind !== 'string') return undefined
    if (value.rounds !== undefined && !Number.isSafeInteger(value.rounds)) return undefined
    return value as Wrapper
  } catch {
    // Not JSON: not a wrapper.
    return undefined
  }
}
