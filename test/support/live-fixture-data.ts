/** A shop that never was, for the live page: what `/v1/live` would say of it at a moment. The same moment gives the same. */

import type {
  GroupValues,
  LiveDefinition,
  LiveHealth,
  LiveWindow,
  MeasureValue,
  MonitorStatus,
  SnapshotMessage,
  WindowDefinition,
  WindowState,
} from '@millrace/schemas/live'
import { shippedWindows } from '@millrace/schemas/live'
import { eventsBetween } from './live-fixture-events.ts'
import {
  CLASSES,
  COUNTRIES,
  DEVICES,
  FUNNEL,
  ORDERS,
  PAGES,
  PLANS,
  QUANTILES,
  RATES,
  REFERRERS,
  SALES,
  UNKNOWN_VIEWS,
  VITALS,
  wave,
} from './live-fixture-numbers.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** How long after its end a window waits for events. */
const LATENESS_MS = 30_000

/** How far back a snapshot goes. */
const BACK_MS = 15 * MINUTE_MS

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
