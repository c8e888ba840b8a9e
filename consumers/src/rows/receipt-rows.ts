/**
 * From an envelope to its row of `receipts`: what the books need of it once its events are stored. Of the events only their
 * ids and numbers, and what clients say they dropped.
 */

import type { Envelope, EnvelopeReceipt, JsonValue, QuarantinedEvent } from '@millrace/schemas'
import { asObject, asUInt32, type Row } from './column-values.ts'

/**
 * The row. An envelope that an earlier collector wrote has no place in the books, only its numbers in their stream: `number` is 0
 * then, and without a stream there is no row. The same envelope always gives the same row.
 */
export function buildReceiptRows(envelope: Envelope): Row[] {
  const { receipt, stream, batchId, receivedAt } = envelope
  if (receipt !== undefined) return [buildRow(envelope, receipt)]
  if (stream === undefined) return []
  const none: EnvelopeReceipt['counts'] = [0, 0, 0]
  const place = { book: batchId, number: 0, at: receivedAt, settled: 0 }
  const row = buildRow(envelope, { ...place, counts: none, before: none })
  return [{ ...row, accepted: 0, quarantined: 0, filtered: 0, repeated: 0, forgotten: 0, ids: [], hours: [] }]
}

function buildRow(envelope: Envelope, receipt: EnvelopeReceipt): Row {
  const { source, route, receivedAt, stream = '', previous, part, events } = envelope
  return {
    ...{ source, route, book: receipt.book, number: receipt.number, part },
    ...{ taken_at: receipt.at, received_at: receivedAt },
    ...countColumns(envelope),
    ...nameCounts('own', receipt.counts),
    ...nameCounts('before', receipt.before),
    settled: receipt.settled,
    ...failedColumns(receipt),
    ...refusedColumns(receipt),
    ids: events.map(({ messageId }) => messageId),
    hours: events.map(({ originalTimestamp = 0 }) => hourOf(originalTimestamp)),
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

const HOUR_MS = 3_600_000

/** A `DateTime` has 32 bits, so ClickHouse's `toStartOfHour` begins anew after 2106. */
const SECONDS_OF_DATETIME = 2 ** 32

/** Beginning of the hour that the sorting key of `events` has, in seconds: with it the event is found at once. */
function hourOf(originalTimestamp: number): number {
  return (Math.floor(originalTimestamp / HOUR_MS) * (HOUR_MS / 1_000)) % SECONDS_OF_DATETIME
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

/** What clients say they dropped, each with the id of the event that says it: that event may come twice. */
function dropColumns({ events, quarantined }: Envelope): Row {
  const drops = [
    ...events.map(({ messageId, context }) => ({ messageId, dropped: context?.['dropped'] })),
    ...quarantined.map((event) => ({ messageId: event.messageId, dropped: droppedOf(event) })),
  ].flatMap(({ messageId, dropped }) =>
    Object.entries(asObject(dropped)).flatMap(([reason, value]) => {
      const count = asUInt32(value)
      return count === undefined || count === 0
        ? []
        : [{ messageId, reason: reason.slice(0, MAX_REASON), count }]
    }),
  )
  return {
    drop_ids: drops.map(({ messageId }) => messageId),
    drop_reasons: drops.map(({ reason }) => reason),
    drop_counts: drops.map(({ count }) => count),
  }
}

/** Longest reason that is kept; those of our SDKs are words such as `queue_full`. */
const MAX_REASON = 40

/** The text of a refused event may be cut off, and then says nothing. */
function droppedOf({ raw }: QuarantinedEvent): JsonValue | undefined {
  if (!raw.includes('"dropped"')) return undefined
  try {
    return asObject(asObject(JSON.parse(raw))['context'])['dropped']
  } catch {
    // Cut off, or no JSON at all: that is why it was refused.
    return undefined
  }
}
