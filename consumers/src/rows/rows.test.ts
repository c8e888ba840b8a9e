import { ENVELOPE_VERSION, type Envelope, type EnvelopeEvent } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { buildEventRows, buildOmittedRows, buildQuarantineRows } from './rows.ts'

const base: EnvelopeEvent = {
  messageId: 'm1',
  type: 'track',
  timestamp: 2_000,
  originalTimestamp: 1_000,
  event: 'x',
}
const envelope = (event: Partial<EnvelopeEvent>, more: Partial<Envelope> = {}): Envelope => ({
  version: ENVELOPE_VERSION,
  part: 0,
  source: 'shop',
  route: 'batch',
  receivedAt: 3_000,
  batchId: 'b',
  events: [{ ...base, ...event }],
  quarantined: [],
  omitted: [],
  ...more,
})

describe('buildEventRows', () => {
  it('writes times in milliseconds and what the client did not say as empty', () => {
    expect(buildEventRows(envelope({}))).toMatchObject([
      {
        source: 'shop',
        message_id: 'm1',
        event: 'x',
        timestamp: 2_000,
        original_timestamp: 1_000,
        received_at: 3_000,
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
    expect(new Set(rows.map((row) => row['original_timestamp']))).toEqual(new Set([0]))
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
      timezone: 'Europe/Berlin',
      device: { type: 'ios', id: 'd1', manufacturer: 7 },
      os: { name: 'iOS', version: '19' },
      location: { country: 'DE', latitude: 52.5 },
    }
    const contextLeft = {
      page: { tab: 3 },
      screen: { width: 5 },
      campaign: { partner: 'y' },
      userAgent: { odd: true },
      device: { id: 'd1', manufacturer: 7 },
      location: { latitude: 52.5 },
    }
    const [row] = buildEventRows(
      envelope(
        { context: { locale: 'en', campaign: { source: 'x', partner: 'y' } } },
        { context, userAgent: 'UA' },
      ),
    )
    expect(row?.['context']).toEqual(contextLeft)
    expect(row).toMatchObject({
      page_url: 'https://a/',
      page_path: '/',
      locale: 'en',
      library_name: 'web',
      user_agent: 'UA',
      campaign_source: 'x',
      time_zone: 'Europe/Berlin',
      device_type: 'ios',
      os_name: 'iOS',
      country: 'DE',
    })
  })

  it('has columns for id and index of the session, and leaves the rest of it in the context', () => {
    const session = { id: 's1', index: 3, start: '2026-11-21T10:00:00.000Z', campaign: { gclid: 'x' } }
    const { id: _id, index: _index, ...rest } = session
    expect(buildEventRows(envelope({ context: { session } }))).toMatchObject([
      { session_id: 's1', session_index: 3, context: { session: rest } },
    ])
    expect(
      buildEventRows(envelope({ context: { session: { id: 's1', index: 3 } } }))[0]?.['context'],
    ).toEqual({})
  })

  it.each([
    [{ id: 7, index: 3 }, '', 3, { session: { id: 7 } }],
    [{ id: 's', index: '3' }, 's', 0, { session: { index: '3' } }],
    [{ index: -1 }, '', 0, { session: { index: -1 } }],
    [{ index: 1.5 }, '', 0, { session: { index: 1.5 } }],
    [{ index: 2 ** 32 }, '', 0, { session: { index: 2 ** 32 } }],
    [{ index: 2 ** 32 - 1 }, '', 2 ** 32 - 1, {}],
    ['s', '', 0, { session: 's' }],
    [[1], '', 0, { session: [1] }],
  ])('keeps in the context what of a session %j no column holds', (session, id, index, context) => {
    const [row] = buildEventRows(envelope({ context: { session } }))
    expect(row).toMatchObject({ session_id: id, session_index: index })
    expect(row?.['context']).toEqual(context)
  })

  it('gives each event the context that is its own, and the shared one to those without', () => {
    const own = { locale: 'fr', library: { name: 'b' } }
    const rows = buildEventRows(
      envelope({}, { context: { locale: 'de', app: 'a' }, events: [base, { ...base, context: own }, base] }),
    )
    expect(rows.map((row) => [row['locale'], row['library_name'], row['context']])).toEqual([
      ['de', '', { app: 'a' }],
      ['fr', 'b', { app: 'a' }],
      ['de', '', { app: 'a' }],
    ])
  })

  it('gives all rows of a batch the same columns, because an insert names those of the first', () => {
    const facts = { lookups: { plan: { version: 'v', row: { a: 1 } } }, bot: 'b' }
    const page = { ...base, type: 'page' as const, properties: { url: 'https://a/' }, facts }
    const rows = buildEventRows(envelope({}, { events: [base, page] }))
    const [first = [], second] = rows.map((row) => Object.keys(row).sort())
    expect(second).toEqual(first)
  })

  it('never stores the address that the client wrote, only the one that the policy left', () => {
    const [row] = buildEventRows(
      envelope({ facts: { ip: '198.51.100.0' } }, { context: { ip: '198.51.100.7' } }),
    )
    expect(row).toMatchObject({ ip: '198.51.100.0', context: {} })
    expect(buildEventRows(envelope({ context: { ip: '198.51.100.7' } }))[0]).toMatchObject({
      ip: '',
      context: {},
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
})

describe('a hostile context', () => {
  it('keeps a key __proto__ as a key', () => {
    const context = JSON.parse('{"__proto__":{"a":1},"b":2}')
    expect(JSON.stringify(buildEventRows(envelope({ context }))[0]?.['context'])).toBe(
      '{"__proto__":{"a":1},"b":2}',
    )
  })
})

const refused = {
  messageId: 'q',
  index: 4,
  seq: 5,
  reason: 'plan_violation' as const,
  path: 'properties.price',
  message: 'why',
  raw: '{}',
  rawBytes: 2,
}
const left = { messageId: 'o', index: 1, status: 'filtered' as const, reason: 'bot' as const }

describe('buildQuarantineRows', () => {
  it('keeps the reason, the text and what all of the batch share', () => {
    const violation = { path: 'properties.price', rule: 'invalid_type', found: '"free"', message: 'why' }
    const quarantined = [
      {
        ...refused,
        type: 'track' as const,
        event: 'Paid',
        planVersion: '1-0-0',
        violations: [violation],
        anonymousId: 'edge',
        clientAnonymousId: 'client',
      },
    ]
    const shared = {
      stream: 's',
      sentAt: 1_500,
      context: { a: 'ü' },
      integrations: { All: true },
      request: { country: 'DE' },
      userAgent: 'UA',
    }
    expect(buildQuarantineRows(envelope({}, { ...shared, quarantined }))).toEqual([
      {
        source: 'shop',
        route: 'batch',
        batch_id: 'b',
        received_at: 3_000,
        sent_at: 1_500,
        message_id: 'q',
        type: 'track',
        event: 'Paid',
        reason: 'plan_violation',
        path: 'properties.price',
        message: 'why',
        violations: [violation],
        plan_version: '1-0-0',
        anonymous_id: 'edge',
        client_anonymous_id: 'client',
        raw: '{}',
        raw_bytes: 2,
        batch_index: 4,
        seq: 5,
        stream: 's',
        previous_stream: '',
        previous_seq: 0,
        user_agent: 'UA',
        context: '{"a":"ü"}',
        integrations: '{"All":true}',
        request: '{"country":"DE"}',
      },
    ])
  })

  it('names an event without a name by its type, and one without either by nothing', () => {
    const rows = buildQuarantineRows(envelope({}, { quarantined: [{ ...refused, type: 'page' }, refused] }))
    expect(rows.map((row) => row['event'])).toEqual(['page', ''])
  })
})

describe('buildOmittedRows', () => {
  it('keeps the event and the reason and nothing else, the same however its batch is cut', () => {
    expect(buildOmittedRows(envelope({}, { stream: 's', omitted: [{ ...left, seq: 2 }] }))).toEqual([
      {
        source: 'shop',
        route: 'batch',
        batch_id: '',
        received_at: 3_000,
        message_id: 'o',
        status: 'filtered',
        reason: 'bot',
        stream: 's',
        seq: 2,
        batch_index: 0,
        previous_stream: '',
        previous_seq: 0,
      },
    ])
  })
})

describe('the end of the page before', () => {
  const previous = { stream: 'old', lastSeq: 9 }
  const both = { quarantined: [refused, refused], omitted: [left, left] }
  const seqs = (more: Partial<Envelope>) => {
    const whole = envelope({}, { previous, ...more })
    return [buildEventRows, buildQuarantineRows, buildOmittedRows].map((build) =>
      build(whole).map((row) => row['previous_seq']),
    )
  }

  it.each([
    [
      'of the events',
      { events: [base, base], ...both },
      [
        [9, 0],
        [0, 0],
        [0, 0],
      ],
    ],
    ['refused, when none was accepted', { events: [], ...both }, [[], [9, 0], [0, 0]]],
    ['left out, when there is nothing else', { events: [], omitted: [left, left] }, [[], [], [9, 0]]],
    ['of no later part', { part: 1, ...both }, [[0], [0, 0], [0, 0]]],
  ])('is on the first row %s', (_what, more, expected) => {
    expect(seqs(more)).toEqual(expected)
  })
})
