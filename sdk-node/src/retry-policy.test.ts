import { describe, expect, it } from 'vitest'
import { START_MS } from './fakes.ts'
import { decide } from './retry-policy.ts'

function answer(
  status: number,
  { body = '', retryAfter = null as string | null, location = null as string | null } = {},
) {
  return { kind: 'answer' as const, status, retryAfter, location, body }
}

function decideAfter(exchange: Parameters<typeof decide>[0]['exchange'], { attempt = 1, random = 1 } = {}) {
  return decide({ exchange, attempt, random, maxRetries: 20, now: START_MS })
}

describe('retry policy', () => {
  it.each([
    [1, 500],
    [2, 2_000],
    [4, 32_000],
    [5, 60_000],
    [20, 60_000],
  ])('the ceiling of the wait after attempt %i is %i ms', (attempt, delayMs) => {
    expect(decideAfter(answer(503), { attempt })).toMatchObject({ action: 'retry', delayMs })
    expect(decideAfter(answer(503), { attempt, random: 0 })).toMatchObject({ action: 'retry', delayMs: 0 })
  })

  it.each([
    ['3', 3_000],
    [' 0 ', 0],
    [new Date(START_MS + 4_000).toUTCString(), 4_000],
    [new Date(START_MS - 4_000).toUTCString(), 0],
    ['86400', 300_000],
  ])('Retry-After %s means %i ms', (retryAfter, delayMs) => {
    expect(decideAfter(answer(429, { retryAfter }), { random: 0 })).toMatchObject({
      action: 'retry',
      delayMs,
    })
  })

  it('a Retry-After that is neither seconds nor a date is passed over', () => {
    expect(decideAfter(answer(429, { retryAfter: 'later' }))).toMatchObject({ action: 'retry', delayMs: 500 })
  })

  it.each([408, 429, 500, 502, 503, 504, 599])(
    '%i is retried, and undelivered after the last attempt',
    (status) => {
      expect(decideAfter(answer(status), { attempt: 20 })).toMatchObject({ action: 'retry' })
      expect(decideAfter(answer(status), { attempt: 21 })).toMatchObject({
        action: 'drop',
        reason: 'undelivered',
        status,
      })
    },
  )

  it.each([400, 401, 403, 404, 413, 422])('%i is refused', (status) => {
    expect(decideAfter(answer(status))).toMatchObject({
      action: 'drop',
      reason: 'refused',
      status,
      message: `HTTP ${status}`,
    })
  })

  it('a redirect is refused and says where it points', () => {
    const decision = decideAfter(answer(301, { location: 'https://new.test/' }))
    expect(decision).toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('https://new.test/'),
    })
  })

  it.each(['', '<html>', 'null', '{}', '{"success":false}'])(
    '200 with the body %j is no acknowledgement',
    (body) => {
      expect(decideAfter(answer(200, { body }))).toMatchObject({ action: 'retry', status: 200 })
    },
  )

  it.each(['{"success":true}', '{"success":true,"receipts":[null,{},7]}'])(
    '200 with the body %j settles',
    (body) => {
      expect(decideAfter(answer(200, { body }))).toEqual({ action: 'settle', receipts: [] })
    },
  )
})
