import { describe, expect, it } from 'vitest'
import { createCollector, type FakeOptions, NOW, SHOP } from '../fakes.ts'
import { createSources } from '../sources.ts'

const sources = createSources([
  SHOP,
  { name: 'blog', writeKeys: ['wb'], readToken: 'blög-read' },
  { name: 'mute', writeKeys: ['wm'] },
])

const base64url = (text: string) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

function createSetup(
  options: FakeOptions = {},
  answer: () => Response | Promise<Response> = () => Response.json({ windows: [] }),
) {
  const asked: { source: string; path: string; headers: Record<string, string> }[] = []
  const { app, logged } = createCollector({
    sources,
    async askLive(source, { url, headers }) {
      const { pathname, search } = new URL(url)
      asked.push({ source, path: `${pathname}${search}`, headers: Object.fromEntries(headers) })
      return await answer()
    },
    ...options,
  })
  const ask = async (
    path: string,
    headers: Record<string, string> = { authorization: 'Bearer rt' },
    method = 'GET',
  ) => {
    const response = await app.request(path, { headers, method })
    const text = await response.text()
    const body = (text.startsWith('{') ? JSON.parse(text) : text) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body }
  }
  return { ask, asked, logged }
}

const SSE = { authorization: 'Bearer rt', accept: 'text/event-stream' }
const socket = (protocols: string) => ({ upgrade: 'websocket', 'sec-websocket-protocol': protocols })

describe('windows as they are', () => {
  it('are of the source whose token it is', async () => {
    const { ask, asked } = createSetup()
    const { status, headers, body } = await ask('/v1/live/windows?source=shop')
    expect([status, body, headers.get('cache-control')]).toEqual([200, { windows: [] }, 'no-store'])
    expect(asked).toMatchObject([{ source: 'shop', path: '/windows' }])
    expect(asked[0]?.headers).not.toHaveProperty('authorization')
  })

  it.each([
    ['name=events', 'name=events'],
    ['name=events&from=30m', `name=events&from=${NOW - 1_800_000}`],
    [
      'name=events&from=2026-11-21T11:00:00Z&to=1795262400000',
      `name=events&from=${NOW - 3_600_000}&to=1795262400000`,
    ],
    ['name=a%26from%3D1', 'name=a%26from%3D1'],
  ])('are asked for by %s', async (query, passed) => {
    const { ask, asked } = createSetup()
    await ask(`/v1/live/windows?${query}`)
    expect(asked.map(({ path }) => path)).toEqual([`/windows?${passed}`])
  })

  it.each([
    ['from=30m', 'from needs name'],
    ['name=events&from=yesterday', 'from must be a time in ISO 8601'],
    ['name=events&to=', 'to must be a time in ISO 8601'],
    ['name=events&to=1e12', 'to must be a time in ISO 8601'],
    ['nme=events', 'there is no field "nme"; known: name, from, to, source'],
    ['filter=event:is:x', 'there is no field "filter"'],
    ['__proto__=1', 'there is no field "__proto__"'],
  ])('are not asked for by %s', async (query, message) => {
    const { ask, asked } = createSetup()
    const { status, body } = await ask(`/v1/live/windows?${query}`)
    expect([status, body['code']]).toEqual([400, 'invalid_request'])
    expect(body['message']).toContain(message)
    expect(asked).toEqual([])
  })

  it('that there are not are told with those that there are', async () => {
    const { ask } = createSetup(
      {},
      () => new Response('there is no window "x"; known: events', { status: 404 }),
    )
    expect(await ask('/v1/live/windows?name=x')).toMatchObject({
      status: 404,
      body: { success: false, code: 'not_found', message: 'there is no window "x"; known: events' },
    })
  })
})

describe('who may watch', () => {
  it.each<[Record<string, string>, string]>([
    [{}, 'missing_read_token'],
    [{ authorization: 'Bearer wk' }, 'unknown_read_token'],
    [{ authorization: 'Bearer sk' }, 'unknown_read_token'],
    [{ authorization: 'Bearer undefined' }, 'unknown_read_token'],
    [socket('millrace.live.v1'), 'missing_read_token'],
    [socket(`millrace.live.v1, bearer.${base64url('wk')}`), 'unknown_read_token'],
    [socket('millrace.live.v1, bearer.'), 'unknown_read_token'],
    [socket('bearer.rt'), 'unknown_read_token'],
    [socket('bearer.%%%'), 'missing_read_token'],
    [socket(`bearer.${base64url('undefined')}`), 'unknown_read_token'],
    [{ 'sec-websocket-protocol': `bearer.${base64url('rt')}` }, 'missing_read_token'],
  ])('is refused with %j', async (headers, code) => {
    const { ask, asked } = createSetup()
    expect(await ask('/v1/live', headers)).toMatchObject({ status: 401, body: { success: false, code } })
    expect(asked).toEqual([])
  })

  it.each<[Record<string, string>, string]>([
    [socket(`millrace.live.v1, bearer.${base64url('rt')}`), 'shop'],
    [socket(`bearer.${base64url('blög-read')},millrace.live.v1`), 'blog'],
    [{ upgrade: 'WebSocket', authorization: 'Bearer rt' }, 'shop'],
    [{ ...socket(`bearer.${base64url('blög-read')}`), authorization: 'Bearer rt' }, 'blog'],
    [SSE, 'shop'],
  ])('is taken with %j', async (headers, source) => {
    const { ask, asked } = createSetup()
    await ask('/v1/live', headers)
    expect(asked.map((one) => one.source)).toEqual([source])
    expect(asked[0]?.headers).not.toHaveProperty('authorization')
  })

  it('is refused another source, whatever is known of it', async () => {
    const { ask, asked } = createSetup()
    for (const path of ['/v1/live?source=blog', '/v1/live/windows?source=nobody', '/v1/live?source='])
      expect(await ask(path, SSE)).toMatchObject({ status: 403, body: { code: 'wrong_source' } })
    expect(asked).toEqual([])
  })

  it('is not taken from the address', async () => {
    const { ask } = createSetup()
    expect(await ask('/v1/live/windows?token=rt&readToken=rt', {})).toMatchObject({ status: 401 })
  })
})

describe('what is watched', () => {
  it('is passed on, and nothing else', async () => {
    const { ask, asked } = createSetup()
    const query =
      'filter=event:is:a%26b&filter=country:in:DE,AT&status=accepted&only=events&since=e.1&source=shop'
    await ask(`/v1/live?${query}`, { ...SSE, 'last-event-id': 'e.2', cookie: 'a=b', 'x-own': '1' })
    const { path = '', headers } = asked[0] ?? {}
    expect(Object.fromEntries(new URL(path, 'https://x').searchParams)).toEqual({
      ...{ filter: 'country:in:DE,AT', status: 'accepted', only: 'events', since: 'e.1' },
    })
    expect(new URL(path, 'https://x').searchParams.getAll('filter')[0]).toBe('event:is:a&b')
    expect(headers).toEqual({ 'last-event-id': 'e.2' })
  })

  it.each([
    ['filter=nothing', 'filter "nothing" must have a field'],
    ['filter=ip:is:1', 'field must be one of visitor_id'],
    ['filter=event:like:x', 'op must be one of is'],
    ['filter=event:gt:1', 'op must not compare'],
    ['status=fine', 'status must be one of accepted, quarantined, filtered, duplicate, got "fine"'],
    ['only=windows', 'only must be events, got "windows"'],
    ['limit=5', 'there is no field "limit"; known: since, filter, status, only, source'],
    [Array(11).fill('filter=event:exists').join('&'), 'filter may be given at most 10 times'],
    [`filter=event:is:${'x'.repeat(4_001)}`, 'with at most 4000 characters'],
  ])('is refused: %s', async (query, message) => {
    const { ask, asked } = createSetup()
    const { status, body } = await ask(`/v1/live?${query}`, SSE)
    expect([status, body['code']]).toEqual([400, 'invalid_request'])
    expect(body['message']).toContain(message)
    expect(asked).toEqual([])
  })

  it('is no JSON', async () => {
    const { ask } = createSetup()
    const { status, body } = await ask('/v1/live', { authorization: 'Bearer rt', accept: 'application/json' })
    expect(status).toBe(400)
    expect(body['message']).toContain('/v1/live/windows')
  })

  it('is a stream as the object sends it', async () => {
    const answer = () => new Response('data: {}\n\n', { headers: { 'content-type': 'text/event-stream' } })
    const { status, headers, body } = await createSetup({}, answer).ask('/v1/live', SSE)
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      ...[200, 'text/event-stream', 'no-store'],
    ])
    expect(body).toBe('data: {}\n\n')
  })
})

describe('live windows that cannot be read', () => {
  it('are for later when the object fails, and it is not told why', async () => {
    const { ask, logged } = createSetup({}, () => Promise.reject(new Error('overloaded: secret')))
    for (const path of ['/v1/live', '/v1/live/windows']) {
      const { status, headers, body } = await ask(path, SSE)
      expect([status, headers.has('retry-after'), JSON.stringify(body).includes('secret')]).toEqual([
        503,
        true,
        false,
      ])
    }
    expect(logged).toMatchObject([
      { event: 'live_unreachable', source: 'shop' },
      { event: 'live_unreachable' },
    ])
  })

  it('are for later where no object is bound', async () => {
    const { app } = createCollector({ sources })
    const response = await app.request('/v1/live/windows', { headers: { authorization: 'Bearer rt' } })
    expect(response.status).toBe(503)
  })

  it.each(['POST', 'PUT', 'DELETE'])('are not there for %s', async (method) => {
    const { ask, asked } = createSetup()
    for (const path of ['/v1/live', '/v1/live/windows'])
      expect((await ask(path, SSE, method)).status).toBeGreaterThanOrEqual(404)
    expect(asked).toEqual([])
  })

  it('are not opened by HEAD', async () => {
    const { ask, asked } = createSetup()
    await ask('/v1/live', SSE, 'HEAD')
    // Nobody would read the stream.
    expect(asked).toEqual([])
  })
})
