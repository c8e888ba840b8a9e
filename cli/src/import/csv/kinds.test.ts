import { describe, expect, it } from 'vitest'
import { type CellKind, readCell } from './kinds.ts'

describe('a cell', () => {
  it.each([
    ['string', ' 007 ', ' 007 '],
    ['number', '12.50', 12.5],
    ['number', ' -3e2 ', -300],
    ['number', '+7', 7],
    ['boolean', 'TRUE', true],
    ['boolean', 'no', false],
    ['boolean', '1', true],
    ['date', '2024-03-03', '2024-03-03T00:00:00.000Z'],
    ['date', '2024-03-03 09:00:00+02', '2024-03-03T07:00:00.000Z'],
    ['seconds', '1700000000.5', '2023-11-14T22:13:20.500Z'],
    ['milliseconds', '1700000000000', '2023-11-14T22:13:20.000Z'],
    ['json', '{"a":[1,null]}', { a: [1, null] }],
  ] as [CellKind, string, unknown][])('of kind %s reads %j', (kind, text, value) => {
    expect(readCell(text, kind)).toEqual({ ok: true, value })
  })

  it.each([
    ['number', '12,50', 'a number'],
    ['number', 'NaN', 'a number'],
    ['number', '0x10', 'a number'],
    ['number', '1e999', 'a number of at most'],
    ['number', '9007199254740993', 'a number of at most'],
    ['boolean', 'maybe', 'true or false'],
    ['date', '03/04/2024', 'a date'],
    ['date', '2024-02-30', 'a date'],
    ['date', '1700000000', 'a date'],
    ['seconds', 'now', 'a number of seconds'],
    ['milliseconds', '-5', 'a number of milliseconds'],
    ['json', '{a:1}', 'JSON'],
  ] as [CellKind, string, string][])('of kind %s refuses %j', (kind, text, rule) => {
    expect(readCell(text, kind)).toEqual({ ok: false, rule: expect.stringContaining(rule) })
  })
})
