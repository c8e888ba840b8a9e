import { describe, expect, it } from 'vitest'
import { encodeLookup, MAX_TABLE_BYTES, MAX_TABLE_ROWS, parseLookup } from './lookup-table.ts'

const table = (rows: unknown, key: unknown = 'id') => JSON.stringify({ key, rows })
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })

describe('a lookup table', () => {
  it('comes back from its JSON as it was', () => {
    const text = table({ p1: { name: 'Tea “Ü”', price: 2.5 }, constructor: { name: 'F1' }, 7: {} })
    const first = parseLookup(text)
    if (!first.ok) throw new Error(first.message)
    expect(first.table.key).toBe('id')
    expect(JSON.parse(first.table.rows.get('p1') ?? '')).toEqual({ name: 'Tea “Ü”', price: 2.5 })
    expect(parseLookup(encodeLookup(first.table))).toEqual(first)
    expect(JSON.parse(encodeLookup(first.table))).toEqual(JSON.parse(text))
  })

  it('has no keys but its own', () => {
    const result = parseLookup('{"key":"id","rows":{"a":{"__proto__":{"x":1},"y":2},"__proto__":{"z":3}}}')
    expect(result).toMatchObject({ ok: true, table: { rows: new Map([['a', '{"y":2}']]) } })
  })

  it('makes lone surrogates valid Unicode, because one would cost the event its place in the warehouse', () => {
    const result = parseLookup('{"key":"id","rows":{"a":{"n":"x\\ud800"}}}')
    expect(result).toMatchObject({ table: { rows: new Map([['a', '{"n":"x\ufffd"}']]) } })
  })

  it.each([
    ['', 'must be a JSON object'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['{"key":"id"', 'must be a JSON object'],
    ['{"rows":{}}', '"key" must be the name'],
    [table({}, ''), '"key" must be the name'],
    [table({}, 7), '"key" must be the name'],
    [table([]), '"rows" must be an object'],
    [table({ a: 1 }), 'row "a" must be an object'],
    [table({ a: [] }), 'row "a" must be an object'],
    [table({ a: null }), 'row "a" must be an object'],
    [table({ '': {} }), 'has a key of 0 characters'],
    [table({ ['k'.repeat(257)]: {} }), 'has a key of 257 characters'],
    [table({ a: nested(17) }), 'row "a" nests deeper than 16 levels'],
    [table({ a: { x: 'ü'.repeat(2_045) } }), 'row "a" is 4098 bytes, a row may have 4096'],
  ])('refuses %.40s', (text, message) => {
    expect(parseLookup(text)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })

  it.each([
    [table({ a: nested(16) })],
    [table({ a: { x: 'ü'.repeat(2_044) } })],
    [table({ ['k'.repeat(256)]: {} })],
    [table({})],
  ])('takes %.40s', (text) => {
    expect(parseLookup(text).ok).toBe(true)
  })

  it('has a bound on its rows', () => {
    const rows = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, {}]))
    expect(parseLookup(table(rows(MAX_TABLE_ROWS))).ok).toBe(true)
    expect(parseLookup(table(rows(MAX_TABLE_ROWS + 1)))).toMatchObject({
      message: 'a lookup table may have at most 100000 rows, got 100001',
    })
  })

  it('has a bound on its bytes, as given and as written out', () => {
    expect(parseLookup(`${table({})}${' '.repeat(MAX_TABLE_BYTES)}`).ok).toBe(false)
    // `1e20` becomes 21 digits.
    const numbers = `[${Array(180).fill('1e20').join(',')}]`
    const rows = Array.from({ length: 5_000 }, (_, i) => `"${i}":{"n":${numbers}}`)
    expect(parseLookup(`{"key":"id","rows":{${rows.join(',')}}}`)).toMatchObject({
      message: 'a lookup table may have at most 10000000 bytes of JSON',
    })
  })
})
