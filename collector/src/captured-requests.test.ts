/** What somebody can do who has recorded a request with the secret key and sends it once more: nothing that it did not do. */

import { env } from 'cloudflare:workers'
import { encodeEnvelopes } from '@millrace/schemas'
import { expect, it } from 'vitest'
import { createCollector, type FakeOptions, NOW } from './fakes.ts'

const SECRET = { authorization: 'Bearer sk' }
const HOUR_MS = 3_600_000

/** Sends the same request now, a day later and a month later, each to a collector as it is then. */
async function sendThrice(path: string, init: RequestInit, options: FakeOptions = {}) {
  const sent = []
  for (const later of [0, 24 * HOUR_MS, 30 * 24 * HOUR_MS]) {
    const collector = createCollector({ now: () => NOW + later, ...options })
    const response = await collector.app.request(path, { headers: SECRET, ...init })
    sent.push({ ...collector, status: response.status, body: await response.text() })
  }
  return sent
}

/** What the warehouse knows an event by: its sorting key is made of these alone. */
function identities({ envelopes }: ReturnType<typeof createCollector>): unknown[] {
  return envelopes().flatMap(({ source, events }) =>
    events.map(({ messageId, originalTimestamp, timestamp, event, properties }) => [
      ...[source, messageId, originalTimestamp ?? timestamp, timestamp, event, properties],
    ]),
  )
}

it('an import stores the same events again under the same ids and times, which count once', async () => {
  const dated = { type: 'track', userId: 'u', event: 'x', timestamp: '2026-11-20T10:00:00.000Z' }
  const batch = [
    { ...dated, messageId: 'm1' },
    { ...dated, properties: { price: 5 } },
  ]
  const init = { method: 'POST', body: JSON.stringify({ batch }) }
  const [first, ...later] = (await sendThrice('/v1/import', init)).map(identities)
  expect(first).toHaveLength(2)
  for (const again of later) expect(again).toEqual(first)
})

it('a replay of the quarantine stores the same events again under the same ids and times', async () => {
  const raw = JSON.stringify({ type: 'track', userId: 'u', event: 'x' })
  const events = [{ raw, messageId: 'q1', receivedAt: '2026-11-20T10:00:00.000Z', route: 'batch' }]
  const init = { method: 'POST', body: JSON.stringify({ events }) }
  const [first, ...later] = (await sendThrice('/v1/replay', init)).map(identities)
  const receivedAt = Date.parse('2026-11-20T10:00:00.000Z')
  expect(first).toEqual([['shop', 'q1', receivedAt, receivedAt, 'x', undefined]])
  for (const again of later) expect(again).toEqual(first)
})

it('a replay of dead letters finds them gone', async () => {
  const key = 'dead/2026-11-21/captured.json'
  const text = encodeEnvelopes(
    { source: 'shop', route: 'batch', receivedAt: NOW, batchId: 'b' },
    { events: ['{"messageId":"m1","type":"track","timestamp":1,"event":"x"}'], quarantined: [], omitted: [] },
  )[0]
  await env.LAKE.put(key, text ?? '')
  const sent: string[] = []
  const queue = {
    sendBatch: async (messages: { body: string }[]) => void sent.push(...messages.map(({ body }) => body)),
  }
  const init = { method: 'POST', body: JSON.stringify({ keys: [key] }) }
  const answers = await sendThrice('/v1/dead/replay', init, { deadLetters: { bucket: env.LAKE, queue } })
  const counts = answers.map(({ body }) => JSON.parse(body) as { replayed: number; notFound: number })
  expect(counts.map(({ replayed, notFound }) => [replayed, notFound])).toEqual([
    [1, 0],
    [0, 1],
    [0, 1],
  ])
  expect(sent).toEqual([text])
})

it('a lookup table is put back as it was then: the one that matters, and why the key goes by TLS alone', async () => {
  const put = (rows: object) => ({ method: 'PUT', body: JSON.stringify({ key: 'id', rows }) })
  const { app } = createCollector({ lookupBucket: env.LAKE })
  const load = (init: RequestInit) => app.request('/v1/lookups/captured', { headers: SECRET, ...init })
  const old = put({ a: { price: 1 } })
  for (const init of [old, put({ a: { price: 2 } }), old]) expect((await load(init)).status).toBe(200)
  const stored = await (await env.LAKE.get('lookups/shop/captured.json'))?.text()
  expect(JSON.parse(stored ?? '')).toEqual({ key: 'id', rows: { a: { price: 1 } } })
})

it('none of them is taken with another key, nor for another source, than it was recorded with', async () => {
  const requests: [string, RequestInit][] = [
    ['/v1/import', { method: 'POST', body: '{"batch":[]}' }],
    ['/v1/replay', { method: 'POST', body: '{"events":[]}' }],
    ['/v1/dead/replay', { method: 'POST', body: '{"keys":["dead/2026-11-21/a.json"]}' }],
    ['/v1/lookups/captured', { method: 'PUT', body: '{"key":"id","rows":{}}' }],
    ['/v1/spill/drain', { method: 'POST' }],
  ]
  for (const [path, init] of requests) {
    const { app } = createCollector({ lookupBucket: env.LAKE })
    // The key was changed since.
    const rotated = await app.request(path, { ...init, headers: { authorization: 'Bearer sk-old' } })
    expect([path, rotated.status]).toEqual([path, 401])
  }
})
