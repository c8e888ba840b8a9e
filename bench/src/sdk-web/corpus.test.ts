import { expect, test } from 'vitest'
import { buildRepeatedCalls, buildVariedCalls } from './corpus.ts'

test('repeated calls differ by their number only', () => {
  const calls = buildRepeatedCalls('r', 1_000)
  expect(
    new Set(calls.map(([name, properties]) => JSON.stringify([name, { ...properties, i: 0 }]))),
  ).toHaveLength(1)
  expect(calls.map(([, { i }]) => i)).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
})

test('varied calls are the same ones each time, of seven kinds, and hardly two alike', () => {
  const calls = buildVariedCalls('r', 1_000)
  expect(buildVariedCalls('r', 1_000)).toEqual(calls)
  expect(new Set(calls.map(([name]) => name)).size).toBe(7)
  const texts = calls.map(([name, properties]) => JSON.stringify([name, { ...properties, i: 0 }]))
  expect(new Set(texts).size).toBeGreaterThan(980)
})
