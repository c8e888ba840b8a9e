/** Reads the dead letters of a source from the collector, and chooses among them. */

import type { DeadLetter } from '@millrace/schemas'
import { type AskOperator, OperatorFailure } from '../operator-routes.ts'

/** Which letters a command is about; everything may be left open. */
export interface LetterFilter {
  sink?: string | undefined
  kind?: string | undefined
  /** Stored at or after; milliseconds since 1970. */
  since?: number | undefined
  /** Stored before; milliseconds since 1970. */
  until?: number | undefined
}

/** Letters of one page. */
const PAGE_LETTERS = '1000'

/**
 * All letters that a filter is about, the latest first.
 *
 * @throws OperatorFailure, Interrupted
 */
export async function readLetters(ask: AskOperator, filter: LetterFilter = {}): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  let after: string | undefined
  do {
    const page = await ask({ method: 'GET', path: '/v1/dead', search: { limit: PAGE_LETTERS, after } })
    if (!Array.isArray(page['letters'])) throw new OperatorFailure('the collector tells no letters')
    letters.push(...(page['letters'] as DeadLetter[]).filter((letter) => isChosen(letter, filter)))
    const next = typeof page['next'] === 'string' ? page['next'] : undefined
    if (next !== undefined && next === after) throw new OperatorFailure('the collector repeats itself')
    after = next
  } while (after !== undefined)
  return letters.sort((a, b) => b.storedAt.localeCompare(a.storedAt) || a.key.localeCompare(b.key))
}

/** The letters' own name within their folder: `dead/2026-11-21/abc.json` is `abc`. */
export function idOf({ key }: Pick<DeadLetter, 'key'>): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.\w+$/, '')
}

/** Whether a text as typed is a key, so that nothing has to be looked up. */
export function isKey(text: string): boolean {
  return text.startsWith('dead/')
}

/** The letters that an id as typed means: their own id, or that of the message. */
export function findById(letters: readonly DeadLetter[], id: string): DeadLetter[] {
  return letters.filter((letter) => idOf(letter) === id || letter.messageId === id)
}

function isChosen(letter: DeadLetter, { sink, kind, since, until }: LetterFilter): boolean {
  const storedAt = Date.parse(letter.storedAt)
  return (
    (sink === undefined || letter.sink === sink) &&
    (kind === undefined || letter.kind === kind) &&
    (since === undefined || storedAt >= since) &&
    (until === undefined || storedAt < until)
  )
}
