import { describe, expect, it } from 'vitest'
import { createRandom } from '../ground-truth.ts'
import { addToSum, createSum, formatSum, mergeSum, readAverage, readSum } from './numbers.ts'

const sumOf = (...values: number[]) => {
  const sum = createSum()
  for (const value of values) addToSum(sum, value)
  return sum
}

describe('sum', () => {
  it.each<[string, number[], number]>([
    ['of nothing is 0', [], 0],
    ['is exact where doubles are not', [0.1, 0.2], 0.3],
    ['takes away', [10, -0.000001, -9.999999], 0],
    ['has no negative zero', [-0, 0], 0],
    ['of what is too small is 0', [5e-324, -1e-9, 4e-7], 0],
    ['is exact where large and small meet', [1e15, 0.000001, -1e15], 0.000001],
    ['holds products of the largest numbers', [1e30, -1e30, 7], 7],
    // As ClickHouse's round(x, 6) has it.
    ['rounds a half to the even one below', [0.0000025], 0.000002],
    ['rounds a half to the even one above', [0.0000015], 0.000002],
    ['rounds the least half to 0', [0.0000005], 0],
    ['rounds a negative half to the even one', [-0.0000025], -0.000002],
    ['rounds a negative half to the even one below', [-0.0000015], -0.000002],
    ['does not round up what is less than a half', [0.00000049999], 0],
  ])('%s', (_, values, expected) => {
    expect(readSum(sumOf(...values))).toBe(expected)
  })

  it('is the same in any order and grouping', () => {
    const random = createRandom(5)
    const values = Array.from({ length: 500 }, () => (random() - 0.5) * 10 ** Math.floor(random() * 12 - 6))
    const whole = sumOf(...values)
    const merged = createSum()
    for (let i = 0; i < values.length; i += 37) mergeSum(merged, sumOf(...values.slice(i, i + 37).reverse()))
    expect(merged).toEqual(whole)
    const micros = values.reduce((total, value) => total + BigInt(Math.round(value * 1e6)), 0n)
    // No half among them, so plain rounding is the oracle.
    expect(whole.micros).toBe(micros)
  })

  it('leaves what is merged as it was', () => {
    const from = sumOf(1.5)
    mergeSum(sumOf(2), from)
    expect(from).toEqual({ count: 1, micros: 1_500_000n })
  })
})

describe('sum as text', () => {
  it.each<[bigint, string]>([
    [0n, '0'],
    [1n, '0.000001'],
    [-1n, '-0.000001'],
    [-10n, '-0.00001'],
    [1_000_000n, '1'],
    [-1_500_000n, '-1.5'],
    [999_999n, '0.999999'],
    [123_456_789_012_345_678_901n, '123456789012345.678901'],
  ])('%s millionths are %s', (micros, text) => {
    expect(formatSum(micros)).toBe(text)
  })
})

describe('average', () => {
  it('is null of nothing, and counts zeros', () => {
    expect(readAverage(createSum())).toBeNull()
    expect(readAverage(sumOf(0, 0, 3))).toBe(1)
    expect(readAverage(sumOf(-1, 1))).toBe(0)
  })
})
