/** Whatever is sent, the laws hold: for a source with nothing set, and for one with everything set. */

import { definePlan, type SourceSettings } from '@millrace/schemas'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  anyBody,
  anyBytes,
  anyJson,
  changeBytes,
  harmlessFields,
  mixedBatch,
} from './bad-input-arbitraries.ts'
import { isErrorCode } from './bad-input-cases.ts'
import { exchange, findFaults, findLogFaults, readEnvelopes } from './bad-input-laws.ts'
import { createCollector, type PostInit } from './fakes.ts'

const entry = { version: '1-0-0', owner: 'shop', description: 'Something good.' }

const plan = definePlan({
  mode: 'enforce',
  events: { Good: { ...entry, properties: z.object({ n: z.number().optional() }) } },
})

/** Every setting but the lookups, which need a bucket. The hook echoes, and throws at the ids that it does not like. */
const EVERYTHING: SourceSettings = {
  allowedOrigins: ['https://shop.example'],
  plan,
  internalHosts: ['shop.example'],
  bots: 'filter',
  ip: 'truncate',
  pii: [
    { paths: ['traits.email', 'context.ip', 'properties.products.*.n'], action: 'drop' },
    { paths: ['userId', 'groupId', 'traits.n', 'context.device.*'], action: 'hash', secretVar: 'PII' },
    { paths: ['properties.**', 'traits.**', 'context.page.**'], action: 'redact', pattern: /\d{4}|x+/ },
  ],
  consent: { required: ['analytics'], whenDenied: 'anonymize', whenUnknown: 'store', whenGpc: 'filter' },
  identity: { kind: 'cookie' },
  enrich: (event) => {
    if (event.messageId.charCodeAt(0) % 3 === 0) throw new Error('a hook may throw')
    return event
  },
}

const BROWSER = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36',
  'cf-connecting-ip': '203.0.113.77',
  cookie: 'millrace_id=known',
  origin: 'https://shop.example',
}

const SOURCES: [string, SourceSettings][] = [
  ['nothing', {}],
  ['everything', EVERYTHING],
]

/** The time bounds the search for a smaller counter-example; on a slow machine also the runs, which is no failure. */
const runs = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 3_000 })

/** What a body holds as a batch, by a reading of our own. */
function countElements(text: string): number {
  try {
    const { batch } = JSON.parse(text) as { batch?: unknown }
    return Array.isArray(batch) ? batch.length : 0
  } catch {
    // No batch, and then no answer of 200 either.
    return 0
  }
}

describe.each(SOURCES)('a source with %s set', (_what, settings) => {
  /** One collector for all runs, as in an isolate; what it did is forgotten after each. */
  const collector = createCollector({ settings, secret: () => 'a secret' })
  const send = async (init: PostInit) => {
    collector.texts.length = 0
    collector.logged.length = 0
    return exchange(collector, { ...init, headers: { ...BROWSER, ...init.headers } })
  }

  it('answers any bytes, under any encoding, with a documented status', async () => {
    const encodings = fc.constantFrom('identity', 'gzip', 'deflate')
    await fc.assert(
      fc.asyncProperty(anyBytes, encodings, async (body, encoding) => {
        const seen = await send({ body, headers: { 'content-encoding': encoding } })
        const count = countElements(new TextDecoder().decode(body))
        expect(findFaults(seen, { count, goodIds: [] })).toEqual([])
      }),
      runs(300),
    )
  })

  it('answers gzip with any bytes changed with a documented status', async () => {
    const text = JSON.stringify({ writeKey: 'wk', batch: [{ type: 'page', userId: 'u' }] })
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
    const whole = new Uint8Array(await new Response(stream).arrayBuffer())
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const body = changeBytes(whole, list)
        const seen = await send({ body, headers: { 'content-encoding': 'gzip' } })
        expect(findFaults(seen, { count: 1, goodIds: [] })).toEqual([])
      }),
      runs(200),
    )
  })

  it('answers any JSON at the routes of a batch, and accounts for every element', async () => {
    const route = fc.constantFrom<PostInit>(
      { path: '/v1/batch' },
      { path: '/beacon/v1/batch?writeKey=wk' },
      { path: '/v1/import', headers: { authorization: 'Bearer sk' } },
    )
    await fc.assert(
      fc.asyncProperty(route, anyBody, async (init, body) => {
        const seen = await send({ ...init, body })
        expect(findFaults(seen, { count: countElements(body), goodIds: [] })).toEqual([])
      }),
      runs(400),
    )
  })

  it('answers any JSON at the routes of one event, and accounts for it', async () => {
    const path = fc.constantFrom('track', 'p', 'screen', 'identify', 'g', 'alias')
    await fc.assert(
      fc.asyncProperty(path, anyJson, async (type, body) => {
        const seen = await send({ path: `/v1/${type}?writeKey=wk`, body })
        expect(findFaults(seen, { count: 1, goodIds: [] })).toEqual([])
      }),
      runs(300),
    )
  })

  it('answers any query for an image with an image, and stores only what can be read', async () => {
    const parameter = fc.tuple(fc.array(fc.string(), { maxLength: 3 }), anyJson)
    const query = fc.array(parameter, { maxLength: 5 }).map((parameters) =>
      parameters.map(([steps, text]) => {
        const name = ['properties', '__proto__', 'context', ...steps].slice(steps.length % 3).join('.')
        return `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(text.slice(0, 300).toWellFormed())}`
      }),
    )
    await fc.assert(
      fc.asyncProperty(query, anyJson, async (fields, data) => {
        const escaped = encodeURIComponent(btoa(unescape(encodeURIComponent(data.toWellFormed()))))
        for (const path of [`/pixel/v1/page?${fields.join('&')}`, `/v1/pixel/page?data=${escaped}`]) {
          const seen = await send({ path: `${path}&writeKey=wk&userId=u`, method: 'GET' })
          const { envelopes, faults } = readEnvelopes(seen)
          const [reason] = envelopes.flatMap(({ quarantined }) => quarantined.map((event) => event.reason))
          const told = seen.headers.get('x-millrace-error') ?? undefined
          expect(seen.status === 200 ? told === reason : isErrorCode(told as never)).toBe(true)
          expect([...faults, ...findLogFaults(seen)]).toEqual([])
        }
      }),
      runs(150),
    )
  })

  it('stores every good event whatever lies beside it', async () => {
    await fc.assert(
      fc.asyncProperty(mixedBatch(harmlessFields), async ({ text, count, goodIds }) => {
        const seen = await send({ body: text })
        expect(seen.status).toBe(200)
        expect(findFaults(seen, { count, goodIds })).toEqual([])
      }),
      runs(250),
    )
  })

  it('accounts for every event whatever its events share, and whoever sends', async () => {
    const shared = fc.tuple(anyJson, anyJson).map(([one, two]) => `"context":${one},"integrations":${two},`)
    const sender = fc.constantFrom<Record<string, string>>(
      { 'sec-gpc': '1' },
      { 'user-agent': 'Googlebot/2.1', cookie: 'millrace_id=%' },
      { 'user-agent': 'node', 'cf-connecting-ip': 'x' },
    )
    await fc.assert(
      fc.asyncProperty(mixedBatch(shared), sender, async ({ text, count }, headers) => {
        const seen = await send({ body: text, headers })
        expect(seen.status).toBe(200)
        expect(findFaults(seen, { count, goodIds: [] })).toEqual([])
      }),
      runs(150),
    )
  })
})
