/** Envelopes as the collector makes them of a shop's visitors: ten events a request, about 500 bytes an event. */

import { ENVELOPE_VERSION, type Envelope, type EnvelopeEvent } from '@millrace/schemas'

/** Events an envelope: what our browser SDK sends of a page. */
export const ENVELOPE_EVENTS = 10

/** Options of {@link createEnvelopes}. */
export interface EnvelopesOptions {
  /** How many events; rounded up to whole envelopes. */
  events: number
  /** Number of the first envelope, so that two calls share no event. Default 0. */
  first?: number
  /** Milliseconds since 1970 at which the first was received. */
  startMs: number
}

/** Milliseconds from one envelope to the next. */
const PACE_MS = 20

const VISITORS = 20_000

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
]

const PLACES = [
  { country: 'DE', region: 'Berlin', city: 'Berlin', continent: 'EU', timeZone: 'Europe/Berlin', asn: 3320 },
  { country: 'US', region: 'Texas', city: 'Austin', continent: 'NA', timeZone: 'America/Chicago', asn: 7922 },
  { country: 'FR', region: 'Normandy', city: 'Rouen', continent: 'EU', timeZone: 'Europe/Paris', asn: 3215 },
]

const DEVICES = [
  { type: 'desktop', browserName: 'Chrome', browserVersion: '142', osName: 'Windows', osVersion: '10' },
  {
    type: 'desktop',
    brand: 'Apple',
    browserName: 'Safari',
    browserVersion: '18',
    osName: 'macOS',
    osVersion: '10',
  },
  { type: 'mobile', browserName: 'Chrome', browserVersion: '142', osName: 'Android', osVersion: '10' },
]

const EVENTS = ['Product Viewed', 'Product Viewed', 'Product List Viewed', 'Element Clicked', 'Product Added']

/** The same options always give the same envelopes. */
export function createEnvelopes({ events, first = 0, startMs }: EnvelopesOptions): Envelope[] {
  const count = Math.ceil(events / ENVELOPE_EVENTS)
  return Array.from({ length: count }, (_, index) => createEnvelope(first + index, startMs))
}

function createEnvelope(index: number, startMs: number): Envelope {
  const visitor = scramble(index) % VISITORS
  const stream = createId(index, 1).slice(0, 16)
  const receivedAt = startMs + index * PACE_MS
  const path = `/product/${scramble(index + 7) % 500}`
  return {
    version: ENVELOPE_VERSION,
    part: 0,
    source: 'shop',
    route: 'batch',
    receivedAt,
    sentAt: receivedAt - 300,
    batchId: `${stream}-1`,
    stream,
    userAgent: pick(USER_AGENTS, visitor),
    request: { ...pick(PLACES, visitor), asOrganization: 'Network', device: pick(DEVICES, visitor) },
    context: {
      page: {
        url: `https://shop.example${path}`,
        path,
        referrer: 'https://www.google.com/',
        title: `Product ${path}`,
      },
      locale: 'de-DE',
      library: { name: '@millrace/web', version: '0.1.0' },
      session: {
        id: createId(visitor, 2).slice(0, 16),
        index: 1 + (visitor % 9),
        start: '2026-11-01T00:00:00.000Z',
      },
      screen: { width: 1_512, height: 982, density: 2 },
    },
    events: Array.from({ length: ENVELOPE_EVENTS }, (_, place) =>
      createEvent(index, place, visitor, stream, receivedAt),
    ),
    quarantined: [],
    omitted: [],
  }
}

function createEvent(
  index: number,
  place: number,
  visitor: number,
  stream: string,
  receivedAt: number,
): EnvelopeEvent {
  const at = receivedAt - 10_000 + place * 900
  const id = { messageId: `${stream}-${place + 1}`, seq: place + 1 }
  const who = {
    anonymousId: createId(visitor, 3),
    ...(visitor % 5 === 0 ? { userId: `user-${visitor}` } : {}),
  }
  const when = { timestamp: at, originalTimestamp: at - 120 }
  const facts = { referrer: { class: 'search' as const, name: 'Google' } }
  if (place === 0) return { ...id, ...who, ...when, facts, type: 'page', name: 'Product', properties: {} }
  return {
    ...id,
    ...who,
    ...when,
    facts,
    type: 'track',
    event: pick(EVENTS, place),
    properties: createProperties(index * ENVELOPE_EVENTS + place),
  }
}

function createProperties(number: number) {
  const sku = scramble(number) % 500
  return {
    product_id: `SKU-${sku}`,
    name: `Trail shoe ${sku}`,
    category: pick(['shoes', 'hats', 'coats'], sku),
    price: (scramble(number + 1) % 10_000) / 100,
    quantity: 1 + (number % 3),
    currency: 'EUR',
    ...(number % 40 === 9 ? { revenue: (scramble(number + 2) % 20_000) / 100, order_id: `O-${number}` } : {}),
  }
}

function pick<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T
}

/** A number that looks random, the same for the same number: the finalizer of MurmurHash3. */
function scramble(number: number): number {
  let h = number | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** 32 hex digits that look random, as ids do, so that they compress no better. */
function createId(number: number, kind: number): string {
  const part = (k: number) =>
    scramble(number * 31 + kind * 7_919 + k * 104_729)
      .toString(16)
      .padStart(8, '0')
  return [1, 2, 3, 4].map(part).join('')
}
