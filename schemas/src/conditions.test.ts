import { describe, expect, it } from 'vitest'
import { buildCondition, type FieldReader, isFilterOp, parseFilterText } from './conditions.ts'
import { FILTER_OPS, type FilterOp } from './filter-ops.ts'
import { numberOf } from './stored-text.ts'

const TEXT: FieldReader<[string]> = { isCount: false, text: (value) => value }
const NUMERIC: FieldReader<[string]> = { ...TEXT, number: numberOf }
const COUNT: FieldReader<[string]> = { isCount: true, text: (value) => value, number: Number }

function holds(
  field: FieldReader<[string]>,
  op: FilterOp,
  values: string[],
  value: string,
): boolean | string {
  const built = buildCondition(field, 'f', op, values)
  return built.ok ? built.condition(value) : built.message
}

describe('condition', () => {
  it.each<[FilterOp, string[], string, boolean]>([
    ['is', ['a'], 'a', true],
    ['is', ['a'], 'A', false],
    ['is', [''], '', true],
    ['is_not', ['a'], '', true],
    ['is_not', ['a'], 'a', false],
    ['in', ['a', 'b'], 'b', true],
    ['in', ['a'], '', false],
    ['not_in', ['a', ''], '', false],
    ['not_in', ['a'], 'b', true],
    ['contains', ['.'], 'ab', false],
    ['contains', ['%'], '50%', true],
    ['not_contains', ['a'], '', true],
    ['starts_with', ['/p'], '/p/1', true],
    ['starts_with', ['p'], '/p', false],
    ['ends_with', ['1'], '/p/1', true],
    ['exists', [], 'x', true],
    ['exists', [], '', false],
    ['exists', [], '0', true],
    ['not_exists', [], '', true],
  ])('%s %j of %j: %s', (op, values, value, expected) => {
    expect(holds(TEXT, op, values, value)).toBe(expected)
  })

  it.each<[FilterOp, string, string, boolean]>([
    ['gt', '1', '1', false],
    ['gt', '1', '1.0000001', true],
    ['gte', '1', '1.0', true],
    ['lt', '-1', '-1e3', true],
    ['lte', '0', '-0', true],
    ['lt', '5', '', false],
    ['lt', '5', 'x', false],
    ['gt', '5', 'Infinity', false],
    ['gt', '1e3', '1001', true],
  ])('%s %s of %j: %s', (op, limit, value, expected) => {
    expect(holds(NUMERIC, op, [limit], value)).toBe(expected)
  })

  it('takes 0 for none in a column of numbers', () => {
    expect([holds(COUNT, 'exists', [], '0'), holds(COUNT, 'exists', [], '7')]).toEqual([false, true])
    expect(holds(COUNT, 'not_exists', [], '0')).toBe(true)
  })

  it.each<[FilterOp, string[], string]>([
    ['is', [], 'value is missing'],
    ['is', ['a', 'b'], 'value must be a single one for is'],
    ['is', ['a'.repeat(1_001)], 'value must be at most 1000 characters long'],
    ['in', Array(101).fill('a'), 'value must be at most 100 in number'],
    ['contains', [''], 'value must not be empty'],
    ['exists', ['x'], 'must end with exists: it has no value'],
    ['gt', ['1'], 'op must not compare: f is no number'],
  ])('%s %j is refused', (op, values, message) => {
    expect(holds(TEXT, op, values, '')).toBe(message)
  })

  it.each(['', 'x', '1,5', '0x1', 'Infinity', 'NaN', ' 1', '1.', '.5', '1'.repeat(41)])(
    'does not compare with %j',
    (limit) => {
      expect(holds(NUMERIC, 'gt', [limit], '1')).toBe(`value must be a number, got ${JSON.stringify(limit)}`)
    },
  )
})

describe('filter as text', () => {
  const find = (name: string) =>
    name === 'f' ? ({ ok: true, field: TEXT } as const) : ({ ok: false, message: 'must be f' } as const)
  const test = (text: string, value: string) => {
    const parsed = parseFilterText(text, find)
    return parsed.ok ? parsed.condition(value) : parsed.message
  }

  it.each([
    ['f:is:a', 'a', true],
    ['f:is:a:b', 'a:b', true],
    ['f:is:', '', true],
    ['f:is:a\nb', 'a\nb', true],
    ['f:is:a,b', 'a,b', true],
    ['f:in:a,b', 'b', true],
    ['f:in:', '', true],
    ['f:exists', 'x', true],
  ])('%j of %j: %s', (text, value, expected) => {
    expect(test(text, value)).toBe(expected)
  })

  it.each([
    ['', 'must have a field, an op and mostly a value, such as country:is:DE'],
    ['f', 'must have a field, an op and mostly a value, such as country:is:DE'],
    [':is:a', 'must have a field, an op and mostly a value, such as country:is:DE'],
    ['f::a', 'must have a field, an op and mostly a value, such as country:is:DE'],
    ['g:is:a', 'field must be f, got "g"'],
    ['f:like:a', `op must be one of ${FILTER_OPS.join(', ')}, got "like"`],
    ['f:__proto__:a', `op must be one of ${FILTER_OPS.join(', ')}, got "__proto__"`],
    ['f:is', 'value is missing: write f:is:<value>'],
    ['f:exists:x', 'must end with exists: it has no value'],
    ['f:exists:', 'must end with exists: it has no value'],
  ])('%j is refused', (text, message) => {
    expect(test(text, '')).toBe(message)
  })

  it('knows each op, and no other', () => {
    expect(FILTER_OPS.every(isFilterOp)).toBe(true)
    expect(['IS', 'toString', ''].some(isFilterOp)).toBe(false)
  })
})
