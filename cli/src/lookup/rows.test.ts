import { describe, expect, it } from 'vitest'
import { parseRows } from './rows.ts'

describe('rows of CSV', () => {
  it('are text by the names of the header, with the lines they begin on', () => {
    const text = 'id,name,price\np1,"Tea, ""green""",2.50\n\np2,"two\r\nlines",\np3,x,007\n'
    expect(parseRows(text, 'csv')).toEqual({
      ok: true,
      columns: ['id', 'name', 'price'],
      rows: [
        { where: 'line 2', fields: { id: 'p1', name: 'Tea, "green"', price: '2.50' } },
        { where: 'line 4', fields: { id: 'p2', name: 'two\nlines', price: '' } },
        { where: 'line 6', fields: { id: 'p3', name: 'x', price: '007' } },
      ],
    })
  })

  it('may have a column of any name', () => {
    const result = parseRows('id,__proto__,constructor\n1,a,b\n', 'csv')
    if (!result.ok) throw new Error(result.message)
    expect(Object.entries(result.rows[0]?.fields ?? {})).toEqual([
      ['id', '1'],
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  it.each([
    ['', 'the file is empty'],
    ['\n\n', 'the file is empty'],
    ['id,,name\n', 'line 1: a column has no name'],
    ['\nid,name,id\n', 'line 2: two columns have the name "id"'],
    ['id;name\n1;a\n', 'line 1: the header is one column, "id;name"; columns must be separated by commas'],
    ['id,name\n1\n', 'line 2: the header has 2 columns, this row has 1'],
    ['id,name\n1,a\n2,b,c\n', 'line 3: the header has 2 columns, this row has 3'],
    ['id,name\n1,"a\n', 'at line 2'],
    ['id,name\n1,a"b\n', 'at line 2'],
  ])('are refused in %j', (text, message) => {
    expect(parseRows(text, 'csv')).toEqual({ ok: false, message: expect.stringContaining(message) })
  })
})

describe('rows of JSON', () => {
  it.each([
    ['json', '[{"id":1,"on":true},{"id":2}]', 'item'],
    ['ndjson', '{"id":1,"on":true}\r\n{"id":2}\n\n', 'line'],
  ] as const)('keep their values: %s', (format, text, unit) => {
    expect(parseRows(text, format)).toEqual({
      ok: true,
      rows: [
        { where: `${unit} 1`, fields: { id: 1, on: true } },
        { where: `${unit} 2`, fields: { id: 2 } },
      ],
    })
  })

  it.each([
    ['json', '', 'not JSON: '],
    ['json', '{"id":1}', 'must be a JSON array of objects'],
    ['json', '[{"id":1},[2]]', 'item 2: a row must be an object'],
    ['json', '[null]', 'item 1: a row must be an object'],
    ['ndjson', '{"id":1}\n{"id":\n', 'line 2: not JSON: '],
    ['ndjson', '{"id":1}\n\n"text"\n', 'line 3: a row must be an object'],
  ] as const)('are refused in %s %j', (format, text, message) => {
    expect(parseRows(text, format)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })
})
