import { describe, expect, it } from 'vitest'
import { all, bind, join, render, type Sql, sql } from './sql.ts'

describe('sql', () => {
  it('makes values parameters, equal ones the same', () => {
    const country = bind('String', "' OR 1=1 --")
    const statement = render(
      sql`a = ${country} AND b = ${bind('UInt32', 5)} AND c = ${bind('String', "' OR 1=1 --")}`,
    )
    expect(statement).toEqual({
      text: 'a = {p0:String} AND b = {p1:UInt32} AND c = {p0:String}',
      parameters: { p0: "' OR 1=1 --", p1: 5 },
    })
  })

  it('puts pieces together', () => {
    const pieces = [sql`a`, sql`b = ${bind('String', 'x')}`]
    expect(render(sql`WHERE ${all(pieces)} GROUP BY ${join(pieces, sql`, `)}`).text).toBe(
      'WHERE (a AND b = {p0:String}) GROUP BY a, b = {p0:String}',
    )
    expect(render(all([])).text).toBe('true')
  })

  it.each<[string, unknown]>([
    ['a text', 'country'],
    ['nothing', undefined],
    ['what looks like a piece', { pieces: ['DROP TABLE events'] }],
    ['what looks like a value', { type: 'String', value: 'x' }],
  ])('takes no %s', (_, part) => {
    expect(() => sql`SELECT ${part as Sql}`).toThrow(TypeError)
  })

  it('is no function of a text', () => {
    expect(() => sql(['DROP TABLE events'] as unknown as TemplateStringsArray)).toThrow(TypeError)
  })

  it('binds well-formed text alone, as an address can carry no other', () => {
    expect(bind('String', 'a\ud800').value).toBe('a\ufffd')
    expect(bind('Array(String)', ['\udc00']).value).toEqual(['\ufffd'])
  })
})
