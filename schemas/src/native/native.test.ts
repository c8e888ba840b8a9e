import { describe, expect, it } from 'vitest'
import { describeNative, encodeNative, type Row } from './native.ts'

const text = (value: string) => [value.length, ...new TextEncoder().encode(value)]
const int64 = (value: number) => [value, 0, 0, 0, 0, 0, 0, 0]
const encode = (...rows: Row[]) => [...encodeNative(Object.keys(rows[0] ?? {}), rows)]

describe('encodeNative', () => {
  it('writes a block: how many columns and rows, then each column with name, type and values', () => {
    expect(encode({ source: 'shop', seq: 7 }, { source: 'ü', seq: 8 })).toEqual([
      ...[2, 2],
      ...[...text('source'), ...text('String'), ...text('shop'), 2, 0xc3, 0xbc],
      ...[...text('seq'), ...text('UInt32'), 7, 0, 0, 0, 8, 0, 0, 0],
    ])
  })

  it.each<[string, Row[], string, number[]]>([
    ['times', [{ timestamp: 5 }], 'DateTime64(3)', int64(5)],
    [
      'times that may be missing',
      [{ sent_at: 5 }, { sent_at: null }],
      'Nullable(DateTime64(3))',
      [0, 1, ...int64(5), ...int64(0)],
    ],
    ['truths', [{ gpc: true }, { gpc: false }], 'Bool', [1, 0]],
    ['objects as their JSON text', [{ traits: { a: 1 } }], 'String', text('{"a":1}')],
    [
      'one value again and again',
      ['a', 'a', '', '', 'a', 'b'].map((name) => ({ name })),
      'String',
      [1, 97, 1, 97, 0, 0, 1, 97, 1, 98],
    ],
    [
      'maps as keys and values',
      [{ lookup_versions: { p: '1', q: '2' } }, { lookup_versions: {} }, { lookup_versions: { r: '3' } }],
      'Map(String, String)',
      [...int64(2), ...int64(2), ...int64(3), ...['p', 'q', 'r', '1', '2', '3'].flatMap(text)],
    ],
    [
      'violations key by key',
      [{ violations: [] }, { violations: [{ path: 'p', rule: 'r', found: 'f', message: 'm' }] }],
      'Array(Tuple(path String, rule String, found String, message String))',
      [...int64(0), ...int64(1), ...['p', 'r', 'f', 'm'].flatMap(text)],
    ],
  ])('writes %s', (_what, rows, type, values) => {
    const [name = ''] = Object.keys(rows[0] ?? {})
    expect(encode(...rows)).toEqual([1, rows.length, ...text(name), ...text(type), ...values])
    expect(describeNative([name])).toBe(`${name} ${type}`)
  })

  it.each<[Row, string]>([
    [{ name: 'a' }, 'row 1 must have seq, got the end'],
    [{ seq: 1, name: 'a' }, 'row 1 must have name, got seq'],
    [{ name: 'a', seq: 1, route: 'b' }, 'row 1 must have no more columns, got route'],
  ])('throws when a row has other columns than the first: %j', (row, message) => {
    expect(() => encode({ name: 'a', seq: 1 }, row)).toThrow(new RangeError(message))
  })
})
