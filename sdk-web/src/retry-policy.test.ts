import { describe, expect, test } from 'vitest'
import { decide } from './retry-policy.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

describe('retry policy', () => {
  test.each([
    [200, 'done'],
    [204, 'done'],
    [301, 'drop'],
    [400, 'drop'],
    [401, 'drop'],
    [404, 'drop'],
    [413, 'drop'],
    [0, 500],
    [408, 500],
    [429, 500],
    [500, 500],
    [503, 500],
  ])('status %i leads to %s', (status, plan) => {
    expect(decide({ status, retryAfter: null }, 0, 0.5, NOW_MS)).toBe(plan)
  })

  test.each([
    [0, 1_000],
    [1, 2_000],
    [4, 16_000],
    [5, 30_000],
    [2_000, 30_000],
  ])('after %i failures the wait is anything up to %i ms', (failures, boundMs) => {
    const answer = { status: 503, retryAfter: null }
    expect(decide(answer, failures, 0, NOW_MS)).toBe(0)
    expect(decide(answer, failures, 1, NOW_MS)).toBe(boundMs)
  })

  test.each([
    ['5', 5_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['-5', 0],
    ['soon', 0],
    ['', 0],
    ['999999999999', 3_600_000],
  ])('Retry-After %j waits at least %i ms', (retryAfter, leastMs) => {
    expect(decide({ status: 429, retryAfter }, 0, 0, NOW_MS)).toBe(leastMs)
    expect(decide({ status: 429, retryAfter }, 0, 1, NOW_MS)).toBe(leastMs + 1_000)
  })
})
