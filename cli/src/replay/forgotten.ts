/** Tells rows that name a forgotten person. The same rule as for events on their way in. */

import { createHash } from 'node:crypto'
import { CORRECT_EVENT } from '@millrace/schemas'
import type { ForgottenKind } from '@millrace/schemas/erase'
import type { Row } from '@millrace/schemas/native'

/** Hashes of a source, as the table `forgotten` has them. */
export const FORGOTTEN_QUERY = 'SELECT DISTINCT id_hash FROM forgotten WHERE source = {source:String}'

/**
 * A test of rows of `events`: whether one names a forgotten user, visitor or message, or corrects an event to be one's.
 *
 * @param hashes as {@link FORGOTTEN_QUERY} gives them
 */
export function createForgottenTest(hashes: ReadonlySet<string>): (row: Row) => boolean {
  if (hashes.size === 0) return () => false
  // Most rows of a file are of the same few persons.
  const known = new Map<string, boolean>()
  const isForgotten = (kind: ForgottenKind, id: unknown): boolean => {
    if (typeof id !== 'string' || id === '') return false
    const text = `${kind}\n${id}`
    if (kind === 'message') return hashes.has(hash(text))
    const before = known.get(text)
    if (before !== undefined) return before
    const found = hashes.has(hash(text))
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(text, found)
    return found
  }
  return (row) =>
    isForgotten('message', row['message_id']) ||
    isForgotten('user', row['user_id']) ||
    isForgotten('anonymous', row['anonymous_id']) ||
    isForgotten('user', row['previous_id']) ||
    isForgotten('anonymous', row['previous_id']) ||
    (row['event'] === CORRECT_EVENT && changesForgotten(row['properties'], isForgotten))
}

/** Ids that are remembered. */
const MAX_KNOWN = 100_000

/** As `forgottenHash` makes it, without its promise: a replay makes millions. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function changesForgotten(
  properties: unknown,
  isForgotten: (kind: ForgottenKind, id: unknown) => boolean,
): boolean {
  const parsed: unknown = typeof properties === 'string' ? JSON.parse(properties) : properties
  const { changes } = (parsed ?? {}) as { changes?: unknown }
  const { userId, anonymousId } = (changes ?? {}) as { userId?: unknown; anonymousId?: unknown }
  return isForgotten('user', userId) || isForgotten('anonymous', anonymousId)
}
