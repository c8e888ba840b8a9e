import { expect, test } from 'vitest'
import { quietSpans } from './delays.ts'

test('quiet is what faults leave of a soak', () => {
  expect(
    quietSpans(
      [0, 100],
      [
        [20, 30],
        [50, 100],
      ],
    ),
  ).toEqual([
    [0, 20],
    [30, 50],
  ])
  expect(quietSpans([0, 100], [])).toEqual([[0, 100]])
})
