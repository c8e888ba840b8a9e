import { describe, expect, it } from 'vitest'
import {
  checkApart,
  fitName,
  MAX_NAME,
  parseClickHouse,
  parseDomain,
  parseName,
  parseSites,
  parseSourceName,
  parseUser,
} from './answers.ts'

const LONG = 'a'.repeat(MAX_NAME)

describe('a folder name', () => {
  it.each([
    ['my-site', 'my-site'],
    ['Müller & Söhne GmbH', 'muller-sohne-gmbh'],
    ['--shop__2--', 'shop-2'],
    ['日本', 'millrace'],
    ['', 'millrace'],
    [`${LONG}bcd`, LONG],
    [`${'a'.repeat(MAX_NAME - 1)} b`, 'a'.repeat(MAX_NAME - 1)],
  ])('%j is made fit: %s', (folder, name) => {
    expect(fitName(folder)).toBe(name)
    expect(parseName(name)).toEqual({ ok: true, value: name })
  })
})

describe('the name of a project', () => {
  it('leaves room for the longest name that is made of it', () => {
    expect(`${LONG}-staging-events`).toHaveLength(63)
  })

  it.each(['', 'My Shop', 'shop_1', '-shop', 'shop-', 'a--b', 'xn--shop', `${LONG}a`])(
    '%j is refused',
    (name) => {
      expect(parseName(name)).toMatchObject({
        ok: false,
        problem: expect.stringContaining('must be 1 to 48 of a-z'),
      })
    },
  )
})

describe('sites', () => {
  it.each([
    ['', []],
    ['https://shop.example', ['https://shop.example']],
    ['shop.example', ['https://shop.example']],
    ['https://Shop.example:443/', ['https://shop.example']],
    [
      'https://shop.example, https://*.shop.example  http://localhost:3000',
      ['https://shop.example', 'https://*.shop.example', 'http://localhost:3000'],
    ],
    ['https://shop.example,https://shop.example', ['https://shop.example']],
    ['https://münchen.example', ['https://xn--mnchen-3ya.example']],
  ])('%j are %j', (text, value) => {
    expect(parseSites(text)).toEqual({ ok: true, value })
  })

  it.each([
    'https://shop.example/en',
    'https://shop.example?x',
    'https://u:p@shop.example',
    'ftp://shop.example',
    'localhost:3000',
    'shop',
    'https://',
    "https://shop.example'",
    'https://[::1]',
  ])('%j is refused', (text) => {
    expect(parseSites(text)).toMatchObject({ ok: false, problem: expect.stringMatching(/^must be origins/) })
  })
})

describe('the domain', () => {
  it.each([
    ['', null],
    ['events.shop.example', 'events.shop.example'],
    [' https://Events.Shop.example/ ', 'events.shop.example'],
    ['events.münchen.example', 'events.xn--mnchen-3ya.example'],
  ])('%j is %j', (text, value) => {
    expect(parseDomain(text)).toEqual({ ok: true, value })
  })

  it.each([
    'events',
    'events.shop.example:8443',
    'events.shop.example/x',
    'http://events.shop.example',
    '10.0.0.1',
    '1.2',
    '-a.example',
    'a..example',
    '*.shop.example',
    'events.shop.example"',
    `${'a'.repeat(64)}.example`,
  ])('%j is refused', (text) => {
    expect(parseDomain(text)).toMatchObject({ ok: false, problem: expect.stringMatching(/^must be a host/) })
  })

  it('is none under workers.dev, which comes by itself', () => {
    expect(parseDomain('shop.me.workers.dev')).toMatchObject({
      ok: false,
      problem: expect.stringContaining('by itself'),
    })
  })

  it.each([
    ['shop.example', ['https://shop.example'], 'events.shop.example would do'],
    ['www.shop.example', ['https://www.shop.example:8443'], 'events.shop.example would do'],
    ['events.shop.example', ['https://shop.example'], undefined],
    [null, ['https://shop.example'], undefined],
  ])('%s is not the site of %j itself', (domain, sites, problem) => {
    expect(checkApart(domain, sites)).toEqual(problem && expect.stringContaining(problem))
  })
})

describe('the address of ClickHouse', () => {
  it.each([
    ['', null],
    ['https://db.example:8443/', 'https://db.example:8443'],
    ['https://db.example', 'https://db.example'],
    ['https://proxy.example/clickhouse/', 'https://proxy.example/clickhouse'],
    ['http://127.0.0.1:8123', 'http://127.0.0.1:8123'],
  ])('%j is %j', (text, value) => {
    expect(parseClickHouse(text)).toEqual({ ok: true, value })
  })

  it.each([
    ['db.example', 'must be an address such as https://db.example:8443'],
    ['db.example:8443', 'must be an address'],
    ['https://db.example?database=x', 'must be an address'],
    ['https://db.example:9440', '9440 is of the native one'],
    ['https://db.example:9000', '9000 is of the native one'],
    ['http://db.example:8123', 'must begin with https://'],
  ])('%j is refused', (text, problem) => {
    expect(parseClickHouse(text)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) })
  })

  it.each(['https://me:hunter2@db.example', 'https://:hunter2@db.example', 'native://me:hunter2@db'])(
    'is refused with a password in it, which is not repeated: %s',
    (text) => {
      const parsed = parseClickHouse(text)
      expect(parsed.ok).toBe(false)
      expect(JSON.stringify(parsed)).not.toContain('hunter2')
    },
  )
})

it.each([
  ['default', true],
  ['me@shop.example', true],
  ['', false],
  ['a b', false],
  ['jürgen', false],
])('the user %j of ClickHouse is fit: %s', (user, ok) => {
  expect(parseUser(user).ok).toBe(ok)
})

it.each([
  ['web', true],
  ['shop-eu_2', true],
  ['Web', false],
  ['2shop', false],
  ['', false],
  ['dev', false],
  ['heartbeat', false],
])('the source %j is fit: %s', (name, ok) => {
  expect(parseSourceName(name).ok).toBe(ok)
})
