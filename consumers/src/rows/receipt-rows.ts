/**
 * From an envelope to its rows of `receipts`: what the books need of it once its events are stored. Of the events only their
 * ids and numbers, and what clients say they dropped.
 */

import type { BookEnd, Envelope, EnvelopeReceipt } from '@millrace/schemas'
import type { Row } from './column-values.ts'
import { dropColumns } from './receipt-drops.ts'

/**
 * The row of the envelope, and with the first one of a request a row for each book whose end it tells. An envelope that an earlier
 * collector wrote has no place in the books, only its numbers in their stream: `number` is 0 then, and without a stream there is no
 * row. The same envelope always gives the same rows.
 *
 * @param notStorable ids of events that ClickHouse refused; those of other envelopes may be among them
 */
export function buildReceiptRows(envelope: Envelope, notStorable: ReadonlySet<string> = new Set()): Row[] {
  const { receipt, stream, batchId, receivedAt } = envelope
  if (receipt !== undefined) {
    const ends = envelope.part === 0 ? (receipt.closed ?? []) : []
    return [buildRow(envelope, receipt, notStorable), ...ends.map((end) => buildEndRow(envelope, end))]
  }
  if (stream === undefined) return []
  const place = { book: batchId, number: 0, at: receivedAt, settled: 0 }
  // What is in no book counts nothing, so its events are not listed either.
  const row = buildRow({ ...envelope, ...NO_EVENTS }, { ...place, counts: NONE, before: NONE }, notStorable)
  return [{ ...row, ...rangeColumns(envelope), ...dropColumns(envelope) }]
}

const NONE: EnvelopeReceipt['counts'] = [0, 0, 0]

const NO_EVENTS = { events: [], quarantined: [], omitted: [] }

/**
 * The row of a request that never was, one after the last of its book: nothing came with it, and it says what was before. Of several
 * tellings each has its own `part`: one that says more has a higher `settled`, and must not give way to an earlier one that is late.
 */
function buildEndRow({ stream: _, previous: __, ...envelope }: Envelope, end: BookEnd): Row {
  const empty = { ...envelope, ...NO_EVENTS, part: end.settled, receivedAt: end.at }
  return buildRow(empty, { ...end, counts: NONE }, new Set())
}

function buildRow(envelope: Envelope, receipt: EnvelopeReceipt, notStorable: ReadonlySet<string>): Row {
  const { source, route, receivedAt, stream = '', previous, part } = envelope
  return {
    ...{ source, route, book: receipt.book, number: receipt.number, part },
    ...{ taken_at: receipt.at, received_at: receivedAt },
    ...countColumns(envelope),
    ...nameCounts('own', receipt.counts),
    ...nameCounts('before', receipt.before),
    settled: receipt.settled,
    ...failedColumns(receipt),
    ...refusedColumns(receipt),
    ...eventColumns(envelope, notStorable),
    ...{ stream, ...rangeColumns(envelope) },
    previous_stream: part === 0 ? (previous?.stream ?? '') : '',
    previous_seq: part === 0 ? (previous?.lastSeq ?? 0) : 0,
    ...dropColumns(envelope),
  }
}

/** What is in this envelope: `accepted` ends as a row of `events`, or is not storable. */
function countColumns({ events, quarantined, omitted }: Envelope): Row {
  const count = (test: (entry: Envelope['omitted'][number]) => boolean) => omitted.filter(test).length
  return {
    accepted: events.length,
    quarantined: quarantined.length,
    filtered: count(({ status, reason }) => status === 'filtered' && reason !== 'forgotten'),
    repeated: count(({ status }) => status === 'duplicate'),
    forgotten: count(({ wasAccepted }) => wasAccepted === true),
  }
}

function nameCounts(prefix: string, [accepted, quarantined, filtered]: EnvelopeReceipt['counts']): Row {
  return {
    [`${prefix}_accepted`]: accepted,
    [`${prefix}_quarantined`]: quarantined,
    [`${prefix}_filtered`]: filtered,
  }
}

function failedColumns({ failed = [] }: EnvelopeReceipt): Row {
  return {
    failed: failed.map(([number]) => number),
    failed_accepted: failed.map(([, accepted]) => accepted),
    failed_quarantined: failed.map(([, , quarantined]) => quarantined),
    failed_filtered: failed.map(([, , , filtered]) => filtered),
  }
}

function refusedColumns({ refused = {} }: EnvelopeReceipt): Row {
  const pick = (place: 0 | 1) =>
    Object.fromEntries(Object.entries(refused).map(([code, counts]) => [code, counts[place]]))
  return { refused_requests: pick(0), refused_events: pick(1) }
}

/** Which events they are, and where in the table of events they lie: lists of the same order. */
function eventColumns({ events }: Envelope, notStorable: ReadonlySet<string>): Row {
  const ids = events.map(({ messageId }) => messageId)
  return {
    ids,
    hours: events.map(({ originalTimestamp = 0 }) => hourOf(originalTimestamp)),
    days: events.map(({ timestamp }) => dayOf(timestamp)),
    not_storable: ids.filter((id) => notStorable.has(id)),
  }
}

const HOUR_MS = 3_600_000

const DAY_MS = 24 * HOUR_MS

/** Last day since 1970 that a `UInt16` holds. */
const MAX_DAY = 2 ** 16 - 1

/** A `DateTime` has 32 bits, so ClickHouse's `toStartOfHour` begins anew after 2106. */
const SECONDS_OF_DATETIME = 2 ** 32

/** Beginning of the hour that the sorting key of `events` has, in seconds: with it the event is found at once. */
function hourOf(originalTimestamp: number): number {
  return (Math.floor(originalTimestamp / HOUR_MS) * (HOUR_MS / 1_000)) % SECONDS_OF_DATETIME
}

function dayOf(timestamp: number): number {
  return Math.min(MAX_DAY, Math.max(0, Math.floor(timestamp / DAY_MS)))
}

/** Numbers of all that is in the envelope, whatever became of it, as ranges of both ends inclusive. */
function rangeColumns({ stream, events, quarantined, omitted }: Envelope): Row {
  const numbers = [...events, ...quarantined, ...omitted].flatMap(({ seq }) =>
    seq === undefined ? [] : [seq],
  )
  if (stream === undefined) return { seq_from: [], seq_to: [] }
  const from: number[] = []
  const to: number[] = []
  for (const seq of numbers.sort((a, b) => a - b)) {
    const last = to.at(-1)
    if (last !== undefined && seq <= last + 1) {
      to[to.length - 1] = seq
    } else {
      from.push(seq)
      to.push(seq)
    }
  }
  return { seq_from: from, seq_to: to }
}
