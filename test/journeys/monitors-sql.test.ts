// biome-ignore-all lint/suspicious/noThenProperty: the second event of a sequence is called so, and is no function.
/** Every kind of monitor that asks ClickHouse, on the real engine: ok, firing and recovered, and whatever is at the bound. */

import type { EnvelopeEvent, JsonObject, QuarantinedEvent } from '@millrace/schemas'
import type { MonitorDefinition, WindowFilter } from '@millrace/schemas/live'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluateMonitors } from '../../consumers/src/monitors/evaluate.ts'
import type { SourceFacts } from '../../consumers/src/monitors/freshness.ts'
import type { MonitorResult } from '../../consumers/src/monitors/result.ts'
import { decideTransitions } from '../../consumers/src/monitors/transitions.ts'
import { createStatements } from '../../consumers/src/statements.ts'
import { checkMonitors } from '../../schemas/src/live/monitor-check.ts'
import { buildEnvelope } from '../support/envelope.ts'
import { createRandom } from '../support/oracle/random.ts'
import { startWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Five minutes past the last whole hour but one: near enough to now for what goes by when rows were inserted. */
const HOUR_START = Math.floor(Date.now() / HOUR) * HOUR - HOUR
const NOW = HOUR_START + 5 * MINUTE

/** A user id with all that could end a text in SQL, JSON or an address. */
const NASTY = `o'brien "x" \\ {p0:String} % 😀 \u00e9`

let warehouse: TestWarehouse
let read: ReturnType<typeof createStatements>['read']
beforeAll(async () => {
  warehouse = await startWarehouse()
  read = createStatements({
    url: warehouse.url,
    username: 'default',
    password: '',
    database: 'millrace',
  }).read
})
afterAll(() => warehouse.stop())

let count = 0

/** A source of its own for each story. */
const newSource = () => `s${++count}`

interface Sent {
  at: number
  event?: string
  user?: string
  properties?: JsonObject
  context?: JsonObject
  id?: string
  receivedAt?: number
}

function toEvent({ at, event = 'Seen', user, properties, context, id }: Sent): EnvelopeEvent {
  return {
    messageId: id ?? `m${++count}`,
    type: 'track',
    event,
    timestamp: at,
    originalTimestamp: at,
    ...(user === undefined ? {} : { userId: user }),
    ...(properties === undefined ? {} : { properties }),
    ...(context === undefined ? {} : { context }),
  }
}

async function send(
  source: string,
  sent: readonly Sent[],
  { receivedAt = NOW, quarantined = [] as QuarantinedEvent[] } = {},
): Promise<void> {
  const batch = { batchId: `b${++count}`, events: sent.map(toEvent), quarantined }
  await warehouse.write([buildEnvelope({ source, receivedAt, ...batch })])
}

/** So many events, spread over the time before `to`. */
const many = (number: number, to: number, what: Partial<Sent> = {}): Sent[] =>
  Array.from({ length: number }, (_, index) => ({ at: to - 2 * MINUTE - index, ...what }))

async function judge(
  source: string,
  monitor: MonitorDefinition,
  { now = NOW, facts }: { now?: number; facts?: SourceFacts } = {},
): Promise<MonitorResult> {
  checkMonitors([monitor], { windows: [], sources: [source] })
  const failures: unknown[] = []
  const results = await evaluateMonitors(
    { read, facts: async () => facts, log: (record) => failures.push(record) },
    { monitors: [monitor], sources: [source], now },
  )
  expect(failures).toEqual([])
  const [result] = results
  if (result === undefined) throw new Error('the monitor was not due')
  expect(result).toMatchObject({ name: monitor.name, source, kind: monitor.kind, at: now })
  return result
}

const keysOf = ({ keys }: MonitorResult) => keys.map(({ key }) => key).toSorted()

const named = (event: string): WindowFilter[] => [{ field: 'event', op: 'is', value: event }]

describe('drop', () => {
  const monitor: MonitorDefinition = { name: 'drop', kind: 'drop', where: named('page seen') }
  const seen = { event: 'page seen' }
  const sendDays = (source: string, counts: readonly number[], more: Partial<Sent> = seen) =>
    send(
      source,
      counts.flatMap((number, day) => many(number, HOUR_START - (day + 1) * DAY, more)),
    )

  it('is ok, fires at a fall by exactly the percentage, and recovers when late events come', async () => {
    const source = newSource()
    await sendDays(source, [100, 100, 100, 60, 200])
    await send(source, many(21, HOUR_START, seen))
    expect(await judge(source, monitor)).toMatchObject({ state: 'ok', value: 21 })
    const other = newSource()
    await sendDays(other, [100, 100, 100, 60, 200])
    await send(other, many(20, HOUR_START, seen))
    expect(await judge(other, monitor)).toMatchObject({
      state: 'firing',
      value: 20,
      message: expect.stringContaining('20, where the days before had 100 (80 % less)'),
    })
    await send(other, [{ at: HOUR_START - SECOND, ...seen }])
    expect((await judge(other, monitor)).state).toBe('ok')
  })

  it('fires when nothing comes any more, and counts no copy, other event or other hour', async () => {
    const source = newSource()
    await sendDays(source, [50, 50, 50])
    const outside = [HOUR_START, HOUR_START + MINUTE, HOUR_START - HOUR - 1].map((at) => ({ at, ...seen }))
    await send(source, [...many(30, HOUR_START, { event: 'another' }), ...outside])
    const copies = Array.from({ length: 40 }, () => ({ at: HOUR_START - MINUTE, id: 'one', ...seen }))
    for (const copy of copies.slice(0, 3)) await send(source, [copy])
    await send(source, copies)
    expect(await judge(source, monitor)).toMatchObject({ state: 'firing', value: 1 })
  })

  it('says nothing where fewer than three days had enough to compare with', async () => {
    const source = newSource()
    await sendDays(source, [100, 100, 49, 49, 49, 49, 49])
    expect(await judge(source, monitor)).toMatchObject({ state: 'unknown', keys: [] })
  })

  it('takes conditions as they are, quotes and all', async () => {
    const source = newSource()
    const where: WindowFilter[] = [{ field: "properties.it's", op: 'in', value: [NASTY, "') OR 1=1 --"] }]
    await sendDays(source, [60, 60, 60], { properties: { "it's": NASTY } })
    await send(source, many(50, HOUR_START, { properties: { "it's": 'other' } }))
    expect(await judge(source, { ...monitor, kind: 'drop', where })).toMatchObject({
      state: 'firing',
      value: 0,
    })
  })
})

describe('quarantine_rate', () => {
  const monitor: MonitorDefinition = { name: 'refused', kind: 'quarantine_rate', above: 0.1 }
  const refuse = (number: number, prefix = 'q'): QuarantinedEvent[] =>
    Array.from({ length: number }, (_, index) => ({
      messageId: `${prefix}${index}`,
      index,
      reason: 'invalid_field',
      path: '',
      message: 'is wrong',
      raw: '{}',
      rawBytes: 2,
    }))
  const receivedAt = NOW - 2 * MINUTE

  it('is ok at exactly the share, fires above it, counts copies once, and recovers when the window has passed', async () => {
    const source = newSource()
    await send(source, many(18, NOW), { receivedAt, quarantined: refuse(2) })
    // Again, as a queue would deliver it.
    for (const _ of [1, 2, 3]) await send(source, [], { receivedAt, quarantined: refuse(2) })
    expect(await judge(source, monitor)).toMatchObject({ state: 'ok', value: 0.1 })
    await send(source, [], { receivedAt, quarantined: refuse(1, 'another') })
    expect(await judge(source, monitor)).toMatchObject({
      state: 'firing',
      message: '3 of 21 events (14.3 %) were refused; the limit is 10 %',
    })
    expect((await judge(source, monitor, { now: NOW + 10 * MINUTE })).state).toBe('ok')
  })

  it('does not fire for too few events', async () => {
    const source = newSource()
    await send(source, many(14, NOW), { receivedAt, quarantined: refuse(5) })
    expect((await judge(source, monitor)).state).toBe('ok')
    expect((await judge(source, { ...monitor, kind: 'quarantine_rate', min: 19 })).state).toBe('firing')
  })
})

describe('null_rate', () => {
  const monitor: MonitorDefinition = {
    name: 'no_price',
    kind: 'null_rate',
    event: 'Order Completed',
    property: 'properties.price',
    above: 0.25,
  }
  const orders = (number: number, properties: JsonObject) =>
    many(number, NOW, { event: 'Order Completed', properties })

  it('counts null, absent and empty values, but neither 0 nor false', async () => {
    const source = newSource()
    const empty = [...orders(2, {}), ...orders(2, { price: null }), ...orders(1, { price: '' })]
    const there = [...orders(5, { price: 0 }), ...orders(5, { price: false }), ...orders(5, { price: '1' })]
    await send(source, [...empty, ...there, ...many(50, NOW, { event: 'other' })])
    expect(await judge(source, monitor)).toMatchObject({
      state: 'ok',
      message: '5 of 20 events (25 %) of Order Completed had no properties.price; the limit is 25 %',
    })
    await send(source, orders(1, {}))
    expect((await judge(source, monitor)).state).toBe('firing')
    await send(source, orders(20, { price: 3 }))
    expect((await judge(source, monitor)).state).toBe('ok')
  })

  it('judges columns too', async () => {
    const source = newSource()
    await send(source, many(30, NOW, { event: 'Order Completed' }))
    expect(await judge(source, { ...monitor, kind: 'null_rate', property: 'user_id' })).toMatchObject({
      state: 'firing',
      value: 1,
    })
  })
})

describe('drift', () => {
  const monitor: MonitorDefinition = { name: 'drift', kind: 'drift', property: 'properties.plan' }
  const spread = (to: number, counts: Readonly<Record<string, number>>): Sent[] =>
    Object.entries(counts).flatMap(([plan, number]) => many(number, to, { properties: { plan } }))

  it('of values: is ok while they are spread as before, fires when they are not, and recovers', async () => {
    const source = newSource()
    const usual = { free: 140, pro: 60, [NASTY]: 20 }
    for (const day of [1, 2, 3]) await send(source, spread(NOW - day * DAY, usual))
    await send(source, spread(NOW, usual))
    expect(await judge(source, monitor)).toMatchObject({ state: 'ok', value: expect.closeTo(0, 3) })
    await send(source, spread(NOW, { 'brand new': 200 }))
    const fired = await judge(source, monitor)
    expect(fired).toMatchObject({
      state: 'firing',
      message: expect.stringContaining('most by brand new: 0 % before'),
    })
    expect(fired.value).toBeGreaterThan(1)
    await send(source, spread(NOW, { free: 40_00, pro: 17_00, [NASTY]: 570 }))
    expect((await judge(source, monitor)).state).toBe('ok')
  })

  it('of numbers, as text or not: compares with the quantiles of before', async () => {
    const source = newSource()
    const prices = (to: number, factor: number, number = 300): Sent[] =>
      Array.from({ length: number }, (_, index) => ({
        at: to - 2 * MINUTE - index,
        properties: { plan: index % 2 === 0 ? (index % 100) * factor : String((index % 100) * factor) },
      }))
    for (const day of [1, 2]) await send(source, prices(NOW - day * DAY, 1))
    await send(source, prices(NOW, 1))
    expect(await judge(source, monitor)).toMatchObject({ state: 'ok' })
    await send(source, prices(NOW, 1.5, 2_000))
    expect(await judge(source, monitor)).toMatchObject({
      state: 'firing',
      message: expect.stringMatching(/most by above 8\d/),
    })
  })

  it('has nothing to say without enough before, and is ok with too little now', async () => {
    const source = newSource()
    await send(source, spread(NOW, { free: 500 }))
    expect((await judge(source, monitor)).state).toBe('unknown')
    const other = newSource()
    await send(other, [...spread(NOW - DAY, { free: 500 }), ...spread(NOW, { pro: 99 })])
    expect((await judge(other, monitor)).state).toBe('ok')
    await send(other, spread(NOW, { pro: 1 }))
    expect((await judge(other, monitor)).state).toBe('firing')
  })
})

describe('count_rule', () => {
  const monitor: MonitorDefinition = {
    name: 'orders',
    kind: 'count_rule',
    left: { where: named('Order Completed') },
    op: '<=',
    right: { where: named('Checkout Started') },
  }

  it('is ok while the rule is kept, fires when it is not, and recovers', async () => {
    const source = newSource()
    const order = { event: 'Order Completed' }
    await send(source, [...many(3, NOW, order), ...many(3, NOW, { event: 'Checkout Started' })])
    expect(await judge(source, monitor)).toMatchObject({ state: 'ok', value: 0 })
    const late = { at: NOW - 2 * MINUTE, id: 'late', ...order }
    await send(source, [late])
    await send(source, [late])
    expect(await judge(source, monitor)).toMatchObject({
      state: 'firing',
      value: 1,
      message: expect.stringContaining('4 events of Order Completed, 3 of Checkout Started'),
    })
    expect((await judge(source, { ...monitor, kind: 'count_rule', slack: 1 })).state).toBe('ok')
    expect((await judge(source, monitor, { now: NOW + 2 * HOUR })).state).toBe('ok')
  })
})

describe('per_key', () => {
  const where = named('Order Completed')
  const monitor: MonitorDefinition = {
    name: 'spender',
    kind: 'per_key',
    key: 'user_id',
    measure: { sum: 'properties.revenue' },
    where,
    window: '24h',
    above: 0.3,
  }
  const order = (user: string, revenue: unknown, at = NOW - MINUTE): Sent => ({
    at,
    event: 'Order Completed',
    user,
    properties: { revenue } as JsonObject,
  })

  it('fires for the keys above the limit, with exact sums, numbers as text and each event once', async () => {
    const source = newSource()
    const once = { ...order('twice', 0.2), id: 'once' }
    await send(source, [
      order('at-bound', 0.1),
      order('at-bound', 0.1),
      order('at-bound', 0.1),
      order(NASTY, '0.2'),
      order(NASTY, 0.100001),
      order('words', 'a lot'),
      order('none', null),
      order('none', undefined),
      order('guest', 1_000),
      { ...order('', 1_000) },
      order('yesterday', 5, NOW - DAY - 1),
      { ...order('other', 5), event: 'Order Refunded' },
      once,
    ])
    await send(source, [once])
    const result = await judge(source, monitor)
    expect(result.state).toBe('firing')
    expect(result.keys).toEqual([
      {
        key: NASTY,
        value: 0.300001,
        message: `user_id ${NASTY} has 0.3 (properties.revenue of Order Completed) in 24h; the limit is 0.3`,
      },
    ])
    await send(source, [order('at-bound', 0.000001), order('twice', 50)])
    expect(keysOf(await judge(source, monitor))).toEqual(['at-bound', NASTY, 'twice'])
    expect(await judge(source, monitor, { now: NOW + DAY })).toMatchObject({ state: 'ok', keys: [] })
  })

  it('counts, tells the highest hundred and how many more there are', async () => {
    const source = newSource()
    const twice = Array.from({ length: 130 }, (_, index) => [order(`u${index}`, 1), order(`u${index}`, 1)])
    await send(source, [...twice.flat(), order('u7', 1), order('single', 1)])
    const result = await judge(source, { ...monitor, kind: 'per_key', measure: 'count', above: 1 })
    expect(result).toMatchObject({ state: 'firing', value: 130, more: 30 })
    expect(result.keys).toHaveLength(100)
    expect(result.keys[0]).toMatchObject({ key: 'u7', value: 3 })
  })

  it('tells first which of those that fired still do, so that none is deaf for the others', async () => {
    const source = newSource()
    const counted: MonitorDefinition = { ...monitor, kind: 'per_key', measure: 'count', above: 1 }
    const low = Array.from({ length: 40 }, (_, index) => `low ${index} ${NASTY}`)
    const high = Array.from({ length: 110 }, (_, index) => `high ${index}`)
    const orders = (user: string, count: number) => Array.from({ length: count }, () => order(user, 1))
    await send(source, [
      ...low.flatMap((user) => orders(user, 2)),
      ...high.flatMap((user) => orders(user, 3)),
    ])
    const firing = [...low, ...Array.from({ length: 60 }, (_, index) => `gone ${index}`)]
    const facts = { receipts: [], liveLagMs: null, lakeLagMs: null, firing: { spender: firing } }
    const result = await judge(source, counted, { facts })
    expect(result).toMatchObject({ value: 150, more: 50, judged: firing })
    const told = new Set(keysOf(result))
    expect(told.size).toBe(100)
    expect(firing.filter((key) => told.has(key))).toEqual(low)
    expect(decideTransitions(new Set(firing), result)).toMatchObject({
      ...{ fired: { length: 60 }, recovered: firing.slice(40), more: 50 },
    })
  })

  it('shortens keys that are as long as somebody likes, and keeps them apart', async () => {
    const source = newSource()
    const long = 'ü'.repeat(5_000)
    const seen = (key: string): Sent => ({ at: NOW - MINUTE, event: 'Order Completed', properties: { key } })
    await send(source, [seen(`${long}1`), seen(`${long}2`), seen(`${long}2`), seen('short')])
    const result = await judge(source, {
      ...monitor,
      kind: 'per_key',
      key: 'properties.key',
      measure: 'count',
      above: 0,
    })
    expect(result.keys.map(({ value }) => value)).toEqual([2, 1, 1])
    expect(result.keys[0]?.key).toMatch(/^ü{50}…[0-9a-f]{1,16}$/)
    expect(new Set(keysOf(result)).size).toBe(3)
  })

  it('of a calendar day counts from midnight to midnight of the time zone', async () => {
    const source = newSource()
    const daily: MonitorDefinition = {
      ...monitor,
      kind: 'per_key',
      window: 'day',
      timeZone: 'Asia/Kolkata',
      above: 10,
    }
    const day = Math.floor(NOW / DAY) * DAY
    const midnight = day - 5.5 * HOUR - DAY
    await send(source, [
      order('a', 6, midnight - 1),
      order('a', 6, midnight),
      order('b', 6, midnight),
      order('b', 6, midnight + DAY - 1),
    ])
    const evening = { now: midnight + DAY + 5 * MINUTE }
    expect(keysOf(await judge(source, daily, evening))).toEqual(['b'])
    expect(keysOf(await judge(source, daily, { now: midnight + 9 * HOUR }))).toEqual([])
    expect(keysOf(await judge(source, daily, { now: midnight + DAY + 11 * MINUTE }))).toEqual([])
  })
})

describe('sequence', () => {
  const here = (latitude: unknown, longitude: unknown) =>
    ({ location: { latitude, longitude } }) as JsonObject
  const NEW_YORK = here(40.7128, -74.006)
  const CHICAGO = here('41.8781', '-87.6298')
  const BOSTON = here(42.3601, -71.0589)
  const travel: MonitorDefinition = {
    name: 'travel',
    kind: 'sequence',
    key: 'user_id',
    first: { where: named('Signed In') },
    then: { where: named('Order Completed') },
    within: '1h',
    condition: [
      {
        kind: 'distance_miles',
        first: ['context.location.latitude', 'context.location.longitude'],
        then: ['context.location.latitude', 'context.location.longitude'],
        above: 500,
      },
    ],
  }
  const login = (user: string, at: number, context?: JsonObject): Sent => ({
    at,
    user,
    event: 'Signed In',
    ...(context === undefined ? {} : { context }),
  })
  const order = (user: string, at: number, context?: JsonObject): Sent => ({
    ...login(user, at, context),
    event: 'Order Completed',
  })
  const T = NOW - 10 * MINUTE

  it('finds a purchase more than 500 miles from the login within an hour before it', async () => {
    const source = newSource()
    const again = { ...order('far', T, CHICAGO), id: 'again' }
    await send(source, [
      login('far', T - 30 * MINUTE, NEW_YORK),
      again,
      login('near', T - 30 * MINUTE, NEW_YORK),
      order('near', T, BOSTON),
      login(NASTY, T - HOUR, NEW_YORK),
      order(NASTY, T, CHICAGO),
      login('late', T - HOUR - 1, NEW_YORK),
      order('late', T, CHICAGO),
      order('backwards', T - MINUTE, CHICAGO),
      login('backwards', T, NEW_YORK),
      login('several', T - 50 * MINUTE, NEW_YORK),
      login('several', T - 5 * MINUTE, CHICAGO),
      order('several', T, CHICAGO),
      login('same', T, NEW_YORK),
      order('same', T, CHICAGO),
      login('nowhere', T - MINUTE),
      order('nowhere', T, CHICAGO),
      login('hostile', T - MINUTE, here(1_000, 'x')),
      order('hostile', T, here(Number.MAX_VALUE, 10_000)),
      login('', T - MINUTE, NEW_YORK),
      order('', T, CHICAGO),
      login('someone', T - MINUTE, NEW_YORK),
      order('else', T, CHICAGO),
    ])
    await send(source, [again])
    const result = await judge(source, travel)
    expect(keysOf(result)).toEqual([NASTY, 'far', 'same', 'several'].toSorted())
    const far = result.keys.find(({ key }) => key === 'far')
    expect(far?.value).toBeCloseTo(712, -1)
    expect(far?.message).toMatch(
      /^user_id far: Signed In at .* UTC, and Order Completed 30 min later, 71\d(\.\d+)? miles away$/,
    )
    expect(await judge(source, travel, { now: NOW + 2 * HOUR })).toMatchObject({ state: 'ok', keys: [] })
  })

  it('tells first which of those that fired still do', async () => {
    const source = newSource()
    const trips = ['a', 'b', NASTY].flatMap((user, index) => [
      login(user, T - MINUTE - index, NEW_YORK),
      order(user, T, CHICAGO),
    ])
    await send(source, trips)
    const facts = { receipts: [], liveLagMs: null, lakeLagMs: null, firing: { travel: [NASTY, 'gone'] } }
    const { keys } = await judge(source, travel, { facts })
    expect(keys.map(({ key }) => key)).toEqual([NASTY, 'a', 'b'])
    expect((await judge(source, travel)).keys.map(({ key }) => key)).toEqual(['a', 'b', NASTY])
  })

  it('measures in kilometers, and below', async () => {
    const source = newSource()
    await send(source, [login('a', T - MINUTE, NEW_YORK), order('a', T, CHICAGO)])
    const points = ['context.location.latitude', 'context.location.longitude'] as const
    const near = (kind: 'distance_km' | 'distance_miles', below: number): MonitorDefinition => ({
      ...travel,
      kind: 'sequence',
      condition: [{ kind, first: points, then: points, below }],
    })
    expect((await judge(source, near('distance_km', 1_100))).state).toBe('ok')
    expect((await judge(source, near('distance_km', 1_200))).state).toBe('firing')
    expect((await judge(source, near('distance_miles', 800))).state).toBe('firing')
  })

  it('compares fields of both, as text and as numbers, and passes over events without them', async () => {
    const source = newSource()
    const cart = (user: string, at: number, properties: JsonObject): Sent => ({
      at,
      user,
      event: 'Signed In',
      properties,
    })
    const paid = (user: string, at: number, properties: JsonObject): Sent => ({
      ...cart(user, at, properties),
      event: 'Order Completed',
    })
    await send(source, [
      cart('cheaper', T - MINUTE, { currency: 'EUR', value: '100' }),
      paid('cheaper', T, { currency: 'EUR', value: 9 }),
      cart('switched', T - MINUTE, { currency: 'EUR', value: 100 }),
      paid('switched', T, { currency: 'USD', value: 100 }),
      cart('silent', T - MINUTE, { value: 100 }),
      paid('silent', T, { currency: 'USD' }),
    ])
    const rule = (op: 'is_not' | 'gt', field: string): MonitorDefinition => ({
      ...travel,
      kind: 'sequence',
      condition: [{ kind: 'compare', first: field, op, then: field }],
    })
    expect(keysOf(await judge(source, rule('is_not', 'properties.currency')))).toEqual(['switched'])
    expect(keysOf(await judge(source, rule('gt', 'properties.value')))).toEqual(['cheaper'])
  })

  it('takes one event for one: two of a kind are needed for a kind that follows itself', async () => {
    const source = newSource()
    await send(source, [login('once', T), login('twice', T), login('twice', T + SECOND)])
    const { condition: _, ...rest } = travel as Extract<MonitorDefinition, { kind: 'sequence' }>
    expect(keysOf(await judge(source, { ...rest, then: rest.first }))).toEqual(['twice'])
  })

  it('finds a checkout that was started and not completed in 30 minutes, and recovers when the order comes late', async () => {
    const source = newSource()
    const abandoned: MonitorDefinition = {
      name: 'abandoned',
      kind: 'sequence',
      key: 'user_id',
      first: { where: named('Checkout Started') },
      then: { where: named('Order Completed') },
      within: '30m',
      absent: true,
    }
    const checkout = (user: string, at: number): Sent => ({ at, user, event: 'Checkout Started' })
    const start = NOW - 40 * MINUTE
    await send(source, [
      checkout('lost', start),
      checkout('done', start),
      order('done', start + 30 * MINUTE),
      checkout('slow', start),
      order('slow', start + 30 * MINUTE + 1),
      order('before', start - MINUTE),
      checkout('before', start),
      checkout('again', start),
      order('again', start + MINUTE),
      checkout('again', start + 2 * MINUTE),
      checkout('open', NOW - 30 * MINUTE),
      checkout('due', NOW - 31 * MINUTE - 1),
      checkout(NASTY, start),
      checkout('long ago', NOW - 92 * MINUTE),
    ])
    const firing = ['again', 'before', 'due', 'lost', NASTY, 'slow']
    const result = await judge(source, abandoned)
    expect(keysOf(result)).toEqual(firing)
    expect(result.keys.find(({ key }) => key === 'lost')?.message).toMatch(
      /^user_id lost: Checkout Started at .* UTC, and no Order Completed within 30m$/,
    )
    await send(source, [order('lost', start + MINUTE)])
    expect(keysOf(await judge(source, abandoned))).toEqual(firing.filter((key) => key !== 'lost'))
    expect((await judge(source, abandoned, { now: NOW + 2 * HOUR })).state).toBe('ok')
  })

  it('holds an answer to its condition too', async () => {
    const source = newSource()
    const pay = (event: string, at: number, order_id: string): Sent => ({
      at,
      event,
      user: 'u',
      properties: { order_id },
    })
    await send(source, [
      pay('Paid', NOW - HOUR, 'a'),
      pay('Sent', NOW - 50 * MINUTE, 'a'),
      pay('Paid', NOW - HOUR, 'b'),
    ])
    const monitor: MonitorDefinition = {
      name: 'unsent',
      kind: 'sequence',
      key: 'user_id',
      first: { where: named('Paid') },
      then: { where: named('Sent') },
      within: '30m',
      condition: [{ kind: 'compare', first: 'properties.order_id', op: 'is', then: 'properties.order_id' }],
      absent: true,
    }
    expect(await judge(source, monitor)).toMatchObject({ state: 'firing', keys: [{ key: 'u', value: 1 }] })
    await send(source, [pay('Sent', NOW - 50 * MINUTE, 'b')])
    expect((await judge(source, monitor)).state).toBe('ok')
  })
})

describe('a sequence of random events', () => {
  const random = createRandom(7)
  const sent = Array.from({ length: 600 }, (_, index) => ({
    at: NOW - random.integer(0, 150 * 60) * SECOND,
    event: random.integer(0, 2) === 0 ? 'B' : 'A',
    user: `u${random.integer(0, 39)}`,
    properties: { n: random.integer(0, 9) },
    id: `r${index}`,
  }))
  const rule = (absent: boolean, hasCondition: boolean): MonitorDefinition => ({
    name: 'random',
    kind: 'sequence',
    key: 'user_id',
    first: { where: named('A') },
    then: { where: named('B') },
    within: '5m',
    ...(absent ? { absent: true } : {}),
    ...(hasCondition
      ? { condition: [{ kind: 'compare', first: 'properties.n', op: 'lt', then: 'properties.n' }] }
      : {}),
  })

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])(
    'absent %j, with a condition %j, is the definition tried on every pair',
    async (absent, hasCondition) => {
      const source = newSource()
      await send(source, sent)
      const fits = (a: (typeof sent)[number], b: (typeof sent)[number]) =>
        b.event === 'B' &&
        a.user === b.user &&
        b.at >= a.at &&
        b.at - a.at <= 5 * MINUTE &&
        (!hasCondition || a.properties.n < b.properties.n)
      const ended = (at: number, until: number) => at >= until - HOUR && at < until
      const found = sent
        .filter(({ event }) => event === 'A')
        .filter((a) =>
          absent
            ? ended(a.at + 5 * MINUTE, NOW - MINUTE) && !sent.some((b) => fits(a, b))
            : sent.some((b) => ended(b.at, NOW) && fits(a, b)),
        )
      const expected = [...new Set(found.map(({ user }) => user))].toSorted()
      expect(expected.length).toBeGreaterThan(5)
      expect(keysOf(await judge(source, rule(absent, hasCondition)))).toEqual(expected)
    },
  )
})

describe('a ClickHouse that does not answer', () => {
  it('leaves every monitor unknown', async () => {
    const connection = { url: 'http://127.0.0.1:9', username: 'default', password: '', database: 'millrace' }
    const logged: Record<string, unknown>[] = []
    const where = named('a')
    const monitors: MonitorDefinition[] = [
      { name: 'a', kind: 'drop', where },
      { name: 'b', kind: 'quarantine_rate', above: 0.1 },
      { name: 'c', kind: 'freshness', stage: 'computed', olderThan: '5m' },
      { name: 'd', kind: 'freshness', stage: 'warehouse', olderThan: '5m' },
    ]
    const results = await evaluateMonitors(
      {
        read: createStatements(connection).read,
        facts: async () => ({ receipts: [NOW], liveLagMs: 0, lakeLagMs: 0 }),
        log: (record) => logged.push(record),
      },
      { monitors, sources: ['shop'], now: NOW },
    )
    expect(results.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'unknown', 'unknown'])
    expect(logged.map(({ event }) => event).toSorted()).toEqual([
      'monitor_failed',
      'monitor_warehouse_unreachable',
    ])
  })
})

describe('freshness', () => {
  const monitor = (stage: 'received' | 'warehouse' | 'computed' | 'lake' | 'live'): MonitorDefinition => ({
    name: 'fresh',
    kind: 'freshness',
    stage,
    olderThan: '5m',
  })
  const factsOf = (...receipts: number[]): SourceFacts => ({ receipts, liveLagMs: 1, lakeLagMs: 6 * MINUTE })

  it('of the warehouse is that of the oldest event that it lacks', async () => {
    const source = newSource()
    await send(source, [{ at: NOW - 20 * MINUTE }], { receivedAt: NOW - 20 * MINUTE })
    const at = (...receipts: number[]) => judge(source, monitor('warehouse'), { facts: factsOf(...receipts) })
    expect(await at(NOW - 20 * MINUTE)).toMatchObject({ state: 'ok', value: 0 })
    expect(await at(NOW - 20 * MINUTE, NOW - 5 * MINUTE)).toMatchObject({ state: 'ok', value: 300 })
    expect(await at(NOW - 20 * MINUTE, NOW - 6 * MINUTE, NOW)).toMatchObject({ state: 'firing', value: 360 })
    expect(await at()).toMatchObject({ state: 'unknown' })
    await send(source, [{ at: NOW }], { receivedAt: NOW })
    expect(await at(NOW - 6 * MINUTE, NOW)).toMatchObject({ state: 'ok', value: 0 })
  })

  it('of what was received is that of the last event, and of other stages what is known of them', async () => {
    const source = newSource()
    await send(source, [{ at: NOW - 20 * MINUTE }], { receivedAt: NOW - 20 * MINUTE })
    expect(await judge(source, monitor('received'))).toMatchObject({ state: 'firing', value: 1_200 })
    expect((await judge(source, monitor('received'), { facts: factsOf(NOW - MINUTE) })).state).toBe('ok')
    expect((await judge(source, monitor('live'), { facts: factsOf(NOW) })).state).toBe('ok')
    expect((await judge(source, monitor('lake'), { facts: factsOf(NOW) })).state).toBe('firing')
    expect((await judge(source, monitor('lake'))).state).toBe('unknown')
  })

  it('of what is computed is that of the last run', async () => {
    expect((await judge('nobody', monitor('computed'))).state).toBe('unknown')
    await warehouse.recompute()
    expect((await judge('nobody', monitor('computed'))).state).toBe('ok')
  })

  it('of a warehouse that is behind leaves all unknown that is read from it', async () => {
    const source = newSource()
    const rule: MonitorDefinition = {
      name: 'rule',
      kind: 'count_rule',
      left: { where: named('a') },
      op: '<',
      right: { where: named('b') },
    }
    await send(source, [{ at: NOW - 20 * MINUTE }], { receivedAt: NOW - 20 * MINUTE })
    expect((await judge(source, rule, { facts: factsOf(NOW - MINUTE) })).state).toBe('firing')
    expect(await judge(source, rule, { facts: factsOf(NOW - 3 * MINUTE) })).toMatchObject({
      state: 'unknown',
      message: 'the warehouse is 3 min behind what was received',
    })
  })
})

describe('books', () => {
  const monitor: MonitorDefinition = { name: 'books', kind: 'books' }
  const write = (source: string, agoMs: number, counts: { missing?: number; in_flight?: number }) => {
    const all = { accepted: 1, received: 1, missing: 0, in_flight: 0, ...counts }
    const minute = Math.floor((NOW - agoMs) / SECOND)
    return warehouse.run(
      `INSERT INTO ledger_minutes (source, minute, ${Object.keys(all).join(', ')}) VALUES ('${source}', ${minute}, ${Object.values(all).join(', ')})`,
    )
  }
  beforeAll(() =>
    warehouse.run(
      "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) VALUES ('ledger', now64(3), 1, 1)",
    ),
  )

  it('is ok of a source that all is explained of, and of one that there is nothing of', async () => {
    const source = newSource()
    await write(source, 3 * DAY, {})
    for (const some of [source, newSource()]) {
      expect(await judge(some, monitor)).toMatchObject({
        state: 'ok',
        message: 'every event that was acknowledged in the last 7 days is explained',
      })
    }
  })

  it.each([
    ['a loss', 1 * HOUR, { missing: 1 }, 'firing'],
    ['a loss that is days old', 3 * DAY, { missing: 1 }, 'firing'],
    ['a loss in the first hour that the ledger looks back to', 7 * DAY, { missing: 1 }, 'firing'],
    ['a loss of before that', 7 * DAY + HOUR, { missing: 1 }, 'ok'],
    ['an event on its way', 10 * MINUTE, { in_flight: 1 }, 'ok'],
    ['an event on its way for days', 2 * DAY, { in_flight: 1 }, 'firing'],
  ])('with %s, %d ms ago', async (_what, agoMs, counts, state) => {
    const source = newSource()
    await write(source, agoMs, counts)
    expect((await judge(source, monitor)).state).toBe(state)
  })
})

describe('what a monitor reads', () => {
  it('is the rows of its time and source, and not the history', async () => {
    const source = `z${newSource()}`
    const rows = 400_000
    // A neighbour in the sorting key, whose events are of today.
    await send(`y${newSource()}`, many(1_000, NOW))
    await warehouse.run(
      `INSERT INTO events (source, message_id, type, event, timestamp, original_timestamp, received_at, inserted_at, user_id, context)
SELECT {source:String}, toString(number), 'track', 'Seen', fromUnixTimestamp64Milli({now:Int64} - toInt64(number) * 2160, 'UTC') AS at, at, at, at, toString(number % 1000), '{}'
FROM numbers(${rows})`,
      { source, now: NOW },
    )
    await warehouse.run('OPTIMIZE TABLE events FINAL')
    /** Rows and granules that the index leaves to be read, each of the statement that reads most. */
    const readMost = async (monitor: MonitorDefinition) => {
      const statements: [text: string, parameters: Record<string, unknown>][] = []
      const spy: typeof read = (text, parameters = {}) => {
        statements.push([text, parameters])
        return read(text, parameters)
      }
      await evaluateMonitors(
        { read: spy, facts: async () => undefined, log: () => {} },
        { monitors: [monitor], sources: [source], now: NOW },
      )
      const estimates = await Promise.all(
        statements.map(([text, parameters]) =>
          read<{ rows: string; marks: string }>(`EXPLAIN ESTIMATE ${text}`, parameters),
        ),
      )
      const most = (name: 'rows' | 'marks') =>
        Math.max(...estimates.map((tables) => tables.reduce((sum, table) => sum + Number(table[name]), 0)))
      return { rows: most('rows'), granules: most('marks') }
    }
    const readRows = async (monitor: MonitorDefinition) => (await readMost(monitor)).rows
    // 10 days of 40,000 events each, 1,667 an hour. What is read is whole granules of 8,192 rows.
    const seen = { where: named('Seen') }
    const common = { window: '1h', name: 'm' } as const
    expect(await readRows({ ...common, kind: 'count_rule', left: seen, op: '<=', right: seen })).toBeLessThan(
      30_000,
    )
    expect(
      await readRows({ ...common, kind: 'per_key', key: 'user_id', measure: 'count', above: 1 }),
    ).toBeLessThan(30_000)
    const sequence = { first: seen, then: seen, within: '1h', absent: true } as const
    // It reads the events three times. How long the first and the last granule are depends on the hour.
    const ofSequence = await readMost({ name: 'm', kind: 'sequence', key: 'user_id', ...sequence })
    expect(ofSequence.granules).toBeLessThanOrEqual(3 * 3)
    expect(ofSequence.rows).toBeLessThan(3 * 30_000)
    expect(await readRows({ name: 'm', kind: 'quarantine_rate', above: 0.1 })).toBeLessThan(30_000)
    // Eight hours of eight days, and all of seven days.
    expect(await readRows({ ...common, kind: 'drop', ...seen })).toBeLessThan(120_000)
    expect(await readRows({ ...common, kind: 'drift', property: 'user_id', ...seen })).toBeLessThan(320_000)
  })
})
