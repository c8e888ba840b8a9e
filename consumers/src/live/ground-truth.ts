/**
 * Events with known answers, for tests and measurements: received late, out of order and twice, with what each window must hold
 * in the end. The same seed always gives the same.
 */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import type { LiveWindow, WindowDefinition } from '@millrace/schemas/live'
import { envelopeOf } from './live-fakes.ts'

/** Options of {@link createGroundTruth}. */
export interface GroundTruthOptions {
  /** Different events. */
  events: number
  /** When the first happens; milliseconds since 1970. */
  startMs: number
  /** How long they take. */
  spanMs: number
  seed: number
  source: string
}

/** Windows of every kind and measure. */
export const TRUTH_WINDOWS: readonly WindowDefinition[] = [
  {
    name: 'by_name',
    by: ['event'],
    window: { kind: 'tumbling', size: '10s' },
    measures: {
      count: { kind: 'count' },
      revenue: { kind: 'sum', of: 'properties.revenue' },
      average: { kind: 'avg', of: 'properties.revenue' },
      least: { kind: 'min', of: 'properties.revenue' },
      most: { kind: 'max', of: 'properties.revenue' },
    },
  },
  {
    name: 'active',
    window: { kind: 'sliding', size: '2m', every: '10s' },
    measures: { visitors: { kind: 'uniques', of: 'visitor_id' } },
  },
  {
    name: 'pages',
    where: [{ field: 'event', op: 'is', value: 'page' }],
    window: { kind: 'tumbling', size: '5m' },
    measures: {
      top: { kind: 'top', of: 'page_path', limit: 20 },
      load: { kind: 'quantiles', of: 'properties.load', quantiles: [0.5, 0.95, 0.99] },
    },
  },
  {
    name: 'crowded',
    by: ['page_path'],
    window: { kind: 'tumbling', size: '1m' },
    measures: { count: { kind: 'count' } },
    maxGroups: 20,
  },
  {
    name: 'visits',
    by: ['visitor_id'],
    window: { kind: 'session', gap: '1m' },
    measures: { events: { kind: 'count' } },
  },
]

/** An event as the oracle knows it. */
interface Fact {
  timestamp: number
  event: string
  visitor: string
  path: string
  revenue: number | undefined
  load: number
}

/** Events of an envelope, and envelopes of a queue batch. */
const ENVELOPE_EVENTS = 20
const BATCH_ENVELOPES = 50

/** Shares that come again, and that come minutes after they happened. */
const AGAIN = 0.2
const LATE = 0.05
const MAX_LATE_MS = 20 * 60_000

const NAMES = [
  'page',
  'page',
  'page',
  'Product Viewed',
  'Product Added',
  'Order Completed',
  'Searched',
  'Clicked',
]

/** Queue batches in the order that they come in, and the oracle. Made piece by piece, so that a million fit. */
export function createGroundTruth(options: GroundTruthOptions): {
  batches: () => Generator<Envelope[]>
  oracle: () => Oracle
} {
  const count = Math.ceil(options.events / ENVELOPE_EVENTS)
  const at = (index: number) => createEnvelope(options, index, count)
  return {
    *batches() {
      const order: { index: number; at: number }[] = []
      const random = createRandom(options.seed + 1)
      for (let index = 0; index < count; index++) {
        const { receivedAt } = at(index)
        // The queue is not in order.
        order.push({ index, at: receivedAt + random() * 5_000 })
        if (random() < AGAIN) order.push({ index, at: receivedAt + random() * 60_000 })
      }
      order.sort((a, b) => a.at - b.at)
      for (let start = 0; start < order.length; start += BATCH_ENVELOPES) {
        yield order.slice(start, start + BATCH_ENVELOPES).map(({ index }) => at(index))
      }
    },
    oracle() {
      const oracle = new Oracle()
      for (let index = 0; index < count; index++) {
        for (const event of at(index).events) oracle.add(factOf(event))
      }
      return oracle
    },
  }
}

function createEnvelope(
  { events, startMs, spanMs, seed, source }: GroundTruthOptions,
  index: number,
  count: number,
): Envelope {
  const random = createRandom(seed * 1_000_003 + index)
  const sentAt = startMs + ((index + 1) / count) * spanMs
  const isLate = random() < LATE
  const receivedAt = Math.floor(sentAt + (isLate ? random() * MAX_LATE_MS : random() * 2_000))
  const size = Math.min(ENVELOPE_EVENTS, events - index * ENVELOPE_EVENTS)
  const visitor = `v${Math.floor(random() ** 2 * 8_000)}`
  const made = Array.from({ length: size }, (_, seq): EnvelopeEvent => {
    const name = NAMES[Math.floor(random() * NAMES.length)] as string
    const timestamp = Math.floor(sentAt - random() * 8_000)
    const load = Math.round(Math.exp(5 + 2 * random() + 2 * random()) * 100) / 100
    const isOrder = name === 'Order Completed'
    return {
      messageId: `s${seed}x${index}-${seq + 1}`,
      type: name === 'page' ? 'page' : 'track',
      ...(name === 'page' ? {} : { event: name }),
      timestamp,
      anonymousId: visitor,
      context: { page: { path: `/p/${Math.floor(random() ** 3 * 300)}` } },
      properties: { load, ...(isOrder ? { revenue: Math.round(random() * 100_000) / 1_000 } : {}) },
    }
  })
  // As the collector has it: a page has no name of its own.
  const named = made.map(({ event, ...rest }) => ({ ...rest, event: event ?? 'page' }))
  return envelopeOf(named, { source, receivedAt, batchId: `b${seed}-${index}` })
}

function factOf({ timestamp, event = '', anonymousId = '', context, properties }: EnvelopeEvent): Fact {
  const page = context?.['page'] as { path: string }
  const { revenue, load } = properties as { revenue?: number; load: number }
  return { timestamp, event, visitor: anonymousId, path: page.path, revenue, load }
}

/** What windows must hold, by plain counting. */
export class Oracle {
  readonly #facts = new Map<number, Fact[]>()
  readonly #step = 10_000

  #slotOf(time: number): number {
    return Math.floor(time / this.#step) * this.#step
  }

  add(fact: Fact): void {
    const slot = this.#slotOf(fact.timestamp)
    const facts = this.#facts.get(slot) ?? []
    this.#facts.set(slot, facts)
    facts.push(fact)
  }

  /** Starts of the windows that have events. */
  starts({ sizeMs, everyMs }: { sizeMs: number; everyMs: number }): number[] {
    const starts = new Set<number>()
    for (const slot of this.#facts.keys()) {
      const last = Math.floor(slot / everyMs) * everyMs
      for (let start = last; start > last - sizeMs; start -= everyMs) starts.add(start)
    }
    return [...starts].sort((a, b) => a - b)
  }

  /** Events of a window. */
  between(start: number, end: number): Fact[] {
    const facts: Fact[] = []
    for (let slot = start; slot < end; slot += this.#step) facts.push(...(this.#facts.get(slot) ?? []))
    return facts
  }

  /** What is wrong with a window, in words; empty when nothing is. */
  faultsOf(window: LiveWindow): string[] {
    // Whole slots, and one more on either side: a session begins anywhere, and nothing may be near it.
    const isSession = window.name === 'visits'
    const facts = isSession
      ? this.between(this.#slotOf(window.start) - 60_000, window.end + 60_000)
      : this.between(window.start, window.end)
    const faults = CHECKS[window.name]?.(window, facts) ?? [`no check for ${window.name}`]
    return faults.map((fault) => `${window.name} ${new Date(window.start).toISOString()}: ${fault}`)
  }
}

type Check = (window: LiveWindow, facts: readonly Fact[]) => string[]

const CHECKS: Record<string, Check> = {
  by_name(window, facts) {
    const expected = [...Map.groupBy(facts, ({ event }) => event)].map(([name, some]) => {
      const revenues = some.flatMap(({ revenue }) => revenue ?? [])
      const micros = revenues.reduce((sum, revenue) => sum + BigInt(Math.round(revenue * 1e6)), 0n)
      const revenue = Number(micros) / 1e6
      return [
        name,
        some.length,
        {
          count: some.length,
          revenue,
          average: revenues.length === 0 ? null : revenue / revenues.length,
          least: revenues.length === 0 ? null : Math.min(...revenues),
          most: revenues.length === 0 ? null : Math.max(...revenues),
        },
      ]
    })
    const found = window.groups.map(({ key, events, values }) => [key[0], events, values])
    return differ(byText(found), byText(expected))
  },
  active(window, facts) {
    const expected = new Set(facts.map(({ visitor }) => visitor)).size
    const found = (window.groups[0]?.values['visitors'] as number | undefined) ?? 0
    // Three standard errors of 1.6 %; exact up to 256 different ones.
    const bound = expected <= 256 ? 0 : expected * 0.049
    return Math.abs(found - expected) <= bound ? [] : [`visitors ${found}, are ${expected}`]
  },
  pages(window, facts) {
    const pages = facts.filter(({ event }) => event === 'page')
    const loads = pages.map(({ load }) => load).sort((a, b) => a - b)
    const { top, load } = (window.groups[0]?.values ?? {}) as unknown as {
      top: { value: string; count: number; error: number }[]
      load: Record<string, number>
    }
    const faults = Object.entries(load).flatMap(([quantile, found]) => {
      const expected = loads[Math.floor(Number(quantile) * (loads.length - 1))] as number
      return Math.abs(found - expected) <= 0.0100001 * expected
        ? []
        : [`p${quantile} ${found}, is ${expected}`]
    })
    const counts = Map.groupBy(pages, ({ path }) => path)
    const ranked = [...counts.values()].map((some) => some.length).sort((a, b) => b - a)
    top.forEach(({ value, count, error }, place) => {
      const expected = counts.get(value)?.length ?? 0
      if (count < expected || count - error > expected)
        faults.push(`${value} ${count} ± ${error}, is ${expected}`)
      if (error === 0 && expected !== ranked[place]) faults.push(`${value} is not number ${place}`)
    })
    return faults
  },
  crowded(window, facts) {
    const counts = Map.groupBy(facts, ({ path }) => path)
    const faults = window.groups.flatMap(({ key: [path = ''], events }) => {
      const expected = counts.get(path)?.length ?? 0
      return events === expected ? [] : [`${path} ${events}, are ${expected}`]
    })
    const named = window.groups.reduce((sum, { events }) => sum + events, 0)
    const other = window.other?.events ?? 0
    if (named + other !== facts.length) faults.push(`${named} and ${other} others, are ${facts.length}`)
    if (window.groups.length > 20) faults.push(`${window.groups.length} groups`)
    return faults
  },
  visits({ start, end, groups: [group] }, facts) {
    const gapMs = 60_000
    const times = facts
      .filter(({ visitor }) => visitor === group?.key[0])
      .map(({ timestamp }) => timestamp)
      .sort((a, b) => a - b)
    const within = times.filter((time) => time >= start && time < end)
    const isWhole =
      within[0] === start &&
      within.at(-1) === end - gapMs &&
      within.every((time, index) => index === 0 || time - (within[index - 1] as number) < gapMs) &&
      !times.some((time) => time < start && start - time < gapMs)
    if (!isWhole) return [`session of ${group?.key[0]} is not whole`]
    return group?.events === within.length ? [] : [`${group?.events} events, are ${within.length}`]
  },
}

function byText(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

function differ(found: readonly string[], expected: readonly string[]): string[] {
  return JSON.stringify(found) === JSON.stringify(expected)
    ? []
    : [`${found.join(' ')}, is ${expected.join(' ')}`]
}

/** Numbers from 0 up to 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
