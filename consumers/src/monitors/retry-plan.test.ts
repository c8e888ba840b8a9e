import { describe, expect, it } from 'vitest'
import { MAX_AGE_MS, planRetry } from './retry-plan.ts'

const T = Date.parse('2026-11-22T10:00:00Z')

const plan = (more: Partial<Parameters<typeof planRetry>[0]>) =>
  planRetry({ attempts: 1, createdAt: T, now: T, random: 1, ...more })

describe('planRetry', () => {
  it.each([
    [1, 5],
    [2, 10],
    [5, 80],
    [11, 3_600],
    [500, 3_600],
  ])('waits after try %d for %d seconds, or half of that by chance', (attempts, seconds) => {
    expect(plan({ attempts })).toEqual({ kind: 'retry', at: T + seconds * 1_000 })
    expect(plan({ attempts, random: 0 })).toEqual({ kind: 'retry', at: T + seconds * 500 })
  })

  it.each([
    ['120', 120_000],
    ['1', 5_000],
    ['Sun, 22 Nov 2026 10:05:00 GMT', 300_000],
    ['Sun, 22 Nov 2020 10:05:00 GMT', 5_000],
    ['soon', 5_000],
    [null, 5_000],
  ])('waits as long as Retry-After %j asks for, if that is longer', (retryAfter, ms) => {
    expect(plan({ status: 503, retryAfter })).toEqual({ kind: 'retry', at: T + ms })
  })

  it('gives up after a day', () => {
    const now = T + MAX_AGE_MS - 5_000
    expect(plan({ now })).toEqual({ kind: 'retry', at: T + MAX_AGE_MS })
    expect(plan({ now: now + 1 }).kind).toBe('give-up')
  })

  it.each(['7200', '86401', '9999999999', 'Tue, 24 Nov 2026 10:00:00 GMT'])(
    'waits an hour where Retry-After asks for more, as %j does',
    (retryAfter) => {
      expect(plan({ status: 503, retryAfter })).toEqual({ kind: 'retry', at: T + 3_600_000 })
    },
  )

  it('gives up at once where the receiver is gone', () => {
    expect(plan({ status: 410 })).toEqual({ kind: 'give-up', why: 'the receiver says that it is gone' })
  })
})
