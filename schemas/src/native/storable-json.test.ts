import { describe, expect, it } from 'vitest'
import { toStorableJson } from './storable-json.ts'

describe('toStorableJson', () => {
  it('gives back the same object when nothing has to change', () => {
    const object = { a: 1, b: [1, 'x', { c: null }], 'd.e': 2 ** 63, f: 1e300, g: '%2', h: -1.5 }
    expect(toStorableJson(object)).toBe(object)
  })

  it.each([
    [1e20, '1e+20'],
    [2 ** 64, '1.8446744073709552e+19'],
    [-(2 ** 63), '-9.223372036854776e+18'],
    [-1e20, '-1e+20'],
    [2 ** 63, '9223372036854776000'],
    [1e21, '1e+21'],
  ])('writes %d as %s', (value, text) => {
    expect(JSON.stringify(toStorableJson({ a: [value] }))).toBe(`{"a":[${text}]}`)
  })

  it('keeps keys apart that escaped dots would bring together', () => {
    const keys = ['a.b', 'a%2Eb', 'a%252Eb', 'a%25', '%2E', '.']
    const stored = Object.keys(toStorableJson(Object.fromEntries(keys.map((key) => [key, 1]))))
    const asClickHouseStores = stored.map((key) => key.replaceAll('.', '%2E'))
    expect(new Set(asClickHouseStores).size).toBe(keys.length)
  })

  it('keeps a key __proto__ beside one that changes', () => {
    expect(JSON.stringify(toStorableJson(JSON.parse('{"__proto__":{"a":1},"b":1e20}')))).toBe(
      '{"__proto__":{"a":1},"b":1e+20}',
    )
  })
})
