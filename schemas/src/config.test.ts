import { describe, expect, it } from 'vitest'
import { defineConfig, type MillraceConfig } from './config.ts'

const shop = { name: 'shop', writeKeys: ['wk'] }

describe('defineConfig', () => {
  it('gives a good configuration back', () => {
    const config: MillraceConfig = {
      sources: [{ ...shop, secretKeyVar: 'SHOP_SECRET' }],
      warehouse: { cluster: 'main' },
    }
    expect(defineConfig(config)).toBe(config)
  })

  it.each([
    ['the name of development', { sources: [{ ...shop, name: 'dev' }] }, 'sources[0].name must not be "dev"'],
    [
      'the key of development',
      { sources: [{ ...shop, writeKeys: ['dev'] }] },
      'sources[0].writeKeys must not hold "dev"',
    ],
    [
      'a field that is none',
      { sources: [{ ...shop, secretKey: 's' }] },
      'sources[0].secretKey is not a field of a source',
    ],
    ['sources that are no array', { sources: 'shop' }, 'sources must be an array'],
    ['a bad name', { sources: [{ ...shop, name: 'My Shop' }] }, 'sources[0].name must be'],
    [
      'a name twice',
      { sources: [shop, { ...shop, writeKeys: ['b'] }] },
      'sources[1].name must be unique, got "shop" twice',
    ],
    [
      'no keys',
      { sources: [{ ...shop, writeKeys: [] }] },
      'sources[0].writeKeys must be an array of at least one key',
    ],
    [
      'an empty key',
      { sources: [{ ...shop, writeKeys: [''] }] },
      'sources[0].writeKeys must hold non-empty strings',
    ],
    [
      'a shared key',
      { sources: [shop, { name: 'b', writeKeys: ['wk'] }] },
      'sources[1].writeKeys must not repeat a key of any source, got "wk" twice',
    ],
    [
      'a secret in place of its name',
      { sources: [{ ...shop, secretKeyVar: 's3cr3t' }] },
      'sources[0].secretKeyVar must be the name of a Worker secret',
    ],
    [
      'a warehouse that is none',
      { sources: [], warehouse: 'main' },
      'warehouse must be an object, got "main"',
    ],
    [
      'a field of the warehouse that is none',
      { sources: [], warehouse: { clusters: 'main' } },
      'warehouse.clusters is not a field of warehouse; it has cluster',
    ],
    [
      'the name of a cluster that is none',
      { sources: [], warehouse: { cluster: "a'b" } },
      'warehouse.cluster must be 1 to 64 of A-Z, a-z, 0-9, "_", ".", "-", got "a\'b"',
    ],
  ])('refuses %s', (_what, config, message) => {
    expect(() => defineConfig(config as MillraceConfig)).toThrow(message)
  })
})
