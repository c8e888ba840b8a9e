/** Segment's public field list, line by line, and where each arrives. `docs/data-dictionary.md` says the same in words. */

import { ENVELOPE_VERSION, type EnvelopeEvent, type JsonValue } from '@millrace/schemas'
import { expect, it } from 'vitest'
import { buildEventRows } from './rows.ts'

const APP = { name: 'Shop', version: '5.4.5', build: '3.0.1', namespace: 'com.example.shop' }
const NETWORK = { bluetooth: false, carrier: 'Example', cellular: true, wifi: false }
const SCREEN = { width: 320, height: 568, density: 2 }
const BRANDS = [{ brand: 'Example', version: '1' }]

/** A field of the list as the collector hands it on, and the columns that hold it. */
const FIELDS: [field: string, event: Partial<EnvelopeEvent>, columns: Record<string, JsonValue>][] = [
  ['type', { type: 'screen' }, { type: 'screen' }],
  ['messageId', { messageId: 'm-1' }, { message_id: 'm-1' }],
  ['anonymousId', { anonymousId: 'a-1' }, { anonymous_id: 'a-1' }],
  ['userId', { userId: 'u-1' }, { user_id: 'u-1' }],
  ['event', { event: 'Order Completed' }, { event: 'Order Completed' }],
  ['name', { type: 'page', name: 'Home' }, { name: 'Home', event: 'page' }],
  ['category', { type: 'page', category: 'Docs' }, { category: 'Docs' }],
  ['traits', { type: 'identify', traits: { plan: 'pro' } }, { traits: { plan: 'pro' } }],
  ['properties', { properties: { revenue: 9.5 } }, { properties: { revenue: 9.5 } }],
  ['groupId', { type: 'group', groupId: 'g-1' }, { group_id: 'g-1' }],
  ['previousId', { type: 'alias', previousId: 'p-1' }, { previous_id: 'p-1' }],
  ['context.active', { context: { active: true } }, { context: { active: true } }],
  ['context.app', { context: { app: APP } }, { context: { app: APP } }],
  [
    'context.campaign',
    { context: { campaign: { name: 'n', source: 's', medium: 'm', term: 't', content: 'c', id: 'i' } } },
    {
      campaign_name: 'n',
      campaign_source: 's',
      campaign_medium: 'm',
      campaign_term: 't',
      campaign_content: 'c',
      campaign_id: 'i',
      context: {},
    },
  ],
  [
    'context.device',
    { context: { device: { type: 'ios', manufacturer: 'Apple', model: 'iPhone7,2', id: 'd', name: 'x' } } },
    {
      device_type: 'ios',
      device_brand: 'Apple',
      device_model: 'iPhone7,2',
      context: { device: { id: 'd', name: 'x' } },
    },
  ],
  ['context.ip', { context: { ip: '203.0.113.7' }, facts: { ip: '203.0.113.0' } }, { ip: '203.0.113.0' }],
  [
    'context.library',
    { context: { library: { name: 'analytics.js', version: '2.1' } } },
    { library_name: 'analytics.js', library_version: '2.1' },
  ],
  ['context.locale', { context: { locale: 'de-DE' } }, { locale: 'de-DE' }],
  ['context.network', { context: { network: NETWORK } }, { context: { network: NETWORK } }],
  [
    'context.os',
    { context: { os: { name: 'iPhone OS', version: '19.1' } } },
    { os_name: 'iPhone OS', os_version: '19.1' },
  ],
  [
    'context.page',
    {
      context: {
        page: { url: 'https://a/b?c', path: '/b', search: '?c', referrer: 'https://r/', title: 'T' },
      },
    },
    {
      page_url: 'https://a/b?c',
      page_path: '/b',
      page_search: '?c',
      page_referrer: 'https://r/',
      page_title: 'T',
    },
  ],
  [
    'context.referrer',
    { context: { referrer: { type: 'ad', name: 'n', url: 'https://r/' } } },
    { context: { referrer: { type: 'ad', name: 'n', url: 'https://r/' } } },
  ],
  ['context.screen', { context: { screen: SCREEN } }, { context: { screen: SCREEN } }],
  ['context.timezone', { context: { timezone: 'Europe/Berlin' } }, { time_zone: 'Europe/Berlin' }],
  ['context.groupId', { context: { groupId: 'g' } }, { context: { groupId: 'g' } }],
  ['context.traits', { context: { traits: { plan: 'pro' } } }, { context: { traits: { plan: 'pro' } } }],
  ['context.userAgent', { context: { userAgent: 'UA/1' } }, { user_agent: 'UA/1' }],
  [
    'context.userAgentData',
    { context: { userAgentData: { brands: BRANDS, mobile: false, platform: 'macOS' } } },
    { context: { userAgentData: { brands: BRANDS, mobile: false, platform: 'macOS' } } },
  ],
  ['integrations', { integrations: { All: true } }, { integrations: { All: true } }],
  ['timestamp', { timestamp: 2_000 }, { timestamp: 2_000 }],
  ['originalTimestamp', { originalTimestamp: 1_000 }, { original_timestamp: 1_000 }],
]

it.each(FIELDS)('%s arrives in its column', (_field, event, columns) => {
  const [row = {}] = buildEventRows({
    version: ENVELOPE_VERSION,
    part: 0,
    source: 'shop',
    route: 'batch',
    receivedAt: 3_000,
    batchId: 'b',
    events: [{ messageId: 'm', type: 'track', timestamp: 3_000, ...event }],
    quarantined: [],
    omitted: [],
  })
  expect(Object.fromEntries(Object.keys(columns).map((column) => [column, row[column]]))).toEqual(columns)
})

it('sentAt and receivedAt, which a batch has once, arrive on every event', () => {
  const rows = buildEventRows({
    version: ENVELOPE_VERSION,
    part: 0,
    source: 'shop',
    route: 'batch',
    receivedAt: 3_000,
    sentAt: 2_500,
    batchId: 'b',
    events: ['m', 'n'].map((messageId) => ({ messageId, type: 'track', timestamp: 3_000 })),
    quarantined: [],
    omitted: [],
  })
  const times = { sent_at: 2_500, received_at: 3_000 }
  expect(rows).toMatchObject([times, times])
})
