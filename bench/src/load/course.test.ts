import { expect, test } from 'vitest'
import { decimate, fitGrowthPerMinute, growthOfHalves, type Point } from './course.ts'

test('growth of a straight line is its own', () => {
  const points = Array.from({ length: 120 }, (_, second): Point => [second, 100 + second / 2])
  expect(fitGrowthPerMinute(points)).toBeCloseTo(30)
})

test('a saw that comes back to where it was does not grow', () => {
  const points = Array.from({ length: 600 }, (_, second): Point => [second, 100 + (second % 10)])
  expect(Math.abs(fitGrowthPerMinute(points))).toBeLessThan(0.1)
})

test('a minute that goes up by thousands and down again does not grow from half to half, and a line does', () => {
  const points = Array.from({ length: 120 }, (_, second): Point => [second, second % 60 < 20 ? 6_000 : 500])
  expect(growthOfHalves(points)).toBeCloseTo(0)
  expect(growthOfHalves(points.map(([at, value]) => [at, value + at * 10]))).toBeCloseTo(600, -2)
  expect(growthOfHalves([])).toBe(0)
  expect(growthOfHalves([[1, 5]])).toBe(0)
})

test.each([
  [[]],
  [[[1, 5]]],
  [
    [
      [1, 5],
      [1, 9],
    ],
  ],
] as const)('points %j have no growth', (points) => {
  expect(fitGrowthPerMinute(points as unknown as Point[])).toBe(0)
})

test('fewer points have the same mean and ends', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => i)
  const fewer = decimate(values, 100)
  expect(fewer).toHaveLength(100)
  expect(fewer[0]).toBe(4.5)
  expect(fewer.at(-1)).toBe(994.5)
  expect(decimate([1, 2], 100)).toEqual([1, 2])
  expect(decimate([], 100)).toEqual([])
})
