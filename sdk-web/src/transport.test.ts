import { describe, expect, test } from 'vitest'
import { settle } from './fakes.ts'
import { createTransport, type Fetch, KEEPALIVE_BUDGET_BYTES } from './transport.ts'

type Reply = Response | Error

function setUp({ hasKeepalive = true, canBeacon = true } = {}) {
  const calls: { url: string; init: RequestInit; reply: (reply: Reply) => void }[] = []
  const beacons: unknown[] = []
  const fetch: Fetch = (url, init) =>
    new Promise((resolve, reject) => {
      calls.push({ url, init, reply: (reply) => (reply instanceof Error ? reject(reply) : resolve(reply)) })
    })
  const navigator = {
    sendBeacon(url: string | URL, body?: BodyInit | null) {
      beacons.push({ url, body })
      return canBeacon
    },
  }
  return { calls, beacons, transport: createTransport({ url: '/v1/batch', fetch, navigator, hasKeepalive }) }
}

describe('transport', () => {
  test('posts the body as text and tells status and Retry-After', async () => {
    const { calls, transport } = setUp()
    const sent = transport.send('{}', 2, false)
    expect(calls[0]).toMatchObject({
      url: '/v1/batch',
      init: { method: 'POST', body: '{}', keepalive: false },
    })
    // No header of our own: for a text the browser says text/plain, which needs no preflight.
    expect(calls[0]?.init.headers).toBeUndefined()
    calls[0]?.reply(new Response('', { status: 429, headers: { 'retry-after': '7' } }))
    expect(await sent).toEqual({ status: 429, retryAfter: '7' })
  })

  test.each([false, true])('sends and stores cookies of another host, with keepalive %s', (isKeepalive) => {
    const { calls, transport } = setUp()
    void transport.send('{}', 2, isKeepalive)
    expect(calls[0]?.init.credentials).toBe('include')
  })

  test('answers 0 when there is no network', async () => {
    const { calls, beacons, transport } = setUp()
    const sent = transport.send('{}', 2, false)
    calls[0]?.reply(new TypeError('Failed to fetch'))
    expect(await sent).toEqual({ status: 0, retryAfter: null })
    expect(beacons).toEqual([])
  })

  test('answers 0 when fetch itself throws', async () => {
    const fetch = () => {
      throw new TypeError('patched by the page')
    }
    const transport = createTransport({
      url: '/',
      fetch,
      navigator: { sendBeacon: () => true },
      hasKeepalive: true,
    })
    expect(await transport.send('{}', 2, false)).toEqual({ status: 0, retryAfter: null })
  })

  test('keeps a ledger of keepalive bytes in flight', async () => {
    const { calls, transport } = setUp()
    expect(transport.keepaliveRoom()).toBe(KEEPALIVE_BUDGET_BYTES)
    void transport.send('a', 40_000, true)
    void transport.send('b', 20_000, true)
    void transport.send('c', 1_000, false)
    expect(transport.keepaliveRoom()).toBe(KEEPALIVE_BUDGET_BYTES - 60_000)
    calls[0]?.reply(new Response(''))
    await settle()
    expect(transport.keepaliveRoom()).toBe(KEEPALIVE_BUDGET_BYTES - 20_000)
    calls[1]?.reply(new TypeError('Failed to fetch'))
    await settle()
    expect(transport.keepaliveRoom()).toBe(KEEPALIVE_BUDGET_BYTES)
  })

  test('sends a beacon when keepalive is refused, and tells nothing of its outcome', async () => {
    const { calls, beacons, transport } = setUp()
    const sent = transport.send('{}', 2, true)
    calls[0]?.reply(new TypeError('keepalive budget exceeded'))
    expect(await sent).toEqual({ status: 0, retryAfter: null })
    expect(beacons).toEqual([{ url: '/v1/batch', body: '{}' }])
  })

  test('sends a beacon at once where fetch does not know keepalive', async () => {
    const { calls, beacons, transport } = setUp({ hasKeepalive: false, canBeacon: false })
    const sent = transport.send('{}', 2, true)
    expect(beacons).toHaveLength(1)
    expect(calls).toHaveLength(0)
    expect(await sent).toEqual({ status: 0, retryAfter: null })
    void transport.send('{}', 2, false)
    expect(calls).toHaveLength(1)
  })

  test('fails a request that takes too long', () => {
    const { calls, transport } = setUp()
    void transport.send('{}', 2, false)
    expect(calls[0]?.init.signal).toBeInstanceOf(AbortSignal)
  })
})
