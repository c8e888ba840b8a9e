import type { EventFacts, JsonObject, RequestFacts } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { buildFactColumns } from './fact-columns.ts'

const request: RequestFacts = {
  ip: '203.0.113.0',
  country: 'DE',
  region: 'Berlin',
  city: 'Berlin',
  continent: 'EU',
  timeZone: 'Europe/Berlin',
  asn: 64_496,
  asOrganization: 'Example Net',
  device: {
    type: 'mobile',
    brand: 'Apple',
    model: 'iPhone',
    browserName: 'Safari',
    browserVersion: '19.1',
    osName: 'iOS',
    osVersion: '19',
  },
  bot: 'Spider',
  gpc: true,
}
const FROM_REQUEST = {
  ip: '203.0.113.0',
  country: 'DE',
  region: 'Berlin',
  city: 'Berlin',
  continent: 'EU',
  time_zone: 'Europe/Berlin',
  asn: 64_496,
  as_organization: 'Example Net',
  device_type: 'mobile',
  device_brand: 'Apple',
  device_model: 'iPhone',
  browser_name: 'Safari',
  browser_version: '19.1',
  os_name: 'iOS',
  os_version: '19',
  is_bot: true,
  bot_name: 'Spider',
  gpc: true,
}
const NOTHING = Object.fromEntries(
  Object.entries(FROM_REQUEST).map(([column, value]) => [
    column,
    typeof value === 'string' ? '' : typeof value === 'number' ? 0 : false,
  ]),
)

describe('buildFactColumns', () => {
  it('gives every column its empty value when nothing is known', () => {
    expect(buildFactColumns({})).toEqual({
      ...NOTHING,
      referrer_class: '',
      referrer_name: '',
      campaign_source: '',
      campaign_medium: '',
      campaign_name: '',
      campaign_term: '',
      campaign_content: '',
      campaign_id: '',
      click_id_type: '',
      click_id: '',
      is_anonymized: false,
      client_anonymous_id: '',
      plan_version: '',
      violations: [],
      lookups: {},
      lookup_versions: {},
    })
  })

  it('takes the person from the request, of a server’s only what it asks for', () => {
    expect(buildFactColumns({}, {}, request)).toMatchObject(FROM_REQUEST)
    expect(buildFactColumns({}, { isRelayed: true }, request)).toMatchObject({ ...NOTHING, gpc: true })
  })

  it('takes what the edge found out about the event before the request', () => {
    const facts: EventFacts = {
      ip: '198.51.100.0',
      device: { type: 'desktop', browserName: 'Firefox' },
      bot: 'webdriver',
      isRelayed: true,
      gpc: true,
    }
    expect(buildFactColumns({}, facts, request)).toMatchObject({
      ...NOTHING,
      ip: '198.51.100.0',
      device_type: 'desktop',
      browser_name: 'Firefox',
      is_bot: true,
      bot_name: 'webdriver',
      gpc: true,
    })
    const { isRelayed: _, ...direct } = facts
    expect(buildFactColumns({}, direct, request)).toMatchObject({
      ip: '198.51.100.0',
      country: 'DE',
      device_type: 'desktop',
      device_brand: '',
      os_name: '',
      bot_name: 'webdriver',
    })
  })

  it.each<[string, JsonObject, JsonObject]>([
    ['time zone', { timezone: 'Asia/Tokyo' }, { time_zone: 'Asia/Tokyo', country: 'DE' }],
    ['type of device', { device: { type: 'tv' } }, { device_type: 'tv', device_brand: 'Apple' }],
    [
      'maker without a model',
      { device: { manufacturer: 'Acme' } },
      { device_brand: 'Acme', device_model: '', device_type: 'mobile' },
    ],
    ['another system', { os: { name: 'Android' } }, { os_name: 'Android', os_version: '' }],
    ['the same system', { os: { name: 'iOS' } }, { os_name: 'iOS', os_version: '19' }],
    ['only a version', { os: { version: '20' } }, { os_name: 'iOS', os_version: '20' }],
    [
      'another place',
      { location: { country: 'FR', city: 'Lyon' } },
      { country: 'FR', region: '', city: 'Lyon', continent: '', time_zone: '', asn: 64_496 },
    ],
    [
      'a place in the same country',
      { location: { country: 'DE', city: 'Ulm' } },
      { country: 'DE', region: '', city: 'Ulm', continent: 'EU', time_zone: 'Europe/Berlin' },
    ],
    ['values of a wrong kind', { location: { country: 5 }, os: 'x', timezone: {} }, FROM_REQUEST],
  ])("takes the context's own before all: %s", (_what, context, expected) => {
    expect(buildFactColumns(context, {}, request)).toMatchObject(expected)
  })

  it('keeps of where an anonymized event came from no more than the country', () => {
    const columns = buildFactColumns({}, { isAnonymized: true, ip: '198.51.100.0' }, request)
    expect(columns).toMatchObject({
      is_anonymized: true,
      ip: '',
      country: 'DE',
      region: '',
      city: '',
      continent: '',
      time_zone: '',
      asn: 0,
      as_organization: '',
      device_type: 'mobile',
    })
    const context = { location: { country: 'FR', city: 'Lyon' } }
    expect(buildFactColumns(context, { isAnonymized: true }, request)).toMatchObject({
      country: 'FR',
      city: '',
    })
  })

  it('takes a campaign from the context, field by field, before the one in the address', () => {
    const campaign = { source: 'a', medium: 'b', clickIdType: 'gclid', clickId: 'c' }
    const facts: EventFacts = { campaign, referrer: { class: 'paid', name: 'Google' } }
    expect(buildFactColumns({ campaign: { source: 'own', id: '7' } }, facts)).toMatchObject({
      campaign_source: 'own',
      campaign_medium: 'b',
      campaign_id: '7',
      click_id_type: 'gclid',
      click_id: 'c',
      referrer_class: 'paid',
      referrer_name: 'Google',
    })
  })

  it('keeps plan, violations, lookups and the id that the client sent', () => {
    const violation = { path: 'properties.a', rule: 'invalid_type', found: '1', message: 'm' }
    const facts: EventFacts = {
      planVersion: '1-0-2',
      violations: [violation],
      clientAnonymousId: 'theirs',
      lookups: {
        product: { version: 'v1', row: { name: 'Lamp' } },
        items: { version: 'v2', row: [{ a: 1 }, null] },
      },
    }
    expect(buildFactColumns({}, facts)).toMatchObject({
      plan_version: '1-0-2',
      violations: [violation],
      client_anonymous_id: 'theirs',
      lookups: { product: { name: 'Lamp' }, items: [{ a: 1 }, null] },
      lookup_versions: { product: 'v1', items: 'v2' },
    })
  })
})
