import { describe, expect, it } from 'vitest'
import { createSources, resolveSources } from './sources.ts'

const config = { sources: [{ name: 'shop', writeKeys: ['a', 'b'], secretKeyVar: 'SHOP_SECRET' }] }

describe('resolveSources', () => {
  it('fills secrets in from the environment', () => {
    expect(resolveSources(config, { SHOP_SECRET: 's' })).toEqual([
      { name: 'shop', writeKeys: ['a', 'b'], secretKey: 's', settings: {} },
    ])
  })

  it.each([{}, { SHOP_SECRET: '' }, { SHOP_SECRET: 5 }])(
    'leaves a source without its secret key when it is not set: %j',
    (env) => {
      expect(resolveSources(config, env)).toEqual([{ name: 'shop', writeKeys: ['a', 'b'], settings: {} }])
    },
  )

  it.each(['production', 'Development', '', undefined])(
    'has no development source when MILLRACE_ENV is %s',
    (value) => {
      expect(resolveSources(config, { MILLRACE_ENV: value }).map(({ name }) => name)).toEqual(['shop'])
    },
  )

  it('has the development source in development', () => {
    expect(resolveSources(config, { MILLRACE_ENV: 'development' }).map(({ name }) => name)).toEqual([
      'shop',
      'dev',
    ])
  })
})

describe('find', () => {
  const sources = createSources(resolveSources(config, { SHOP_SECRET: 'secret' }))

  it.each([
    ['a', false],
    ['b', false],
    ['secret', true],
  ])('finds the source of %s', (key, isSecret) => {
    expect(sources.find(key)).toMatchObject({ source: { name: 'shop' }, isSecret })
  })

  it.each(['', 'c', 'secre', 'secrets', 'secretsecret', '__proto__'])('finds nothing for %j', (key) => {
    expect(sources.find(key)).toBeUndefined()
  })
})

describe('findReader', () => {
  const sources = createSources([
    { name: 'shop', writeKeys: ['a'], secretKey: 'secret', readToken: 'shop-read' },
    { name: 'blog', writeKeys: ['b'], readToken: 'blog-read' },
    { name: 'mute', writeKeys: ['c'] },
  ])

  it.each([
    ['shop-read', 'shop'],
    ['blog-read', 'blog'],
  ])('finds the source of the read token %s', (token, name) => {
    expect(sources.findReader(token)?.name).toBe(name)
  })

  it.each(['', 'a', 'secret', 'shop-rea', 'shop-readd', 'shop-readshop-read', 'undefined'])(
    'finds none by %j',
    (token) => {
      expect(sources.findReader(token)).toBeUndefined()
    },
  )
})
