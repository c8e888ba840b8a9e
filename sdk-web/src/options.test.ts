import { describe, expect, test } from 'vitest'
import type { MillraceOptions } from './api.ts'
import { parseOptions, toConsent } from './options.ts'

const valid = { writeKey: 'key', endpoint: 'https://events.example.com' }

describe('options', () => {
  test('get their defaults', () => {
    expect(parseOptions(valid)).toEqual({
      ...valid,
      flushAt: 20,
      flushIntervalMs: 250,
      maxOutboxBytes: 4_000_000,
      maxOutboxAgeMs: 7 * 24 * 3_600_000,
      sessionTimeoutMs: 30 * 60_000,
      sessionPerDay: false,
      sessionPerCampaign: false,
      autoPage: false,
      consent: {},
      ignoreGpc: false,
      cookieless: false,
    })
  })

  test('may be given as undefined or null', () => {
    const options = { ...valid, flushAt: undefined, consent: null, autoPage: undefined }
    expect(parseOptions(options as unknown as MillraceOptions)).toEqual(parseOptions(valid))
  })

  test('are kept as they are given', () => {
    const options = {
      ...valid,
      flushAt: 1,
      flushIntervalMs: 2,
      maxOutboxBytes: 3,
      maxOutboxAgeMs: 4,
      sessionTimeoutMs: 5,
      sessionPerDay: true,
      sessionPerCampaign: true,
      autoPage: true,
      consent: { analytics: 'pending', 'ads & more': 'denied' },
      ignoreGpc: true,
      cookieless: true,
    } as const
    expect(parseOptions(options)).toEqual(options)
  })

  test('that are not ours are left out', () => {
    expect(parseOptions({ ...valid, plan: 1 } as MillraceOptions)).toEqual(parseOptions(valid))
  })

  test.each(['/', '/events', 'http://127.0.0.1:8787', 'https://a.example/b?c', '//events.example.com'])(
    'take %s for an endpoint',
    (endpoint) => {
      expect(parseOptions({ ...valid, endpoint }).endpoint).toBe(endpoint)
    },
  )

  test.each(['granted', 'denied', 'pending'] as const)('take %s for consent to analytics', (consent) => {
    expect(parseOptions({ ...valid, consent }).consent).toEqual({ analytics: consent })
  })

  const NUMBERS = ['flushAt', 'flushIntervalMs', 'maxOutboxBytes', 'maxOutboxAgeMs', 'sessionTimeoutMs']
  const BOOLEANS = ['sessionPerDay', 'sessionPerCampaign', 'autoPage', 'ignoreGpc', 'cookieless']
  test.each<[string, unknown, ErrorConstructor, string]>([
    ['writeKey', 42, TypeError, 'a non-empty string, got 42'],
    ['writeKey', '', RangeError, 'a non-empty string, got ""'],
    ['writeKey', undefined, RangeError, 'a non-empty string, got ""'],
    ['writeKey', ['key'], TypeError, 'a non-empty string, got ["key"]'],
    ['endpoint', undefined, RangeError, 'a path or an http(s) URL, got ""'],
    ['endpoint', 'example.com', RangeError, 'a path or an http(s) URL, got "example.com"'],
    ['endpoint', 'ftp://a', RangeError, 'a path or an http(s) URL, got "ftp://a"'],
    ['endpoint', 42, TypeError, 'a path or an http(s) URL, got 42'],
    ['flushAt', Number.NaN, RangeError, 'an integer >= 1, got NaN'],
    ['flushAt', Number.POSITIVE_INFINITY, RangeError, 'an integer >= 1, got Infinity'],
    ...NUMBERS.flatMap((name): [string, unknown, ErrorConstructor, string][] => [
      [name, 0, RangeError, 'an integer >= 1, got 0'],
      [name, -1, RangeError, 'an integer >= 1, got -1'],
      [name, 1.5, RangeError, 'an integer >= 1, got 1.5'],
      [name, '5', TypeError, 'an integer >= 1, got "5"'],
      [name, true, TypeError, 'an integer >= 1, got true'],
    ]),
    ...BOOLEANS.flatMap((name): [string, unknown, ErrorConstructor, string][] => [
      [name, 1, TypeError, 'true or false, got 1'],
      [name, 'true', TypeError, 'true or false, got "true"'],
      [name, {}, TypeError, 'true or false, got {}'],
    ]),
    ['consent', 'yes', TypeError, 'granted, denied or pending, by purpose, got {"analytics":"yes"}'],
    ['consent', { ads: true }, RangeError, 'granted, denied or pending, by purpose, got {"ads":true}'],
    ['consent', [], RangeError, 'granted, denied or pending, by purpose, got []'],
    ['consent', true, TypeError, 'granted, denied or pending, by purpose, got true'],
  ])('%s: %j is an error', (name, value, kind, message) => {
    const parse = () => parseOptions({ ...valid, [name]: value } as MillraceOptions)
    expect(parse).toThrow(kind)
    expect(parse).toThrow(`${name} must be ${message}`)
  })

  test.each(['writeKey', 'flushAt', 'autoPage', 'consent'])('%s: a function is an error', (name) => {
    expect(() => parseOptions({ ...valid, [name]: () => 1 } as MillraceOptions)).toThrow(`${name} must be`)
  })
})

test('consent in words is that to analytics', () => {
  expect([toConsent('denied'), toConsent({ ads: 'denied' })]).toEqual([
    { analytics: 'denied' },
    { ads: 'denied' },
  ])
})
