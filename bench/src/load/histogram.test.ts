import { expect, test } from 'vitest'
import { createHistogram } from './histogram.ts'

test('quantiles of a thousand durations are within 1 %', () => {
  const histogram = createHistogram()
  for (let ms = 1; ms <= 1_000; ms += 1) histogram.add(ms)
  for (const [q, expected] of [
    [0, 1],
    [0.5, 500],
    [0.95, 950],
    [1, 1_000],
  ] as const) {
    expect(Math.abs(histogram.quantile(q) / expected - 1)).toBeLessThan(0.012)
  }
})

test('what two processes took adds up', () => {
  const [fast, slow, both] = [createHistogram(), createHistogram(), createHistogram()]
  for (let i = 0; i < 90; i += 1) fast.add(10)
  for (let i = 0; i < 10; i += 1) slow.add(1_000)
  both.merge(fast.take())
  both.merge(slow.take())
  expect(both.count()).toBe(100)
  expect(both.quantile(0.5)).toBeCloseTo(10, 0)
  expect(both.quantile(0.95)).toBeGreaterThan(980)
  expect(fast.count()).toBe(0)
})

test('an empty histogram has no quantile', () => {
  expect(createHistogram().quantile(0.5)).toBeNaN()
})
