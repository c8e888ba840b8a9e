import { expect, test } from 'vitest'
import { decideNextRate, FIRST_RATE, isSustained, type Step } from './ramp.ts'

/** What a machine that sustains so much makes of a rate. */
function tryRate(rate: number, limit: number): Step {
  const stored = Math.min(rate, limit)
  return { rate, ackedRate: rate, p95Ms: 20, backlogGrowth: rate - stored }
}

/** Tries until a rate is held. */
function climb(limit: number): { steps: Step[]; held: number } {
  const steps: Step[] = []
  for (;;) {
    const next = decideNextRate(steps)
    if (next.kind === 'hold') return { steps, held: next.rate }
    steps.push(tryRate(next.rate, limit))
    if (steps.length > 50) throw new Error('it never ends')
  }
}

test.each([60, 300, 400, 1_000, 2_500, 20_000])('held rate is below what is sustained: %i', (limit) => {
  const { steps, held } = climb(limit)
  expect(held).toBeLessThanOrEqual(limit)
  expect(held).toBeGreaterThan(limit * 0.45)
  expect(steps.length).toBeLessThan(20)
})

test('the first rate is tried first, and a machine that sustains nothing is held at the lowest', () => {
  expect(decideNextRate([])).toEqual({ kind: 'try', rate: FIRST_RATE })
  expect(climb(0).held).toBe(20)
})

test.each([
  ['as it should be', {}, true],
  ['slow answers', { p95Ms: 5_000 }, false],
  ['a backlog that grows', { backlogGrowth: 300 }, false],
  ['clients that wait', { ackedRate: 500 }, false],
])('a rate with %s', (_, change, expected) => {
  expect(isSustained({ rate: 1_000, ackedRate: 990, p95Ms: 30, backlogGrowth: 10, ...change })).toBe(expected)
})

test('a good rate above one that was not is not held', () => {
  const steps = [tryRate(400, 1e9), tryRate(560, 100), tryRate(600, 1e9)]
  expect(decideNextRate(steps)).toEqual({ kind: 'hold', rate: 476 })
})
