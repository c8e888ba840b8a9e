/** What somebody can do with the write key that every page shows, and what not. */

import { describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { createCollector, type FakeOptions, NOW, SHOP } from './fakes.ts'
import { keyedRoutes } from './route-keys.ts'
import { createSources } from './sources.ts'

const EVENT = { type: 'track', event: 'x', userId: 'u', messageId: 'm1' }
const WRITE = { authorization: 'Bearer wk' }

/** Answer of a batch, the envelopes that came of it, and what was logged. */
async function send(body: object, init: RequestInit & { path?: string } = {}, options: FakeOptions = {}) {
  const collector = createCollector(options)
  const response = await collector.post({ writeKey: 'wk', ...body }, init)
  return { ...collector, status: response.status, answer: await response.json<Record<string, unknown>>() }
}

describe('a write key', () => {
  const locked = keyedRoutes().filter(({ needs }) => needs === 'read' || needs === 'secret')
  it.each(locked)('opens nothing at $method $path, wherever it is', async (route) => {
    const { method, address, body, headers, needs } = route
    const { app, texts } = createCollector()
    const withKey = body?.startsWith('{') ? JSON.stringify({ ...JSON.parse(body), writeKey: 'wk' }) : body
    const init = { method, ...(withKey === undefined ? {} : { body: withKey }) }
    const inHeader = await app.request(address, { ...init, headers: { ...headers, ...WRITE } })
    const query = `${address}${address.includes('?') ? '&' : '?'}writeKey=wk`
    const inQuery = await app.request(query, { ...init, headers: headers ?? {} })
    // A route that needs the secret key tells whoever has another key of the source what it lacks.
    const expected = needs === 'secret' ? 403 : 401
    expect([inHeader.status, inQuery.status, texts]).toEqual([expected, expected, []])
  })

  it.each([
    ['$retract', { messageId: 'other', reason: 'x' }],
    ['$correct', { messageId: 'other', reason: 'x', changes: { properties: { price: 5 } } }],
  ])('never corrects what was stored: %s is quarantined', async (event, properties) => {
    const correction = { ...EVENT, event, properties, isSecret: true, context: { isSecret: true } }
    const { envelopes, answer } = await send({ batch: [correction], isSecret: true })
    expect(answer['receipts']).toMatchObject([{ status: 'quarantined', reason: 'secret_key_required' }])
    expect(envelopes()[0]?.events).toEqual([])
    const secret = { headers: { authorization: 'Bearer sk' } }
    const { envelopes: taken } = await send({ batch: [correction] }, secret)
    expect(taken()[0]?.events).toHaveLength(1)
  })

  it('says nothing of the source, the times of receipt or the facts of an event', async () => {
    const forged = {
      source: 'blog',
      receivedAt: 1,
      received_at: '1970-01-01',
      facts: { country: 'ZZ', isRelayed: true, bot: undefined },
      route: 'import',
      isSecret: true,
      writeKey: 'other',
    }
    const { envelopes } = await send({
      batch: [{ ...EVENT, ...forged }],
      receivedAt: 1,
      route: 'import',
      facts: { country: 'ZZ' },
    })
    const [envelope] = envelopes()
    expect(envelope).toMatchObject({ source: 'shop', route: 'batch', receivedAt: NOW })
    const [event] = envelope?.events ?? []
    expect(event).not.toHaveProperty('source')
    expect(event?.facts).not.toMatchObject({ country: 'ZZ' })
  })

  it('sends for no other source: a batch that names one is refused whole', async () => {
    const { status, answer, texts } = await send({ batch: [EVENT], source: 'blog' })
    expect([status, answer['code'], texts]).toEqual([403, 'wrong_source', []])
  })

  it('cannot take the place of an event of another source: ids are told apart by source', async () => {
    const sources = createSources([SHOP, { name: 'blog', writeKeys: ['bk'] }])
    const texts: string[] = []
    const makeDurable = async (sent: string[]) => void texts.push(...sent)
    const app = createApp({ sources, makeDurable, now: () => NOW, log: () => {} })
    for (const writeKey of ['wk', 'bk'])
      await app.request('/v1/batch', { method: 'POST', body: JSON.stringify({ writeKey, batch: [EVENT] }) })
    const heads = texts.map((text) => JSON.parse(text) as { source: string })
    expect(heads.map(({ source }) => source)).toEqual(['shop', 'blog'])
  })

  it('is counted for its network and its source; more keys of a source are no more room', async () => {
    const counted: string[] = []
    const limiter = { limit: async ({ key }: { key: string }) => ({ success: counted.push(key) < 3 }) }
    const { post } = createCollector({ limits: { bySource: limiter, byClient: undefined } })
    const statuses: number[] = []
    for (const writeKey of ['wk', 'wk-new', 'abcd'])
      statuses.push((await post({ writeKey, batch: [EVENT] })).status)
    expect([statuses, new Set(counted)]).toEqual([[200, 200, 429], new Set(['shop'])])
  })

  it.each(['authorization', 'origin', 'x-forwarded-for', 'cf-connecting-ip', 'host'])(
    'is not freed of the limit by the header %s',
    async (name) => {
      const limits = { bySource: { limit: async () => ({ success: false }) }, byClient: undefined }
      const value = name === 'authorization' ? 'Bearer guess' : '127.0.0.1'
      const { status } = await send({ batch: [EVENT] }, { headers: { [name]: value } }, { limits })
      expect(status).toBe(429)
    },
  )
})

describe('an origin that may not send', () => {
  const settings = { allowedOrigins: ['https://shop.example', 'https://*.shop.example'] }
  it.each([
    'https://evil.example',
    'https://shop.example.evil.example',
    'https://evilshop.example',
    'http://shop.example',
    'https://shop.example:8443',
    'https://evil.example/.shop.example',
    'https://evil.example#.shop.example',
    'https://evil.example%2f.shop.example',
    'https://user@.shop.example',
    'https://.shop.example',
    'HTTPS://SHOP.EXAMPLE',
    'null',
  ])('%s is refused with the write key', async (origin) => {
    const { status, answer } = await send({ batch: [EVENT] }, { headers: { origin } }, { settings })
    expect([status, answer['code']]).toEqual([403, 'origin_not_allowed'])
  })

  it('is told from the address where there is no Origin, as of an image', async () => {
    const { app, texts } = createCollector({ settings })
    const ask = (referer: string) =>
      app.request('/pixel/v1/track?writeKey=wk&userId=u&event=x', { headers: { referer } })
    const statuses = [await ask('https://evil.example/a'), await ask('https://a.shop.example/')]
    expect([...statuses.map(({ status }) => status), texts.length]).toEqual([403, 200, 1])
  })
})

describe('the secret key', () => {
  const places: [string, RequestInit & { path?: string }, object][] = [
    ['in the body', {}, { writeKey: 'sk' }],
    ['in the body beside a good key', { headers: WRITE }, { writeKey: 'sk' }],
    ['in the body beside itself', { headers: { authorization: 'Bearer sk' } }, { writeKey: 'sk' }],
    ['in the query', { path: '/v1/batch?writeKey=sk' }, {}],
    ['in the query, once more', { path: '/v1/batch?writeKey=sk', headers: WRITE }, {}],
  ]
  it.each(places)('%s is refused, quoted nowhere and kept nowhere', async (_where, init, fields) => {
    const secretKey = 'sk_0123456789abcdef'
    const swap = (value: object) =>
      JSON.parse(JSON.stringify(value).replaceAll('"sk"', `"${secretKey}"`)) as object
    const sources = createSources([{ ...SHOP, secretKey }])
    const { path = '/v1/batch', headers } = init
    const { status, answer, texts, logged } = await send(
      { batch: [EVENT], ...swap(fields) },
      {
        path: path.replace('=sk', `=${secretKey}`),
        ...(headers === undefined
          ? {}
          : { headers: JSON.parse(JSON.stringify(headers).replace('Bearer sk', `Bearer ${secretKey}`)) }),
      },
      { sources },
    )
    expect([status, texts]).toEqual([401, []])
    expect(JSON.stringify([answer, logged])).not.toContain(secretKey)
  })
})

describe('a flood', () => {
  it('of events in one batch is refused before any is read', async () => {
    const { status, answer, texts } = await send({ batch: Array.from({ length: 2_501 }, () => 0) })
    expect([status, answer['code'], texts]).toEqual([413, 'too_many_events', []])
  })

  it.each([1e9, Number.MAX_SAFE_INTEGER, -1, Number.NaN])(
    'that only says it has %s events has none',
    async (length) => {
      const { status, answer } = await send({ batch: { length } })
      expect([status, answer['code']]).toEqual([400, 'invalid_batch'])
    },
  )

  it.each(['gzip', 'deflate'] as const)(
    'of a gigabyte in some kilobytes of %s is let go of after half a megabyte',
    async (encoding) => {
      let inflated = 0
      const zeros = new Uint8Array(1024 * 1024)
      const source = new ReadableStream<Uint8Array>({
        pull(controller) {
          inflated += zeros.length
          if (inflated > 1024 * 1024 * 1024) controller.close()
          else controller.enqueue(zeros)
        },
      })
      const { app, texts } = createCollector()
      const response = await app.request('/v1/batch', {
        method: 'POST',
        headers: { ...WRITE, 'content-encoding': encoding },
        body: source.pipeThrough(new CompressionStream(encoding)),
      })
      expect([response.status, texts]).toEqual([413, []])
      // What was in pipes when the reader stopped; the rest was never made.
      expect(inflated).toBeLessThan(200 * 1024 * 1024)
    },
  )

  it.each(['br', 'zstd', 'gzip, gzip', 'deflate, br', 'identity, gzip'])(
    'in the encoding %s is not inflated at all',
    async (encoding) => {
      const { status, answer } = await send({ batch: [] }, { headers: { 'content-encoding': encoding } })
      expect([status, answer['code']]).toEqual([415, 'unsupported_encoding'])
    },
  )
})
