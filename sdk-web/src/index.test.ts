import type { WireBatch, WireEvent } from '@millrace/schemas/wire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createFakeCookieJar } from './fake-cookies.ts'
import { createFakeClock, createFakeStorage, createFakeWindow } from './fakes.ts'
import { createMillrace } from './index.ts'

const options = { writeKey: 'key', endpoint: 'https://events.example.com' }

describe('on a server', () => {
  test('a client does nothing, and leaves nothing behind', async () => {
    const before = Object.keys(globalThis)
    const setInterval = vi.spyOn(globalThis, 'setInterval')
    const setTimeout = vi.spyOn(globalThis, 'setTimeout')
    const fetch = vi.spyOn(globalThis, 'fetch')
    const client = createMillrace({ ...options, autoPage: true, consent: 'granted' })
    await Promise.all([
      client.track('A', { b: 1 }),
      client.page('Name'),
      client.screen('Name'),
      client.identify('user'),
      client.group('group'),
      client.alias('other'),
    ])
    client.setAnonymousId('own')
    client.reset()
    client.consent('denied')
    await client.flush()
    expect(client.dropped).toEqual({})
    expect([client.user().id(), client.user().anonymousId(), client.user().traits()]).toEqual([
      undefined,
      undefined,
      {},
    ])
    expect(Object.keys(globalThis)).toEqual(before)
    for (const effect of [setInterval, setTimeout, fetch]) expect(effect).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  })

  test('what is to be called back is called back', async () => {
    const client = createMillrace(options)
    const called: string[] = []
    const off = client.on('track', (event) => called.push(`${event}`))
    client.use(() => null)()
    await client.ready(() => called.push('ready'))
    await client.track('A', {}, {}, () => called.push('recorded'))
    off()
    await client.track('B')
    await Promise.resolve()
    expect(called).toEqual(['ready', 'A', 'recorded'])
  })

  test('a wrong option is an error all the same', () => {
    expect(() => createMillrace({ ...options, writeKey: '' })).toThrow(
      'writeKey must be a non-empty string, got ""',
    )
    expect(() => createMillrace({ ...options, flushAt: 0 })).toThrow('flushAt must be an integer >= 1, got 0')
  })
})

/** A page whose collector takes everything. */
function openPage({
  storage = createFakeStorage(),
  jar = createFakeCookieJar(),
  more = {},
  hasKeepalive = true,
} = {}) {
  const clock = createFakeClock()
  const page = createFakeWindow()
  const events: WireEvent[] = []
  const beacons: string[] = []
  const collector = { status: 200 }
  const location = new URL('https://shop.example/')
  const fetch = (_: string, { body }: { body: string }) => {
    const { batch, context }: WireBatch = JSON.parse(body)
    if (collector.status !== 200) return Promise.resolve(new Response('', collector))
    events.push(...batch.map((event) => ({ ...event, context: { ...context, ...event.context } })))
    return Promise.resolve(new Response())
  }
  const document = Object.defineProperties(jar.open(location.href), {
    ...Object.getOwnPropertyDescriptors(page.window.document),
    ...Object.getOwnPropertyDescriptors({ title: 'List', referrer: '' }),
  })
  const self = { addEventListener: page.window.addEventListener, document: page.window.document }
  const parts = {
    ...{ location, document, fetch, self, localStorage: storage, sessionStorage: createFakeStorage() },
    window: { navigator: { language: 'de' }, screen: { width: 1, height: 2 }, devicePixelRatio: 3 },
    navigator: { onLine: true, sendBeacon: (_: string, body: string) => beacons.push(body) },
    Request: hasKeepalive ? Request : class {},
    Date: Object.assign(class extends Date {}, { now: clock.now }),
    ...{ setTimeout: clock.delay, setInterval: () => 0, indexedDB: undefined, CompressionStream: undefined },
  }
  for (const [name, part] of Object.entries(parts)) vi.stubGlobal(name, part)
  return { clock, page, events, beacons, collector, client: createMillrace({ ...options, ...more }) }
}

afterEach(() => void vi.unstubAllGlobals())

describe('in a page', () => {
  test('reset parts the sessions of what was recorded before and after', async () => {
    const { client, clock, events } = openPage()
    void client.identify('user-1')
    client.reset()
    void client.track('B')
    await clock.advance(1_000)
    const [before, after] = events
    expect([before?.userId, after?.userId]).toEqual(['user-1', undefined])
    expect(after?.anonymousId).not.toBe(before?.anonymousId)
    const sessionOf = (event?: WireEvent) => (event?.context?.['session'] as { id?: string } | undefined)?.id
    expect(sessionOf(before)).toMatch(/^\w{16}$/)
    expect(sessionOf(after)).not.toBe(sessionOf(before))
  })

  test('reset as the first call ends the session of the page before', async () => {
    const browser = { storage: createFakeStorage(), jar: createFakeCookieJar() }
    const first = openPage(browser)
    void first.client.track('A')
    await first.clock.advance(1_000)
    const second = openPage(browser)
    second.client.reset()
    void second.client.track('B')
    await second.clock.advance(1_000)
    expect([first.events, second.events]).toMatchObject([
      [{ context: { session: { index: 1 } } }],
      [{ context: { session: { index: 2 } } }],
    ])
  })

  test('reset never throws, whatever storage holds', () => {
    const storage = createFakeStorage()
    storage.setItem('millrace.session', '1')
    const { client } = openPage({ storage })
    void client.identify('user-1')
    expect(() => client.reset()).not.toThrow()
  })

  test('a listener that flushes, resets or asks for consent does not have its event numbered again', async () => {
    const { client, clock, events } = openPage()
    let rounds = 0
    client.on('event', () => {
      if (++rounds > 3) return
      void client.flush()
      client.consent('granted')
    })
    client.use(() => {
      void client.flush()
      return undefined
    })
    void client.track('Order')
    await clock.advance(1_000)
    expect(events.map(({ event }) => event)).toEqual(['Order'])
  })

  test('a middleware that gives a promise costs its event, which is counted', async () => {
    const { client, clock, events } = openPage()
    client.use((async () => null) as never)
    client.use(undefined as never)
    void client.track('A')
    await clock.advance(1_000)
    expect([events, client.dropped]).toEqual([[], { middleware_failed: 1 }])
  })

  test('consent given after a refusal begins another visitor and another session', async () => {
    const { client, clock, events } = openPage()
    void client.track('A')
    await clock.advance(1_000)
    client.consent('denied')
    void client.track('B')
    client.consent('granted')
    void client.track('C')
    await clock.advance(1_000)
    const [a, c] = events
    expect([a?.event, c?.event, events.length]).toEqual(['A', 'C', 2])
    expect(c?.anonymousId).not.toBe(a?.anonymousId)
    const sessionOf = (event?: WireEvent) => event?.context?.['session'] as { id: string; index: number }
    expect(sessionOf(c).id).not.toBe(sessionOf(a).id)
    expect(sessionOf(c).index).toBe(1)
  })

  test.each(['event', 'dropped'] as const)(
    'consent refused in a listener to %s holds for what is being numbered',
    async (name) => {
      const storage = createFakeStorage()
      const { client, clock, events } = openPage({ storage })
      client.use((event) => event.event !== 'B' && event)
      client.on(name, () => client.consent('denied'))
      for (const event of ['A', 'B', 'C']) void client.track(event)
      await clock.advance(1_000)
      await client.flush()
      expect(events).toEqual([])
      expect(Object.keys(storage)).toEqual([])
    },
  )

  test('what a beacon carried is sent again when the page is back, also where nothing is stored', async () => {
    const { client, clock, page, events, beacons } = openPage({
      more: { cookieless: true },
      hasKeepalive: false,
    })
    await clock.advance(1_000)
    void client.track('A')
    page.setVisibility('hidden')
    await clock.advance(60_000)
    expect([beacons.length, events.length]).toEqual([1, 0])
    page.setVisibility('visible')
    await clock.advance(1_000)
    expect(events.map(({ event }) => event)).toEqual(['A'])
  })

  test('there is room again as soon as what filled it is delivered', async () => {
    const { client, clock, events, collector } = openPage({ more: { maxOutboxBytes: 2_000 } })
    collector.status = 503
    for (let i = 0; i < 20; i++) {
      void client.track(`Event ${i}`)
      await clock.advance(300)
    }
    expect(client.dropped.queue_full).toBeGreaterThan(0)
    collector.status = 200
    await clock.advance(120_000)
    const { length } = events
    void client.track('Late')
    await clock.advance(1_000)
    expect(events.slice(length).map(({ event }) => event)).toEqual(['Late'])
  })

  test('a listener to what is given up may record, also where that is given up too', () => {
    const { client } = openPage({ more: { consent: 'denied' } })
    client.on('dropped', () => void client.track('Dropped'))
    void client.track('A')
    expect(client.dropped).toEqual({ no_consent: 2 })
  })

  test('every call that has nothing to tell gives a promise, as with the stub', async () => {
    const { client } = openPage()
    const calls = [client.reset(), client.setAnonymousId('a'), client.track('A')]
    expect(
      await Promise.all(calls.map(async (call) => (call as unknown as Promise<void>).then(() => 1))),
    ).toEqual([1, 1, 1])
  })

  test('consent that is pending again shuts the storage, and leaves what is in it', async () => {
    const storage = createFakeStorage()
    const { client, clock, events } = openPage({ storage })
    void client.identify('u1')
    await clock.advance(1_000)
    const kept = JSON.stringify(storage)
    client.consent('pending')
    void client.identify('u2')
    await clock.advance(1_000)
    expect([JSON.stringify(storage), events.length]).toEqual([kept, 1])
    client.consent('granted')
    await clock.advance(1_000)
    expect(events.map(({ userId }) => userId)).toEqual(['u1', 'u2'])
  })

  test('consent never throws, whatever it is given', () => {
    const { client } = openPage()
    const hostile = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('hostile')
        },
      },
    )
    expect(() => client.consent(hostile)).not.toThrow()
    expect(client.dropped).toEqual({ invalid_call: 1 })
  })
})
