import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { buildEventRows, buildQuarantineRows } from './rows.ts'

const base: EnvelopeEvent = {
  messageId: 'm1',
  type: 'track',
  timestamp: 2_000,
  originalTimestamp: 1_000,
  event: 'x',
}
const envelope = (event: Partial<EnvelopeEvent>, more: Partial<Envelope> = {}): Envelope => ({
  version: 1,
  part: 0,
  source: 'shop',
  route: 'batch',
  receivedAt: 3_000,
  batchId: 'b',
  events: [{ ...base, ...event }],
  quarantined: [],
  ...more,
})

describe('buildEventRows', () => {
  it('writes times as ClickHouse reads them and what the client did not say as empty', () => {
    expect(buildEventRows(envelope({}))).toMatchObject([
      {
        source: 'shop',
        message_id: 'm1',
        event: 'x',
        timestamp: '1970-01-01 00:00:02.000',
        original_timestamp: '1970-01-01 00:00:01.000',
        received_at: '1970-01-01 00:00:03.000',
        sent_at: null,
        user_id: '',
        stream: '',
        seq: 0,
        properties: {},
      },
    ])
  })

  it('has the same key for a copy that was sent without a time whenever it arrives', () => {
    const { originalTimestamp: _, ...timeless } = base
    const rows = [3_000, 9_000_000].flatMap((receivedAt) =>
      buildEventRows(envelope({}, { receivedAt, events: [timeless] })),
    )
    expect(new Set(rows.map((row) => row['original_timestamp']))).toEqual(
      new Set(['1970-01-01 00:00:00.000']),
    )
  })

  it('names an event without a name by its type', () => {
    const { event: _, ...nameless } = base
    expect(
      buildEventRows(envelope({}, { events: [{ ...nameless, type: 'page', name: 'Home' }] })),
    ).toMatchObject([{ event: 'page', name: 'Home' }])
  })

  it("merges the event's context over the batch's, and keeps what has no column", () => {
    const context = {
      page: { url: 'https://a/', path: '/', tab: 3 },
      locale: 'de',
      library: { name: 'web', version: '1' },
      screen: { width: 5 },
      userAgent: { odd: true },
    }
    const [row] = buildEventRows(
      envelope({ context: { locale: 'en', campaign: { source: 'x' } } }, { context, userAgent: 'UA' }),
    )
    expect(row).toMatchObject({
      page_url: 'https://a/',
      page_path: '/',
      locale: 'en',
      library_name: 'web',
      user_agent: 'UA',
      context: {
        page: { tab: 3 },
        screen: { width: 5 },
        campaign: { source: 'x' },
        userAgent: { odd: true },
      },
    })
  })

  it("takes a page's address from its properties before the context", () => {
    const event = {
      type: 'page' as const,
      properties: { path: '/own', title: 5 },
      context: { page: { path: '/context', title: 'T' } },
    }
    expect(buildEventRows(envelope(event))).toMatchObject([{ page_path: '/own', page_title: 'T' }])
  })

  it('puts the end of the page before on the first event alone', () => {
    const previous = { stream: 'old', lastSeq: 9 }
    const rows = buildEventRows(envelope({}, { previous, events: [base, base] }))
    expect(rows.map((row) => row['previous_seq'])).toEqual([9, 0])
    expect(buildEventRows(envelope({}, { previous, part: 1 }))[0]?.['previous_stream']).toBe('')
  })
})

describe('a hostile context', () => {
  it('keeps a key __proto__ as a key', () => {
    const context = JSON.parse('{"__proto__":{"a":1},"b":2}')
    expect(JSON.stringify(buildEventRows(envelope({ context }))[0]?.['context'])).toBe(
      '{"__proto__":{"a":1},"b":2}',
    )
  })
})

describe('buildQuarantineRows', () => {
  it('carries the end of the page before when no event of the batch was accepted', () => {
    const refused = {
      messageId: 'q',
      index: 0,
      reason: 'too_deep' as const,
      path: '',
      message: '',
      raw: '',
      rawBytes: 0,
    }
    const previous = { stream: 'old', lastSeq: 9 }
    const rows = buildQuarantineRows(envelope({}, { previous, events: [], quarantined: [refused, refused] }))
    expect(rows.map((row) => row['previous_seq'])).toEqual([9, 0])
    const [beside] = buildQuarantineRows(envelope({}, { previous, quarantined: [refused] }))
    expect(beside?.['previous_seq']).toBe(0)
  })

  it('keeps the reason and the text', () => {
    const refused = {
      messageId: 'q',
      index: 4,
      seq: 5,
      reason: 'too_deep' as const,
      path: '',
      message: 'why',
      raw: '{}',
      rawBytes: 2,
    }
    expect(buildQuarantineRows(envelope({}, { stream: 's', quarantined: [refused] }))).toMatchObject([
      { source: 'shop', message_id: 'q', reason: 'too_deep', raw: '{}', batch_index: 4, seq: 5, stream: 's' },
    ])
  })
})
