import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { settle } from './fakes.ts'
import type { Fetch } from './transport.ts'
import { createTransport, gzip, KEEPALIVE_BUDGET_BYTES } from './transport.ts'

const NOTHING = { status: 0 }

/** A transport whose requests are answered when told to. */
function setUp({
  hasKeepalive = true,
  compress = async (text: string) => new Blob([`zip of ${text.length}`]),
  sendBeacon = (): boolean => true,
  fetch = undefined as Fetch | undefined,
} = {}) {
  const calls: { url: string; init: RequestInit; reply: (reply: Response | Error) => void }[] = []
  const beacons: unknown[] = []
  const answered: Fetch = (url, init) =>
    new Promise((resolve, reject) => {
      calls.push({ url, init, reply: (reply) => (reply instanceof Error ? reject(reply) : resolve(reply)) })
    })
  const beacon = (...beacon: unknown[]) => {
    beacons.push(beacon)
    return sendBeacon()
  }
  const transport = createTransport('/v1/batch', fetch ?? answered, compress, beacon, () => hasKeepalive)
  return { calls, beacons, transport }
}

describe('transport', () => {
  test('posts the body as text and tells status and Retry-After', async () => {
    const { calls, transport } = setUp()
    const sent = transport.post('{}', 2, false)
    expect(calls[0]).toMatchObject({
      url: '/v1/batch',
      init: { method: 'POST', body: '{}', keepalive: false },
    })
    // No header of our own: for a text the browser says text/plain, which needs no preflight.
    expect(calls[0]?.init.headers).toBeUndefined()
    calls[0]?.reply(new Response('', { status: 429, headers: { 'retry-after': '7' } }))
    expect(await sent).toEqual({ status: 429, wait: '7' })
  })

  test.each([false, true])('sends and stores cookies of another host, with keepalive %s', (isKeepalive) => {
    const { calls, transport } = setUp()
    void transport.post('{}', 2, isKeepalive)
    expect(calls[0]?.init).toMatchObject({ credentials: 'include', keepalive: isKeepalive })
  })

  test('fails a request that takes too long', () => {
    const { calls, transport } = setUp()
    void transport.post('{}', 2, false)
    expect(calls[0]?.init.signal).toBeInstanceOf(AbortSignal)
  })

  test.each<[string, Fetch]>([
    ['there is no network', () => Promise.reject(new TypeError('Failed to fetch'))],
    [
      'fetch itself throws',
      () => {
        throw new TypeError('patched by the page')
      },
    ],
    ['the answer is none', () => Promise.resolve(undefined as never)],
  ])('answers 0 when %s', async (_, fetch) => {
    const { beacons, transport } = setUp({ fetch })
    expect(await transport.post('{}', 2, false)).toEqual(NOTHING)
    expect(beacons).toEqual([])
  })
})

describe('compression', () => {
  test.each([
    [1_499, false, false],
    [1_500, false, true],
    [50_000, false, true],
    [50_000, true, false],
  ])('of %d bytes, with keepalive %s: %s', async (bytes, isKeepalive, isZipped) => {
    const { calls, transport } = setUp()
    void transport.post('text', bytes, isKeepalive)
    await settle()
    expect(calls[0]?.init.body instanceof Blob).toBe(isZipped)
  })

  test('that fails costs nothing but bytes', async () => {
    const { calls, transport } = setUp({ compress: () => Promise.reject(new Error('no CompressionStream')) })
    void transport.post('text', 5_000, false)
    await settle()
    expect(calls[0]?.init.body).toBe('text')
  })

  test('is gzip, of a type that needs no preflight', async () => {
    const text = JSON.stringify({ name: 'Grüße 🎈'.repeat(500) })
    const blob = await gzip(text)
    expect(blob.type).toBe('text/plain')
    expect(gunzipSync(await blob.arrayBuffer()).toString()).toBe(text)
    expect(blob.size).toBeLessThan(200)
  })
})

describe('keepalive', () => {
  test('has a ledger of the bytes in flight', async () => {
    const { calls, transport } = setUp()
    expect(transport.room()).toBe(KEEPALIVE_BUDGET_BYTES)
    void transport.post('a', 40_000, true)
    void transport.post('b', 20_000, true)
    void transport.post('c', 1_000, false)
    expect(transport.room()).toBe(KEEPALIVE_BUDGET_BYTES - 60_000)
    calls[0]?.reply(new Response(''))
    await settle()
    expect(transport.room()).toBe(KEEPALIVE_BUDGET_BYTES - 20_000)
    calls[1]?.reply(new TypeError('Failed to fetch'))
    await settle()
    expect(transport.room()).toBe(KEEPALIVE_BUDGET_BYTES)
  })

  test('starts before post returns', () => {
    const { calls, transport } = setUp()
    void transport.post('x'.repeat(5_000), 5_000, true)
    expect(calls).toHaveLength(1)
  })

  test('is a beacon where it is refused, which tells nothing of its outcome', async () => {
    const { calls, beacons, transport } = setUp()
    const sent = transport.post('{}', 2, true)
    calls[0]?.reply(new TypeError('keepalive budget exceeded'))
    expect(await sent).toEqual({ status: -1 })
    expect(beacons).toEqual([['/v1/batch', '{}']])
  })

  test('is a beacon at once where fetch does not know it', async () => {
    const { calls, beacons, transport } = setUp({ hasKeepalive: false, sendBeacon: () => false })
    const sent = transport.post('{}', 2, true)
    expect([beacons.length, calls.length]).toEqual([1, 0])
    expect(await sent).toEqual(NOTHING)
    expect(transport.room()).toBe(KEEPALIVE_BUDGET_BYTES)
    void transport.post('{}', 2, false)
    expect(calls).toHaveLength(1)
  })

  test('answers 0 where there is no beacon either', async () => {
    const { transport } = setUp({
      hasKeepalive: false,
      sendBeacon: () => {
        throw new TypeError('navigator.sendBeacon is not a function')
      },
    })
    expect(await transport.post('{}', 2, true)).toEqual(NOTHING)
  })
})
