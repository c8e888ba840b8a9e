/** Hostile requests: what becomes of each, and the laws that hold for all. */

import { describe, expect, it } from 'vitest'
import { isErrorCode, STATUS_OF } from './bad-input-cases.ts'
import {
  exchange,
  findAnswerFaults,
  findFaults,
  findLogFaults,
  findOutcomeFaults,
  readEnvelopes,
  readReceipts,
} from './bad-input-laws.ts'
import {
  ALLOWED_ORIGINS,
  COOKIE_REQUESTS,
  HOSTILE_REQUESTS,
  ORIGIN_REQUESTS,
  PREFLIGHTS,
  type RequestCase,
} from './bad-input-requests.ts'
import { OTHER_REQUESTS, PIXEL_REQUESTS, REPLAY_REQUESTS, ROUTE_REQUESTS } from './bad-input-routes.ts'
import { createCollector, type FakeOptions } from './fakes.ts'
import { describeApi } from './openapi.ts'

/** Sends a request of a table and expects its outcome, all laws, and its good event stored. */
async function expectOutcome(
  { init, outcome, count = 1, isGood = true }: RequestCase,
  options: FakeOptions = {},
) {
  const collector = createCollector({ describeApi, ...options })
  const seen = await exchange(collector, init)
  expect(findOutcomeFaults(seen, outcome, [0])).toEqual([])
  expect(findFaults(seen, { count, goodIds: isGood ? ['good-0'] : [] })).toEqual([])
  return { ...collector, seen }
}

describe('a request with a good event', () => {
  it.each(HOSTILE_REQUESTS)('of which $what is answered', async (request) => {
    const { seen } = await expectOutcome(request)
    expect(seen.headers.get('allow') !== null).toBe(request.outcome === 'method_not_allowed')
  })

  it.each(ORIGIN_REQUESTS)('of a page whose $what is answered', async (request) => {
    await expectOutcome(request, { settings: { allowedOrigins: ALLOWED_ORIGINS } })
  })

  it.each(COOKIE_REQUESTS)('whose $what gets one cookie, and one header of it', async (request) => {
    const { seen, envelopes } = await expectOutcome(request, { settings: { identity: { kind: 'cookie' } } })
    const [cookie, ...more] = seen.headers.getSetCookie()
    expect(more).toEqual([])
    expect(cookie).toMatch(/^millrace_id=[\w.!~*'()%-]+; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/)
    const id = decodeURIComponent(/=([^;]*)/.exec(cookie ?? '')?.[1] ?? '')
    expect(envelopes()[0]?.events).toMatchObject([{ anonymousId: id }])
  })
})

describe('a route for events', () => {
  it.each(ROUTE_REQUESTS)('of which $what answers', async (request) => {
    await expectOutcome(request)
  })
})

describe('an image', () => {
  it.each(PIXEL_REQUESTS)('of which $what is one whatever became of its event', async ({ path, outcome }) => {
    const seen = await exchange(createCollector(), { path, method: 'GET' })
    const code = isErrorCode(outcome) ? outcome : undefined
    expect(seen.headers.get('x-millrace-error') ?? 'stored').toBe(outcome)
    expect(seen.status).toBe(code === undefined ? 200 : STATUS_OF[code])
    expect([seen.headers.get('content-type'), seen.text.slice(0, 6)]).toEqual(['image/gif', 'GIF89a'])

    const { envelopes, faults } = readEnvelopes(seen)
    expect([...faults, ...findLogFaults(seen)]).toEqual([])
    const became = envelopes.flatMap(({ events, quarantined }) => [
      ...events.map(() => 'stored'),
      ...quarantined.map(({ reason }) => reason),
    ])
    expect(became).toEqual(code === undefined ? [outcome] : [])
  })
})

describe('a replay', () => {
  it.each(REPLAY_REQUESTS)('of $what is answered', async ({ init, outcome }) => {
    const seen = await exchange(createCollector(), init)
    expect(findOutcomeFaults(seen, outcome, [0])).toEqual([])
    const { envelopes, faults } = readEnvelopes(seen)
    expect([...faults, ...findAnswerFaults(seen), ...findLogFaults(seen)]).toEqual([])
    const ids = envelopes.flatMap(({ events }) => events.map(({ messageId }) => messageId))
    expect(ids).toEqual(outcome === 'stored' ? ['good-0'] : [])
    expect(readReceipts(seen.text).every(({ messageId }) => messageId === 'good-0')).toBe(true)
  })
})

describe('another request', () => {
  it.each(OTHER_REQUESTS)('of which $what is answered and stores nothing', async ({ init, status, code }) => {
    const put: string[] = []
    const lookupBucket = {
      get: async () => null,
      put: async (key: string) => {
        put.push(key)
        return { etag: 'v1' }
      },
    }
    const seen = await exchange(createCollector({ describeApi, lookupBucket }), init)
    expect([seen.status, JSON.parse(seen.text).code], seen.text.slice(0, 200)).toEqual([status, code])
    expect([...findAnswerFaults(seen, status), ...findLogFaults(seen)]).toEqual([])
    expect(seen.envelopes).toEqual([])
    const isTable = status === 200 && init.method === 'PUT'
    expect(put).toEqual(isTable ? ['lookups/shop/products.json'] : [])
  })
})

describe('a lookup table', () => {
  const put = { method: 'PUT', path: '/v1/lookups/products', headers: { authorization: 'Bearer sk' } }
  const broken = { get: async () => null, put: () => Promise.reject(new Error('away')) }
  it.each([
    ['has no bucket', {}],
    ['cannot store it', { lookupBucket: broken }],
  ])('for which the Worker %s may come again later', async (_why, options) => {
    const seen = await exchange(createCollector(options), { ...put, body: '{"key":"id","rows":{}}' })
    expect(findOutcomeFaults(seen, 'temporarily_unavailable', [])).toEqual([])
    expect(findAnswerFaults(seen)).toEqual([])
  })
})

describe('HEAD', () => {
  it.each([
    ['/health', 200],
    ['/v1/projects/wk/settings', 200],
    ['/v1/projects/x/settings', 404],
    ['/nowhere', 404],
    ['/v1/batch?writeKey=wk', 405],
    ['/v1/lookups/products', 405],
    ['/pixel/v1/track', 200],
  ])('of %s has a status and no body', async (path, status) => {
    const seen = await exchange(createCollector(), { path, method: 'HEAD' })
    expect([seen.status, seen.text, seen.logged, seen.envelopes]).toEqual([status, '', [], []])
  })
})

describe('a preflight', () => {
  it.each(PREFLIGHTS)('that asks for %s is answered', async (_what, path, headers) => {
    const seen = await exchange(createCollector(), { path, method: 'OPTIONS', headers })
    expect([seen.status, seen.text, seen.logged, seen.envelopes]).toEqual([204, '', [], []])
    expect(seen.headers.get('access-control-allow-methods')).toBe('GET,POST,PUT,OPTIONS')
  })
})
