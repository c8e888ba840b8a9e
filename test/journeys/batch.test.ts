/** What a client sees of the collector on the real runtime, and what is in ClickHouse afterwards. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

const track = (event: string, more: object = {}) => ({ type: 'track', event, anonymousId: 'a1', ...more })

/** Resolves once everything posted before is in ClickHouse: the local queue hands on in order. */
async function settle(): Promise<void> {
  const stream = crypto.randomUUID()
  await stack.post({ stream, firstSeq: 1, batch: [track('marker')] })
  await waitFor(
    () => countOf(stream),
    (n) => n === 1,
  )
}

async function countOf(stream: string): Promise<number> {
  const query = 'SELECT toUInt32(count()) AS n FROM events FINAL WHERE stream = {stream:String}'
  const [row] = await stack.query<{ n: number }>(query, { stream })
  return row?.n ?? 0
}

describe('a batch', () => {
  it('is in ClickHouse within ten seconds, each event with its fields', async () => {
    const startedAt = Date.now()
    const batch = [
      track('Product Viewed', {
        properties: { sku: 'S-1', price: 12.5, tags: ['a', 'b'], 'a.b': 1, a: { b: 2 } },
      }),
      { type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { email: 'a@example.com' } },
      {
        type: 'page',
        anonymousId: 'a1',
        name: 'Home',
        properties: { path: '/', url: 'https://shop.example/' },
      },
    ]
    const sentAt = new Date().toISOString()
    const response = await stack.post({
      stream: 'fields',
      firstSeq: 1,
      batchId: 'b1',
      sentAt,
      context: { locale: 'de' },
      batch,
    })
    expect(await response.json()).toEqual({ success: true })
    await waitFor(
      () => countOf('fields'),
      (n) => n === 3,
      10_000,
    )
    expect(Date.now() - startedAt).toBeLessThan(10_000)

    const rows = await stack.query('SELECT * FROM events FINAL WHERE stream = {s:String} ORDER BY seq', {
      s: 'fields',
    })
    expect(rows).toMatchObject([
      {
        message_id: 'fields-1',
        type: 'track',
        event: 'Product Viewed',
        source: 'dev',
        locale: 'de',
        batch_id: 'b1',
      },
      { message_id: 'fields-2', type: 'identify', user_id: 'u1', traits: { email: 'a@example.com' } },
      {
        message_id: 'fields-3',
        type: 'page',
        event: 'page',
        name: 'Home',
        page_path: '/',
        page_url: 'https://shop.example/',
      },
    ])
    expect(rows).toMatchObject([
      { properties: { sku: 'S-1', price: 12.5, tags: ['a', 'b'], 'a%2Eb': 1, a: { b: 2 } } },
      {},
      {},
    ])
  })

  it('posted three times is one set of rows', async () => {
    const batch = [track('One'), track('Two')]
    for (let attempt = 0; attempt < 3; attempt++) {
      const sentAt = new Date(Date.now() + attempt * 1_000).toISOString()
      expect((await stack.post({ stream: 'thrice', firstSeq: 1, sentAt, batch })).status).toBe(200)
      await settle()
    }
    expect(await countOf('thrice')).toBe(2)
  })

  it('without any ids, posted three times, is one set of rows too', async () => {
    const timestamp = new Date().toISOString()
    const batch = [track('Unnumbered'), track('Unnumbered'), track('Unnumbered', { timestamp })]
    for (let attempt = 0; attempt < 3; attempt++) {
      await stack.post({ batch })
      await settle()
    }
    const query = "SELECT toUInt32(count()) AS n FROM events FINAL WHERE event = 'Unnumbered'"
    expect(await stack.query(query)).toEqual([{ n: 3 }])
  })

  it('whose events come again in another cut has each left out once', async () => {
    const [one, twice] = ['Cut', 'Twice'].map((event) => track(event, { messageId: `cut-${event}` }))
    await stack.post({ batch: [one, twice, twice] })
    await settle()
    await stack.post({ batch: [twice, twice] })
    await settle()
    const look = (table: string) =>
      stack.query(`SELECT message_id FROM ${table} FINAL WHERE message_id LIKE 'cut-%' ORDER BY message_id`)
    expect(await look('events')).toEqual([{ message_id: 'cut-Cut' }, { message_id: 'cut-Twice' }])
    // The last insert of the three tables.
    const omitted = await waitFor(
      () => look('omitted'),
      ({ length }) => length > 0,
    )
    expect(omitted).toEqual([{ message_id: 'cut-Twice' }])
  })

  it('sent twice keeps the copy that arrived first, whatever the clocks of the attempts said', async () => {
    const event = track('Clocks', { timestamp: '2026-01-01T00:00:00Z' })
    const look = () => stack.query("SELECT timestamp, batch_id FROM events FINAL WHERE stream = 'clocks'")
    await stack.post({
      stream: 'clocks',
      firstSeq: 1,
      batchId: 'first',
      sentAt: '2026-01-01T00:00:01Z',
      batch: [event],
    })
    await settle()
    const first = await look()
    await stack.post({
      stream: 'clocks',
      firstSeq: 1,
      batchId: 'second',
      sentAt: '2026-01-01T01:00:00Z',
      batch: [event],
    })
    await settle()
    expect(first).toMatchObject([{ batch_id: 'first' }])
    expect(await look()).toEqual(first)
  })

  it('with one bad event stores the others and the bad one in quarantine, once however often it is sent', async () => {
    const batch = [track('Good'), { type: 'track' }, track('Good too'), 'not an event']
    for (let attempt = 0; attempt < 2; attempt++) {
      const response = await stack.post({ stream: 'mixed', firstSeq: 1, batch })
      expect(await response.json()).toMatchObject({
        success: true,
        receipts: [
          { index: 1, messageId: 'mixed-2', status: 'quarantined', reason: 'missing_field', path: 'event' },
          { index: 3, messageId: 'mixed-4', status: 'quarantined', reason: 'not_an_object' },
        ],
      })
    }
    await settle()
    expect(await countOf('mixed')).toBe(2)
    const query = "SELECT message_id, reason, raw FROM quarantine FINAL WHERE stream = 'mixed' ORDER BY seq"
    // Its insert follows that of the events.
    const rows = await waitFor(
      () => stack.query(query),
      ({ length }) => length >= 2,
    )
    expect(rows).toEqual([
      { message_id: 'mixed-2', reason: 'missing_field', raw: '{"type":"track"}' },
      { message_id: 'mixed-4', reason: 'not_an_object', raw: '"not an event"' },
    ])
  })

  it('is stored as it was sent, whatever is in it', async () => {
    const properties = {
      dates: [
        '12/05/2024',
        '2024-02-30',
        '2024-01-01T10:00:00+02:00',
        'Jan 1 2024',
        'Sat, 01 Jan 2022 00:00:00 GMT',
      ],
      mixed: [true, 1, 'x'],
      bools: [true, false],
      wei: 1e20,
      negative: -1e20,
      float: 0.1,
      nested: { deep: { er: 'ü😀' } },
    }
    const keys = { 'a.b': 1, 'a%2Eb': 2, 'a%252Eb': 3, a: { b: 4 } }
    const batch = [track('Whole', { properties }), track('Keys', { properties: keys }), track('Neighbour')]
    await stack.post({ stream: 'whole', firstSeq: 1, batch, context: { app: { 'x.y': '2024-01-02' } } })
    await waitFor(
      () => countOf('whole'),
      (n) => n === 3,
    )
    const select =
      'SELECT toString(properties) AS text, toString(context) AS context FROM events FINAL WHERE stream'
    const rows = await stack.query<{ text: string; context: string }>(`${select} = 'whole' ORDER BY seq`)
    expect(JSON.parse(rows[0]?.text ?? '')).toEqual(properties)
    expect(JSON.parse(rows[1]?.text ?? '')).toEqual({ 'a%2Eb': 1, 'a%252Eb': 2, 'a%25252Eb': 3, a: { b: 4 } })
    expect(JSON.parse(rows[0]?.context ?? '')).toEqual({ app: { 'x%2Ey': '2024-01-02' } })
  })

  it('of two thousand events, larger than a queue message, arrives whole', async () => {
    const batch = Array.from({ length: 2_000 }, (_, i) =>
      track('Many', { properties: { i, text: 'ü'.repeat(40) } }),
    )
    expect((await stack.post({ stream: 'many', firstSeq: 1, batch })).status).toBe(200)
    await waitFor(
      () => countOf('many'),
      (n) => n === 2_000,
    )
    const [row] = await stack.query(
      'SELECT toUInt32(min(seq)) AS first, toUInt32(max(seq)) AS last FROM events FINAL WHERE stream = {s:String}',
      { s: 'many' },
    )
    expect(row).toEqual({ first: 1, last: 2_000 })
  })

  it('of events that happened in three hundred different months goes in', async () => {
    const batch = Array.from({ length: 300 }, (_, i) =>
      track('Old', { timestamp: new Date(Date.UTC(1990, i, 1)).toISOString() }),
    )
    const response = await fetch(`${stack.worker.url}/v1/import`, {
      method: 'POST',
      headers: { authorization: 'Bearer dev-secret' },
      body: JSON.stringify({ stream: 'months', firstSeq: 1, batch }),
    })
    expect(response.status).toBe(200)
    await waitFor(
      () => countOf('months'),
      (n) => n === 300,
    )
  })
})

describe('a request that is no batch', () => {
  const cases: [string, string, RequestInit, number, string][] = [
    ['no JSON', '/v1/batch', { method: 'POST', body: 'hello' }, 400, 'invalid_json'],
    ['no batch', '/v1/batch', { method: 'POST', body: '{"writeKey":"dev"}' }, 400, 'invalid_batch'],
    ['no key', '/v1/batch', { method: 'POST', body: '{"batch":[]}' }, 401, 'missing_write_key'],
    [
      'an unknown key',
      '/v1/batch',
      { method: 'POST', body: '{"batch":[],"writeKey":"nope"}' },
      401,
      'unknown_write_key',
    ],
    [
      'too much',
      '/v1/batch',
      // Answered before all of it was read, its connection is of no use to the next request.
      { method: 'POST', body: 'x'.repeat(600_000), headers: { connection: 'close' } },
      413,
      'body_too_large',
    ],
    ['the wrong method', '/v1/batch', { method: 'GET' }, 405, 'method_not_allowed'],
    [
      'an import without the secret key',
      '/v1/import',
      { method: 'POST', body: '{"batch":[]}', headers: { authorization: 'Bearer dev' } },
      403,
      'secret_key_required',
    ],
    ['a path that is none', '/v1/nothing', {}, 404, 'not_found'],
  ]
  it.each(cases)(
    '(%s) gets a JSON error that a browser may read',
    async (_what, path, init, status, code) => {
      const response = await fetch(`${stack.worker.url}${path}`, init)
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ success: false, code })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
    },
  )
})
