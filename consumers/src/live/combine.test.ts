import type { Envelope } from '@millrace/schemas'
import type { WindowDefinition } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { decodeChange, encodeChange } from './change.ts'
import { combine, listEntries } from './combine.ts'
import { MAX_KEY_LENGTH } from './groups.ts'
import { deliveriesOf, envelopeOf, planOf } from './live-fakes.ts'
import { MAX_CHANGE_BYTES } from './live-storage.ts'
import { compilePlan } from './plan.ts'

const T = 1_700_000_400_000

const BY_NAME: WindowDefinition = {
  name: 'events',
  by: ['event'],
  window: { kind: 'tumbling', size: '10s' },
  measures: { count: { kind: 'count' } },
}
const SALES: WindowDefinition = {
  name: 'sales',
  each: 'properties.products',
  by: ['item.category', 'properties.currency'],
  window: { kind: 'tumbling', size: '1m' },
  measures: { orders: { kind: 'count' }, sum: { kind: 'sum', of: 'item.price' } },
}

const event = (messageId: string, more: object = {}) => ({ messageId, timestamp: T, ...more })
const quarantined = (messageId: string) => ({
  ...{
    messageId,
    index: 0,
    reason: 'schema_violation' as const,
    path: '',
    message: '',
    raw: '{}',
    rawBytes: 2,
  },
})
const omitted = (messageId: string) => ({ messageId, index: 0, status: 'filtered', reason: 'bot' }) as const

/** Groups of all windows of the change, after it travelled. */
function counted(
  windows: readonly WindowDefinition[],
  envelopes: Parameters<typeof deliveriesOf>,
  floor = 0,
) {
  const plan = compilePlan(planOf(windows))
  const change = combine(plan, listEntries(deliveriesOf(...envelopes)), floor)
  const read = decodeChange(encodeChange(change), (id) => plan.windows.find((window) => window.id === id))
  const groups = read.windows.flatMap(({ window, panes }) =>
    [...panes].flatMap(([start, { byKey }]) =>
      [...byKey.values()].map(({ key, events, states }) => ({
        ...{ name: window.definition.name, at: start - T, key, events },
        values: window.measures.map((measure, index) => measure.read(states[index] as never, events)),
      })),
    ),
  )
  return { change: read, groups, text: encodeChange(change) }
}

describe('entries of deliveries', () => {
  it('has each event once, as it was received first', () => {
    const entries = listEntries(
      deliveriesOf(
        envelopeOf([event('a'), event('b')], { receivedAt: T + 2 }),
        envelopeOf([event('b', { timestamp: T - 1 }), event('c'), event('c')], { receivedAt: T + 1 }),
      ),
    )
    expect(
      entries.map(({ accepted, envelope }) => [accepted?.event.messageId, envelope.receivedAt - T]),
    ).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ])
    expect(entries[1]?.accepted?.event.timestamp).toBe(T - 1)
  })

  it('keeps a refused event apart from the accepted one of the same id', () => {
    const envelope = envelopeOf([event('a')], {
      quarantined: [quarantined('a'), quarantined('b'), quarantined('b')] as never,
      omitted: [omitted('a'), { ...omitted('a'), reason: 'sampled' }] as never,
    })
    const entries = listEntries(deliveriesOf(envelope))
    expect(entries.map(({ refused }) => refused?.reason ?? 'accepted')).toEqual([
      ...['accepted', 'schema_violation', 'schema_violation', 'bot', 'sampled'],
    ])
    expect(new Set(entries.map(({ id }) => JSON.stringify(id))).size).toBe(5)
  })

  it('keeps an event apart whose id is made to look like a refused one', () => {
    const envelope = envelopeOf([event('quarantined\na'), event('bot\na')], {
      quarantined: [quarantined('a')] as never,
      omitted: [omitted('a')] as never,
    })
    expect(listEntries(deliveriesOf(envelope))).toHaveLength(4)
  })
})

describe('change of entries', () => {
  it('counts nothing that is late, and does not call history late', () => {
    const { change, groups } = counted(
      [BY_NAME],
      [
        envelopeOf([event('a', { timestamp: T - 1 }), event('b', { timestamp: T })]),
        envelopeOf([event('c', { timestamp: T - 86_400_000 })], { route: 'import' }),
      ],
      T,
    )
    expect([change.events, change.late, change.earliest]).toEqual([1, 1, T])
    expect(groups).toMatchObject([{ at: 0, events: 1 }])
  })

  it('counts history that is recent', () => {
    const { change } = counted([BY_NAME], [envelopeOf([event('a')], { route: 'import' })], T)
    expect([change.events, change.late]).toEqual([1, 0])
  })

  it('has nothing to say of windows without events', () => {
    const { change } = counted([BY_NAME, SALES], [envelopeOf([event('a')])])
    expect(change.windows.map(({ window }) => window.definition.name)).toEqual(['events'])
  })

  it('counts an event once in a group, and each of its items', () => {
    const products = [
      { category: 'a', price: 1 },
      { category: 'a', price: 2.5 },
      { category: 'b', price: '4' },
      ...[null, 5, 'x', [], {}],
    ]
    const { groups } = counted(
      [SALES],
      [envelopeOf([event('a', { properties: { products, currency: 'EUR' } })])],
    )
    expect(groups.map(({ key, events, values }) => [key, events, values])).toEqual([
      [['', 'EUR'], 1, [1, 0]],
      [['a', 'EUR'], 1, [1, 3.5]],
      [['b', 'EUR'], 1, [1, 4]],
    ])
  })

  it.each([
    ['none', undefined],
    ['null', null],
    ['text', 'a,b'],
    ['object', { 0: {} }],
    ['number', 3],
    ['empty', []],
  ])('has no items where the list is %s', (_, products) => {
    const { groups, change } = counted([SALES], [envelopeOf([event('a', { properties: { products } })])])
    expect([groups, change.events]).toEqual([[], 1])
  })

  it('keeps keys apart that look alike', () => {
    const names = [
      '',
      ' ',
      '"',
      "'",
      '\\',
      '\0',
      '__proto__',
      'constructor',
      '["a","b"]',
      'ü',
      'u\u0308',
      '\u2028',
      '𝄞',
    ]
    const { groups } = counted(
      [BY_NAME],
      [envelopeOf(names.map((name, i) => event(`m-${i}`, { event: name })))],
    )
    expect(groups.map(({ key }) => key[0]).sort()).toEqual(
      // An event without a name is told by its type.
      [...names].sort(),
    )
  })

  it('cuts a long key, and never through a character', () => {
    const { groups } = counted([BY_NAME], [envelopeOf([event('a', { event: `x${'😀'.repeat(200)}` })])])
    const [key = ''] = groups[0]?.key ?? []
    expect(key.length).toBeLessThanOrEqual(MAX_KEY_LENGTH)
    // ClickHouse refuses JSON with half a surrogate pair, and with it every row of the insert.
    expect(key.isWellFormed()).toBe(true)
  })

  it('cuts a long value of a top, and never through a character', () => {
    const { groups } = counted(
      [{ ...BY_NAME, by: [], measures: { names: { kind: 'top', of: 'event' } } }],
      [envelopeOf([event('a', { event: `x${'😀'.repeat(250)}` })])],
    )
    const [top] = groups[0]?.values ?? []
    expect((top as { value: string }[])[0]?.value.isWellFormed()).toBe(true)
  })

  it('fits a row of storage, whatever one event holds', () => {
    const products: object[] = []
    const properties = { currency: '\u0001'.repeat(200), products }
    // As much as an event may be.
    for (let length = 1_400, i = 0; length < 32_000; i++)
      length += products.push({ category: i }) && 14 + `${i}`.length
    const text = encodeChange(
      combine(
        compilePlan(planOf([SALES])),
        listEntries(deliveriesOf(envelopeOf([event('a', { properties })]))),
        0,
        true,
      ),
    )
    expect(JSON.stringify(properties).length).toBeLessThan(32_768)
    expect(text.length).toBeLessThanOrEqual(MAX_CHANGE_BYTES)
  })

  it('is the same text whatever the order of events in a group', () => {
    const events = Array.from({ length: 30 }, (_, i) =>
      event(`m-${i}`, { event: `e${i % 4}`, anonymousId: `v${i % 7}` }),
    )
    const windows: WindowDefinition[] = [
      { ...BY_NAME, measures: { visitors: { kind: 'uniques', of: 'visitor_id' } } },
    ]
    const { text } = counted(windows, [envelopeOf(events, { receivedAt: T })])
    expect(counted(windows, [envelopeOf([...events].reverse(), { receivedAt: T })]).text).toBe(text)
  })

  it('counts the receipts of refused events too', () => {
    const { change } = counted(
      [BY_NAME],
      [
        envelopeOf([event('a')], {
          quarantined: [quarantined('b')] as never,
          omitted: [omitted('c')] as never,
        }),
      ],
    )
    expect(change).toMatchObject({
      ...{ events: 1, quarantined: { schema_violation: 1 }, omitted: { bot: 1 } },
      ...{ received: [[T, 3]], acceptedUntil: T },
    })
  })

  it('tells up to when events were accepted, also those that come too late for windows', () => {
    const of = (...envelopes: Envelope[]) => counted([BY_NAME], envelopes).change.acceptedUntil
    const refused = envelopeOf([], { receivedAt: T + 9, quarantined: [quarantined('q')] as never })
    expect(of(refused)).toBe(null)
    expect(of(envelopeOf([event('a')], { receivedAt: T + 5 }), refused)).toBe(T + 5)
    expect(of(envelopeOf([event('old', { timestamp: 1 })], { receivedAt: T + 5 }))).toBe(T + 5)
  })
})
