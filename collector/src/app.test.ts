import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, QUEUE_MESSAGE_BYTES } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector, NOW } from './fakes.ts'

const track = { type: 'track', event: 'Signed Up', anonymousId: 'a1' }

const gzip = (text: string) => gzipBytes(new TextEncoder().encode(text))

async function gzipBytes(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

describe('a batch', () => {
  it('is one envelope with its events numbered by their stream', async () => {
    const { post, envelopes } = createCollector()
    const response = await post({
      writeKey: 'wk',
      stream: 's',
      firstSeq: 7,
      batchId: 'b',
      batch: [track, track],
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ success: true })
    expect(envelopes()).toMatchObject([
      {
        source: 'shop',
        batchId: 'b',
        stream: 's',
        receivedAt: NOW,
        events: [
          { messageId: 's-7', seq: 7 },
          { messageId: 's-8', seq: 8 },
        ],
      },
    ])
  })

  it('is answered only after the queue has it', async () => {
    let isStored = false
    const { post } = createCollector({
      makeDurable: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        isStored = true
      },
    })
    await post({ writeKey: 'wk', batch: [track] })
    expect(isStored).toBe(true)
  })

  it('is refused with 503 and Retry-After when the queue does not take it', async () => {
    const { post, logged } = createCollector({
      makeDurable: () => Promise.reject(new Error('queue is full')),
    })
    const response = await post({ writeKey: 'wk', batch: [track] })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toMatchObject({ success: false, code: 'temporarily_unavailable' })
    expect(logged).toMatchObject([{ event: 'not_durable', source: 'shop' }])
  })

  it('keeps its good events when one is bad, and names the bad one', async () => {
    const { post, envelopes } = createCollector()
    const response = await post({
      writeKey: 'wk',
      stream: 's',
      firstSeq: 1,
      batch: [track, { type: 'track' }, track],
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      success: true,
      receipts: [
        { index: 1, messageId: 's-2', status: 'quarantined', reason: 'missing_field', path: 'event' },
      ],
    })
    const [envelope] = envelopes()
    expect(envelope?.events.map(({ messageId }) => messageId)).toEqual(['s-1', 's-3'])
    expect(envelope?.quarantined).toMatchObject([
      { messageId: 's-2', index: 1, seq: 2, raw: '{"type":"track"}', rawBytes: 16 },
    ])
  })

  it('may be empty', async () => {
    const { post, texts } = createCollector()
    expect((await post({ writeKey: 'wk', batch: [] })).status).toBe(200)
    expect(texts).toEqual([])
  })

  it.each([null, 5, { id: 1 }])('with a source that is no name is taken all the same: %j', async (source) => {
    const { post } = createCollector()
    expect((await post({ writeKey: 'wk', source, batch: [track] })).status).toBe(200)
  })

  it('is cut into messages that a queue holds', async () => {
    const { post, texts, envelopes } = createCollector()
    const batch = Array.from({ length: 15 }, (_, i) => ({
      ...track,
      properties: { i, text: 'x'.repeat(30_000) },
    }))
    expect((await post({ writeKey: 'wk', stream: 's', firstSeq: 1, batch })).status).toBe(200)
    expect(texts.length).toBeGreaterThan(3)
    for (const text of texts)
      expect(new TextEncoder().encode(text).byteLength).toBeLessThan(QUEUE_MESSAGE_BYTES)
    expect(envelopes().flatMap(({ events }) => events.map(({ seq }) => seq))).toEqual(
      batch.map((_, i) => i + 1),
    )
  })

  it('of refused events and a shared context as large as allowed still fits', async () => {
    const { post, texts } = createCollector()
    const quotes = { type: 'nope', text: '"\\'.repeat(20_000) }
    const response = await post({
      writeKey: 'wk',
      context: { text: 'ü'.repeat(15_000) },
      batch: [quotes, quotes, track],
    })
    expect(response.status).toBe(200)
    expect(texts.length).toBeGreaterThan(0)
  })

  it('is read whatever its content type, and inflated', async () => {
    const { post, envelopes } = createCollector()
    const body = JSON.stringify({ writeKey: 'wk', batch: [track] })
    await post(body, { headers: { 'content-type': 'text/plain' } })
    await post(body, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    await post(await gzip(body), { headers: { 'content-encoding': 'gzip' } })
    expect(envelopes().length).toBe(3)
  })

  it.each([
    ['Basic with a colon', { headers: { authorization: `Basic ${btoa('wk:')}` } }],
    ['Basic without', { headers: { authorization: `Basic ${btoa('wk-new')}` } }],
    ['Basic bare', { headers: { authorization: 'Basic wk-new' } }],
    ['Basic bare that happens to be base64', { headers: { authorization: 'Basic abcd' } }],
    [
      'the query when the header is of no use',
      { headers: { authorization: 'Basic !!!!' }, path: '/v1/batch?writeKey=wk' },
    ],
    ['a path that ends with a slash', { path: '/v1/batch/?writeKey=wk' }],
    ['bearer', { headers: { authorization: 'Bearer wk' } }],
    ['the query', { path: '/v1/batch?writeKey=wk' }],
  ])('takes its write key from %s', async (_where, init) => {
    const { post, envelopes } = createCollector()
    expect((await post({ batch: [track] }, init)).status).toBe(200)
    expect(envelopes()).toMatchObject([{ source: 'shop' }])
  })
})

describe('ids', () => {
  it('of events that bring none are the same when the batch is sent again, and differ within it', async () => {
    const { post, envelopes } = createCollector()
    const dated = { ...track, timestamp: '2026-11-21T10:00:00Z' }
    const batch = [dated, dated, { ...dated, event: 'Other' }]
    await post({ writeKey: 'wk', sentAt: '2026-11-21T11:00:00Z', batch })
    await post({ writeKey: 'wk', sentAt: '2026-11-21T11:59:00Z', batch })
    const [first, second] = envelopes()
    expect(new Set(first?.events.map(({ messageId }) => messageId)).size).toBe(3)
    expect(second?.events.map(({ messageId }) => messageId)).toEqual(
      first?.events.map(({ messageId }) => messageId),
    )
    expect(second?.batchId).toBe(first?.batchId)
  })

  it("are the client's own when it brings them", async () => {
    const { post, envelopes } = createCollector()
    await post({ writeKey: 'wk', stream: 's', firstSeq: 1, batch: [{ ...track, messageId: 'mine' }] })
    expect(envelopes()[0]?.events).toMatchObject([{ messageId: 'mine', seq: 1 }])
  })
})

describe('times', () => {
  it('are corrected by the clock of the attempt', async () => {
    const { post, envelopes } = createCollector()
    const timestamp = '2020-01-01T00:00:00.000Z'
    await post({ writeKey: 'wk', sentAt: '2020-01-01T00:00:10.000Z', batch: [{ ...track, timestamp }] })
    expect(envelopes()[0]?.events).toMatchObject([
      { timestamp: NOW - 10_000, originalTimestamp: Date.parse(timestamp) },
    ])
  })

  it.each(['yesterday', '0001-01-01', '2031-01-01', '1999-01-01'])(
    'that are impossible quarantine the event: %s',
    async (timestamp) => {
      const { post, envelopes } = createCollector()
      const response = await post({
        writeKey: 'wk',
        sentAt: '2026-11-21T12:00:00Z',
        batch: [{ ...track, timestamp }, track],
      })
      expect(await response.json()).toMatchObject({
        receipts: [{ index: 0, reason: 'impossible_time', path: 'timestamp' }],
      })
      expect(envelopes()[0]?.events.length).toBe(1)
    },
  )

  it('of an import are history, taken as they are', async () => {
    const { post, envelopes } = createCollector()
    const headers = { authorization: `Basic ${btoa('sk:')}` }
    await post(
      { sentAt: '2026-11-21T11:59:00Z', batch: [{ ...track, timestamp: '2015-05-17T10:05:03Z' }] },
      { headers, path: '/v1/import' },
    )
    expect(envelopes()).toMatchObject([
      { route: 'import', events: [{ timestamp: Date.UTC(2015, 4, 17, 10, 5, 3) }] },
    ])
  })
})

describe('hostile events', () => {
  const text = (value: string) => JSON.stringify(value)
  it.each([
    ['a lone surrogate', `{"type":"track","event":"\\ud83d","anonymousId":"a"}`, '\ufffd'],
    ['a written escape', `{"type":"track","event":"\\\\ud83d","anonymousId":"a"}`, '\\ud83d'],
    ['a pair', `{"type":"track","event":"\\ud83d\\ude00","anonymousId":"a"}`, '😀'],
  ])('with %s are stored as valid text', async (_what, event, expected) => {
    const { post, envelopes, texts } = createCollector()
    await post(`{"writeKey":"wk","batch":[${event}]}`)
    expect(envelopes()[0]?.events[0]?.event).toBe(expected)
    expect(texts[0]?.includes(`\\ud83d`) && expected !== '\\ud83d').toBe(false)
  })

  it('with a prototype key stay an event and change nothing', async () => {
    const { post, envelopes } = createCollector()
    await post(
      `{"writeKey":"wk","__proto__":{"batch":[]},"batch":[{"type":"track","event":${text('x')},"userId":"u","properties":{"__proto__":{"polluted":1}}}]}`,
    )
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect(envelopes()[0]?.events.length).toBe(1)
  })

  const surrogates: [string, object][] = [
    ['context', { context: { a: '\ud800' } }],
    ['integrations', { integrations: { '\udc00': 1 } }],
    ['stream', { stream: 's\ud800', firstSeq: 1 }],
    ['batchId', { batchId: 'b\ud800' }],
    ['previous', { previous: { stream: 'p\ud800', lastSeq: 1 } }],
  ]
  it.each(surrogates)('sharing a lone surrogate in %s are stored as valid text', async (_where, fields) => {
    const { post, texts } = createCollector()
    expect((await post({ writeKey: 'wk', ...fields, batch: [track] })).status).toBe(200)
    expect(texts.length).toBe(1)
    expect(texts[0]).not.toContain('\\ud')
  })

  it.each([1_100, 15_000])(
    'sharing a context nested %i levels deep are refused one by one',
    async (levels) => {
      const { post, envelopes } = createCollector()
      const context = `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
      const response = await post(`{"writeKey":"wk","context":${context},"batch":[${JSON.stringify(track)}]}`)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        receipts: [{ index: 0, reason: 'too_deep', path: 'context' }],
      })
      expect(envelopes()[0]?.context).toBeUndefined()
    },
  )

  it('at the limit of 32 KB are accepted, one byte over are refused', async () => {
    const { post } = createCollector()
    const frame = JSON.stringify({ ...track, properties: { text: '' } }).length
    const sized = (bytes: number) => ({ ...track, properties: { text: 'x'.repeat(bytes - frame) } })
    const response = await post({ writeKey: 'wk', batch: [sized(32 * 1024), sized(32 * 1024 + 1)] })
    expect(await response.json()).toMatchObject({ receipts: [{ index: 1, reason: 'event_too_large' }] })
  })

  it.each([33_000, 200_000])(
    'over 32 KB are refused with the limit and what they have (%d)',
    async (length) => {
      const { post } = createCollector()
      const batch = [{ ...track, properties: { text: 'x'.repeat(length) } }]
      const response = await post({ writeKey: 'wk', batch })
      const message = expect.stringMatching(
        new RegExp(`at most 32768 bytes.*got ${String(length).slice(0, 2)}`),
      )
      expect(await response.json()).toMatchObject({ receipts: [{ reason: 'event_too_large', message }] })
    },
  )

  it('nested a hundred thousand levels deep cost only themselves', async () => {
    const { post, envelopes } = createCollector()
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const response = await post(
      `{"writeKey":"wk","batch":[{"type":"track","event":"x","userId":"u","properties":{"a":${deep}}},${JSON.stringify(track)}]}`,
    )
    expect(response.status).toBe(200)
    expect(envelopes()[0]?.events.length).toBe(1)
  })
})

describe('a request that is no batch', () => {
  const big = 'x'.repeat(MAX_BATCH_BYTES + 1)
  const key = { writeKey: 'wk' }
  const cases: [string, BodyInit | object, RequestInit & { path?: string }, number, string][] = [
    ['is not JSON', 'hello', {}, 400, 'invalid_json'],
    ['is empty', '', {}, 400, 'invalid_json'],
    ['is a JSON number', '5', {}, 400, 'invalid_batch'],
    ['is a JSON array', '[]', {}, 400, 'invalid_batch'],
    ['has no batch', key, {}, 400, 'invalid_batch'],
    ['has a batch that is no array', { ...key, batch: {} }, {}, 400, 'invalid_batch'],
    ['has no write key', { batch: [track] }, {}, 401, 'missing_write_key'],
    ['has a write key of the wrong kind', { batch: [track], writeKey: 5 }, {}, 401, 'missing_write_key'],
    ['has an unknown write key', { batch: [track], writeKey: 'other' }, {}, 401, 'unknown_write_key'],
    [
      'has a key from the prototype',
      { batch: [track], writeKey: 'constructor' },
      {},
      401,
      'unknown_write_key',
    ],
    [
      'imports with a write key',
      { batch: [track] },
      { path: '/v1/import', headers: { authorization: 'Bearer wk' } },
      403,
      'secret_key_required',
    ],
    ['is for another source', { ...key, source: 'blog', batch: [track] }, {}, 403, 'wrong_source'],
    ['is too large', { ...key, text: big }, {}, 413, 'body_too_large'],
    [
      'has too many events',
      { ...key, batch: Array.from({ length: MAX_BATCH_EVENTS + 1 }, () => 1) },
      {},
      413,
      'too_many_events',
    ],
    ['has an unknown encoding', '{}', { headers: { 'content-encoding': 'br' } }, 415, 'unsupported_encoding'],
    ['is no gzip', 'hello', { headers: { 'content-encoding': 'gzip' } }, 400, 'invalid_encoding'],
    ['comes by another method', '{}', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['goes nowhere', '{}', { path: '/v2/batch' }, 404, 'not_found'],
  ]
  it.each(cases)(
    'and %s is refused with a code, CORS headers and nothing enqueued',
    async (_what, body, init, status, code) => {
      const { post, texts } = createCollector()
      const response = await post(body, init)
      expect(response.status).toBe(status)
      expect(await response.json()).toEqual({
        success: false,
        code,
        message: expect.stringMatching(/\w+ \w+/),
      })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(texts).toEqual([])
    },
  )

  it('is gzip without a header that says so is taken, as pages of other origins send it', async () => {
    const { post, texts } = createCollector()
    const body = await gzip(JSON.stringify({ writeKey: 'wk', batch: [{ type: 'page', anonymousId: 'a' }] }))
    const response = await post(body)
    expect(await response.json()).toEqual({ success: true })
    expect(texts).toHaveLength(1)
  })

  it.each([
    ['cut short', async () => (await gzip('{"batch":[]}')).slice(0, 12), 400, 'invalid_encoding'],
    ['too large when it is inflated', () => gzip('x'.repeat(50_000_000)), 413, 'body_too_large'],
    ['gzip within gzip', async () => gzipBytes(await gzip('{"batch":[]}')), 400, 'invalid_json'],
  ])('is gzip without a header and %s is refused', async (_what, makeBody, status, code) => {
    const { post } = createCollector()
    const response = await post(await makeBody())
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ success: false, code })
  })

  it.each([
    ['no gzip at all', async () => 'hello'],
    ['gzip that is cut short', async () => (await gzip('{"batch":[]}')).slice(0, 12)],
  ])('is %s, though its header says so, is told in our own words', async (_what, makeBody) => {
    const { post } = createCollector()
    const response = await post(await makeBody(), { headers: { 'content-encoding': 'gzip' } })
    const message = 'the body is not gzip, as its Content-Encoding says, or is broken or cut short'
    expect(await response.json()).toEqual({ success: false, code: 'invalid_encoding', message })
  })

  it('inflates to too much is refused before it is whole', async () => {
    const { post } = createCollector()
    const bomb = await gzip('x'.repeat(50_000_000))
    const response = await post(bomb, { headers: { 'content-encoding': 'gzip' } })
    expect(response.status).toBe(413)
  })

  it('has no declared length and is too large is refused', async () => {
    const { post } = createCollector()
    const stream = new Blob([big]).stream()
    const response = await post(stream)
    expect(response.status).toBe(413)
  })
})

describe('other requests', () => {
  it('get the health', async () => {
    const { app } = createCollector()
    expect(await (await app.request('/health')).json()).toEqual({ status: 'ok' })
  })

  it('get an answer to their preflight', async () => {
    const { app } = createCollector()
    const response = await app.request('/v1/batch', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'Authorization,AnonymousId',
      },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-headers')).toContain('AnonymousId')
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
  })
})
