import { EVENT_TYPES, type SourceSettings } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector } from './fakes.ts'

const required = { track: { event: 'x' }, group: { groupId: 'g' }, alias: { previousId: 'p', userId: 'u' } }
const eventOf = (type: string) => ({ anonymousId: 'a', ...required[type as keyof typeof required] })

describe('a single event', () => {
  const paths = EVENT_TYPES.flatMap((type) => [
    [`/v1/${type}`, type],
    [`/v1/${type[0]}`, type],
    [`/v1/${type}/`, type],
  ])
  it.each(paths)('at %s is taken as %s', async (path, type) => {
    const { post, envelopes } = createCollector()
    const sent = {
      ...eventOf(String(type)),
      writeKey: 'wk',
      context: { ip: '203.0.113.9', a: 1 },
      sentAt: '2026-11-21T12:00:00Z',
    }
    const response = await post(sent, { path: String(path) })
    expect(await response.json()).toEqual({ success: true })
    expect(envelopes()).toMatchObject([
      { sentAt: Date.UTC(2026, 10, 21, 12), events: [{ type, context: { a: 1 } }] },
    ])
    expect(envelopes()[0]?.context).toBeUndefined()
  })

  it('is of the type that the path says', async () => {
    const { post, envelopes } = createCollector()
    await post({ ...eventOf('track'), type: 'identify', writeKey: 'wk' }, { path: '/v1/t' })
    expect(envelopes()[0]?.events).toMatchObject([{ type: 'track', event: 'x' }])
  })

  it('that is refused for its content is answered 200 and kept as it was sent', async () => {
    const { post, envelopes } = createCollector()
    const body = '{ "writeKey":"wk",  "userId":"u", "price": 1e999 }'
    const response = await post(body, { path: '/v1/track' })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ receipts: [{ reason: 'missing_field', path: 'event' }] })
    expect(envelopes()[0]?.quarantined).toMatchObject([{ raw: body, rawBytes: body.length }])
  })

  it('may carry a field named source', async () => {
    const { post } = createCollector()
    const response = await post(
      { ...eventOf('track'), source: 'newsletter', writeKey: 'wk' },
      { path: '/v1/track' },
    )
    expect(await response.json()).toEqual({ success: true })
  })
})

describe('a beacon', () => {
  it('is a batch whose key is in the query', async () => {
    const { post, envelopes } = createCollector()
    const batch = [{ type: 'page', anonymousId: 'a' }]
    const response = await post(JSON.stringify({ batch }), {
      path: '/beacon/v1/batch?writeKey=wk',
      headers: { 'content-type': 'text/plain', origin: 'https://shop.example' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(envelopes()[0]?.events).toHaveLength(1)
  })
})

describe('a pixel', () => {
  it.each(['track', 'page'])('of RudderStack at /pixel/v1/%s is a GIF and an event', async (type) => {
    const { app, envelopes } = createCollector()
    const response = await app.request(
      `/pixel/v1/${type}?writeKey=wk&anonymousId=a&event=Mail%20Opened&properties.mail=7`,
    )
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect(new TextDecoder().decode(bytes.subarray(0, 6))).toBe('GIF89a')
    expect(envelopes()[0]?.events).toMatchObject([{ type, anonymousId: 'a', properties: { mail: '7' } }])
  })

  it('of Segment carries the event as base64', async () => {
    const { app, envelopes } = createCollector()
    const data = btoa(JSON.stringify({ writeKey: 'wk', event: 'Mail Opened', userId: 'u' }))
    expect((await app.request(`/v1/pixel/track?data=${data}`)).status).toBe(200)
    expect(envelopes()[0]?.events).toMatchObject([{ event: 'Mail Opened', userId: 'u' }])
  })

  it('whose link is only checked stores nothing', async () => {
    const { app, texts } = createCollector()
    const path = '/pixel/v1/track?writeKey=wk&event=x&userId=u'
    expect((await app.request(path, { method: 'HEAD' })).status).toBe(200)
    expect(texts).toEqual([])
  })

  it.each([
    ['missing_identity', '/pixel/v1/track?writeKey=wk&event=x'],
    ['missing_field', `/v1/pixel/track?writeKey=wk&data=${btoa('{"userId":"u"}')}`],
  ])('whose event is quarantined names the reason %s', async (reason, path) => {
    const { app, envelopes } = createCollector()
    const response = await app.request(path)
    expect([response.status, response.headers.get('x-millrace-error')]).toEqual([200, reason])
    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(envelopes()[0]?.quarantined).toMatchObject([{ reason }])
  })

  it('whose event is stored names nothing', async () => {
    const { app } = createCollector()
    const response = await app.request('/pixel/v1/track?writeKey=wk&event=x&userId=u')
    expect([response.status, response.headers.get('x-millrace-error')]).toEqual([200, null])
  })

  it('of RudderStack takes a parameter data for a field like any other', async () => {
    const { app, envelopes } = createCollector()
    await app.request('/pixel/v1/track?writeKey=wk&event=x&userId=u&data=7')
    expect(envelopes()[0]?.events).toMatchObject([{ event: 'x', extra: { data: '7' } }])
  })

  it('is an image even where something is wrong on our side', async () => {
    const { app, logged } = createCollector({
      sources: {
        findReader: () => undefined,
        find: () => {
          throw new Error('no sources')
        },
      },
    })
    const response = await app.request('/pixel/v1/track?writeKey=wk&event=x&userId=u')
    expect([response.status, response.headers.get('x-millrace-error')]).toEqual([500, 'internal_error'])
    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(logged).toMatchObject([{ event: 'unexpected_error' }])
  })

  it('that is refused is an image all the same', async () => {
    const { app, texts } = createCollector()
    const response = await app.request('/pixel/v1/track?writeKey=other&event=x&userId=u')
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(response.headers.get('x-millrace-error')).toBe('unknown_write_key')
    expect(texts).toEqual([])
  })
})

describe('settings', () => {
  it.each(['/v1/projects/wk/settings', '/cdn/v1/projects/wk/settings'])('are told at %s', async (path) => {
    const { app } = createCollector()
    const response = await app.request(`http://collect.example:8080${path}`)
    expect(await response.json()).toMatchObject({
      integrations: { 'Segment.io': { apiKey: 'wk', apiHost: 'collect.example:8080/v1', protocol: 'http' } },
    })
  })

  it.each([
    ['/v1/projects/other/settings', 404],
    ['/v1/projects/sk/settings', 401],
    ['/cdn/v1/projects/sk/settings', 401],
    ['/sourceConfig/?writeKey=sk', 401],
  ])('are not told at %s', async (path, status) => {
    const { app } = createCollector()
    const response = await app.request(path)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      success: false,
      code: 'unknown_write_key',
      message: expect.stringContaining(status === 401 ? 'only from the Authorization header' : 'no source'),
    })
  })

  it.each([
    ['the query', '/sourceConfig/?p=cdn&writeKey=wk', {}],
    ['Basic', '/sourceConfig', { authorization: `Basic ${btoa('wk:')}` }],
  ])('of RudderStack are told for a key from %s', async (_where, path, headers) => {
    const { app } = createCollector()
    const response = await app.request(path, { headers: headers as Record<string, string> })
    expect(await response.json()).toMatchObject({
      source: { writeKey: 'wk', enabled: true, destinations: [] },
    })
  })
})

describe('counters of analytics.js', () => {
  it('are accepted and discarded', async () => {
    const { post, texts } = createCollector()
    expect(await (await post({ series: [] }, { path: '/v1/m' })).json()).toEqual({ success: true })
    expect(texts).toEqual([])
  })
})

describe('a replay', () => {
  const headers = { authorization: `Basic ${btoa('sk:')}` }
  const refused = {
    raw: '{"type":"track","event":"Ordered","anonymousId":"a","timestamp":"2026-11-01T00:00:00.000Z"}',
    messageId: 's-4',
    receivedAt: '2026-11-01T00:00:05.000Z',
    sentAt: '2026-11-01T00:00:04.000Z',
    stream: 's',
    seq: 4,
    route: 'batch',
    context: { locale: 'de' },
  }

  it('stores what is good now under its old id, number and time', async () => {
    const { post, envelopes } = createCollector()
    const response = await post({ events: [refused] }, { path: '/v1/replay', headers })
    expect(await response.json()).toEqual({ success: true, accepted: 1, receipts: [] })
    expect(envelopes()).toMatchObject([
      {
        receivedAt: Date.UTC(2026, 10, 1, 0, 0, 5),
        stream: 's',
        context: { locale: 'de' },
        events: [{ messageId: 's-4', seq: 4, event: 'Ordered', timestamp: Date.UTC(2026, 10, 1, 0, 0, 1) }],
      },
    ])
  })

  it('keeps the name of the batch and the id that the edge gave', async () => {
    const { post, envelopes } = createCollector({ settings: { identity: { kind: 'cookie' } } })
    const event = { ...refused, batchId: 'b', anonymousId: 'cookie', clientAnonymousId: 'a' }
    await post({ events: [event] }, { path: '/v1/replay', headers })
    expect(envelopes()).toMatchObject([
      { batchId: 'b', events: [{ anonymousId: 'cookie', facts: { clientAnonymousId: 'a' } }] },
    ])
  })

  it.each(['/v1/track', '/v1/t'])('takes back what came by %s, whose path said the type', async (path) => {
    const settings: SourceSettings = { plan: { mode: 'enforce', refuseUnplanned: true, events: {} } }
    const strict = createCollector({ settings })
    await strict.post({ writeKey: 'wk', event: 'Ordered', userId: 'u' }, { path })
    const [{ messageId = '', type, raw = '' } = {}] = strict.envelopes()[0]?.quarantined ?? []
    expect([type, JSON.parse(raw)]).toEqual(['track', { writeKey: 'wk', event: 'Ordered', userId: 'u' }])
    const lax = createCollector()
    const event = { raw, messageId, type, receivedAt: '2026-11-21T12:00:00Z', route: 'batch' }
    const response = await lax.post({ events: [event] }, { path: '/v1/replay', headers })
    expect(await response.json()).toMatchObject({ accepted: 1 })
    expect(lax.envelopes()[0]?.events).toMatchObject([{ messageId, type: 'track', event: 'Ordered' }])
  })

  it('tells what is still refused and enqueues nothing of it', async () => {
    const { post, texts } = createCollector()
    const events = [
      { ...refused, raw: '{"type":"track"}' },
      { ...refused, raw: 'not JSON', messageId: 'm' },
    ]
    const response = await post({ events }, { path: '/v1/replay', headers })
    expect(await response.json()).toMatchObject({
      accepted: 0,
      receipts: [
        { index: 0, messageId: 's-4', reason: 'missing_field' },
        { index: 1, messageId: 'm', reason: 'not_an_object' },
      ],
    })
    expect(texts).toEqual([])
  })

  it.each([
    ['a write key', { events: [] }, { authorization: `Basic ${btoa('wk:')}` }, 403],
    ['no list', {}, headers, 400],
    ['a wrong time', { events: [{ ...refused, receivedAt: 'today' }] }, headers, 400],
    ['too many', { events: Array.from({ length: 101 }, () => refused) }, headers, 400],
    ['another source', { source: 'blog', events: [] }, headers, 403],
    ['more than 1 MiB', { events: [], text: 'x'.repeat(1024 * 1024) }, headers, 413],
  ])('with %s is refused', async (_what, body, given, status) => {
    const { post } = createCollector()
    expect((await post(body, { path: '/v1/replay', headers: given })).status).toBe(status)
  })
})

describe('a request with the secret key elsewhere than in its header', () => {
  const bad = { properties: [] }
  const basic = { authorization: `Basic ${btoa('wk:')}` }
  it.each([
    ['the body of a batch', '/v1/batch', { writeKey: 'sk', batch: [eventOf('track')] }, {}],
    ['the body of an event', '/v1/track', { writeKey: 'sk', ...bad }, {}],
    ['the body beside a good key', '/v1/track', { writeKey: 'sk', ...bad }, basic],
    ['the query', '/v1/batch?writeKey=sk', { batch: [eventOf('track')] }, {}],
    ['the query beside a good key', '/v1/batch?writeKey=sk', { batch: [eventOf('track')] }, basic],
    ['the query of a beacon', '/beacon/v1/batch?writeKey=sk', { batch: [] }, {}],
    ['the query of an import', '/v1/import?writeKey=sk', { batch: [] }, {}],
    ['the query of a replay', '/v1/replay?writeKey=sk', { events: [] }, {}],
  ])('is refused in words that do not repeat it: %s', async (_where, path, body, headers) => {
    const { post, texts, logged } = createCollector()
    const response = await post(body, { path, headers: headers as Record<string, string> })
    expect(response.status).toBe(401)
    const answer = (await response.json()) as { code: string; message: string }
    expect(answer).toMatchObject({ code: 'unknown_write_key' })
    expect(answer.message).toContain('a secret key is taken only from the Authorization header')
    expect(answer.message).not.toMatch(/\bsk\b/)
    expect([texts, logged]).toEqual([[], []])
  })

  it.each([
    '/pixel/v1/track?writeKey=sk&event=x&userId=u',
    `/v1/pixel/track?data=${btoa('{"writeKey":"sk"}')}`,
    `/v1/pixel/track?writeKey=wk&data=${btoa('{"writeKey":"sk"}')}`,
  ])('is refused as an image: %s', async (path) => {
    const { app, texts } = createCollector()
    const response = await app.request(path)
    expect([response.status, response.headers.get('x-millrace-error')]).toEqual([401, 'unknown_write_key'])
    expect(texts).toEqual([])
  })
})

describe('a route that needs the secret key', () => {
  const routes = ['/v1/import', '/v1/replay'] as const
  const keys = [
    ['no key', {}, 401, 'missing_write_key'],
    ['an unknown key', { authorization: 'Bearer x' }, 401, 'unknown_write_key'],
    ['a write key', { authorization: 'Bearer wk' }, 403, 'secret_key_required'],
  ] as const
  const cases = routes.flatMap((path) => keys.map(([what, ...rest]) => [path, what, ...rest] as const))
  it.each(cases)('reads nothing of a body at %s with %s', async (path, _what, headers, status, code) => {
    const { post, texts } = createCollector()
    let pulls = 0
    const body = new ReadableStream(
      {
        pull(controller) {
          pulls++
          controller.enqueue(new TextEncoder().encode('{}'))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const response = await post(body, { path, headers })
    expect([response.status, pulls, texts]).toEqual([status, 0, []])
    expect(await response.json()).toMatchObject({ code })
  })
})
