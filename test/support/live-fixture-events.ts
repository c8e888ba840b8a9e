/** Events of the shop that never was, as the live page's stream shows them: taken, filtered, refused and repeated ones. */

import type { TailEvent } from '@millrace/schemas/live'
import type { JsonObject } from '@millrace/schemas/wire'
import { hash, PAGES } from './live-fixture-numbers.ts'

/** Events of the stream, one about every 700 ms. */
export function eventsBetween(from: number, to: number): TailEvent[] {
  const events: TailEvent[] = []
  for (let at = Math.ceil(from / 700) * 700; at <= to; at += 700) events.push(eventAt(at))
  return events
}

type EventBase = Pick<TailEvent, 'messageId' | 'timestamp' | 'receivedAt' | 'batchId'>

/** One of a list; the same for the same salt. */
type Choose = <Item>(list: readonly Item[], salt: string) => Item

const PEOPLE = ['a-1f0c', 'a-77b2', 'a-93de', 'a-c210', 'u-17', 'u-204']

const EVENTS = ['page', 'page', 'page', 'Product Viewed', 'Product Viewed', 'Product Added', 'Web Vital']

const PRODUCT = { product_id: 'mug', name: 'Stoneware mug', category: 'Kitchen', price: 24, currency: 'EUR' }

/** Columns that are the same of every event. */
const COLUMNS: JsonObject = {
  ...{ city: 'Hamburg', continent: 'EU', asn: 3320, as_organization: 'Deutsche Telekom AG' },
  ...{ browser_name: 'Firefox', browser_version: '147.0', os_name: 'Android' },
  ...{ referrer_class: 'search', referrer_name: 'Google' },
  ...{ library_name: '@millrace/web', library_version: '0.1.0', plan_version: '1-0-0' },
  context: { screen: { width: 390, height: 844 } },
}

function eventAt(at: number): TailEvent {
  const turn = Math.round(at / 700)
  const base = {
    messageId: `018f-${(turn % 65_536).toString(16).padStart(4, '0')}-${turn % 40}`,
    timestamp: at - 420 - (turn % 7) * 90,
    receivedAt: at,
    batchId: `b-${(turn % 9_973).toString(36)}`,
  }
  if (turn % 23 === 0) return refusedEvent(base)
  if (turn % 31 === 0) {
    const why = { reason: 'bot', message: 'a bot sent it' } as const
    return { ...base, status: 'filtered', type: 'page', event: 'page', index: 0, ...why }
  }
  if (turn % 37 === 0) {
    const row = { page_path: '/p/oak-bread-board' }
    return { ...base, status: 'duplicate', type: 'track', event: 'Product Viewed', row }
  }
  const pick: Choose = (list, salt) =>
    list[Math.floor(hash(`${salt}${turn}`) * list.length)] as (typeof list)[number]
  const event = acceptedEvent(base, pick)
  if (event.event !== 'Product Added' || turn % 2 !== 0) return event
  const violation = { path: 'properties.quantity', rule: 'invalid_type', found: 'a string' }
  return { ...event, violations: [{ ...violation, message: 'must be a whole number' }] }
}

function acceptedEvent(base: EventBase, pick: Choose): TailEvent {
  const event = pick(EVENTS, 'e')
  const path = pick(Object.keys(PAGES), 'p')
  const who = pick(PEOPLE, 'w')
  const type = event === 'page' ? 'page' : 'track'
  return {
    ...base,
    ...{ status: 'accepted', type, event },
    row: {
      ...{ source: 'dev', message_id: base.messageId, type, event },
      properties: propertiesOf(event, path),
      ...(who.startsWith('u') ? { user_id: who } : { anonymous_id: who }),
      ...{ page_path: path, page_url: `https://mill.example${path}`, page_title: 'The Mill Shop' },
      country: pick(['DE', 'DE', 'AT', 'CH', 'FR'], 'c'),
      device_type: pick(['mobile', 'desktop'], 'd'),
      ...COLUMNS,
    },
  }
}

function propertiesOf(event: string, path: string): JsonObject {
  if (event === 'page') return { title: 'The Mill Shop', path }
  if (event === 'Web Vital') return { name: 'LCP', value: 1_912.4, rating: 'good' }
  return { ...PRODUCT, quantity: 1 }
}

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
