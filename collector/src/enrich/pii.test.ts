import type { PiiRule } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createPiiFilter } from './pii.ts'

/** HMAC-SHA-256 of a text with the key `pepper`, by OpenSSL: `printf %s TEXT | openssl dgst -sha256 -hmac pepper`. */
const HASHES = {
  'ada@example.com': '73c43507a0192e95887a051ea55e31d1744e34bf152ba65977f3e52fd1f683a5',
  '42': '05072a49e7c724c2ac3638d3a54eb8848d39fb952094ee45037176152e15d416',
}

function filter(...rules: PiiRule[]) {
  const made = createPiiFilter(rules, (variable) => (variable === 'PEPPER' ? 'pepper' : undefined))
  if (made === undefined) throw new Error('there are rules')
  return made
}

const drop = (...paths: string[]): PiiRule => ({ paths, action: 'drop' })
const hash = (...paths: string[]): PiiRule => ({ paths, action: 'hash', secretVar: 'PEPPER' })
const redact = (pattern: RegExp, ...paths: string[]): PiiRule => ({ paths, action: 'redact', pattern })
const hashOf = (text: keyof typeof HASHES) => `hmac-sha256:${HASHES[text]}`

it('a filter is not there when there are no rules', () => {
  expect(createPiiFilter([], () => 'secret')).toBeUndefined()
})

describe('a rule that drops', () => {
  it.each([
    ['a field', 'traits.email', { traits: { email: 'a', plan: 'b' } }, { traits: { plan: 'b' } }],
    ['an id', 'userId', { userId: 'u', type: 'track' }, { type: 'track' }],
    [
      'a field of every item',
      'properties.p.*.x',
      { properties: { p: [{ x: 1, y: 2 }, 3] } },
      { properties: { p: [{ y: 2 }, 3] } },
    ],
    ['all below', 'context.**', { context: { ip: '1', a: { b: 1 } } }, { context: {} }],
    ['a position', 'properties.p.0', { properties: { p: ['x', 'y'] } }, { properties: { p: [null, 'y'] } }],
    ['no inherited key', 'traits.constructor', { traits: {} }, { traits: {} }],
    ['nothing where there is text', 'traits.a.b', { traits: { a: 'text' } }, { traits: { a: 'text' } }],
  ])('takes away %s', (_, path, fields, left) => {
    expect(filter(drop(path)).apply(fields)).toEqual(left)
  })

  it('never alters what it is given, and gives it back when it finds nothing', () => {
    const fields = Object.freeze({ traits: Object.freeze({ email: 'a', deep: Object.freeze({}) }) })
    const left = filter(drop('traits.email')).apply(fields) as typeof fields
    expect([left.traits.deep === fields.traits.deep, fields.traits.email]).toEqual([true, 'a'])
    expect(filter(drop('traits.phone', 'properties.x')).apply(fields)).toBe(fields)
  })
})

describe('a rule that hashes', () => {
  it.each([
    ['text', 'traits.a', { traits: { a: 'ada@example.com' } }, { traits: { a: hashOf('ada@example.com') } }],
    ['an id', 'userId', { userId: 'ada@example.com' }, { userId: hashOf('ada@example.com') }],
    ['a number as its text', 'traits.a', { traits: { a: 42 } }, { traits: { a: hashOf('42') } }],
    ['no boolean', 'traits.a', { traits: { a: true } }, { traits: {} }],
    ['no object', 'traits.a', { traits: { a: { b: '42' } } }, { traits: {} }],
    ['no null', 'traits.a', { traits: { a: null, b: 1 } }, { traits: { b: 1 } }],
    [
      'every item',
      'traits.a.*',
      { traits: { a: ['42', 42, true, {}] } },
      { traits: { a: [hashOf('42'), hashOf('42'), null, null] } },
    ],
    [
      'all below',
      'traits.**',
      { traits: { a: { b: ['42', false] } } },
      { traits: { a: { b: [hashOf('42'), null] } } },
    ],
  ])('hashes %s', async (_, path, fields, left) => {
    expect(await filter(hash(path)).apply(fields)).toEqual(left)
  })

  it('leaves the null of a removed position beside an empty text', async () => {
    const { properties } = await filter(hash('properties.a.*')).apply({ properties: { a: ['', null] } })
    expect(properties.a).toEqual([expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/), null])
  })

  it('waits for nothing when there is nothing to hash', () => {
    const fields = { traits: { a: 1 } }
    expect(filter(hash('traits.email')).apply(fields)).toBe(fields)
    expect(filter(hash('traits.email')).apply({ traits: { email: true } })).toEqual({ traits: {} })
  })

  it('hashes a value once though two of its paths lead there', async () => {
    const fields = { traits: { a: '42' } }
    expect(await filter(hash('traits.a', 'traits.*')).apply(fields)).toEqual({ traits: { a: hashOf('42') } })
  })

  it('removes the value, and says so once, when its secret is not set', () => {
    const reported: string[] = []
    const rules: PiiRule[] = [
      { paths: ['traits.email', 'traits.list.*'], action: 'hash', secretVar: 'GONE' },
      { paths: ['userId'], action: 'hash', secretVar: 'GONE' },
      { paths: ['groupId'], action: 'hash', secretVar: 'EMPTY' },
    ]
    const secret = (variable: string) => (variable === 'EMPTY' ? '' : undefined)
    const made = createPiiFilter(rules, secret, (variable) => void reported.push(variable))
    const fields = { userId: 'u', groupId: 'g', traits: { email: 'a', list: ['b'] } }
    expect(made?.apply(fields)).toEqual({ traits: { list: [null] } })
    expect(reported).toEqual(['GONE', 'EMPTY'])
  })
})

describe('a rule that redacts', () => {
  it.each([
    ['all that matches', /\d+/, 'a1b22c', 'a[redacted]b[redacted]c'],
    ['with flags of its own', /x/gi, 'xX', '[redacted][redacted]'],
    ['without stickiness', /\d/y, 'a1', 'a[redacted]'],
    ['from the start each time', /a/g, 'ab', '[redacted]b'],
    ['no number', /\d/, 42, 42],
  ])('replaces %s', (_, pattern, value, after) => {
    const made = filter(redact(pattern, 'properties.note'))
    for (let times = 0; times < 2; times++) {
      expect(made.apply({ properties: { note: value } })).toEqual({ properties: { note: after } })
    }
  })

  it('reaches every text below the path, and no key', () => {
    const fields = { properties: { a: { a1: ['b2', { c3: 'd4' }] }, other: 'e5' } }
    expect(filter(redact(/\d/, 'properties.a')).apply(fields)).toEqual({
      properties: { a: { a1: ['b[redacted]', { c3: 'd[redacted]' }] }, other: 'e5' },
    })
    expect(filter(redact(/\d/, 'properties.**')).apply(fields)).toMatchObject({
      properties: { other: 'e[redacted]' },
    })
  })

  it('takes its replacement as it is', () => {
    const rule: PiiRule = { paths: ['traits.a'], action: 'redact', pattern: /(b)/, replacement: '$1$&' }
    expect(filter(rule).apply({ traits: { a: 'abc' } })).toEqual({ traits: { a: 'a$1$&c' } })
  })

  it('keeps an id within its limits', () => {
    const fields = { userId: '1'.repeat(100), anonymousId: '22' }
    const rules: PiiRule[] = [
      redact(/1/, 'userId'),
      { paths: ['anonymousId'], action: 'redact', pattern: /\d+/, replacement: '' },
    ]
    const left = filter(...rules).apply(fields) as Partial<typeof fields>
    expect([left.userId?.length, 'anonymousId' in left]).toEqual([256, false])
  })
})

it('rules apply in their order, before and after one that hashes', async () => {
  const made = filter(
    redact(/\+.*@/, 'traits.email'),
    hash('traits.email'),
    drop('properties.x'),
    redact(/^hmac/, 'traits.email'),
  )
  const rule: PiiRule = { paths: ['traits.email'], action: 'redact', pattern: /\+[^@]*/, replacement: '' }
  const fields = { traits: { email: 'ada+shop@example.com' }, properties: { x: 1 } }
  expect(await filter(rule, hash('traits.email')).apply(fields)).toEqual({
    traits: { email: hashOf('ada@example.com') },
    properties: { x: 1 },
  })
  expect(await made.apply(fields)).toEqual({
    traits: { email: expect.stringMatching(/^\[redacted\]-sha256:/) },
    properties: {},
  })
})

it.each([
  ['traits.email', true],
  ['traits.email.domain', true],
  ['traits.emails', false],
  ['traits', false],
  ['properties.people.3.name', true],
  ['properties.people.3', false],
  ['context.a.b', true],
  ['context', false],
  ['', false],
  ['userId', true],
])('a filter covers %s: %s', (path, isCovered) => {
  const made = filter(
    drop('traits.email', 'userId'),
    hash('properties.people.*.name'),
    redact(/x/, 'context.**'),
  )
  expect(made.covers(path)).toBe(isCovered)
})
