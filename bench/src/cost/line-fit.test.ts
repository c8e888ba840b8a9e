import { expect, test } from 'vitest'
import { fitLine } from './line-fit.ts'

test('a line goes through points that lie on one', () => {
  expect(
    fitLine([
      [0, 3],
      [2, 7],
      [10, 23],
    ]),
  ).toEqual({ at0: 3, slope: 2 })
})

test('a line has the least squares of points that do not', () => {
  const { at0, slope } = fitLine([
    [0, 0],
    [1, 3],
    [2, 3],
  ])
  expect([at0, slope]).toEqual([0.5, 1.5])
})

test('points at one place are no line', () => {
  expect(() =>
    fitLine([
      [4, 1],
      [4, 2],
    ]),
  ).toThrow(RangeError)
  expect(() => fitLine([])).toThrow(RangeError)
})
