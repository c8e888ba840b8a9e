/** The warehouse sink: a queue batch becomes one insert a table, and one bad event does not cost the others theirs. */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import { byteLength, encodeJson } from '@millrace/schemas'
import { describeError, isDataError, isPressure } from '@millrace/schemas/native'
import { buildReceiptRows } from '../rows/receipt-rows.ts'
import { buildEventRows, buildOmittedRows, buildQuarantineRows } from '../rows/rows.ts'
import type { Delivery, Outcome, Sink } from '../sink.ts'
import { groupByWeight } from '../weight.ts'
import type { InsertRows } from './insert.ts'

/** Options of {@link createWarehouseSink}. */
export interface WarehouseSinkOptions {
  insert: InsertRows
}

/**
 * A sink over ClickHouse. Idempotent because all tables replace rows of the same key.
 *
 * When ClickHouse refuses the data of many messages, halves are tried until the message at fault is found, and within it
 * the event: that one goes to `quarantine` as `not_storable`, all others are written. Of n events, each at fault costs at
 * most 2 log2(n) inserts more. Only what cannot even be quarantined is `refused`. Trouble in between ends the search: what
 * is not written by then waits for another try, and nobody is blamed for it.
 */
export function createWarehouseSink({ insert }: WarehouseSinkOptions): Sink {
  const writeAll = async (envelopes: readonly Envelope[]) => {
    for (const group of groupByWeight(envelopes)) await writeGroup(group)
  }

  const writeGroup = async (envelopes: readonly Envelope[]) => {
    const events = envelopes.flatMap(buildEventRows)
    const quarantined = envelopes.flatMap(buildQuarantineRows)
    const omitted = envelopes.flatMap(buildOmittedRows)
    if (events.length > 0) await insert('events', events)
    if (quarantined.length > 0) await insert('quarantine', quarantined)
    if (omitted.length > 0) await insert('omitted', omitted)
  }

  /** Writes one envelope whose data was refused; resolves when each of its events is in one of the tables. */
  const writeBisected = async (
    envelope: Envelope,
    error: unknown,
    notStorable: Set<string>,
  ): Promise<void> => {
    if (!isDataError(error)) throw error
    const { events, quarantined } = envelope
    const [event] = events
    if (event === undefined) throw error
    if (events.length === 1) {
      const refused = quarantineEvent(event, error)
      await writeAll([{ ...envelope, events: [], quarantined: [...quarantined, refused] }])
      notStorable.add(event.messageId)
      return
    }
    const middle = Math.ceil(events.length / 2)
    await writeOne({ ...envelope, events: events.slice(0, middle) }, notStorable)
    // Only the first event of a batch carries the end of the page before.
    const { previous: _, ...rest } = envelope
    await writeOne({ ...rest, events: events.slice(middle), quarantined: [], omitted: [] }, notStorable)
  }

  /** @param notStorable gets the ids of events that ClickHouse refuses */
  const writeOne = async (envelope: Envelope, notStorable: Set<string>): Promise<void> => {
    try {
      await writeAll([envelope])
    } catch (error) {
      await writeBisected(envelope, error, notStorable)
    }
  }

  const write = async (deliveries: readonly Delivery[]): Promise<Outcome[]> => {
    try {
      const [only] = deliveries
      const notStorable = new Set<string>()
      if (only !== undefined && deliveries.length === 1) await writeOne(only.envelope, notStorable)
      else await writeAll(deliveries.map(({ envelope }) => envelope))
      // Last: a receipt says that its events are here.
      const receipts = deliveries.flatMap(({ envelope }) => buildReceiptRows(envelope, notStorable))
      if (receipts.length > 0) await insert('receipts', receipts)
      return deliveries.map(() => ({ kind: 'written' }))
    } catch (error) {
      if (isDataError(error) && deliveries.length > 1) return writeHalves(deliveries)
      return deliveries.map(() => outcomeOf(error))
    }
  }

  const writeHalves = async (deliveries: readonly Delivery[]): Promise<Outcome[]> => {
    const middle = Math.ceil(deliveries.length / 2)
    const first = await write(deliveries.slice(0, middle))
    const second = deliveries.slice(middle)
    const trouble = first.find(({ kind }) => kind === 'retry')
    return [...first, ...(trouble === undefined ? await write(second) : second.map(() => trouble))]
  }

  return { name: 'warehouse', write }
}

function outcomeOf(error: unknown): Outcome {
  const text = describeError(error)
  if (isDataError(error)) return { kind: 'refused', error: text }
  return { kind: 'retry', error: text, isPressure: isPressure(error) }
}

/** The collector found nothing wrong with it, so its position in the batch is not known any more. */
function quarantineEvent(event: EnvelopeEvent, error: unknown): Envelope['quarantined'][number] {
  const raw = encodeJson(event)
  return {
    messageId: event.messageId,
    index: 0,
    ...(event.seq === undefined ? {} : { seq: event.seq }),
    reason: 'not_storable',
    path: '',
    message: `the warehouse refuses it: ${describeError(error)}`,
    type: event.type,
    ...(event.event === undefined ? {} : { event: event.event }),
    ...(event.facts?.planVersion === undefined ? {} : { planVersion: event.facts.planVersion }),
    raw,
    rawBytes: byteLength(raw),
  }
}
