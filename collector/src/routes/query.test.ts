import { describe, expect, it } from 'vitest'
import { createCollector, type FakeOptions, NOW, SHOP } from '../fakes.ts'
import { createAnswer } from '../query/answer.ts'
import { createFakeWarehouse } from '../query/fakes.ts'
import { createSources } from '../sources.ts'

const sources = createSources([
  SHOP,
  { name: 'blog', writeKeys: ['wb'], readToken: 'blog-read' },
  { name: 'mute', writeKeys: ['wm'] },
])

function createSetup(options: FakeOptions = {}) {
  const warehouse = createFakeWarehouse()
  const answer = createAnswer({ run: warehouse.run, database: 'millrace', now: () => NOW, log: () => {} })
  const { app } = createCollector({ sources, answer, ...options })
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, { headers: { authorization: 'Bearer rt' }, ...init })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }
  return { ask, asked: warehouse.requests }
}

const TOP = '/v1/query/top?field=country'

describe('a read token', () => {
  it.each([
    ['Bearer rt', 'shop'],
    [`Basic ${btoa('rt:')}`, 'shop'],
    ['Basic blog-read', 'blog'],
    ['bearer  blog-read', 'blog'],
  ])('of %s reads %s', async (authorization, source) => {
    const { ask, asked } = createSetup()
    expect(await ask(TOP, { headers: { authorization } })).toMatchObject({ status: 200 })
    expect(new Set(asked.map(({ parameters }) => parameters['source']))).toEqual(new Set([source]))
  })

  it.each([
    [{}, 'missing_read_token'],
    [{ authorization: 'Bearer' }, 'missing_read_token'],
    [{ authorization: 'Bearer wk' }, 'unknown_read_token'],
    [{ authorization: 'Bearer sk' }, 'unknown_read_token'],
    [{ authorization: 'Bearer undefined' }, 'unknown_read_token'],
    [{ authorization: 'Bearer rtrt' }, 'unknown_read_token'],
    [{ authorization: 'Bearer r' }, 'unknown_read_token'],
  ])('is needed: %j', async (headers, code) => {
    const { ask, asked } = createSetup()
    expect(await ask(TOP, { headers })).toMatchObject({ status: 401, body: { success: false, code } })
    expect(asked).toEqual([])
  })

  it('is not taken from the address', async () => {
    const { ask } = createSetup()
    expect(await ask(`${TOP}&readToken=rt&token=rt`, { headers: {} })).toMatchObject({ status: 401 })
  })

  it('is refused for another source than its own', async () => {
    const { ask, asked } = createSetup()
    expect(await ask(`${TOP}&source=shop`)).toMatchObject({ status: 200 })
    for (const more of ['&source=blog', '&source=', '&source=shop&source=blog']) {
      expect(await ask(TOP + more)).toMatchObject({ status: 403, body: { code: 'wrong_source' } })
    }
    const body = JSON.stringify({ field: 'country', source: { $ne: 'x' } })
    expect(
      await ask('/v1/query/top', { method: 'POST', body, headers: { authorization: 'Bearer rt' } }),
    ).toMatchObject({
      status: 403,
    })
    expect(new Set(asked.map(({ parameters }) => parameters['source']))).toEqual(new Set(['shop']))
  })
})

describe('a question', () => {
  it('may be a body, and means the same as in the address', async () => {
    const { ask, asked } = createSetup()
    const get = await ask(`${TOP}&filter=city:is:Berlin&limit=3`)
    const question = { field: 'country', filters: [{ field: 'city', op: 'is', value: 'Berlin' }], limit: 3 }
    const post = await ask('/v1/query/top', {
      method: 'POST',
      body: JSON.stringify(question),
      headers: { authorization: 'Bearer rt' },
    })
    expect(post.body['question']).toEqual(get.body['question'])
    expect(asked[3]).toEqual(asked[1])
  })

  it('is answered with whether the answer was there, for pages of any origin', async () => {
    const { headers } = await createSetup().ask(TOP, {
      headers: { authorization: 'Bearer rt', origin: 'https://board.example' },
    })
    expect(headers.get('millrace-cache')).toBe('miss')
    expect(headers.get('cache-control')).toBe('private, no-cache')
    expect(headers.get('access-control-allow-origin')).toBe('https://board.example')
    expect(headers.get('access-control-expose-headers')).toBe('Retry-After, Millrace-Cache')
  })

  it('that is wrong is told where and why', async () => {
    const { ask } = createSetup()
    const wrong = await ask('/v1/query/top?field=nope')
    expect(wrong).toMatchObject({ status: 400, body: { success: false, code: 'invalid_question' } })
    expect(wrong.body['message']).toMatch(/^field must be one of type, event, .*, got "nope"$/)
  })

  it.each([
    ['/v1/query/tops', 'GET', 404, 'timeseries, top, breakdown'],
    ['/v1/query', 'GET', 404, 'timeseries, top, breakdown'],
    ['/v1/query/toString', 'POST', 404, 'timeseries'],
    ['/v1/query/top', 'PUT', 405, 'takes GET, POST'],
    [`${TOP}&at=${'x'.repeat(17_000)}`, 'GET', 400, 'by POST'],
  ])('at %s by %s is %i', async (path, method, status, message) => {
    const answer = await createSetup().ask(path, { method })
    expect(answer).toMatchObject({ status, body: { message: expect.stringContaining(message) } })
  })

  it.each([
    ['{', 'invalid_json'],
    ['[]', 'invalid_question'],
    ['null', 'invalid_question'],
    [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'invalid_question'],
    [`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'invalid_question'],
    [`{"field":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'invalid_question'],
    ['{"__proto__":{"field":"country"}}', 'invalid_question'],
    [
      '{"field":"country","filters":[{"__proto__":{"op":"is"},"field":"city","value":"x"}]}',
      'invalid_question',
    ],
  ])('is refused as a body %.60s', async (body, code) => {
    const { ask } = createSetup()
    const answer = await ask('/v1/query/top', {
      method: 'POST',
      body,
      headers: { authorization: 'Bearer rt' },
    })
    expect(answer).toMatchObject({ status: 400, body: { code } })
  })

  it('knows how long its source keeps roll-ups', async () => {
    const settings = { retention: { rollupsDays: 30 } }
    const { ask } = createSetup({ sources: createSources([{ ...SHOP, settings }]) })
    const path = '/v1/query/timeseries?using=rollups&interval=day&from='
    expect(await ask(`${path}20d`)).toMatchObject({ status: 200, body: { readFrom: 'rollups' } })
    expect(await ask(`${path}40d`)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('using cannot be read from roll-ups: they are kept since 2') },
    })
  })

  it('waits for a warehouse where there is none', async () => {
    const answer = await createSetup({ answer: undefined }).ask(TOP)
    expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } })
    expect(answer.headers.get('retry-after')).toBe('5')
  })
})
