import { describe, expect, it } from 'vitest'
import { dropPrototypeKeys, mayHavePrototypeKeys } from './prototype-keys.ts'

describe('prototype keys', () => {
  it.each([
    ['{"a":1,"__proto__":{"admin":true}}', '{"a":1}'],
    ['{"a":[{"\\u005f_proto__":{"x":1},"b":2}]}', '{"a":[{"b":2}]}'],
    ['{"constructor":{"prototype":{"x":1}},"c":3}', '{"c":3}'],
  ])('are dropped from %s', (text, expected) => {
    const value: unknown = JSON.parse(text)
    expect(mayHavePrototypeKeys(text)).toBe(true)
    dropPrototypeKeys(value)
    expect(JSON.stringify(value)).toBe(expected)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it.each([
    '{"constructor":"Ferrari","prototype":"no 1"}',
    '{"constructor":{"name":"Ferrari"}}',
    '{"proto":{"__prot__":1}}',
  ])('are not seen in %s', (text) => {
    const value: unknown = JSON.parse(text)
    dropPrototypeKeys(value)
    expect(JSON.stringify(value)).toBe(text)
  })

  it('are found at any depth without exhausting the stack', () => {
    const depth = 100_000
    const value: unknown = JSON.parse(`${'['.repeat(depth)}{"__proto__":1}${']'.repeat(depth)}`)
    dropPrototypeKeys(value)
    let inner = value
    for (let level = 0; level < depth; level++) inner = (inner as unknown[])[0]
    expect(Object.keys(inner as object)).toEqual([])
  })
})
