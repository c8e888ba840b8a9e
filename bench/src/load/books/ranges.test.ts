import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countOf, intersect, joinRanges, type Ranges, rangesOf, subtract } from './ranges.ts'

const numbers = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 })

function expand(ranges: Ranges): number[] {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
}

test('ranges behave as the sets that they stand for', () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const [as, bs] = [rangesOf(a), rangesOf(b)]
      const sorted = [...new Set(a)].sort((x, y) => x - y)
      expect(expand(as)).toEqual(sorted)
      expect(countOf(as)).toBe(sorted.length)
      expect(expand(subtract(as, bs))).toEqual(sorted.filter((number) => !b.includes(number)))
      expect(expand(intersect(as, bs))).toEqual(sorted.filter((number) => b.includes(number)))
    }),
  )
})

test('ranges that overlap or touch become one', () => {
  expect(
    joinRanges([
      [5, 9],
      [1, 2],
      [3, 3],
      [8, 12],
      [20, 21],
    ]),
  ).toEqual([
    [1, 3],
    [5, 12],
    [20, 21],
  ])
})
