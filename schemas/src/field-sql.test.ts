import { describe, expect, it } from 'vitest'
import { FILTER_OPS } from './filter-ops.ts'
import { conditionSql, findPathSql, render, type Sql, sql } from './sql.ts'

const text = { isCount: false, text: sql`t`, number: sql`n` }
const count = { isCount: true, text: sql`t`, number: sql`n` }
const textOf = (piece: Sql) => render(piece).text

describe('conditionSql', () => {
  it.each([
    ['is', 't = {p0:String}'],
    ['is_not', 't != {p0:String}'],
    ['in', 't IN {p0:Array(String)}'],
    ['not_in', 't NOT IN {p0:Array(String)}'],
    ['contains', 'position(t, {p0:String}) > 0'],
    ['not_contains', 'position(t, {p0:String}) = 0'],
    ['starts_with', 'startsWith(t, {p0:String})'],
    ['ends_with', 'endsWith(t, {p0:String})'],
    ['gt', 'ifNull(n > {p0:Float64}, false)'],
    ['gte', 'ifNull(n >= {p0:Float64}, false)'],
    ['lt', 'ifNull(n < {p0:Float64}, false)'],
    ['lte', 'ifNull(n <= {p0:Float64}, false)'],
    ['exists', "(t != '')"],
    ['not_exists', "NOT (t != '')"],
  ] as const)('says %s', (op, expected) => {
    expect(FILTER_OPS).toContain(op)
    expect(textOf(conditionSql(text, op, ['5']))).toBe(expected)
  })

  it('takes 0 for none in a column of numbers, and what is no number for none that compares', () => {
    expect(textOf(conditionSql(count, 'exists', []))).toBe("(t != '0')")
    expect(textOf(conditionSql({ isCount: false, text: sql`t` }, 'gt', ['5']))).toBe(
      'ifNull(NULL > {p0:Float64}, false)',
    )
  })
})

describe('findPathSql', () => {
  it('reads a path as a parameter', () => {
    expect(render(findPathSql("properties.it's.a%2Eb")?.text ?? sql``)).toEqual({
      text: "ifNull(toString(getSubcolumn(properties, {p0:String})), '')",
      parameters: { p0: "it's.a%2Eb" },
    })
  })

  it.each([
    'properties',
    'properties.',
    'other.a',
    'properties.a..b',
    'properties.`a`',
    'traits.^a',
    'traits.:a',
    'traits.a[]',
  ])('knows no path %s', (name) => {
    expect(findPathSql(name)).toBeUndefined()
  })
})
