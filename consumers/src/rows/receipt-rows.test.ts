import { type BookEnd, ENVELOPE_VERSION, type Envelope, type EnvelopeEvent } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { buildReceiptRows } from './receipt-rows.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

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
      { book: 'b', number: 0, accepted: 0, ids: [], days: [], stream: 'st', seq_from: [1], seq_to: [2] },
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

  it('has the days of their corrected times, as far as the column holds them', () => {
    const days = [-1, 0, DAY_MS - 1, DAY_MS, 65_535 * DAY_MS, 70_000 * DAY_MS]
    const events = days.map((timestamp, index) => event(index, { timestamp, originalTimestamp: 0 }))
    expect(rowOf({ events })).toMatchObject({ days: [0, 0, 0, 1, 65_535, 65_535] })
  })

  it('names those of its ids that ClickHouse refused, and none of another envelope', () => {
    const envelope = build({ events: [event(1), event(2), event(3)] })
    expect(buildReceiptRows(envelope, new Set(['other', 'st-3', 'st-1']))).toMatchObject([
      { ids: ['st-1', 'st-2', 'st-3'], not_storable: ['st-1', 'st-3'] },
    ])
    expect(buildReceiptRows(envelope)).toMatchObject([{ not_storable: [] }])
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

  it('has what clients say they dropped', () => {
    const dropped = { queue_full: 3, of_their_own: 2 }
    expect(rowOf({ events: [event(1, { context: { dropped } })] })).toMatchObject({
      ...{ drop_ids: ['st-1', 'st-1'], drop_reasons: ['queue_full', 'other'], drop_counts: [3, 2] },
    })
  })
})

describe('the row of the end of a book', () => {
  const end: BookEnd = {
    ...{ book: 'old', number: 6, at: 4, before: [20, 3, 1], settled: 6 },
    ...{ failed: [[2, 5, 0, 0]], refused: { rate_limited: [2, 30] } },
  }
  const receipt = (closed: BookEnd[]): NonNullable<Envelope['receipt']> => ({
    ...{ book: 'k', number: 3, at: 9, counts: [4, 1, 0], before: [8, 0, 2], settled: 2, closed },
  })
  const previous = { stream: 'before', lastSeq: 12 }
  const events = [event(1, { context: { dropped: { expired: 1 } } })]

  it('is that of a request that never was: all that was before, and nothing of the envelope but its source and route', () => {
    const rows = buildReceiptRows(build({ receipt: receipt([end]), route: 'import', events, previous }))
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatchObject({ book: 'k', number: 3, part: 0, ids: ['st-1'] })
    expect(rows[1]).toEqual({
      ...{ source: 'shop', route: 'import', book: 'old', number: 6, part: 6, taken_at: 4, received_at: 4 },
      ...{ accepted: 0, quarantined: 0, filtered: 0, repeated: 0, forgotten: 0 },
      ...{ own_accepted: 0, own_quarantined: 0, own_filtered: 0 },
      ...{ before_accepted: 20, before_quarantined: 3, before_filtered: 1, settled: 6 },
      ...{ failed: [2], failed_accepted: [5], failed_quarantined: [0], failed_filtered: [0] },
      ...{ refused_requests: { rate_limited: 2 }, refused_events: { rate_limited: 30 } },
      ...{ ids: [], hours: [], days: [], not_storable: [] },
      ...{ stream: '', seq_from: [], seq_to: [], previous_stream: '', previous_seq: 0 },
      ...{ drop_ids: [], drop_reasons: [], drop_counts: [] },
    })
  })

  it('is made once for each book, by the first envelope of a request alone', () => {
    const closed = [end, { ...end, book: 'older' }]
    const books = (part: number) =>
      buildReceiptRows(build({ receipt: receipt(closed), part, events })).map(({ book }) => book)
    expect(books(0)).toEqual(['k', 'old', 'older'])
    expect(books(1)).toEqual(['k'])
  })

  it('does not replace one that says more', () => {
    const { failed: _, ...earlier } = { ...end, settled: 2 }
    const keys = [earlier, end].map((one) => buildReceiptRows(build({ receipt: receipt([one]), events }))[1])
    expect(keys).toMatchObject([
      { book: 'old', number: 6, part: 2, settled: 2, failed: [] },
      { book: 'old', number: 6, part: 6, settled: 6, failed: [2] },
    ])
  })
})
