/**
 * Numbers of a shop that never was, for the live page: what `/v1/live` and `/v1/query` would say at a moment. The same moment
 * gives the same numbers.
 */

import type {
  GroupValues,
  LiveDefinition,
  LiveHealth,
  LiveWindow,
  MeasureValue,
  MonitorStatus,
  SnapshotMessage,
  TailEvent,
  WindowDefinition,
  WindowState,
} from '@millrace/schemas/live'
import { shippedWindows } from '@millrace/schemas/live'
import type { JsonObject } from '@millrace/schemas/wire'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** How long after its end a window waits for events. */
const LATENESS_MS = 30_000

/** How far back a snapshot goes. */
const BACK_MS = 15 * MINUTE_MS

/** Events a second by name, as a shop of some size has them. */
const RATES: Readonly<Record<string, number>> = {
  page: 6.2,
  'Product Viewed': 3.4,
  'Web Vital': 2.6,
  'Product Added': 0.9,
  'Cart Viewed': 0.7,
  'Checkout Started': 0.34,
  'Order Completed': 0.21,
  identify: 0.12,
}

const PAGES: Readonly<Record<string, number>> = {
  '/': 640,
  '/p/stoneware-mug': 412,
  '/p/oak-bread-board': 305,
  '/collections/kitchen': 288,
  '/cart': 190,
  '/p/linen-tea-towel': 164,
  '/checkout': 97,
  '/journal/how-a-river-mill-grinds-flour-and-why-it-still-does': 61,
  '/about': 22,
}

const REFERRERS = { Google: 212, Instagram: 96, 'news.ycombinator.com': 41, Newsletter: 38, Bing: 17 }
const CLASSES = { direct: 402, search: 229, social: 96, referral: 58, email: 38, paid: 21 }
const UNKNOWN_VIEWS = 118
const COUNTRIES = {
  ...{ DE: 512, AT: 148, CH: 121, FR: 66, NL: 51, US: 40, GB: 33, PL: 12, '': 9 },
  ...{ IT: 8, ES: 7, SE: 5, JP: 4, BR: 3 },
}
const DEVICES = { mobile: 604, desktop: 341, tablet: 44, '': 3 }
const FUNNEL = {
  page: 992,
  'Product Viewed': 571,
  'Product Added': 188,
  'Checkout Started': 96,
  'Order Completed': 61,
}
const SALES: readonly [string, string, number][] = [
  ['Kitchen', 'EUR', 24],
  ['Table', 'EUR', 39],
  ['Textiles', 'EUR', 16],
  ['Kitchen', 'CHF', 27],
]

/** Orders a minute and what one brings: some have products of two categories, and each has shipping. */
const ORDERS: Readonly<Record<string, readonly [number, number]>> = { EUR: [9, 39.9], CHF: [4, 40.1] }

const QUANTILES = { p50: '0.5', p75: '0.75', p95: '0.95', p99: '0.99' }

/** Measurements in a quarter of an hour, and their quantiles. */
const VITALS: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  LCP: [466, 1_840, 2_620, 3_120, 5_260],
  INP: [22, 96, 148, 236, 610],
  CLS: [452, 0.03, 0.062, 0.118, 0.27],
  FCP: [466, 1_120, 1_540, 2_060, 3_480],
  TTFB: [466, 310, 460, 720, 1_240],
}
const PLANS = { free: 31, pro: 12, team: 5, '': 2 }

/** What the page is told when it begins. */
export function snapshotAt(now: number, version: string): SnapshotMessage {
  return {
    type: 'snapshot',
    version,
    source: 'dev',
    now,
    watermark: now - LATENESS_MS,
    definitions: DEFINITIONS,
    windows: windowsAt(now),
    health: healthAt(now),
    monitors: monitorsAt(now),
    events: eventsBetween(now - 40 * SECOND_MS, now),
  }
}

/** The same of a source that nothing ever came of. */
export function emptySnapshotAt(now: number, version: string): SnapshotMessage {
  return {
    ...snapshotAt(now, version),
    windows: [],
    events: [],
    monitors: [],
    health: {
      ...healthAt(now),
      receivedAt: null,
      events: 0,
      quarantined: {},
      omitted: {},
      duplicates: 0,
      late: 0,
      latencyMs: { p50: null, p95: null, p99: null },
      retries: {},
      gaps: null,
    },
  }
}

/** All windows that a snapshot has. */
export function windowsAt(now: number): LiveWindow[] {
  return DEFINITIONS.flatMap(({ name, sizeMs, everyMs }) => {
    const windows: LiveWindow[] = []
    const last = Math.floor(now / everyMs) * everyMs
    for (let start = last; start + sizeMs > now - Math.max(BACK_MS, sizeMs); start -= everyMs) {
      windows.push(windowOf(name, start, start + sizeMs, now))
    }
    return windows.reverse()
  })
}

/** Those that are not final yet: what a change has. */
export function openWindowsAt(now: number): LiveWindow[] {
  return windowsAt(now).filter(({ end }) => end > now - LATENESS_MS - 2 * SECOND_MS)
}

/** Events of the stream, one about every 700 ms. */
export function eventsBetween(from: number, to: number): TailEvent[] {
  const events: TailEvent[] = []
  for (let at = Math.ceil(from / 700) * 700; at <= to; at += 700) events.push(eventAt(at))
  return events
}

/** A window that only the configuration of this shop has. */
const OWN_WINDOW: WindowDefinition = {
  name: 'signups_by_plan',
  title: 'Who signs up?',
  where: [{ field: 'event', op: 'is', value: 'Signed Up' }],
  by: ['properties.plan'],
  window: { kind: 'tumbling', size: '5m' },
  measures: {
    signups: { kind: 'count' },
    visitors: { kind: 'uniques', of: 'visitor_id' },
    value: { kind: 'quantiles', of: 'properties.value', quantiles: [0.5, 0.95] },
  },
}

const DEFINITIONS: LiveDefinition[] = [...shippedWindows, OWN_WINDOW].map((definition) => {
  const { name, title = name, by = [], measures } = definition
  const { sizeMs, everyMs } = sizesOf(definition)
  return {
    name,
    title,
    by: [...by],
    kind: definition.window.kind,
    sizeMs,
    everyMs,
    measures: Object.fromEntries(Object.entries(measures).map(([measure, { kind }]) => [measure, kind])),
  }
})

function sizesOf({ window }: WindowDefinition): { sizeMs: number; everyMs: number } {
  const ms = (text: string) => Number.parseInt(text, 10) * (text.endsWith('s') ? SECOND_MS : MINUTE_MS)
  if (window.kind === 'session') throw new TypeError('none of them is of sessions')
  return { sizeMs: ms(window.size), everyMs: ms(window.kind === 'sliding' ? window.every : window.size) }
}

function windowOf(name: string, start: number, end: number, now: number): LiveWindow {
  // A window that has just begun has little.
  const part = Math.min(1, (now - start) / (end - start))
  const groups = GROUPS[name]?.(start, part, end - start) ?? []
  const isCorrected = name === 'events' && end < now - 2 * MINUTE_MS && (start / 10_000) % 23 === 0
  const state: WindowState = end > now - LATENESS_MS ? 'provisional' : isCorrected ? 'corrected' : 'final'
  const ranked = groups.filter(({ events }) => events > 0).sort((a, b) => b.events - a.events)
  return {
    name,
    start,
    end,
    state,
    version: { provisional: 0, final: 1, corrected: 2 }[state],
    events: ranked.reduce((sum, { events }) => sum + events, 0),
    groups: ranked,
  }
}

type MakeGroups = (start: number, part: number, sizeMs: number) => GroupValues[]

const GROUPS: Readonly<Record<string, MakeGroups>> = {
  events: (start, part) =>
    Object.entries(RATES).map(([name, rate]) => {
      const count = Math.round(rate * 10 * part * wave(start, name))
      return group([name], count, { count })
    }),
  active_visitors: (start, part) => {
    const visitors = Math.round(138 * (0.4 + 0.6 * part) * wave(start, 'visitors'))
    return [group([], visitors * 6, { visitors })]
  },
  top_pages: (start, part) => {
    const pages = ranks(PAGES, start, part)
    return [group([], sumOf(pages), { pages, visitors: Math.round(sumOf(pages) / 2.4) })]
  },
  top_referrers: (start, part) => {
    const classes = ranks(CLASSES, start, part)
    const views = sumOf(classes) + Math.round(UNKNOWN_VIEWS * part)
    return [group([], views, { referrers: ranks(REFERRERS, start, part), classes })]
  },
  orders: (start, part) =>
    Object.entries(ORDERS).map(([currency, [perMinute, revenue]]) => {
      const orders = Math.round(perMinute * part * wave(start, currency))
      return group([currency], orders, { orders, revenue: Math.round(orders * revenue * 100) / 100 })
    }),
  revenue: (start, part) =>
    SALES.map(([category, currency, price]) => {
      const orders = Math.round(4 * part * wave(start, category + currency))
      return group([category, currency], orders, { orders, revenue: Math.round(orders * price * 130) / 100 })
    }),
  vitals: (start, part) =>
    Object.entries(VITALS).map(([name, [count, ...values]]) => {
      const factor = wave(start, name)
      const value = Object.fromEntries(
        Object.values(QUANTILES).map((quantile, index) => [
          quantile,
          Math.round((values[index] ?? 0) * factor * 1_000) / 1_000,
        ]),
      )
      return group([name], Math.round(count * part), { value })
    }),
  signups_by_plan: (start, part) =>
    Object.entries(PLANS).map(([plan, count]) => {
      const signups = Math.round(count * part * wave(start, plan))
      const value = { '0.5': 19 + signups / 8, '0.95': 79 + signups }
      return group([plan], signups, { signups, visitors: signups, value })
    }),
  funnel: (start, part) => visitorsOf(FUNNEL, start, part, false),
  countries: (start, part) => visitorsOf(COUNTRIES, start, part, true),
  devices: (start, part) => visitorsOf(DEVICES, start, part, true),
}

function group(key: string[], events: number, values: Record<string, MeasureValue>): GroupValues {
  return { key, events, values }
}

function visitorsOf(
  counts: Readonly<Record<string, number>>,
  start: number,
  part: number,
  hasViews: boolean,
) {
  return Object.entries(counts).map(([name, count]) => {
    const visitors = Math.round(count * part * wave(start, name))
    const views = Math.round(visitors * 3.1)
    return group([name], views, hasViews ? { visitors, views } : { visitors })
  })
}

function ranks(counts: Readonly<Record<string, number>>, start: number, part: number) {
  return Object.entries(counts)
    .map(([value, count]) => ({ value, count: Math.round(count * part * wave(start, value)), error: 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
}

function sumOf(entries: readonly { count: number }[]): number {
  return entries.reduce((sum, { count }) => sum + count, 0)
}

/** Around 1: a slow swell, and a little noise. */
function wave(time: number, name: string): number {
  const phase = hash(name) * 6.28
  return 1 + 0.22 * Math.sin(time / 210_000 + phase) + 0.16 * (hash(`${name}${time}`) - 0.5)
}

/** From 0 to 1, by FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const unit of text) value = Math.imul(value ^ (unit.codePointAt(0) ?? 0), 0x01000193)
  // Names that differ in their last letter alone are spread, too.
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return ((value ^ (value >>> 12)) >>> 8) / 2 ** 24
}

function healthAt(now: number): LiveHealth {
  return {
    receivedAt: now - 300,
    events: 4_312 + Math.round(40 * wave(now, 'events')),
    quarantined: { plan_violation: 14, missing_field: 3, impossible_time: 1 },
    omitted: { bot: 52, no_consent: 17 },
    duplicates: 8,
    late: 2,
    latencyMs: { p50: 1_180, p95: 2_240, p99: 3_100 },
    stages: [
      { stage: 'live', lagMs: 900, at: now },
      { stage: 'warehouse', lagMs: 1_700, at: now },
      { stage: 'computed', lagMs: 42_000, at: now },
      { stage: 'lake', lagMs: 131_000, at: now },
      { stage: 'closed', lagMs: 0, at: now },
    ],
    retries: { warehouse: 0, lake: 0 },
    deadLetters: 0,
    spilled: 0,
    gaps: null,
  }
}

function monitorsAt(now: number): MonitorStatus[] {
  return [
    {
      name: 'orders_stopped',
      kind: 'threshold',
      title: 'Orders come in',
      state: 'ok',
      since: now - 9_240_000,
      message: '12 orders in the last 10 minutes, at least 1 is expected.',
      keys: [],
    },
    {
      name: 'price_drift',
      kind: 'drift',
      title: 'Prices of products added',
      state: 'firing',
      since: now - 427_000,
      message: 'The values are spread otherwise than in the 7 days before (index 0.41, at most 0.25).',
      keys: ['properties.price'],
      more: 12,
      undelivered: [{ webhook: 'ops', at: now - 181_000, count: 3, error: 'it answered 500' }],
    },
    {
      name: 'warehouse_fresh',
      kind: 'freshness',
      title: 'The warehouse is fresh',
      state: 'unknown',
      since: now - 61_000,
      message: 'It could not be asked for a minute.',
      keys: [],
    },
  ]
}

const PEOPLE = ['a-1f0c', 'a-77b2', 'a-93de', 'a-c210', 'u-17', 'u-204']

function eventAt(at: number): TailEvent {
  const turn = Math.round(at / 700)
  const pick = <Item>(list: readonly Item[], salt: string): Item =>
    list[Math.floor(hash(`${salt}${turn}`) * list.length)] as Item
  const base = {
    messageId: `018f-${(turn % 65_536).toString(16).padStart(4, '0')}-${turn % 40}`,
    timestamp: at - 420 - (turn % 7) * 90,
    receivedAt: at,
    batchId: `b-${(turn % 9_973).toString(36)}`,
  }
  if (turn % 23 === 0) return refusedEvent(base)
  if (turn % 31 === 0)
    return {
      ...base,
      status: 'filtered',
      type: 'page',
      event: 'page',
      index: 0,
      reason: 'bot',
      message: 'a bot sent it',
    }
  if (turn % 37 === 0)
    return {
      ...base,
      status: 'duplicate',
      type: 'track',
      event: 'Product Viewed',
      row: { page_path: '/p/oak-bread-board' },
    }
  const event = pick(
    ['page', 'page', 'page', 'Product Viewed', 'Product Viewed', 'Product Added', 'Web Vital'],
    'e',
  )
  const path = pick(Object.keys(PAGES), 'p')
  const who = pick(PEOPLE, 'w')
  const properties: JsonObject =
    event === 'page'
      ? { title: 'The Mill Shop', path }
      : event === 'Web Vital'
        ? { name: 'LCP', value: 1_912.4, rating: 'good' }
        : {
            product_id: 'mug',
            name: 'Stoneware mug',
            category: 'Kitchen',
            price: 24,
            currency: 'EUR',
            quantity: 1,
          }
  const isOff = event === 'Product Added' && turn % 2 === 0
  return {
    ...base,
    status: 'accepted',
    type: event === 'page' ? 'page' : 'track',
    event,
    row: {
      source: 'dev',
      message_id: base.messageId,
      type: event === 'page' ? 'page' : 'track',
      event,
      properties,
      ...(who.startsWith('u') ? { user_id: who } : { anonymous_id: who }),
      page_path: path,
      page_url: `https://mill.example${path}`,
      page_title: 'The Mill Shop',
      country: pick(['DE', 'DE', 'AT', 'CH', 'FR'], 'c'),
      city: 'Hamburg',
      continent: 'EU',
      asn: 3320,
      as_organization: 'Deutsche Telekom AG',
      device_type: pick(['mobile', 'desktop'], 'd'),
      browser_name: 'Firefox',
      browser_version: '147.0',
      os_name: 'Android',
      referrer_class: 'search',
      referrer_name: 'Google',
      library_name: '@millrace/web',
      library_version: '0.1.0',
      plan_version: '1-0-0',
      context: { screen: { width: 390, height: 844 } },
    },
    ...(isOff
      ? {
          violations: [
            {
              path: 'properties.quantity',
              rule: 'invalid_type',
              found: 'a string',
              message: 'must be a whole number',
            },
          ],
        }
      : {}),
  }
}

type EventBase = Pick<TailEvent, 'messageId' | 'timestamp' | 'receivedAt' | 'batchId'>

function refusedEvent(base: EventBase): TailEvent {
  const raw = {
    type: 'track',
    event: 'Order Completed',
    properties: { revenue: '<b>24,00</b>', currency: 'EUR' },
  }
  return {
    ...base,
    status: 'quarantined',
    type: 'track',
    event: 'Order Completed',
    index: 1,
    reason: 'plan_violation',
    path: 'properties.revenue',
    message: 'must be a number, got a string',
    violations: [
      {
        path: 'properties.revenue',
        rule: 'invalid_type',
        found: '"<b>24,00</b>"',
        message: 'must be a number',
      },
      { path: 'properties.products', rule: 'missing', found: 'nothing', message: 'must be a list' },
    ],
    raw: JSON.stringify(raw),
  }
}

/** Answers of the query API by the name of the question, without what all have in common. */
export function answerTo(name: string, search: URLSearchParams, now: number): object | undefined {
  const days = Array.from({ length: 7 }, (_, index) => isoDay(now - (6 - index) * 86_400_000))
  const over = (base: number, salt: string) =>
    days.map((day) => Math.round(base * wave(Date.parse(day), salt)))
  const field = search.get('field') ?? search.get('by') ?? ''
  const table = (counts: Readonly<Record<string, number>>, factor: number) => ({
    columns: [field, 'events', 'people'],
    rows: Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([value, count]) => [value, count * factor, Math.round((count * factor) / 3.1)]),
  })
  switch (name) {
    case 'timeseries':
      return search.get('by') === 'event'
        ? { buckets: days, series: seriesOf(Number(search.get('limit') ?? 5), over) }
        : { buckets: days, series: [{ name: null, total: 18_204, values: over(3_100, 'people') }] }
    case 'top':
      if (field === 'page_path') return table(PAGES, 130)
      if (field === 'country') return table(COUNTRIES, 90)
      if (field === 'device_type') return table(DEVICES, 90)
      return table(
        field === 'referrer_class'
          ? { ...CLASSES, '': UNKNOWN_VIEWS, internal: 900 }
          : { ...REFERRERS, '': 1_200 },
        60,
      )
    case 'breakdown':
      return answerBreakdown(search)
    case 'funnel':
      return {
        columns: ['step', 'event', 'people', 'fromFirst', 'fromPrevious', 'medianSeconds'],
        rows: [14_775, 9_120, 2_911, 1_402, 861].map((people, index) => [
          index + 1,
          'step',
          people,
          0,
          0,
          null,
        ]),
      }
    case 'retention':
      return {
        columns: ['cohort', 'people', ...days.slice(1).map((_, index) => `day ${index + 1}`)],
        rows: days.map((day, index) => [
          day,
          1_900 - index * 60,
          ...days.slice(1).map((_, period) => (index + period < 6 ? Math.round(420 / (period + 1.4)) : null)),
        ]),
      }
    case 'sessions':
      return search.has('by')
        ? {
            columns: ['entry_page', 'sessions'],
            rows: Object.entries(PAGES)
              .slice(0, 5)
              .map(([page, count]) => [page, count * 9]),
          }
        : {
            totals: {
              sessions: 21_480,
              people: 14_775,
              bounceRate: 0.412,
              averageDuration: 184.2,
              medianDuration: 97.5,
              averageEngaged: 66.1,
              pagesPerSession: 2.9,
              eventsPerSession: 7.4,
            },
            buckets: days,
            series: [{ name: 'sessions', values: over(3_070, 'sessions') }],
          }
    default:
      return undefined
  }
}

/** The largest so many, and all others as one. */
function seriesOf(limit: number, over: (base: number, salt: string) => number[]): object[] {
  const rates = Object.entries(RATES).sort(([, a], [, b]) => b - a)
  const left = rates.slice(limit).reduce((sum, [, rate]) => sum + rate, 0)
  const one = (name: string | null, rate: number) => ({
    ...{ name, total: Math.round(rate * 70_000), values: over(rate * 10_000, name ?? 'others') },
    ...(name === null ? { isOther: true } : {}),
  })
  return [
    ...rates.slice(0, limit).map(([event, rate]) => one(event, rate)),
    ...(left > 0 ? [one(null, left)] : []),
  ]
}

function answerBreakdown(search: URLSearchParams): object {
  const metric = search.get('metric') ?? 'events'
  if (search.get('by') === 'properties.currency') {
    const rows =
      metric === 'sum'
        ? [
            ['EUR', 184_220.5],
            ['CHF', 9_120.75],
          ]
        : [
            ['EUR', 3_412],
            ['CHF', 140],
          ]
    return { columns: ['properties.currency', metric], rows }
  }
  const quantile = Object.keys(QUANTILES).indexOf(metric)
  const rows = Object.entries(VITALS).map(([name, [count, ...values]]) => [
    name,
    quantile < 0 ? count : (values[quantile] ?? null),
  ])
  return { columns: ['properties.name', metric], rows }
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
