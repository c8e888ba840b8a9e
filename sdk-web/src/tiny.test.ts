import type { WireBatch } from '@millrace/schemas/wire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createFakeClock, createFakeWindow, settle } from './fakes.ts'
import { createMillrace } from './tiny.ts'

const options = { writeKey: 'key', endpoint: 'https://events.example.com/' }

interface Request {
  url: string
  batch: WireBatch
  keepalive: boolean
  answer(status: number): void
}

/** A page in which requests wait until they are answered. */
function openPage() {
  const clock = createFakeClock()
  const page = createFakeWindow()
  const location = new URL('https://shop.example/list?page=2#top')
  const requests: Request[] = []
  const parts = {
    location,
    document: Object.assign(page.window.document, { title: 'List', referrer: 'https://from.example/' }),
    window: { navigator: { language: 'de' }, screen: { width: 1, height: 2 }, devicePixelRatio: 3 },
    navigator: { sendBeacon: () => true },
    addEventListener: page.window.addEventListener,
    setTimeout: clock.delay,
    fetch: (url: string, init: { body: string; keepalive: boolean }) =>
      new Promise((resolve) => {
        const answer = (status: number) => resolve(new Response(null, { status }))
        requests.push({ url, batch: JSON.parse(init.body), keepalive: init.keepalive, answer })
      }),
    // As it is in the page, so that bodies can be read.
    CompressionStream: undefined,
  }
  for (const [name, part] of Object.entries(parts)) vi.stubGlobal(name, part)
  const numbers = () =>
    requests.flatMap(({ batch: { firstSeq = 0, batch } }) => batch.map((_, i) => firstSeq + i))
  return { clock, page, requests, numbers, client: createMillrace(options) }
}

afterEach(() => void vi.unstubAllGlobals())

describe('tiny client', () => {
  test('sends what happened with its page, its person and its number', async () => {
    const { client, clock, requests } = openPage()
    client.page('List')
    client.identify('user-1', { plan: 'pro' })
    client.track('A', { b: 1 })
    expect(requests).toEqual([])
    await clock.advance(250)
    expect(requests.map(({ url }) => url)).toEqual(['https://events.example.com/v1/batch'])
    const [request] = requests as [Request]
    const { stream, batchId, batch, ...shared } = request.batch
    expect(batchId).toBe(`${stream}.1`)
    expect(shared).toMatchObject({ writeKey: 'key', firstSeq: 1, context: { locale: 'de' } })
    expect(shared.sentAt).toMatch(/^\d{4}-.*Z$/)
    const url = 'https://shop.example/list?page=2'
    const page = { path: '/list', referrer: 'https://from.example/', search: '?page=2', title: 'List', url }
    const common = {
      ...{ anonymousId: expect.stringMatching(/^\w{16}$/), timestamp: expect.any(String) },
      context: { page },
    }
    expect(batch).toEqual([
      { ...common, type: 'page', name: 'List' },
      { ...common, type: 'identify', userId: 'user-1', traits: { plan: 'pro' } },
      { ...common, type: 'track', event: 'A', properties: { b: 1 }, userId: 'user-1' },
    ])
    expect(new Set(batch.map(({ anonymousId }) => anonymousId)).size).toBe(1)
  })

  test('numbers without a gap, in batches half as large as what a leaving page may send', async () => {
    const { client, clock, requests, numbers } = openPage()
    for (let i = 0; i < 200; i++) client.track('A', { text: 'ö'.repeat(200) })
    for (let i = 0; i < 20; i++) {
      await clock.advance(1_000)
      requests.at(-1)?.answer(200)
    }
    expect(numbers()).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    for (const { batch } of requests)
      expect(new TextEncoder().encode(JSON.stringify(batch)).length).toBeLessThan(32_768)
    expect(client.dropped.count).toBe(0)
  })

  test('has one request in flight, and tries the same batch again when it fails', async () => {
    const { client, clock, requests } = openPage()
    client.track('A')
    await clock.advance(250)
    client.track('B')
    await clock.advance(1_000)
    expect(requests).toHaveLength(1)
    requests[0]?.answer(500)
    await clock.advance(1_000)
    expect(requests).toHaveLength(2)
    expect(requests[1]?.batch).toEqual({ ...requests[0]?.batch, sentAt: expect.any(String) })
    requests[1]?.answer(200)
    await settle()
    expect(requests[2]?.batch).toMatchObject({ firstSeq: 2, batch: [{ event: 'B' }] })
  })

  test('gives up what the collector refuses, what is too large, and what is not JSON', async () => {
    const { client, clock, requests } = openPage()
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    client.track('circular', circular)
    client.track('huge', { text: 'x'.repeat(32_000) })
    expect(client.dropped.count).toBe(2)
    client.track('A')
    await clock.advance(250)
    requests[0]?.answer(400)
    await clock.advance(60_000)
    expect(requests).toHaveLength(1)
    expect(client.dropped.count).toBe(3)
  })

  test('gives up an event that is too large in bytes', () => {
    const { client } = openPage()
    client.track('huge', { text: '日'.repeat(20_000) })
    expect(client.dropped.count).toBe(1)
  })

  test('keeps a thousand events', () => {
    const { client } = openPage()
    for (let i = 0; i < 1_010; i++) client.track('A')
    expect(client.dropped.count).toBe(10)
  })

  test.each(['pagehide', 'hidden'])('sends what waits on %s, at once and beyond the page', (way) => {
    const { client, page, requests } = openPage()
    client.track('A')
    if (way === 'hidden') page.setVisibility('hidden')
    else page.fire('pagehide')
    expect(requests).toMatchObject([{ keepalive: true, batch: { firstSeq: 1 } }])
  })

  test('leaves no more than a leaving page may send', () => {
    const { client, page, requests } = openPage()
    for (let i = 0; i < 300; i++) client.track('A', { text: 'x'.repeat(500) })
    page.fire('pagehide')
    const sizes = requests.map(({ batch }) => JSON.stringify(batch).length)
    expect(requests.length).toBeGreaterThan(1)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(64 * 1024)
  })

  test('resolves flush when all was answered, those included that are on their way', async () => {
    const { client, clock, requests } = openPage()
    client.track('A')
    await clock.advance(250)
    client.track('B')
    let isFlushed = false
    void client.flush().then(() => (isFlushed = true))
    await settle()
    expect(isFlushed).toBe(false)
    requests[0]?.answer(200)
    await settle()
    expect([requests.length, isFlushed]).toEqual([2, false])
    requests[1]?.answer(200)
    await settle()
    expect(isFlushed).toBe(true)
  })

  test('resolves flush when a retry has to be waited for', async () => {
    const { client, requests } = openPage()
    client.track('A')
    const flushed = client.flush()
    await settle()
    requests[0]?.answer(503)
    await flushed
    expect(requests).toHaveLength(1)
  })
})

test('tiny client does nothing on a server', async () => {
  const fetch = vi.spyOn(globalThis, 'fetch')
  const client = createMillrace(options)
  client.track('A')
  client.page()
  client.identify('user-1')
  await client.flush()
  expect(client.dropped.count).toBe(0)
  expect(fetch).not.toHaveBeenCalled()
  fetch.mockRestore()
})

test.each([
  [{ ...options, writeKey: '' }, 'writeKey must be a non-empty string, got ""'],
  [{ ...options, writeKey: 42 }, 'writeKey must be a non-empty string, got 42'],
  [{ writeKey: 'key' }, 'endpoint must be a non-empty string, got undefined'],
])('%j is an error of the tiny client', (wrong, message) => {
  const create = () => createMillrace(wrong as typeof options)
  expect(create).toThrow(TypeError)
  expect(create).toThrow(message)
})
