/** Events as they pass, for those who debug a tag: which are shown, and how much of each. Pure. */

import type { Envelope } from '@millrace/schemas'
import { encodeJson, type JsonObject } from '@millrace/schemas'
import { findEventField, parseFilterText, type TailEvent } from '@millrace/schemas/live'
import type { Row } from '@millrace/schemas/native'
import type { Entry } from './combine.ts'
import type { Watch } from './rpc.ts'

/** Events of one batch that are shown to those who ask for them, and to nobody in particular. */
export const MAX_WATCHED = 100
const MAX_UNWATCHED = 20

/** Longest text of a row, and of a refused event, in UTF-16 units. */
const MAX_ROW_LENGTH = 16_000
const MAX_RAW_LENGTH = 4_000

/** Whether an event is one that somebody wants. */
export type TailTest = (event: TailEvent) => boolean

/** A test of what is watched; filters that cannot be read fit nothing. */
export function createTailTest({ filters, statuses }: Watch): TailTest {
  const conditions = filters.map((text) => {
    const parsed = parseFilterText(text, findEventField)
    return parsed.ok ? parsed.condition : () => false
  })
  return (event) => {
    if (statuses !== undefined && !statuses.includes(event.status)) return false
    const { messageId, type, batchId } = event
    const row: Row = { ...event.row, message_id: messageId, type, event: event.event, batch_id: batchId }
    return conditions.every((condition) => condition({ row }))
  }
}

/**
 * The events to show: those that are watched, up to {@link MAX_WATCHED}, of more the last ones; and the last few of all, for who
 * comes just now.
 */
export function chooseTail(
  entries: readonly Entry[],
  watches: readonly Watch[],
): { events: TailEvent[]; missed: number } {
  const firstOfLast = entries.length - MAX_UNWATCHED
  if (watches.length === 0) return { events: entries.slice(-MAX_UNWATCHED).map(toTailEvent), missed: 0 }
  const tests = watches.map(createTailTest)
  const events: TailEvent[] = []
  let wantedCount = 0
  // From the end: the last ones are shown.
  for (let index = entries.length - 1; index >= 0; index--) {
    const event = toTailEvent(entries[index] as Entry)
    const isWanted = tests.some((test) => test(event))
    if (isWanted) wantedCount += 1
    if ((isWanted && wantedCount <= MAX_WATCHED) || index >= firstOfLast) events.push(event)
  }
  return { events: events.reverse(), missed: Math.max(0, wantedCount - MAX_WATCHED) }
}

/** The same for copies of events that were counted before: they change nothing, and who debugs a tag wants to see them. */
export function chooseCopies(entries: readonly Entry[], watches: readonly Watch[]): TailEvent[] {
  const tests = watches.map(createTailTest)
  return entries
    .map((entry) => ({ ...toTailEvent(entry), status: 'duplicate' as const }))
    .filter((event) => tests.some((test) => test(event)))
    .slice(-MAX_WATCHED)
}

function toTailEvent({ envelope, accepted, refused, place }: Entry): TailEvent {
  const { receivedAt, batchId } = envelope
  if (accepted !== undefined) {
    const { event, row } = accepted
    const shown = withoutEmpty(row)
    const isCut = encodeJson(shown).length > MAX_ROW_LENGTH
    const violations = event.facts?.violations
    return {
      ...{
        messageId: event.messageId,
        status: 'accepted',
        type: event.type,
        event: event.event ?? event.type,
      },
      ...{ timestamp: event.timestamp, receivedAt, batchId },
      row: isCut ? withoutLong(shown) : shown,
      ...(violations === undefined ? {} : { violations }),
      ...(isCut ? { isCut } : {}),
    }
  }
  return refused?.kind === 'quarantined'
    ? describeQuarantined(envelope, place)
    : describeOmitted(envelope, place)
}

function describeQuarantined(envelope: Envelope, place: number): TailEvent {
  const event = envelope.quarantined[place] as Envelope['quarantined'][number]
  const isCut = event.raw.length > MAX_RAW_LENGTH
  const { messageId, index, reason, path, message, violations } = event
  return {
    ...{ messageId, status: 'quarantined', type: event.type ?? '', event: event.event ?? event.type ?? '' },
    ...{ timestamp: 0, receivedAt: envelope.receivedAt, batchId: envelope.batchId },
    ...{ index, reason, path, message, raw: event.raw.slice(0, MAX_RAW_LENGTH) },
    ...(violations === undefined ? {} : { violations }),
    ...(isCut ? { isCut } : {}),
  }
}

function describeOmitted(envelope: Envelope, place: number): TailEvent {
  const { messageId, index, status, reason } = envelope.omitted[place] as Envelope['omitted'][number]
  return {
    ...{ messageId, status, type: '', event: '', timestamp: 0 },
    ...{ receivedAt: envelope.receivedAt, batchId: envelope.batchId, index, reason },
  }
}

/** Columns that say something. */
function withoutEmpty(row: Row): JsonObject {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === 0 || value === false || value === null) return true
  return typeof value === 'object' && Object.keys(value as object).length === 0
}

/** Without the columns that are long. */
function withoutLong(row: JsonObject): JsonObject {
  let left = MAX_ROW_LENGTH
  // The short ones tell most.
  const kept = Object.entries(row)
    .map(([name, value]) => ({ name, length: name.length + encodeJson(value as object).length + 4 }))
    .sort((a, b) => a.length - b.length)
    .filter(({ length }) => {
      left -= length
      return left >= 0
    })
  const names = new Set(kept.map(({ name }) => name))
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name)))
}
