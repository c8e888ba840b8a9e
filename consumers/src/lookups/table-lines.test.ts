import { describe, expect, it } from 'vitest'
import { joinLines, tableLines } from './table-lines.ts'

/** Rows of the text as they would be read from its lines. */
function rowsOf(text: string): Record<string, unknown> {
  const lines = [...tableLines(text)].map((line): { key: string; row: unknown } => JSON.parse(line))
  return Object.fromEntries(lines.map(({ key, row }) => [key, row]))
}

describe('tableLines', () => {
  it.each([
    ['no rows', {}],
    ['an empty row', { a: {} }],
    ['braces and quotes in texts', { 'a{"}\\': { 'x}': '{"\\' }, '}': { y: '\\"{' } }],
    ['nested objects and lists', { a: { b: { c: [{ d: {} }, '}', 1] } }, e: { f: null, g: true } }],
    ['other writing systems and control characters', { 'ключ\u0000😀\n': { 名: '\u2028\ufffd' } }],
    ['keys that are words of the form', { key: { rows: {} }, rows: { key: 'x' } }],
  ])('gives each row back: %s', (_what, rows) => {
    expect(rowsOf(JSON.stringify({ key: 'id', rows }))).toEqual(rows)
    expect(rowsOf(JSON.stringify({ rows, key: '{' }, null, 2))).toEqual(rows)
  })

  it('leaves numbers as they were written', () => {
    expect([...tableLines('{"key":"id","rows":{"a":{"n":123456789012345680000,"m":1.50}}}')]).toEqual([
      '{"key":"a","row":{"n":123456789012345680000,"m":1.50}}',
    ])
  })

  it.each([[''], ['[]'], ['{"key":"id"}'], ['{"key":"id","rows":{"a":{"b":1}'], ['not found']])(
    'throws for %j, so that it is not taken for an empty table',
    (text) => {
      expect(() => [...tableLines(text)]).toThrow('no lookup table')
    },
  )
})

describe('joinLines', () => {
  it('keeps texts within the limit, and lines in order', () => {
    const lines = ['aa', 'bb', 'cc', 'a long one', 'd']
    expect([...joinLines(lines, 5)]).toEqual(['aa\nbb', 'cc', 'a long one', 'd'])
    expect([...joinLines([], 5)]).toEqual([])
  })
})
