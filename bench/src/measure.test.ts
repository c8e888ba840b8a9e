import { expect, test } from 'vitest'
import { describeAim, quantile } from './measure.ts'

test.each([
  [10_000, { atLeast: 10_000 }, 'aim at least 10,000: kept'],
  [9_999, { atLeast: 10_000 }, 'aim at least 10,000: missed'],
  [2, { atMost: 2 }, 'aim at most 2: kept'],
  [2.1, { atMost: 2 }, 'aim at most 2: missed'],
])('aim of %d with %j is in words', (value, aim, words) => {
  expect(describeAim(value, aim)).toBe(words)
})

test('quantile is a sample in the middle, whatever the order', () => {
  expect(quantile([9, 1, 5], 0.5)).toBe(5)
})
