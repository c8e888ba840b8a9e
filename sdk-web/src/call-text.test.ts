import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCall, isObject } from './call-text.ts'

function throwing(): never {
  throw new Error('from the page')
}

/** What arrives at the collector of a value. */
function arrived(value: unknown): unknown {
  return JSON.parse(encodeCall({ value })).value
}

describe('call', () => {
  test('reads what JSON can hold as JSON.stringify does', () => {
    const value = fc.anything({ withDate: true, withMap: true, withSet: true, withSparseArray: true })
    fc.assert(
      fc.property(value, (given) => {
        expect(encodeCall({ given })).toBe(JSON.stringify({ given }))
      }),
    )
  })

  test('leaves out what refers to an object it is inside of, and keeps the rest', () => {
    const circular: Record<string, unknown> = { kept: 1 }
    circular['self'] = circular
    circular['list'] = [circular, { up: circular['list'], kept: 2 }]
    circular['inner'] = { outer: circular, kept: 3 }
    const expected = { kept: 1, list: [null, { kept: 2 }], inner: { kept: 3 } }
    expect(arrived(circular)).toEqual(expected)
    expect(arrived([circular, circular])).toEqual([expected, expected])
  })

  test('keeps an object that is there twice, but not inside of itself', () => {
    const shared = { a: { b: 1 } }
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(arrived({ left: shared, list: [shared, shared], circular, right: shared })).toEqual({
      left: shared,
      list: [shared, shared],
      circular: {},
      right: shared,
    })
  })

  test('writes a BigInt as its decimal text', () => {
    expect(arrived({ big: 12345678901234567890n, list: [-1n] })).toEqual({
      big: '12345678901234567890',
      list: ['-1'],
    })
  })

  test('asks toJSON of what is inside of something circular', () => {
    const circular: Record<string, unknown> = { date: new Date(0) }
    circular['self'] = circular
    circular['other'] = { toJSON: () => ({ up: circular, kept: 1 }) }
    expect(arrived(circular)).toEqual({ date: '1970-01-01T00:00:00.000Z', other: { kept: 1 } })
  })

  test('throws what the caller throws', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(() => encodeCall({ toJson: { toJSON: throwing } })).toThrow('from the page')
    expect(() => encodeCall({ proxy })).toThrow(TypeError)
    const getter = {
      get a() {
        return throwing()
      },
    }
    expect(() => encodeCall(getter)).toThrow('from the page')
  })

  test('gives up when there are too many fields in something circular', () => {
    const wide: Record<string, unknown> = {}
    for (let i = 0; i < 30_000; i++) wide[`key${i}`] = i
    wide['self'] = wide
    expect(() => encodeCall(wide)).toThrow(RangeError)
  })

  test('gives up when it nests too deep for the browser', () => {
    let deep: unknown = 'bottom'
    for (let level = 0; level < 100_000; level++) deep = [deep]
    expect(() => encodeCall({ deep })).toThrow(RangeError)
  })
})

test.each([
  [{}, true],
  [[], true],
  [null, false],
  [undefined, false],
  ['text', false],
  [() => 1, false],
])('%j is an object: %j', (value, expected) => {
  expect(isObject(value)).toBe(expected)
})
