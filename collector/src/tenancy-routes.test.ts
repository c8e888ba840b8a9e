/** No key of one source opens anything of another, on any route of the description. */

import { encodeEnvelopes } from '@millrace/schemas'
import { createManifest, encodeManifest, manifestKey } from '@millrace/schemas/lake'
import { LIVE_PROTOCOL, TOKEN_PROTOCOL_PREFIX } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { NOW } from './fakes.ts'
import { describeApi } from './openapi.ts'
import { DEAD_KEY, type KeyedRoute, keyedRoutes, LAKE_FILE } from './route-keys.ts'
import { createSources } from './sources.ts'

const SOURCES = ['shop', 'blog'].map((name) => ({
  name,
  writeKeys: [`${name}-wk`],
  secretKey: `${name}-sk`,
  readToken: `${name}-rt`,
}))

/** What only the shop has, wherever it is kept. */
const PRIVATE = 'of-the-shop-alone'

const LETTER =
  encodeEnvelopes(
    { source: 'shop', route: 'batch', receivedAt: NOW, batchId: 'b' },
    { events: [JSON.stringify({ messageId: PRIVATE })], quarantined: [], omitted: [] },
  )[0] ?? ''

/** A collector of both sources; `touched` has the name of each source for which something was done or read. */
function createWorld() {
  const touched: string[] = []
  const touch = (key: string) => {
    const source = /source=(\w+)|lookups\/(\w+)/.exec(key)
    touched.push(source?.[1] ?? source?.[2] ?? key)
  }
  const uploaded = new Date(0)
  const stored = { size: PRIVATE.length, etag: 'v1', httpEtag: '"v1"', uploaded }
  const streamOf = (text: string) => new Response(text).body as ReadableStream<Uint8Array>
  const letter = { key: DEAD_KEY, size: 1, uploaded, customMetadata: { source: 'shop', error: PRIVATE } }
  const app = createApp({
    sources: createSources(SOURCES),
    makeDurable: async (texts) => {
      for (const text of texts) touched.push((JSON.parse(text) as { source: string }).source)
    },
    now: () => NOW,
    log: () => {},
    describeApi,
    lookupBucket: {
      get: async () => null,
      put: async (key) => {
        touch(key)
        return { etag: 'v1' }
      },
    },
    lake: {
      head: async (key) => {
        touch(key)
        return stored
      },
      get: async (key) => {
        touch(key)
        const source = SOURCES.find(({ name }) => key === manifestKey(name))?.name
        const text = source === undefined ? PRIVATE : encodeManifest(createManifest(source))
        const arrayBuffer = async () => new TextEncoder().encode(text).buffer
        return { ...stored, body: streamOf(text), text: async () => text, arrayBuffer }
      },
    },
    deadLetters: {
      bucket: {
        list: async ({ prefix }) => ({ objects: prefix === 'dead/' ? [letter] : [], truncated: false }),
        head: async () => null,
        // Whose it is only its text tells, so it may be read for anybody; it must not be told.
        get: async (key) =>
          key === DEAD_KEY ? { ...letter, text: async () => LETTER, body: streamOf(LETTER) } : null,
        put: async (key) => touch(key),
        delete: async (keys) => keys.forEach(touch),
      },
      queue: {
        sendBatch: async (messages) => {
          for (const { body } of messages) touched.push((JSON.parse(body) as { source: string }).source)
        },
      },
    },
    spill: {
      bucket: { list: async () => ({ objects: [{ key: 'spill/1-a', size: 1 }], truncated: false }) },
      drain: async () => {
        touched.push('spill')
        return { objects: 0, messages: 0, left: 0 }
      },
    },
    answer: async (_question, { source }) => {
      touched.push(source)
      return { ok: true, json: JSON.stringify(PRIVATE), cache: 'miss' }
    },
    askLive: async (source, request) => {
      touched.push(source)
      return request.headers.get('upgrade') === 'websocket'
        ? new Response(null, { status: 101, webSocket: new WebSocketPair()[0] })
        : new Response(PRIVATE)
    },
  })
  return { app, touched }
}

/** Every way to hand in a key that some route knows. */
const PLACES = ['bearer', 'basic', 'query', 'body', 'form', 'socket'] as const

function withKey(route: KeyedRoute, key: string, place: (typeof PLACES)[number]): [string, RequestInit] {
  const { method, address, body, headers = {} } = route
  const add = (name: string, value: string): RequestInit => ({
    method,
    headers: { ...headers, [name]: value },
  })
  const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body }) }
  const encoded = btoa(key).replace(/=+$/, '')
  const inQuery = `${address}${address.includes('?') ? '&' : '?'}writeKey=${key}&token=${key}`
  switch (place) {
    case 'bearer':
      return [address, { ...init, ...add('authorization', `Bearer ${key}`) }]
    case 'basic':
      return [address, { ...init, ...add('authorization', `Basic ${btoa(`${key}:`)}`) }]
    case 'query':
      return [inQuery.replace('{writeKey}', key), init]
    case 'body':
      return [
        address,
        body?.startsWith('{') === true
          ? { ...init, body: JSON.stringify({ ...JSON.parse(body), writeKey: key }) }
          : init,
      ]
    case 'form':
      return [address, method === 'POST' && body === '' ? { ...init, body: `token=${key}` } : init]
    default: {
      const protocols = `${LIVE_PROTOCOL}, ${TOKEN_PROTOCOL_PREFIX}${encoded}`
      return [address, { method, headers: { upgrade: 'websocket', 'sec-websocket-protocol': protocols } }]
    }
  }
}

async function ask(route: KeyedRoute, key: string, place: (typeof PLACES)[number], search = '') {
  const { app, touched } = createWorld()
  const [address, init] = withKey(route, key, place)
  const path = search === '' ? address : `${address}${address.includes('?') ? '&' : '?'}${search}`
  const response = await app.request(path, init)
  // A stream that is cut off says only that it was.
  const text = response.status === 101 ? '' : await response.text().catch(() => '')
  return { status: response.status, text, touched, headers: response.headers }
}

const ROUTES = keyedRoutes()
const OWNED = ROUTES.filter(({ needs }) => needs !== 'open')

/** Objects that hold nothing of one source, by the routes that look at them: see docs/security.md. */
const SHARED = ['/v1/spill', '/v1/spill/drain']

/** Keys of the shop that open a route, and all others that there are. */
const KEYS = SOURCES.flatMap(({ name }) => ['wk', 'sk', 'rt'].map((kind) => `${name}-${kind}`))
const OPENERS = { open: [], write: ['wk', 'sk'], secret: ['sk'], read: ['rt'], deployment: [] } as const

/** Wishes for another source than that of the key. */
const SEARCHES = ['', 'source=shop', 'source=blog&source=shop', 'source=shop&source=blog']

function opens({ needs }: KeyedRoute, key: string): boolean {
  return OPENERS[needs].some((kind) => key === `shop-${kind}`)
}

describe('a route', () => {
  it.each(OWNED.filter(({ path, needs }) => !SHARED.includes(path) && needs !== 'deployment'))(
    '$method $path gives a key of its own what it asks for',
    async (route) => {
      const outcomes = await Promise.all(
        KEYS.filter((key) => opens(route, key)).flatMap((key) =>
          PLACES.map((place) => ask(route, key, place)),
        ),
      )
      const isBoot = /settings$|sourceConfig$/.test(route.path)
      const isList = route.path.startsWith('/v1/dead')
      const shown = outcomes.filter(
        ({ touched, text, status }) =>
          touched.includes('shop') || (isList && text.includes(PRIVATE)) || (isBoot && status === 200),
      )
      // Else what follows would say nothing.
      expect(shown.length).toBeGreaterThan(0)
    },
  )

  it.each(OWNED)(
    '$method $path gives no other key anything of the shop, wherever it is handed in',
    async (route) => {
      const wrong = [...KEYS.filter((key) => !opens(route, key)), 'unknown', 'undefined', '__proto__', 'shop']
      for (const key of wrong) {
        for (const place of PLACES) {
          for (const search of place === 'bearer' ? SEARCHES : ['']) {
            const { touched, text, status } = await ask(route, key, place, search)
            const about = `${key} by ${place} ${search}: ${status}`
            expect([about, touched.includes('shop')]).toEqual([about, false])
            expect([about, text.includes(PRIVATE) && !touched.includes('blog')]).toEqual([about, false])
            if (key.startsWith('shop') || !key.includes('-')) {
              expect([about, touched]).toEqual([about, []])
            }
          }
        }
      }
    },
    30_000,
  )

  it.each(OWNED.filter(({ needs }) => needs === 'read' || needs === 'secret'))(
    '$method $path keeps its answer out of caches that others read',
    async (route) => {
      if (route.method !== 'GET') return
      const { status, headers } = await ask(route, `shop-${route.needs === 'read' ? 'rt' : 'sk'}`, 'bearer')
      expect(status).toBeLessThan(500)
      expect(headers.get('cache-control')).toMatch(/\bprivate\b|\bno-store\b/)
    },
  )

  it.each(ROUTES)('$method $path says that nobody may guess its type', async (route) => {
    const { headers } = await ask(route, 'unknown', 'bearer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('a path of the lake', () => {
  const up = ['..', '%2e%2e', '%2E%2e', '.%2e', '%252e%252e', '..%5c', '..%00', '%c0%ae%c0%ae']
  const shop = `source=shop/${LAKE_FILE}`
  it.each([
    ...up.map((dots) => `/v1/lake/files/${dots}/${shop}`),
    ...up.map((dots) => `/v1/lake/files/${dots}%2f${encodeURIComponent(shop)}`),
    ...up.map((dots) => `/v1/lake/files/${dots}%2fsource=shop%2fdate=2026-11-21/hour=11/bucket-0.parquet`),
    ...up.map((dots) => `/v1/lake/files/date=2026-11-21/hour=11/${dots}%2f${dots}%2f${dots}%2f${shop}`),
    `/v1/lake/files/${shop}`,
    `/v1/lake/files//${shop}`,
    `/v1/lake/files/%2f${encodeURIComponent(shop)}/a/b`,
    '/v1/lake/files/date=2026-11-21/hour=11/bucket-0.parquet%2f..%2f..%2f..%2f..%2fsource=shop%2fmanifest.json',
    '/v1/lake/files/date=2026-11-21%2f..%2f..%2fsource=shop%2fdate=2026-11-21/hour=11/bucket-0.parquet',
    '/v1/lake/files/date=2026-11-21/hour=11/bucket-0.parquet%0d%0aX: y',
    '/v1/lake/files/date=2026-11-21/hour=11/bucket-0.parquet%00.json',
    '/v1/lake/manifest/../files/source=shop/a/b',
    '/v1/lake/manifest?source=shop',
    '/v1/lake/manifest?source=blog%2f..%2fshop',
    '/v1/lake/download?source=shop',
  ])('%s reads nothing of another source, nor outside the lake', async (path) => {
    const { app, touched } = createWorld()
    const response = await app.request(path, { headers: { authorization: 'Bearer blog-rt' } })
    await response.text()
    expect(touched).not.toContain('shop')
    expect(touched.filter((name) => name !== 'blog')).toEqual([])
  })
})

describe('a path of the dead letters', () => {
  it.each([
    'dead/../spill/1-a',
    '..%2fspill%2f1-a',
    '2026-11-21%2f..%2f..%2flookups%2fblog%2fproducts.json',
    'parts%2fsource=shop%2f1-ab.parquet',
    'parts/source=blog/../source=shop/1-ab.parquet',
    '%2e%2e/%2e%2e/events/source=shop/manifest.json',
    DEAD_KEY.replace('dead/', ''),
  ])('%s shows nothing of another source, nor outside of them', async (path) => {
    const { app, touched } = createWorld()
    const response = await app.request(`/v1/dead/${path}`, { headers: { authorization: 'Bearer blog-sk' } })
    expect([response.status, touched]).toEqual([404, []])
    expect(await response.text()).not.toContain(PRIVATE)
  })
})

describe('a replay of dead letters', () => {
  it('sends none of another source, and none that is no letter', async () => {
    const { app, touched } = createWorld()
    const keys = [DEAD_KEY, 'spill/1-a', 'lookups/shop/products.json', 'dead/../spill/1-a']
    const response = await app.request('/v1/dead/replay', {
      method: 'POST',
      headers: { authorization: 'Bearer blog-sk' },
      body: JSON.stringify({ keys }),
    })
    expect(await response.json()).toMatchObject({ replayed: 0, notFound: keys.length })
    expect(touched).toEqual([])
  })
})
