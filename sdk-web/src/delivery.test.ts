import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBatchFormer } from './batch.ts'
import { createDelivery } from './delivery.ts'
import {
  createFakeClock,
  createFakeStorage,
  createFakeTransport,
  createFakeWindow,
  type FakeRequest,
  settle,
} from './fakes.ts'
import { watchPage } from './page-lifecycle.ts'
import { createQueue } from './queue.ts'
import { createStore } from './store.ts'
import { createStreamEndNote } from './stream-end.ts'

/** Everything from the queue to the transport, on a clock, a page and a collector that do as told. */
function setUp({ random = (): number => 0.5, flushAt = 20, keepaliveBytes = 64 * 1024 } = {}) {
  const clock = createFakeClock()
  const page = createFakeWindow()
  const transport = createFakeTransport({ keepaliveBytes })
  const queue = createQueue(100_000, 100_000_000)
  const dropped: unknown[] = []
  const note = createStreamEndNote(createStore(createFakeStorage), 'key', 'stream')
  const delivery = createDelivery({
    form: createBatchFormer({
      queue,
      stream: 'stream',
      writeKey: 'key',
      referrer: '',
      context: () => ({}),
      note,
      onDropped: () => {},
    }),
    waitingCount: queue.count,
    transport,
    isHidden: watchPage(() => delivery.leave(), page.window),
    onDropped: (...drop) => dropped.push(drop),
    flushAt,
    flushIntervalMs: 500,
    now: clock.now,
    delay: clock.delay,
    random,
  })
  const { requests } = transport
  return {
    clock,
    page,
    requests,
    delivery,
    dropped,
    track(event: string, size = 0) {
      queue.push({
        fields: { type: 'track', event, properties: { text: 'x'.repeat(size) } },
        timestamp: '2026-01-01T00:00:00.000Z',
        href: 'https://shop.example/',
        title: '',
        units: 100 + size,
      })
      delivery.wake()
    },
    /** Names of the events of each request so far. */
    sent: () => requests.map((request) => eventsOf(request)),
  }
}

function eventsOf(request: FakeRequest | undefined): string[] {
  return request?.batch.batch.map(({ event }) => event ?? '') ?? []
}

describe('delivery', () => {
  test('sends what came within the interval as one batch', async () => {
    const { clock, track, sent } = setUp()
    track('A')
    await clock.advance(300)
    track('B')
    await clock.advance(199)
    expect(sent()).toEqual([])
    await clock.advance(1)
    expect(sent()).toEqual([['A', 'B']])
  })

  test('sends at once when enough events wait, but not within the call', async () => {
    const { clock, track, sent } = setUp({ flushAt: 3 })
    for (const name of ['A', 'B', 'C', 'D']) track(name)
    expect(sent()).toEqual([])
    await clock.advance(0)
    expect(sent()).toEqual([['A', 'B', 'C', 'D']])
  })

  test('has one request in flight', async () => {
    const { clock, track, sent, requests } = setUp()
    track('A')
    await clock.advance(500)
    track('B')
    await clock.advance(5_000)
    expect(sent()).toEqual([['A']])
    requests[0]?.answer(200)
    await clock.advance(0)
    expect(sent()).toEqual([['A'], ['B']])
  })

  test('waits for company again after an answer', async () => {
    const { clock, track, sent, requests } = setUp()
    track('A')
    await clock.advance(500)
    track('B')
    requests[0]?.answer(200)
    await clock.advance(100)
    expect(sent()).toEqual([['A']])
    await clock.advance(400)
    expect(sent()).toEqual([['A'], ['B']])
  })

  test('sends a burst in few requests, numbered without a gap', async () => {
    const { clock, track, requests } = setUp()
    for (let i = 1; i <= 1_000; i++) track(`Event ${i}`, 100)
    for (let i = 0; i < 20; i++) {
      await clock.advance(10)
      requests[i]?.answer(200)
    }
    expect(requests.flatMap(eventsOf)).toEqual(Array.from({ length: 1_000 }, (_, i) => `Event ${i + 1}`))
    let next = 1
    for (const { batch } of requests) {
      expect(batch.firstSeq).toBe(next)
      next += batch.batch.length
    }
    expect(requests.length).toBeLessThanOrEqual(20)
  })

  test('sends the same batch again until it is taken, only sentAt differs', async () => {
    const { clock, track, requests } = setUp()
    track('A')
    await clock.advance(500)
    requests[0]?.answer(503)
    track('B')
    await clock.advance(500)
    requests[1]?.answer(0)
    await clock.advance(999)
    expect(requests).toHaveLength(2)
    await clock.advance(1)
    requests[2]?.answer(200)
    await clock.advance(0)
    const [first, second, third, last] = requests.map(({ batch }) => ({ ...batch, sentAt: '' }))
    expect([second, third]).toEqual([first, first])
    expect(new Set(requests.map(({ batch }) => batch.sentAt)).size).toBe(3)
    expect(last).toMatchObject({ firstSeq: 2, batch: [{ event: 'B' }] })
  })

  test('honours Retry-After, whatever is tracked meanwhile', async () => {
    const { clock, track, requests, delivery } = setUp({ random: () => 0, flushAt: 2 })
    track('A')
    await clock.advance(500)
    requests[0]?.answer(429, '5')
    await clock.advance(1_000)
    for (let i = 0; i < 10; i++) track('B')
    await delivery.flush()
    await clock.advance(3_999)
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    expect(requests).toHaveLength(2)
  })

  test('gives a refused batch up and goes on', async () => {
    const { clock, track, requests, sent, dropped } = setUp()
    track('A')
    track('B')
    await clock.advance(500)
    requests[0]?.answer(400)
    track('C')
    await clock.advance(500)
    expect(sent()).toEqual([['A', 'B'], ['C']])
    expect(dropped).toEqual([['refused', 2]])
  })

  test('backs off anew after a success', async () => {
    const { clock, track, requests } = setUp()
    track('A')
    await clock.advance(500)
    for (const status of [503, 503, 200]) {
      requests.at(-1)?.answer(status)
      await clock.advance(2_000)
    }
    track('B')
    await clock.advance(500)
    requests.at(-1)?.answer(503)
    await clock.advance(499)
    expect(requests).toHaveLength(4)
    await clock.advance(1)
    expect(requests).toHaveLength(5)
  })
})

describe('flush', () => {
  test('resolves when everything was answered', async () => {
    const { track, requests, delivery } = setUp()
    let isDone = false
    for (let i = 0; i < 3; i++) track(`large ${i}`, 20_000)
    void delivery.flush().then(() => {
      isDone = true
    })
    for (let i = 0; i < 3; i++) {
      await settle()
      expect([requests.length, isDone]).toEqual([i + 1, false])
      requests[i]?.answer(200)
    }
    await settle()
    expect(isDone).toBe(true)
  })

  test('resolves when nothing waits', async () => {
    await setUp().delivery.flush()
  })

  test('resolves when an attempt fails', async () => {
    const { track, requests, delivery } = setUp()
    track('A')
    const flushed = delivery.flush()
    requests[0]?.answer(503)
    await flushed
    expect(requests).toHaveLength(1)
  })

  test('also sends what is tracked while it runs', async () => {
    const { track, requests, delivery, sent } = setUp()
    track('A')
    const first = delivery.flush()
    track('B')
    const second = delivery.flush()
    requests[0]?.answer(200)
    await settle()
    requests[1]?.answer(200)
    await Promise.all([first, second])
    expect(sent()).toEqual([['A'], ['B']])
  })
})

describe('leaving', () => {
  test('sends what waits by requests that outlive the page, at once', () => {
    const { page, track, requests, sent } = setUp()
    track('A')
    page.setVisibility('hidden')
    expect(sent()).toEqual([['A']])
    expect(requests[0]?.isKeepalive).toBe(true)
  })

  test('sends the batch of an ordinary request again, and only once', async () => {
    const { clock, page, track, requests, dropped } = setUp()
    track('A')
    await clock.advance(500)
    page.setVisibility('hidden')
    page.fire('pagehide')
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([false, true])
    expect(requests[1]?.body).toBe(requests[0]?.body)
    requests[0]?.answer(0) // cut off by the browser
    await clock.advance(0)
    requests[1]?.answer(200)
    await clock.advance(60_000)
    expect(requests).toHaveLength(2)
    expect(dropped).toEqual([])
  })

  test('sends what is tracked in the last moment, by the page itself', async () => {
    const { page, track, requests, sent } = setUp()
    track('A')
    page.fire('pagehide')
    track('B')
    track('C')
    await Promise.resolve()
    expect(sent()).toEqual([['A'], ['B', 'C']])
    expect(requests.every(({ isKeepalive }) => isKeepalive)).toBe(true)
  })

  test('stays within the keepalive budget, and the rest goes when there is room', async () => {
    const { clock, page, track, requests, sent } = setUp()
    for (let i = 0; i < 6; i++) track(`large ${i}`, 20_000)
    page.setVisibility('hidden')
    expect(sent()).toEqual([['large 0', 'large 1', 'large 2']])
    track('late')
    await clock.advance(0)
    expect(requests).toHaveLength(1)
    requests[0]?.answer(200)
    await clock.advance(0)
    expect(sent()[1]).toEqual(['large 3', 'large 4', 'large 5', 'late'])
    expect(requests[1]?.isKeepalive).toBe(true)
  })

  test('goes the ordinary way when there is no room at all', () => {
    const { page, track, requests } = setUp({ keepaliveBytes: 0 })
    track('A')
    page.setVisibility('hidden')
    expect(requests.map(({ isKeepalive }) => isKeepalive)).toEqual([false])
  })

  test('tries once while it backs off, then waits as told', async () => {
    const { clock, page, track, requests } = setUp({ random: () => 0 })
    track('A')
    await clock.advance(500)
    requests[0]?.answer(503, '60')
    await clock.advance(0)
    page.setVisibility('hidden')
    expect(requests).toHaveLength(2)
    requests[1]?.answer(503, '60')
    for (let i = 0; i < 10; i++) track('B')
    await clock.advance(10_000)
    expect(requests).toHaveLength(2)
  })

  test('is no end: a page that is shown again goes on', async () => {
    const { clock, page, track, requests, sent } = setUp()
    track('A')
    page.fire('pagehide')
    requests[0]?.answer(200)
    await clock.advance(10_000)
    page.fire('pageshow')
    track('B')
    await clock.advance(500)
    expect(sent()).toEqual([['A'], ['B']])
    expect(requests[1]?.batch.firstSeq).toBe(2)
    expect(requests[1]?.isKeepalive).toBe(false)
  })

  test('flush while hidden sends each batch once', async () => {
    const { page, track, requests, delivery } = setUp()
    page.setVisibility('hidden')
    track('A')
    const flushed = delivery.flush()
    await settle()
    expect(requests).toHaveLength(1)
    requests[0]?.answer(200)
    await flushed
  })
})

describe('whatever happens', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('track' as const),
        size: fc.constantFrom(0, 100, 5_000, 20_000),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('advance' as const),
        ms: fc.constantFrom(0, 1, 500, 3_000, 40_000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('answer' as const),
        // A request may have been stored although the page never learns of it.
        status: fc.constantFrom(200, 200, 200, 0, 503, 429),
        isStored: fc.boolean(),
        pick: fc.nat(3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { kind: 'hide' as const },
        { kind: 'show' as const },
        { kind: 'flush' as const },
      ),
    },
  )

  test('every event arrives, each number once, and a batch never changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
        fc.nat(),
        async (steps, seed) => {
          const world = setUp({ flushAt: 3, random: () => ((seed % 97) + 1) / 100 })
          const { requests, clock, page } = world
          const open = new Set<FakeRequest>()
          const stored = new Map<number, string>()
          let seen = 0
          let tracked = 0
          const look = () => {
            for (const request of requests.slice(seen)) open.add(request)
            seen = requests.length
          }
          const answer = (request: FakeRequest, status: number, isStored: boolean) => {
            open.delete(request)
            if (status === 200 || isStored) {
              for (const [i, event] of request.batch.batch.entries()) {
                const seq = (request.batch.firstSeq ?? Number.NaN) + i
                const text = JSON.stringify([request.batch.batchId, event])
                expect(stored.get(seq) ?? text).toBe(text)
                stored.set(seq, text)
              }
            }
            request.answer(status)
          }
          for (const one of steps) {
            if (one.kind === 'track') world.track(`Event ${++tracked}`, one.size)
            else if (one.kind === 'advance') await clock.advance(one.ms)
            else if (one.kind === 'hide') page.setVisibility('hidden')
            else if (one.kind === 'show') page.setVisibility('visible')
            else if (one.kind === 'flush') void world.delivery.flush()
            else if (one.kind === 'answer') {
              look()
              const request = [...open][one.pick]
              if (request) answer(request, one.status, one.isStored)
            }
            await settle()
          }
          for (let quietRounds = 0; quietRounds < 3; quietRounds++) {
            look()
            if (open.size > 0) quietRounds = 0
            for (const request of open) answer(request, 200, true)
            await clock.advance(60_000) // longer than any wait that was drawn
          }
          expect([...stored.keys()].sort((a, b) => a - b)).toEqual(
            Array.from({ length: tracked }, (_, i) => i + 1),
          )
          for (const [seq, text] of stored) expect(text).toContain(`"Event ${seq}"`)
        },
      ),
      { numRuns: 200 },
    )
  })
})
