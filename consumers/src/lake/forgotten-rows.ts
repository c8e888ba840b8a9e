/** Which rows of the lake are of persons who asked to be forgotten. Knows hashes of their ids alone. Pure. */

import { createHash } from 'node:crypto'
import { CORRECT_EVENT, type ForgottenKind } from '@millrace/schemas'
import { type LakeBatch, placeOf } from '@millrace/schemas/lake'
import type { ForgottenHashes } from '../forgotten/lookup.ts'

/** Columns that name somebody, and what they may be the id of: as an event's ids are read before the sinks. */
const NAMING: readonly { place: number; kinds: readonly ForgottenKind[] }[] = [
  { place: placeOf('message_id'), kinds: ['message'] },
  { place: placeOf('user_id'), kinds: ['user'] },
  { place: placeOf('anonymous_id'), kinds: ['anonymous'] },
  { place: placeOf('previous_id'), kinds: ['user', 'anonymous'] },
]

/** Names of the columns that {@link createForgottenTest} reads. */
export const NAMING_COLUMNS = [
  'message_id',
  'user_id',
  'anonymous_id',
  'previous_id',
  'event',
  'properties',
] as const

const EVENT = placeOf('event')
const PROPERTIES = placeOf('properties')

/** Gives the places of the rows that stay. Each id is hashed once, however many rows name it. */
export function createForgottenTest(hashes: ForgottenHashes): (batch: LakeBatch) => number[] {
  const known = new Map<string, boolean>()
  const isForgotten = (kind: ForgottenKind, id: string): boolean => {
    if (id === '') return false
    const key = `${kind}\n${id}`
    let answer = known.get(key)
    if (answer === undefined) {
      answer = hashes.has(createHash('sha256').update(key).digest('hex'))
      // Ids of messages are each named once.
      if (kind !== 'message') known.set(key, answer)
    }
    return answer
  }
  return ({ count, columns }) =>
    Array.from({ length: count }, (_, row) => row).filter((row) => {
      const isNamed = NAMING.some(({ place, kinds }) =>
        kinds.some((kind) => isForgotten(kind, String(columns[place]?.[row] ?? ''))),
      )
      if (isNamed) return false
      if (columns[EVENT]?.[row] !== CORRECT_EVENT) return true
      const { userId, anonymousId } = readChanges(String(columns[PROPERTIES]?.[row]))
      return !isForgotten('user', userId) && !isForgotten('anonymous', anonymousId)
    })
}

function readChanges(properties: string): { userId: string; anonymousId: string } {
  const { changes } = JSON.parse(properties) as {
    changes?: { userId?: unknown; anonymousId?: unknown } | null
  }
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return { userId: text(changes?.userId), anonymousId: text(changes?.anonymousId) }
}
