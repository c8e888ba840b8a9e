import { ENVELOPE_VERSION, type Envelope, type EnvelopeEvent } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { buildReceiptRows } from './receipt-rows.ts'

const HOUR_MS = 3_600_000

const event = (seq: number, more: Partial<EnvelopeEvent> = {}): EnvelopeEvent => ({
  ...{ messageId: `st-${seq}`, seq, type: 'track', event: 'x', timestamp: 5, ...more },
})

function build(given: Partial<Envelope> = {}): Envelope {
  return {
    ...{ version: ENVELOPE_VERSION, part: 0, route: 'batch', batchId: 'b', source: 'shop', receivedAt: 7 },
    ...{ events: [], quarantined: [], omitted: [], stream: 'st' },
    receipt: { book: 'k', number: 3, at: 9, counts: [4, 1, 0], before: [8, 0, 2], settled: 2 },
    ...given,
  }
}

const refused = (seq: number, raw: string) => ({
  ...{ messageId: `st-${seq}`, index: 0, seq, reason: 'invalid_field' as const, path: '', message: '' },
  ...{ raw, rawBytes: raw.length },
})

const rowOf = (given: Partial<Envelope> = {}) => buildReceiptRows(build(given))[0] ?? {}

describe('a row of receipts', () => {
  it('of what an earlier collector wrote has its numbers alone, and is not made where there are none', () => {
    const { receipt: _, ...earlier } = build({ events: [event(1), event(2)] })
    expect(buildReceiptRows(earlier)).toMatchObject([
      { book: 'b', number: 0, accepted: 0, ids: [], stream: 'st', seq_from: [1], seq_to: [2] },
    ])
    const { stream: __, ...unnumbered } = earlier
    expect(buildReceiptRows(unnumbered)).toEqual([])
  })

  it('says what the receipt says', () => {
    const receipt = {
      ...{ book: 'k', number: 3, at: 9, counts: [4, 1, 0], before: [8, 0, 2], settled: 2 },
      ...{ failed: [[1, 5, 6, 7]], refused: { rate_limited: [2, 30] } },
    } as NonNullable<Envelope['receipt']>
    expect(rowOf({ receipt })).toMatchObject({
      ...{ book: 'k', number: 3, taken_at: 9, received_at: 7, settled: 2 },
      ...{ own_accepted: 4, own_quarantined: 1, own_filtered: 0 },
      ...{ before_accepted: 8, before_quarantined: 0, before_filtered: 2 },
      ...{ failed: [1], failed_accepted: [5], failed_quarantined: [6], failed_filtered: [7] },
      ...{ refused_requests: { rate_limited: 2 }, refused_events: { rate_limited: 30 } },
    })
  })

  it('counts what is in the envelope by what becomes of it', () => {
    const omitted = [
      { messageId: 'a', index: 0, status: 'filtered' as const, reason: 'bot' as const },
      { messageId: 'b', index: 1, status: 'duplicate' as const, reason: 'repeated_in_batch' as const },
      {
        ...{ messageId: 'c', index: 2, status: 'filtered' as const, reason: 'forgotten' as const },
        wasAccepted: true as const,
      },
      { messageId: 'd', index: 3, status: 'filtered' as const, reason: 'forgotten' as const },
    ]
    expect(rowOf({ events: [event(1)], quarantined: [refused(2, '{}')], omitted })).toMatchObject({
      ...{ accepted: 1, quarantined: 1, filtered: 1, repeated: 1, forgotten: 1 },
    })
  })

  it('has the ids of accepted events with the hours of their clock', () => {
    const events = [event(1, { originalTimestamp: 2 * HOUR_MS + 5 }), event(2)]
    expect(rowOf({ events })).toMatchObject({ ids: ['st-1', 'st-2'], hours: [7_200, 0] })
  })

  it('has the numbers of all that came, as ranges', () => {
    const omitted = [
      { messageId: 'a', index: 0, seq: 3, status: 'filtered' as const, reason: 'bot' as const },
    ]
    const given = { events: [event(7), event(1)], quarantined: [refused(2, '{}')], omitted }
    expect(rowOf(given)).toMatchObject({ stream: 'st', seq_from: [1, 7], seq_to: [3, 7] })
  })

  it('names the end of the page before in the first envelope of a batch alone', () => {
    const previous = { stream: 'before', lastSeq: 12 }
    expect(rowOf({ previous })).toMatchObject({ previous_stream: 'before', previous_seq: 12 })
    expect(rowOf({ previous, part: 1 })).toMatchObject({ previous_stream: '', previous_seq: 0 })
  })

  it('has what clients say they dropped, refused events too, and leaves out what is no count', () => {
    const dropped = { queue_full: 3, odd: 'many', negative: -1, none: 0 }
    const given = {
      events: [event(1, { context: { dropped } }), event(2, { context: { dropped: 'all' } })],
      quarantined: [
        refused(3, '{"context":{"dropped":{"expired":2}}}'),
        refused(4, '{"context":{"dropped":'),
      ],
    }
    expect(rowOf(given)).toMatchObject({
      drop_ids: ['st-1', 'st-3'],
      drop_reasons: ['queue_full', 'expired'],
      drop_counts: [3, 2],
    })
  })
})
