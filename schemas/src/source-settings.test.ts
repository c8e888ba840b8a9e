import { describe, expect, it } from 'vitest'
import { checkSettings, type SourceSettings } from './source-settings.ts'

/** What is said of settings that no type checker has seen. */
function complaintOf(settings: object): string {
  try {
    checkSettings(settings as SourceSettings, 'sources[0]')
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const drop = { paths: ['traits.email'], action: 'drop' }

describe('settings', () => {
  it('are good with every default, and with all that is known', () => {
    const settings = {
      bots: 'off',
      pii: [drop, { paths: ['userId'], action: 'hash', secretVar: 'PII_SECRET' }],
      consent: { required: ['ads'], whenGpc: 'anonymize' },
      identity: { kind: 'cookie', name: 'id', domain: 'shop.example' },
      lookups: [
        { table: 'products', on: 'properties.product_id' },
        { table: 'products', on: 'properties.other_id', as: 'other' },
      ],
      measures: [
        { name: 'revenue', path: 'properties.revenue', events: ['Order Completed'] },
        { name: 'tax_2', path: 'properties.order total.Größe' },
      ],
      retention: { eventsDays: 400, quarantineDays: 1, rollupsDays: 7300, windowsDays: 30 },
    }
    expect([complaintOf({}), complaintOf(settings)]).toEqual(['', ''])
  })

  it.each<[object, string]>([
    [{ bots: 'yes' }, 'sources[0].bots must be one of flag, filter, off, got "yes"'],
    [{ geo: 'yes' }, 'sources[0].geo must be a boolean, got "yes"'],
    [{ internalHosts: 'x' }, 'sources[0].internalHosts must be an array, got "x"'],
    [{ internalHosts: [''] }, 'sources[0].internalHosts[0] must not be empty, got ""'],
    [
      { allowedOrigins: ['shop.example'] },
      'sources[0].allowedOrigins[0] must be an origin such as https://shop.example or https://*.shop.example, got "shop.example"',
    ],
    [{ enrich: 5 }, 'sources[0].enrich must be a function, got 5'],
    [
      { pii: [{ paths: ['userId'], action: 'hash' }] },
      'sources[0].pii[0].secretVar must be the name of a Worker secret such as PII_SECRET, got undefined',
    ],
    [
      { pii: [{ ...drop, action: 'mask' }] },
      'sources[0].pii[0].action must be one of drop, hash, redact, got "mask"',
    ],
    [
      { pii: [{ ...drop, action: 'redact', pattern: 'x' }] },
      'sources[0].pii[0].pattern must be a RegExp, got "x"',
    ],
    [{ pii: [{ ...drop, paths: [] }] }, 'sources[0].pii[0].paths must not be empty, got []'],
    [{ pii: [drop, 'x'] }, 'sources[0].pii[1] must be an object, got "x"'],
    [
      { pii: [{ ...drop, paths: ['context.ip'] }] },
      'sources[0].pii[0].paths[0] is the business of the setting ip (keep, truncate, drop), got "context.ip"',
    ],
    [
      { identity: { kind: 'server' } },
      'sources[0].identity.kind must be one of client, cookie, cookieless, got "server"',
    ],
    [
      { measures: [{ name: 'Revenue', path: 'properties.revenue' }] },
      'sources[0].measures[0].name must be a name such as revenue: 1 to 64 of a-z, 0-9, "_", got "Revenue"',
    ],
    [
      { measures: [{ name: 'a', path: 'traits.age' }] },
      'sources[0].measures[0].path must be a path such as properties.revenue, got "traits.age"',
    ],
    [
      { measures: [{ name: 'a', path: 'properties.products.*.price' }] },
      'sources[0].measures[0].path must be a path such as properties.revenue, got "properties.products.*.price"',
    ],
    [
      { measures: [{ name: 'a', path: "properties.a'b" }] },
      'sources[0].measures[0].path must be a path such as properties.revenue, got "properties.a\'b"',
    ],
    [
      { measures: [{ name: 'a', path: 'properties.x', events: [] }] },
      'sources[0].measures[0].events must not be empty, got []',
    ],
    [
      {
        measures: [
          { name: 'a', path: 'properties.x' },
          { name: 'a', path: 'properties.y' },
        ],
      },
      'sources[0].measures[1].name must differ from those of the other measures, got "a" twice',
    ],
    [
      { retention: { eventsDays: 0 } },
      'sources[0].retention.eventsDays must be a whole number of days from 1 to 7300, got 0',
    ],
    [
      { retention: { eventsDays: 1.5 } },
      'sources[0].retention.eventsDays must be a whole number of days from 1 to 7300, got 1.5',
    ],
    [
      { retention: { rollupsDays: '30' } },
      'sources[0].retention.rollupsDays must be a whole number of days from 1 to 7300, got "30"',
    ],
    [
      { retention: { rollupsDays: 36500 } },
      'sources[0].retention.rollupsDays must be a whole number of days from 1 to 7300, got 36500',
    ],
  ])('%j are refused by option, rule and value', (settings, message) => {
    expect(complaintOf(settings)).toBe(message)
  })

  it.each<[object, string]>([
    [
      { consent: { require: ['ads'] } },
      'sources[0].consent.require is not known; known are required, whenDenied, whenUnknown, whenGpc',
    ],
    [
      { pii: [{ paths: ['userId'], action: 'hash', secretvar: 'X' }] },
      'sources[0].pii[0].secretvar is not known; known are paths, action, secretVar',
    ],
    [
      { identity: { kind: 'cookie', cookieName: 'id' } },
      'sources[0].identity.cookieName is not known; known are kind, name, domain',
    ],
    [
      { retention: { days: 30 } },
      'sources[0].retention.days is not known; known are eventsDays, quarantineDays, rollupsDays, windowsDays',
    ],
    [{ geos: true }, 'sources[0].geos is not known; known are allowedOrigins, plan, geo, '],
  ])('%j are told the keys that there are', (settings, message) => {
    expect(complaintOf(settings)).toContain(message)
  })

  it('with more measures than twenty are refused', () => {
    const measures = Array.from({ length: 21 }, (_, n) => ({ name: `m${n}`, path: 'properties.x' }))
    expect(complaintOf({ measures })).toMatch(/^sources\[0\]\.measures must be at most 20, got /)
  })

  it.each([
    [{ on: 'properties.other_id' }, 'products'],
    [{ on: 'properties.other_id', events: ['Viewed'], table: 'brands', as: 'products' }, 'products'],
  ])('with two joins of one result are refused: %j', (second, name) => {
    const first = { table: 'products', on: 'properties.product_id' }
    expect(complaintOf({ lookups: [first, { ...first, ...second }] })).toBe(
      'sources[0].lookups[1].as must differ from those of the other joins (its default is the name of the table), ' +
        `got "${name}" twice`,
    )
  })
})
