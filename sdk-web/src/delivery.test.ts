import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from './batch.ts'
import { createBatchFormer } from './batch.ts'
import { createDelivery } from './delivery.ts'
import type { FakeRequest } from './fakes.ts'
import {
  createFakeClock,
  createFakeLocks,
  createFakeOutbox,
  createFakeStorage,
  createFakeTransport,
  settle,
} from './fakes.ts'
import { createStore, type Store } from './store.ts'
import { createTabs } from './tabs.ts'

const DAY_MS = 86_400_000

/** A turn goes on for so long after a pause was noted. */
const NOTE_MS = 250

/** One browser: a clock, storage and locks that its tabs share. */
function createBrowser() {
  const area = createFakeStorage()
  return {
    clock: createFakeClock(),
    outbox: createFakeOutbox(),
    locks: createFakeLocks(),
    store: createStore(
      () => area,
      () => true,
    ),
  }
}

/** A tab with everything from the batch former to the transport, on a collector that does as told. */
function openTab({
  browser = createBrowser(),
  stream = 'own',
  draw = (): number => 0,
  keepaliveBytes = 64 * 1024,
  maxAgeMs = 7 * DAY_MS,
  outbox = browser.outbox as Parameters<typeof createDelivery>[1],
  store = browser.store as Store,
  withLocks = false,
  isBroken = false,
} = {}) {
  const { clock } = browser
  const { locks, die } = browser.locks.openTab()
  const page = { isHidden: false, isOnline: true, isDead: false }
  const transport = createFakeTransport({ keepaliveBytes })
  if (isBroken) transport.post = () => Promise.reject(new Error('replaced by the page'))
  const tabs = createTabs('tabs.', withLocks ? { locks } : {})
  const dropped: unknown[] = []
  const reports: unknown[] = []
  const former = createBatchFormer(stream, 'key', () => undefined, clock.now)
  const delay = (run: () => void, ms: number) => clock.delay(() => page.isDead || run(), ms)
  const delivery = createDelivery(
    ...([stream, outbox, transport, tabs, store, { time: clock.now, draw, delay }, maxAgeMs] as const),
    () => page.isHidden,
    () => page.isOnline,
    (...drop) => dropped.push(drop),
    ({ id, events, status }) => reports.push([id, events, status]),
  )
  const form = (names: string[], size: number): Batch[] => {
    for (const event of names) {
      former.append({ type: 'track', event, properties: { text: 'x'.repeat(size) } }, {}, undefined)
    }
    return former.take()
  }
  return {
    ...{ browser, clock, page, delivery, dropped, reports, requests: transport.requests, tabs, form },
    /** Takes a batch of such events in, stored. */
    async keep(names: string[], size = 0) {
      const batches = form(names, size)
      const saved = outbox.save(batches)
      delivery.take(batches)
      await saved
    },
    /** Ends without notice: nothing of the page runs any more. */
    die() {
      page.isDead = true
      die()
    },
    sent: () => transport.requests.map(namesOf),
  }
}

function namesOf(request: FakeRequest): string[] {
  return request.batch.batch.map(({ event }) => event ?? '')
}

/** Whether a promise has settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  void promise.then(() => {
    isSettled = true
  })
  await settle()
  return isSettled
}

describe('delivery', () => {
  test('sends one batch at a time, in order, until all were answered', async () => {
    const { keep, delivery, requests, sent, browser } = openTab()
    for (const name of ['A', 'B', 'C']) await keep([name])
    const flushed = delivery.send()
    for (const [i, name] of ['A', 'B', 'C'].entries()) {
      await settle()
      expect(sent().at(-1)).toEqual([name])
      expect(requests).toHaveLength(i + 1)
      expect(await isDone(flushed)).toBe(false)
      requests[i]?.answer(200)
    }
    expect(await isDone(flushed)).toBe(true)
    expect(browser.outbox.discarded).toEqual(['own-1', 'own-2', 'own-3'])
    expect(delivery.heldBytes()).toBe(0)
  })

  test('sends one batch at a time of all tabs', async () => {
    const browser = createBrowser()
    const [a, b] = ['a', 'b'].map((stream) => openTab({ browser, stream, withLocks: true })) as [Tab, Tab]
    await a.keep(['A'])
    await b.keep(['B'])
    void a.delivery.send()
    void b.delivery.send()
    await settle()
    expect([a.sent(), b.sent()]).toEqual([[['A']], []])
    a.requests[0]?.answer(200)
    await settle()
    expect(b.sent()).toEqual([['B']])
  })

  test('sends what the page recorded before what others left', async () => {
    const browser = createBrowser()
    const gone = openTab({ browser, stream: 'gone' })
    await gone.keep(['left 1'])
    await gone.keep(['left 2'])
    const tab = openTab({ browser })
    tab.delivery.take(await browser.outbox.adopt(async () => true))
    await tab.keep(['own'])
    for (let i = 0; i < 3; i++) {
      void tab.delivery.send()
      await settle()
      tab.requests[i]?.answer(200)
      await settle()
    }
    expect(tab.sent()).toEqual([['own'], ['left 1'], ['left 2']])
  })

  test('takes a batch in once', async () => {
    const { form, delivery, requests } = openTab()
    const [batch] = form(['A'], 0) as [Batch]
    delivery.take([batch, { ...batch }])
    void delivery.send()
    requests[0]?.answer(200)
    await settle()
    delivery.take([{ ...batch }])
    await delivery.send()
    expect(requests).toHaveLength(1)
  })

  test('settles a batch by the first good answer, and discards it once', async () => {
    const { keep, delivery, requests, browser, reports } = openTab()
    await keep(['A'])
    void delivery.send()
    delivery.leave(true)
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([false, true])
    expect(requests[1]?.body).toBe(requests[0]?.body)
    requests[1]?.answer(200)
    await settle()
    requests[0]?.answer(503)
    await settle()
    await delivery.send()
    expect(browser.outbox.discarded).toEqual(['own-1'])
    expect(reports).toEqual([
      ['own.1', 1, 200],
      ['own.1', 1, 503],
    ])
    expect(requests).toHaveLength(2)
  })

  test('sends the same batch again until it is taken; only sentAt differs', async () => {
    const { keep, delivery, requests, clock } = openTab({ draw: () => 0.5 })
    await keep(['A', 'B'])
    void delivery.send()
    for (const status of [500, 0, 200]) {
      requests.at(-1)?.answer(status)
      await clock.advance(3_000)
    }
    const bodies = requests.map(({ batch }) => ({ ...batch, sentAt: '' }))
    expect(bodies).toEqual([bodies[0], bodies[0], bodies[0]])
    expect(new Set(requests.map(({ batch }) => batch.sentAt)).size).toBe(3)
  })

  test.each([400, 401, 403, 404, 422])(
    'gives a batch up that was answered with %i, and goes on',
    async (status) => {
      const { keep, delivery, requests, sent, dropped, browser } = openTab()
      await keep(['A', 'B'])
      await keep(['C'])
      void delivery.send()
      requests[0]?.answer(status)
      await settle()
      expect(sent()).toEqual([['A', 'B'], ['C']])
      expect(dropped).toEqual([['refused', 2]])
      expect([...browser.outbox.records.keys()]).toEqual(['own-3'])
    },
  )

  test('drops what has waited too long, and counts it', async () => {
    const { keep, delivery, clock, dropped, sent, browser } = openTab({ maxAgeMs: DAY_MS })
    await keep(['old', 'old'])
    await clock.advance(DAY_MS)
    await keep(['new'])
    await clock.advance(1)
    void delivery.send()
    expect(sent()).toEqual([['new']])
    expect(dropped).toEqual([['expired', 2]])
    expect(browser.outbox.discarded).toEqual(['own-1'])
  })
})

type Tab = ReturnType<typeof openTab>

describe('a batch that is too large', () => {
  test('goes in halves, which are stored under names of their own', async () => {
    const tab = openTab()
    await tab.keep(['A', 'B', 'C'])
    const flushed = tab.delivery.send()
    tab.requests[0]?.answer(413)
    await settle()
    expect([...tab.browser.outbox.records.keys()].sort()).toEqual(['own-1', 'own-2'])
    tab.requests[1]?.answer(200)
    await settle()
    tab.requests[2]?.answer(200)
    await flushed
    expect(tab.requests.map(({ batch }) => [batch.batchId, batch.firstSeq, batch.batch.length])).toEqual([
      ['own.1', 1, 3],
      ['own.1', 1, 1],
      ['own.2', 2, 2],
    ])
    expect(tab.browser.outbox.records.size).toBe(0)
  })

  test('is cut down to single events, and one that is refused alone is given up', async () => {
    const tab = openTab()
    await tab.keep(['A', 'B', 'C', 'D', 'E'])
    const flushed = tab.delivery.send()
    for (let i = 0; i < 9; i++) {
      await settle()
      tab.requests[i]?.answer(413)
    }
    await flushed
    expect(
      tab
        .sent()
        .filter(({ length }) => length === 1)
        .flat()
        .sort(),
    ).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(tab.dropped).toEqual(Array.from({ length: 5 }, () => ['refused', 1]))
    expect(tab.browser.outbox.records.size).toBe(0)
  })

  test('goes on in halves where storing them takes for ever', async () => {
    const outbox = { ...createFakeOutbox(), save: () => new Promise<void>(() => {}) }
    const { form, delivery, requests, sent } = openTab({ outbox })
    delivery.take(form(['A', 'B'], 0))
    void delivery.send()
    requests[0]?.answer(413)
    await settle()
    expect(sent()).toEqual([['A', 'B'], ['A']])
  })

  test('is halved once, also when what was stored of it is found again', async () => {
    const { keep, delivery, requests, sent, browser } = openTab()
    await keep(['A', 'B'])
    void delivery.send()
    requests[0]?.answer(413)
    await settle()
    delivery.take(await browser.outbox.adopt(async () => true))
    requests[1]?.answer(200)
    await settle()
    requests[2]?.answer(200)
    await settle()
    requests[3]?.answer(200)
    await delivery.send()
    expect(sent()).toEqual([['A', 'B'], ['A'], ['B']])
  })
})

describe('a pause', () => {
  test('lasts as long as Retry-After says, whatever is recorded meanwhile', async () => {
    const { keep, delivery, requests, clock } = openTab()
    await keep(['A'])
    const flushed = delivery.send()
    requests[0]?.answer(429, '5')
    await clock.advance(NOTE_MS)
    expect(await isDone(flushed)).toBe(true)
    for (let i = 0; i < 10; i++) {
      await keep(['B'])
      await delivery.send()
    }
    await clock.advance(4_999 - NOTE_MS)
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    expect(requests).toHaveLength(2)
  })

  test('holds all tabs, and those that open during it', async () => {
    const browser = createBrowser()
    const [a, b] = ['a', 'b'].map((stream) => openTab({ browser, stream, withLocks: true })) as [Tab, Tab]
    await a.keep(['A'])
    await b.keep(['B'])
    void a.delivery.send()
    void b.delivery.send()
    await settle()
    a.requests[0]?.answer(503, '5')
    await settle()
    const c = openTab({ browser, stream: 'c', withLocks: true, draw: () => 0.5 })
    await c.keep(['C'])
    await c.delivery.send()
    await browser.clock.advance(4_999)
    expect([b.sent(), c.sent()]).toEqual([[], []])
    await browser.clock.advance(1)
    expect(a.requests).toHaveLength(2)
    a.requests[1]?.answer(200)
    await settle()
    expect(b.sent()).toEqual([['B']])
    b.requests[0]?.answer(200)
    // Tabs that waited for the same moment return over a second.
    await browser.clock.advance(499)
    expect(c.sent()).toEqual([])
    await browser.clock.advance(1)
    expect(c.sent()).toEqual([['C']])
  })

  test('holds tabs that see the note of it only a moment after it was written', async () => {
    const browser = createBrowser()
    const { clock, store } = browser
    let notedAt = -Infinity
    const noting = {
      ...store,
      keep(...note: [string, unknown?]) {
        notedAt = clock.now()
        return store.keep(...note)
      },
    }
    const late = {
      ...store,
      load: (key: string) => (clock.now() - notedAt < NOTE_MS ? undefined : store.load(key)),
    }
    const a = openTab({ browser, stream: 'a', withLocks: true, store: noting })
    const others = ['b', 'c'].map((stream) => openTab({ browser, stream, withLocks: true, store: late }))
    for (const tab of [a, ...others]) {
      await tab.keep(['one'])
      void tab.delivery.send()
    }
    await settle()
    a.requests[0]?.answer(503, '5')
    await clock.advance(4_999)
    expect(others.map(({ requests }) => requests.length)).toEqual([0, 0])
    await clock.advance(1)
    for (const { requests } of [a, ...others]) for (const request of requests) request.answer(200)
    for (let round = 0; round < 3; round++) {
      await clock.advance(1_000)
      for (const { requests } of [a, ...others]) requests.at(-1)?.answer(200)
    }
    expect(others.map(({ requests }) => requests.length)).toEqual([1, 1])
  })

  test('keeps nobody waiting for a hidden page, whose timers the browser may hold back', async () => {
    const { keep, delivery, requests, page } = openTab()
    page.isHidden = true
    await keep(['A'])
    const flushed = delivery.send()
    requests[0]?.answer(503, '5')
    expect(await isDone(flushed)).toBe(true)
  })

  test.each([
    [0, [0, 0, 0]],
    [0.5, [500, 1_000, 2_000]],
    [0.999, [999, 1_998, 3_996]],
  ])('grows with each failure, drawn by chance (%d), and spreads those who wait', async (random, waits) => {
    const { keep, delivery, requests, clock } = openTab({ draw: () => random })
    await keep(['A'])
    void delivery.send()
    for (const [i, wait] of waits.entries()) {
      requests[i]?.answer(500)
      const total = wait + random * 1_000
      if (total) await clock.advance(total - 1)
      expect(requests).toHaveLength(i + 1)
      await clock.advance(2)
      expect(requests).toHaveLength(i + 2)
    }
  })

  test('is short again after a success', async () => {
    const { keep, delivery, requests, clock } = openTab({ draw: () => 0.5 })
    await keep(['A'])
    void delivery.send()
    for (const status of [500, 500, 500, 200]) {
      requests.at(-1)?.answer(status)
      await clock.advance(3_000)
    }
    await keep(['B'])
    void delivery.send()
    requests.at(-1)?.answer(500)
    await clock.advance(999)
    expect(requests).toHaveLength(5)
    await clock.advance(1)
    expect(requests).toHaveLength(6)
  })

  test('that others noted does not make the first request without an answer a blocked one', async () => {
    const { keep, delivery, requests, browser, clock } = openTab()
    browser.store.keep('pause', [browser.clock.now() - 60_000, 9])
    await keep(['A'])
    void delivery.send()
    requests[0]?.answer(0)
    await clock.advance(30_000)
    expect(requests).toHaveLength(2)
  })

  test('lasts as it should whatever else is noted with it', async () => {
    const { keep, delivery, requests, browser, clock } = openTab()
    browser.store.keep('pause', [browser.clock.now(), 'x', {}])
    await keep(['A'])
    void delivery.send()
    requests[0]?.answer(503, '60')
    await clock.advance(59_999)
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    expect(requests).toHaveLength(2)
  })

  test.each([[5], [{ a: 1 }], [{ 0: 1 }], ['text'], [['a', null]]])(
    'is none when what is noted is %j',
    async (note) => {
      const { keep, delivery, requests, browser } = openTab()
      browser.store.keep('pause', note as never)
      await keep(['A'])
      void delivery.send()
      await settle()
      expect(requests).toHaveLength(1)
    },
  )

  test('that another tab has noted ends when the network is back', async () => {
    const first = openTab()
    await first.keep(['A'])
    void first.delivery.send()
    first.requests[0]?.answer(503, '600')
    await settle()
    const second = openTab({ browser: first.browser })
    second.delivery.resume()
    await second.keep(['B'])
    void second.delivery.send()
    await settle()
    expect(second.requests).toHaveLength(1)
  })

  test('that is long does not hold up a shorter one after it', async () => {
    const { keep, delivery, requests, clock } = openTab()
    await keep(['A'])
    void delivery.send()
    requests[0]?.answer(503, '600')
    await clock.advance(10_000)
    delivery.resume()
    await settle()
    requests[1]?.answer(0)
    await clock.advance(5_000)
    expect(requests).toHaveLength(3)
  })

  test('ends when the network is back', async () => {
    const { keep, delivery, requests, page, clock } = openTab({ draw: () => 0.9 })
    page.isOnline = false
    await keep(['A'])
    void delivery.send()
    requests[0]?.answer(0)
    await settle()
    page.isOnline = true
    delivery.resume()
    await clock.advance(NOTE_MS)
    expect(requests).toHaveLength(2)
  })

  test('that a wrong clock has noted is no pause', async () => {
    const { keep, delivery, requests, browser } = openTab()
    browser.store.keep('pause', [browser.clock.now() + 10 * DAY_MS, 1])
    await keep(['A'])
    void delivery.send()
    expect(requests).toHaveLength(1)
  })

  test('is long after three requests without an answer on a network, but each page sees for itself', async () => {
    const browser = createBrowser()
    const blocked = openTab({ browser })
    await blocked.keep(['A'])
    void blocked.delivery.send()
    for (let i = 0; i < 3; i++) {
      blocked.requests[i]?.answer(0)
      await browser.clock.advance(1)
    }
    expect(blocked.requests).toHaveLength(3)
    await browser.clock.advance(59_000)
    expect(blocked.requests).toHaveLength(3)
    const next = openTab({ browser, stream: 'next' })
    await next.keep(['B'])
    void next.delivery.send()
    expect(next.requests).toHaveLength(1)
    next.requests[0]?.answer(0)
    await browser.clock.advance(59_000)
    expect(next.requests).toHaveLength(1)
    await browser.clock.advance(1_000)
    expect(next.requests).toHaveLength(2)
  })

  test('is short where requests were answered before: then nothing blocks them', async () => {
    const { keep, delivery, requests, clock } = openTab({ draw: () => 0.5 })
    await keep(['A'])
    void delivery.send()
    requests[0]?.answer(200)
    await keep(['B'])
    void delivery.send()
    await settle()
    for (let i = 1; i < 6; i++) {
      expect(requests).toHaveLength(i + 1)
      requests[i]?.answer(0)
      await clock.advance(31_000)
    }
  })
})

describe('leaving', () => {
  test('hands over what fits, at once, and stores the rest', () => {
    const { form, delivery, requests, browser } = openTab()
    for (let i = 0; i < 3; i++) delivery.take(form([`large ${i}`], 25_000))
    delivery.leave(true)
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([true, true, false])
    expect([...browser.outbox.records.keys()]).toEqual(['own-1', 'own-2', 'own-3'])
  })

  test('keeps what was handed over until it is answered', async () => {
    const { form, delivery, requests, browser } = openTab()
    delivery.take(form(['A'], 0))
    delivery.leave(true)
    requests[0]?.answer(0) // a beacon tells nothing
    await settle()
    expect([...browser.outbox.records.keys()]).toEqual(['own-1'])
  })

  test('hands a batch over once, however often the page says that it goes', async () => {
    const { keep, delivery, requests, page } = openTab()
    page.isHidden = true
    await keep(['A'])
    delivery.leave(true)
    delivery.leave(true)
    expect(requests).toHaveLength(1)
  })

  test('by a beacon, which tells nothing, sends a batch once, and again when the page is back', async () => {
    const { keep, delivery, requests, page, browser, clock } = openTab()
    page.isHidden = true
    await keep(['A'])
    delivery.leave(true)
    requests[0]?.answer(-1)
    await settle()
    await delivery.send()
    await clock.advance(60_000)
    expect(requests).toHaveLength(1)
    page.isHidden = false
    const flushed = delivery.send()
    requests[1]?.answer(200)
    await flushed
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([true, false])
    expect(browser.outbox.discarded).toEqual(['own-1'])
  })

  test('does not send again what is on its way when the page shows, and is settled when that is answered', async () => {
    const { keep, delivery, requests, page } = openTab()
    page.isHidden = true
    await keep(['A'])
    delivery.leave(true)
    page.isHidden = false
    const flushed = delivery.send()
    page.isHidden = true
    delivery.leave(true)
    expect(await isDone(flushed)).toBe(false)
    expect(requests).toHaveLength(1)
    requests[0]?.answer(200)
    expect(await isDone(flushed)).toBe(true)
    expect(delivery.heldBytes()).toBe(0)
  })

  test('keeps what it has, and settles, where a part of the browser was replaced by one that throws', async () => {
    const { keep, delivery, page, browser } = openTab({ isBroken: true })
    page.isHidden = true
    await keep(['A'])
    delivery.leave(true)
    await delivery.send()
    expect([...browser.outbox.records.keys()]).toEqual(['own-1'])
  })

  test('during a pause sends nothing that is stored', async () => {
    const { keep, delivery, requests } = openTab()
    await keep(['A'])
    void delivery.send()
    requests[0]?.answer(503, '60')
    await settle()
    delivery.leave(true)
    expect(requests).toHaveLength(1)
  })

  test('during a pause sends what cannot be stored, because it has only now', async () => {
    const { form, delivery, requests } = openTab({ outbox: { ...createFakeOutbox(), spill: () => {} } })
    delivery.take(form(['A'], 0))
    void delivery.send()
    requests[0]?.answer(503, '60')
    await settle()
    delivery.leave(true)
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([false, true])
  })

  test('a hidden page goes on, by requests that outlive it where there is room', async () => {
    const { keep, delivery, requests, page } = openTab({ keepaliveBytes: 10_000 })
    page.isHidden = true
    await keep(['A'])
    await keep(['large'], 20_000)
    delivery.leave(false)
    requests[0]?.answer(200)
    await settle()
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([true, false])
  })

  test('is no end: what room was too short for goes when there is some', async () => {
    const { form, delivery, requests, page, sent } = openTab()
    page.isHidden = true
    for (let i = 0; i < 4; i++) delivery.take(form([`large ${i}`], 30_000))
    delivery.leave(true)
    for (let i = 0; i < 4; i++) {
      requests[i]?.answer(200)
      await settle()
    }
    expect(sent().flat().sort()).toEqual(['large 0', 'large 1', 'large 2', 'large 3'])
  })
})

describe('forgetting', () => {
  test('gives up everything that waits and counts its events, and an answer after it changes nothing', async () => {
    const { keep, delivery, requests, browser, dropped, clock } = openTab()
    await keep(['A', 'B'])
    await keep(['C'])
    const flushed = delivery.send()
    expect(delivery.forget()).toBe(3)
    expect(browser.outbox.records.size).toBe(0)
    requests[0]?.answer(503)
    expect(await isDone(flushed)).toBe(true)
    await clock.advance(DAY_MS)
    expect(requests).toHaveLength(1)
    expect(dropped).toEqual([])
    expect(browser.outbox.discarded).toEqual(['own-1', 'own-3'])
  })
})

describe('whatever happens', () => {
  const which = fc.nat(1)
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(
        fc.constant('track'),
        which,
        fc.constantFrom(1, 3),
        fc.constantFrom(0, 9_000, 28_000),
      ),
    },
    {
      weight: 6,
      // A request may have been stored although the page never learns of it.
      arbitrary: fc.tuple(
        fc.constant('answer'),
        fc.nat(4),
        fc.constantFrom(200, 200, 200, 0, 413, 503, 429),
        fc.nat(1),
      ),
    },
    { weight: 3, arbitrary: fc.tuple(fc.constant('advance'), fc.constantFrom(1, 3_000, 90_000)) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('leave', 'show', 'adopt', 'resume', 'online'), which) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('die'), which) },
  )

  /** A browser with two tabs, and a collector that knows events by their numbers. */
  function createWorld(seed: number) {
    const browser = createBrowser()
    const stored = new Map<string, string>()
    const open = new Map<FakeRequest, Tab>()
    const tracked: string[] = []
    let draws = seed
    const draw = () => {
      draws = (draws * 16_807 + 11) % 2_147_483_647
      return draws / 2_147_483_647
    }
    const tabs: Tab[] = []
    let opened = 0
    const openNext = (i: number) => {
      const stream = `tab${++opened}x`
      tabs[i] = openTab({ browser, stream, draw, withLocks: true })
      void tabs[i].tabs.claim(stream)
    }
    openNext(0)
    openNext(1)
    const look = () => {
      for (const tab of tabs) for (const request of tab.requests.splice(0)) open.set(request, tab)
    }
    return {
      ...{ browser, stored, open, tracked, tabs, openNext, look },
      answer(request: FakeRequest, status: number, isStored: boolean) {
        const tab = open.get(request)
        open.delete(request)
        const { batch, firstSeq = 0, stream = '' } = request.batch
        // One event is never too large.
        const answered = status === 413 && batch.length === 1 ? 503 : status
        for (const [i, event] of batch.entries()) {
          if (answered !== 200 && !(isStored && answered !== 413)) continue
          const id = `${stream}-${firstSeq + i}`
          expect(stored.get(id) ?? event.event).toBe(event.event)
          stored.set(id, event.event ?? '')
        }
        if (!tab?.page.isDead) request.answer(answered)
      },
    }
  }

  test('every event arrives, and its number names it for ever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
        fc.nat(),
        async (steps, seed) => {
          const world = createWorld(seed)
          const { browser, stored, open, tracked, tabs, look } = world
          for (const [kind, first, second = 0, third = 0] of steps as [string, number, number?, number?][]) {
            const tab = tabs[first % 2] as Tab
            if (kind === 'track') {
              const names = Array.from({ length: second }, () => `Event ${tracked.push('')}`)
              await tab.keep(names, third)
              void tab.delivery.send()
            } else if (kind === 'answer') {
              look()
              const request = [...open.keys()][first]
              if (request) world.answer(request, second, third === 1)
            } else if (kind === 'advance') await browser.clock.advance(first)
            else if (kind === 'leave' || kind === 'show') {
              tab.page.isHidden = kind === 'leave'
              if (tab.page.isHidden) tab.delivery.leave(true)
            } else if (kind === 'adopt') {
              tab.delivery.take(await browser.outbox.adopt(tab.tabs.claim))
              void tab.delivery.send()
            } else if (kind === 'resume') tab.delivery.resume()
            else if (kind === 'online') tab.page.isOnline = !tab.page.isOnline
            else if (kind === 'die') {
              tab.die()
              look()
              world.openNext(first)
            }
            await settle()
          }
          for (let quietRounds = 0; quietRounds < 3; quietRounds++) {
            look()
            if (open.size > 0) quietRounds = 0
            for (const request of [...open.keys()]) world.answer(request, 200, true)
            await browser.clock.advance(NOTE_MS)
            for (const { delivery, tabs } of world.tabs) {
              delivery.take(await browser.outbox.adopt(tabs.claim))
              delivery.resume()
              await settle()
            }
          }
          expect([...stored.values()].sort()).toEqual(tracked.map((_, i) => `Event ${i + 1}`).sort())
          expect(browser.outbox.records.size).toBe(0)
          for (const { dropped, delivery } of tabs) expect([dropped, delivery.heldBytes()]).toEqual([[], 0])
        },
      ),
      { numRuns: 150 },
    )
  })
})
