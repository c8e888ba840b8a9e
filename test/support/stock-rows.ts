/** What ClickHouse has of the events that a stock SDK sent. */

import { expect } from 'vitest'
import type { TestStack } from './stack.ts'
import { expectedRows, type Person, type SentEvent, type VisitCalls } from './stock-visit.ts'
import { waitFor } from './wait.ts'

/** A row of `events`, and how far the corrected time lies before its arrival. */
export interface StoredRow {
  message_id: string
  anonymous_id: string
  previous_id: string
  /** Milliseconds from `timestamp` to `received_at`. */
  ageMs: number
  [column: string]: unknown
}

const QUERY = `SELECT *, toInt32(dateDiff('millisecond', timestamp, received_at)) AS ageMs FROM events FINAL
WHERE user_id IN {userIds:Array(String)} OR anonymous_id IN {anonymousIds:Array(String)}`

/** A visit as it was made, and the calls that not every SDK has. */
export interface MadeVisit {
  person: Person
  sent: readonly SentEvent[]
  calls: VisitCalls
}

/**
 * Expects every call of a visit in ClickHouse, once, under its own id and with its fields.
 *
 * @returns the rows, in the order of `sent`
 */
export async function expectStored(
  stack: TestStack,
  { person, sent, calls }: MadeVisit,
): Promise<StoredRow[]> {
  const rows = await storedRows(stack, sent)
  expect(rows.map(({ message_id }) => message_id)).toEqual(sent.map(({ messageId }) => messageId))
  expect(rows).toMatchObject(expectedRows(person, calls))
  for (const { ageMs } of rows) expect(ageMs).toBeLessThan(10_000)
  return rows
}

/**
 * All rows of the people whose events these are, in the order of `sent`; rows that are none of them come last. Waits
 * until as many are stored, and then until everything is that had arrived by then, so that one too many shows.
 */
async function storedRows(stack: TestStack, sent: readonly SentEvent[]): Promise<StoredRow[]> {
  const parameters = {
    userIds: sent.flatMap(({ userId }) => (userId ? [userId] : [])),
    anonymousIds: sent.flatMap(({ anonymousId }) => (anonymousId ? [anonymousId] : [])),
  }
  const look = () => stack.query<StoredRow>(QUERY, parameters)
  await waitFor(look, (rows) => rows.length >= sent.length)
  await settle(stack)
  const places = new Map(sent.map(({ messageId }, place) => [messageId, place]))
  const placeOf = ({ message_id }: StoredRow) => places.get(message_id) ?? sent.length
  return (await look()).sort((a, b) => placeOf(a) - placeOf(b))
}

/** Resolves once everything posted before is in ClickHouse: the local queue hands on in order. */
async function settle(stack: TestStack): Promise<void> {
  const stream = crypto.randomUUID()
  const event = { type: 'track', event: 'marker', anonymousId: stream }
  await stack.post({ stream, firstSeq: 1, batch: [event] })
  const query = 'SELECT 1 FROM events WHERE stream = {stream:String}'
  await waitFor(
    () => stack.query(query, { stream }),
    (rows) => rows.length > 0,
  )
}
