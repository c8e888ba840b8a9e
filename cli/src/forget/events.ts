/** A person's events: those that name one of their ids, and on a device of several those of the times when it was theirs. */

import {
  type ErasedEvent,
  type EraseStatements,
  forgottenHashSql,
  selectErased,
  withCorrections,
} from '@millrace/schemas/erase'
import type { Person } from './person.ts'

const isErased = (expression: string) =>
  `(${expression} IN {users:Array(String)} OR ${expression} IN {own:Array(String)})`

const NAMED = `
  user_id IN {users:Array(String)} OR previous_id IN {users:Array(String)}
  OR anonymous_id IN {own:Array(String)} OR previous_id IN {own:Array(String)}`

/** A correction names an id too where it puts one into an event. */
const NAMED_BY_CORRECTION = `
  event = '$correct' AND message_id IN (
    SELECT message_id FROM corrections
    WHERE source = {source:String}
      AND (JSONExtractString(changes, 'userId') IN {users:Array(String)} OR JSONExtractString(changes, 'anonymousId') IN {own:Array(String)})
  )`

const BY_IDS: readonly string[] = [
  selectErased('events', NAMED, isErased),
  selectErased('corrected_events', NAMED, isErased),
  selectErased('events', NAMED_BY_CORRECTION, isErased),
]

const ON_SHARED_DEVICES = selectErased(
  'events_resolved',
  'anonymous_id IN {shared:Array(String)} AND person_id IN {users:Array(String)}',
  isErased,
)

const FORGOTTEN =
  '(SELECT id_hash FROM forgotten WHERE source = {source:String} AND request_id = {request:String})'
const isForgotten = (expression: string) =>
  `(${forgottenHashSql('user', expression)} IN ${FORGOTTEN} OR ${forgottenHashSql('anonymous', expression)} IN ${FORGOTTEN})`

const BY_HASHES: readonly string[] = ['events', 'corrected_events'].map((table) =>
  selectErased(
    table,
    `${forgottenHashSql('user', 'user_id')} IN ${FORGOTTEN}
  OR ${forgottenHashSql('anonymous', 'anonymous_id')} IN ${FORGOTTEN}
  OR ${isForgotten('previous_id')}
  OR ${forgottenHashSql('message', 'message_id')} IN ${FORGOTTEN}`,
    isForgotten,
  ),
)

/** Ids of one statement, beside those of the person. */
const CHUNK_SIZE = 1_000

/** What is read. */
export interface PersonEvents {
  /** All of them, and their corrections. */
  events: ErasedEvent[]
  /** Hashes of those that only the time tells to be the person's. */
  unnamed: string[]
}

/** Reads them; nothing is changed. */
export async function findEvents(
  { read, run }: EraseStatements,
  source: string,
  { users, own, shared }: Person,
): Promise<PersonEvents> {
  const parameters = { source, users, own, shared }
  const named: ErasedEvent[] = []
  for (const query of BY_IDS) named.push(...(await read<ErasedEvent>(query, parameters)))
  const timed = shared.length === 0 ? [] : await read<ErasedEvent>(ON_SHARED_DEVICES, parameters)
  const known = new Set(named.map(({ hash }) => hash))
  const unnamed = [...new Set(timed.map(({ hash }) => hash))].filter((hash) => !known.has(hash))
  const events = await withCorrections({ read, run }, source, [...named, ...timed], CHUNK_SIZE)
  return { events, unnamed }
}

/**
 * What an earlier run of the request has left, by the hashes that it wrote down: the ids that it had found may be known no
 * more. Reads all events of the source.
 */
export async function findRemembered(
  statements: EraseStatements,
  source: string,
  request: string,
): Promise<ErasedEvent[]> {
  const events: ErasedEvent[] = []
  for (const query of BY_HASHES) {
    events.push(...(await statements.read<ErasedEvent>(query, { source, request })))
  }
  return withCorrections(statements, source, events, CHUNK_SIZE)
}
