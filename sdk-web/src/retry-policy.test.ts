import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Plan } from './retry-policy.ts'
import { decide } from './retry-policy.ts'

const NOW = Date.UTC(2026, 0, 1)

interface Case {
  wait?: string
  failures?: number
  random?: number
}

function plan(status: number, { wait, failures = 0, random = 1 }: Case = {}): Plan {
  return decide({ status, wait: wait ?? null }, failures, random, NOW)
}

const date = (ms: number) => new Date(NOW + ms).toUTCString()

describe('retry policy', () => {
  test.each<[number, Plan]>([
    [200, 'done'],
    [202, 'done'],
    [204, 'done'],
    [299, 'done'],
    [301, 'drop'],
    [304, 'drop'],
    [400, 'drop'],
    [401, 'drop'],
    [404, 'drop'],
    [413, 'halve'],
    [415, 'drop'],
    [422, 'drop'],
    [0, 1_000],
    [408, 1_000],
    [500, 1_000],
    [502, 1_000],
    [504, 1_000],
    [429, 6_000],
    [503, 6_000],
  ])('%i: %s', (status, expected) => {
    expect(plan(status)).toBe(expected)
  })

  test.each<[string, number, Case, number]>([
    ['nothing at least', 500, { random: 0 }, 0],
    ['doubles', 500, { failures: 1 }, 2_000],
    ['doubles again', 500, { failures: 2 }, 4_000],
    ['half a minute at most', 500, { failures: 20 }, 30_000],
    ['is drawn evenly', 500, { failures: 20, random: 0.5 }, 15_000],
    ['Retry-After, and the draw on top', 503, { wait: '7', random: 0.5 }, 7_500],
    ['Retry-After of any status that is tried again', 500, { wait: '7' }, 8_000],
    ['Retry-After as a date', 429, { wait: date(90_000), random: 0 }, 90_000],
    ['a date that is past', 429, { wait: date(-90_000), random: 0 }, 5_000],
    ['Retry-After below zero', 429, { wait: '-3', random: 0 }, 5_000],
    ['Retry-After of nothing', 429, { wait: '0', random: 0 }, 5_000],
    ['Retry-After of no meaning', 429, { wait: 'soon', random: 0 }, 5_000],
    ['an hour at most', 429, { wait: '86400', random: 0 }, 3_600_000],
    ['an hour at most, of endless', 429, { wait: 'Infinity', random: 0 }, 3_600_000],
    ['no answer, twice before', 0, { failures: 1, random: 0 }, 0],
  ])('waits: %s', (_, status, details, expectedMs) => {
    expect(plan(status, details)).toBe(expectedMs)
  })

  test('never waits for ever, or for less than nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 599 }),
        fc.option(fc.oneof(fc.string(), fc.double().map(String)), { nil: undefined }),
        fc.nat(1_000),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (status, wait, failures, random) => {
          const planned = plan(status, {
            ...(wait === undefined ? {} : { wait }),
            failures,
            random,
          })
          if (typeof planned !== 'number') return
          expect(planned).toBeGreaterThanOrEqual(0)
          // Longer pauses are taken for those of a wrong clock.
          expect(planned).toBeLessThan(7_200_000)
        },
      ),
    )
  })
})
