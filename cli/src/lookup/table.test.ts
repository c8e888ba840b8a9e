import { describe, expect, it } from 'vitest'
import type { FileRow } from './rows.ts'
import { buildTable, LIMITS } from './table.ts'

const rowsOf = (...fields: Record<string, unknown>[]): FileRow[] =>
  fields.map((row, index) => ({ where: `line ${index + 2}`, fields: row }))
const build = (rows: FileRow[], isTyped = false) => buildTable(rows, { key: 'id', isTyped })

describe('a table', () => {
  it('has its rows by key, without the key column', () => {
    const result = build(rowsOf({ id: 'p1', name: 'Tee €' }, { name: 'Cup', id: 7 }, { id: true }))
    const json = '{"key":"id","rows":{"p1":{"name":"Tee €"},"7":{"name":"Cup"},"true":{}}}'
    expect(result).toEqual({ ok: true, table: { json, bytes: json.length + 2, rowCount: 3 } })
  })

  it('has keys and columns of any name', () => {
    const result = build(rowsOf({ id: '__proto__', constructor: 'a' }))
    expect(result).toMatchObject({ table: { json: '{"key":"id","rows":{"__proto__":{"constructor":"a"}}}' } })
  })

  it.each([
    ['2.50', 2.5],
    ['-3e2', -300],
    ['0', 0],
    ['true', true],
    ['false', false],
    ['007', '007'],
    ['+49', '+49'],
    ['1.', '1.'],
    ['0x10', '0x10'],
    ['', ''],
    [' 1', ' 1'],
    ['TRUE', 'TRUE'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e999', '1e999'],
    ['NaN', 'NaN'],
    ['constructor', 'constructor'],
  ])('has %j as %j when it is typed, and as it is when not', (cell, typed) => {
    const rows = rowsOf({ id: '01', cell })
    expect(build(rows, true)).toMatchObject({
      table: { json: `{"key":"id","rows":{"01":${JSON.stringify({ cell: typed })}}}` },
    })
    expect(build(rows)).toMatchObject({
      table: { json: `{"key":"id","rows":{"01":${JSON.stringify({ cell })}}}` },
    })
  })

  it('tells all that is wrong, with the lines', () => {
    const rows = rowsOf(
      { id: 'p1' },
      { id: '' },
      { name: 'x' },
      { id: 'p1' },
      { id: 'p1' },
      { id: { a: 1 } },
      { id: 'k'.repeat(257) },
      { id: 'p2', text: 'ü'.repeat(2_043) },
      { id: 'p3', text: 'ü'.repeat(2_042) },
    )
    expect(build(rows)).toEqual({
      ok: false,
      problems: [
        'line 3: no text or number in the key column "id"',
        'line 4: no text or number in the key column "id"',
        'line 5: the key "p1" is that of line 2 already',
        'line 6: the key "p1" is that of line 2 already',
        'line 7: no text or number in the key column "id"',
        'line 8: the key has 257 characters, it may have 256',
        'line 9: the row is 4,097 bytes of JSON, it may have 4,096',
      ],
    })
  })

  it('has no key by inheritance', () => {
    expect(buildTable(rowsOf({ id: 'a' }), { key: 'constructor', isTyped: false }).ok).toBe(false)
  })

  it('has rows, and not too many', () => {
    const rows = (count: number) => rowsOf(...Array.from({ length: count }, (_, index) => ({ id: index })))
    expect(build([])).toEqual({ ok: false, problems: ['there are no rows'] })
    expect(build(rows(LIMITS.rows)).ok).toBe(true)
    expect(build(rows(LIMITS.rows + 1))).toEqual({
      ok: false,
      problems: ['a table may have 100,000 rows, got 100,001'],
    })
  })

  it('has a bound on its bytes', () => {
    const rows = Array.from({ length: 2_500 }, (_, id) => ({ id, text: 'x'.repeat(4_000) }))
    expect(build(rowsOf(...rows))).toEqual({
      ok: false,
      problems: [expect.stringMatching(/^a table may have 10,000,000 bytes of JSON, got 10,0/)],
    })
  })
})
