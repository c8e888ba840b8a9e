import { describe, expect, it, onTestFinished } from 'vitest'
import type { MillraceOptions } from './client-options.ts'
import { createFakeProcess, setUp } from './fake-client.ts'
import { ACCEPTED, createFakeClock, createFakeFetch, START_MS, settlePromises } from './fakes.ts'

const EVENT = { userId: 'u1', event: 'Clicked' }

describe('batches', () => {
  it('client sends what was tracked as one batch after the interval', async () => {
    const { client, clock, requests } = setUp({ flushIntervalMs: 1_000 })
    client.track({ ...EVENT, properties: { total: 42 } })
    client.page({ anonymousId: 'a1', name: 'Home', timestamp: new Date(0) })
    await clock.advance(999)
    expect(requests).toHaveLength(0)
    await clock.advance(1)
    expect(requests).toHaveLength(1)
    expect(requests[0]?.body).toEqual({
      batchId: 'id1.1-2',
      stream: 'id1',
      firstSeq: 1,
      sentAt: new Date(START_MS + 1_000).toISOString(),
      context: { library: { name: '@millrace/node', version: '0.1.0' } },
      batch: [
        {
          type: 'track',
          event: 'Clicked',
          properties: { total: 42 },
          userId: 'u1',
          timestamp: new Date(START_MS).toISOString(),
        },
        { type: 'page', name: 'Home', anonymousId: 'a1', timestamp: '1970-01-01T00:00:00.000Z' },
      ],
    })
  })

  it('client names the key by HTTP Basic and posts to the batch route', async () => {
    const { client, requests } = setUp({ endpoint: 'https://events.test/collect/' })
    client.track(EVENT)
    await client.flush()
    expect(requests[0]?.url).toBe('https://events.test/collect/v1/batch')
    expect(requests[0]?.headers['authorization']).toBe(`Basic ${btoa('wk:')}`)
  })

  it('client names the source that its key is for, when it was given', async () => {
    const { client, requests } = setUp({ source: 'shop' })
    client.track(EVENT)
    await client.flush()
    expect(requests[0]?.body.source).toBe('shop')
  })

  it('batches that wait go on by themselves after the first is answered', async () => {
    const { client, clock, requests } = setUp({ flushAt: 2 })
    for (let i = 0; i < 6; i += 1) client.track(EVENT)
    await clock.advance(20)
    expect(requests.map(({ body }) => body.firstSeq)).toEqual([1, 3, 5])
  })

  it('client with a secret key posts to the import route', async () => {
    const { client, requests } = setUp({ writeKey: undefined, secretKey: 'sk' } as Partial<MillraceOptions>)
    client.track(EVENT)
    await client.flush()
    expect(requests[0]?.url).toBe('https://events.test/v1/import')
  })

  it('client sends at once when flushAt events wait', async () => {
    const { client, requests } = setUp({ flushAt: 2 })
    client.track(EVENT)
    expect(requests).toHaveLength(0)
    client.track(EVENT)
    await settlePromises()
    expect(requests.map(({ body }) => body.batch.length)).toEqual([2])
  })

  it('batches stay under the byte limit', async () => {
    const { client, requests } = setUp({ flushAt: 1_000 })
    for (let i = 0; i < 60; i += 1) client.track({ ...EVENT, properties: { text: 'é'.repeat(15_000) } })
    await client.flush()
    expect(requests.length).toBeGreaterThan(3)
    for (const { text } of requests) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(500 * 1024)
    expect(client.stats().delivered).toBe(60)
  })

  it('sequence numbers have no gap, whatever is refused in between', async () => {
    const { client, requests } = setUp({ flushAt: 3 })
    for (let i = 0; i < 10; i += 1) {
      client.track(EVENT)
      client.track({ userId: 'u1', event: '' })
    }
    await client.flush()
    const numbers = requests.flatMap(({ body }) => body.batch.map((_, index) => (body.firstSeq ?? 0) + index))
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(new Set(requests.map(({ body }) => body.stream)).size).toBe(1)
  })

  it('an event is copied at the call', async () => {
    const { client, requests } = setUp()
    const properties = { items: [1] }
    client.track({ ...EVENT, properties })
    properties.items.push(2)
    await client.flush()
    expect(requests[0]?.body.batch[0]?.properties).toEqual({ items: [1] })
  })
})

describe('retries', () => {
  it('a batch stays the same over retries but for sentAt', async () => {
    const { client, clock, requests, retries } = setUp({
      answers: [{ status: 503 }, { fails: 'connect ECONNREFUSED' }, { status: 408 }],
    })
    client.track(EVENT)
    const flushed = client.flush()
    await clock.advance(100)
    client.track({ ...EVENT, event: 'Later' })
    await clock.advance(40_000)
    expect(await flushed).toMatchObject({ delivered: 1, pending: 0 })
    const first = requests.slice(0, 4).map(({ text }) => text.replace(/"sentAt":"[^"]+"/, ''))
    expect(new Set(first).size).toBe(1)
    expect(new Set(requests.slice(0, 4).map(({ body }) => body.sentAt)).size).toBe(4)
    expect(requests.slice(0, 4).map(({ at }) => at - START_MS)).toEqual([0, 500, 2_500, 32_500])
    expect(retries.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 503],
      [2, undefined],
      [3, 408],
    ])
    expect(client.stats()).toMatchObject({ requests: 5, retries: 3, delivered: 2 })
  })

  it('a wait that the collector asks for is honoured', async () => {
    const { client, clock, requests } = setUp({
      answers: [{ status: 429, headers: { 'retry-after': '7' } }],
      random: () => 0,
    })
    client.track(EVENT)
    const flushed = client.flush()
    await clock.advance(6_999)
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    await flushed
    expect(requests).toHaveLength(2)
  })

  it('a request without an answer is made again after the timeout', async () => {
    const { client, clock, requests, retries } = setUp({ answers: [{ hang: true }], requestTimeoutMs: 5_000 })
    client.track(EVENT)
    const flushed = client.flush()
    await clock.advance(5_000)
    expect(retries[0]).toMatchObject({ attempt: 1, delayMs: 500, message: 'no answer within 5000 ms' })
    await clock.advance(500)
    expect(await flushed).toMatchObject({ delivered: 1 })
    expect(requests).toHaveLength(2)
  })

  it('a batch is given up when no retries are left, and the next one goes on', async () => {
    const { client, clock, errors } = setUp({
      maxRetries: 1,
      flushAt: 2,
      answers: [{ status: 500 }, { status: 500 }],
    })
    for (let i = 0; i < 3; i += 1) client.track(EVENT)
    const flushed = client.flush()
    await clock.advance(500)
    expect(await flushed).toMatchObject({ delivered: 1, dropped: 2, pending: 0 })
    expect(errors).toMatchObject([{ code: 'undelivered', dropped: 2, status: 500 }])
    expect(client.stats().dropped.undelivered).toBe(2)
  })

  it('a collector that is away for ten minutes loses nothing with the default options', async () => {
    let isDown = true
    const { fetch } = createFakeFetch({})
    const { client, clock } = setUp({
      random: () => 0.9,
      fetch: async (...request) => {
        if (isDown) throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
        return fetch(...request)
      },
    })
    client.track(EVENT)
    const flushed = client.flush()
    await clock.advance(600_000)
    isDown = false
    await clock.advance(60_000)
    expect(await flushed).toMatchObject({ delivered: 1 })
  })

  it.each([
    [400, 'invalid_batch'],
    [401, 'unknown_write_key'],
    [403, 'secret_key_required'],
    [413, 'body_too_large'],
  ])('a refusal with %i drops the batch and says why', async (status, code) => {
    const { client, errors, requests } = setUp({
      answers: [{ status, body: { success: false, code, message: 'Said the collector.' } }],
    })
    client.track(EVENT)
    client.track(EVENT)
    expect(await client.flush()).toMatchObject({ delivered: 0, dropped: 2 })
    expect(errors).toMatchObject([{ code: 'refused', dropped: 2, status, collectorCode: code }])
    expect(errors[0]?.message).toBe('the collector refused 2 events: Said the collector.')
    expect(client.stats().dropped.refused).toBe(2)
    expect(requests).toHaveLength(1)
  })
})

describe('receipts', () => {
  it('receipts are passed on with the id of the event and counted', async () => {
    const remark = { reason: 'impossible_time', message: 'The clock is wrong.' }
    const { client, receipts } = setUp({
      answers: [
        {
          status: 200,
          body: {
            success: true,
            receipts: [
              { index: 0, status: 'quarantined', path: 'timestamp', ...remark },
              { index: 2, status: 'duplicate', ...remark },
              { index: 3, status: 'filtered', ...remark },
              { index: 99, status: 'filtered', ...remark },
              { index: 'length', status: 'filtered', ...remark },
            ],
          },
        },
      ],
    })
    for (const messageId of [undefined, undefined, 'mine', undefined]) client.track({ ...EVENT, messageId })
    expect(await client.flush()).toEqual({
      delivered: 1,
      quarantined: 1,
      filtered: 1,
      duplicate: 1,
      dropped: 0,
      spooled: 0,
      pending: 0,
    })
    expect(receipts).toEqual([
      { messageId: 'id1-1', status: 'quarantined', path: 'timestamp', ...remark },
      { messageId: 'mine', status: 'duplicate', ...remark },
      { messageId: 'id1-4', status: 'filtered', ...remark },
    ])
    expect(client.stats()).toMatchObject({
      accepted: 4,
      delivered: 1,
      quarantined: 1,
      filtered: 1,
      duplicate: 1,
    })
  })

  it('a callback that throws is reported and harms nothing', async () => {
    const { client, errors } = setUp({
      answers: [{ status: 200, body: { success: true, receipts: [{ index: 0, status: 'filtered' }] } }],
      listener: () => {
        throw new Error('mine')
      },
    })
    client.track(EVENT)
    expect(await client.flush()).toMatchObject({ filtered: 1 })
    expect(errors).toMatchObject([{ code: 'callback_failed', dropped: 0, cause: { message: 'mine' } }])
  })
})

describe('options that throw', () => {
  function throwing(): never {
    throw new Error('mine')
  }

  /** A function that throws at the given calls, counted from 1. */
  function throwAt<T>(calls: readonly number[], give: () => T): () => T {
    let count = 0
    return () => (calls.includes(++count) ? throwing() : give())
  }

  it('a clock that throws at the call refuses the event, which did not get a number', async () => {
    const { client, errors } = setUp({ now: throwAt([1], () => START_MS) })
    expect([client.track(EVENT), client.track(EVENT)]).toEqual([false, true])
    expect(errors).toMatchObject([{ code: 'invalid_event', message: 'track: an option threw: mine' }])
    expect(await client.flush()).toMatchObject({ delivered: 1 })
  })

  it.each([
    ['now', { now: throwAt([2], () => START_MS) }],
    ['random', { random: throwAt([1], () => 1), answers: [{ status: 503 }] }],
    ['all listeners', { listener: throwing, answers: [{ status: 503 }] }],
  ] as const)('%s while a batch is sent leaves the client working', async (_, options) => {
    const { client, clock } = setUp({ ...options, flushAt: 1 } as Parameters<typeof setUp>[0])
    client.track(EVENT)
    await clock.advance(20_000)
    client.track(EVENT)
    await clock.advance(20_000)
    expect(client.stats()).toMatchObject({ accepted: 2, pending: 0 })
    expect(client.stats().delivered).toBeGreaterThan(0)
  })

  it('a timer that cannot be set is reported, and the event is kept', async () => {
    const clock = createFakeClock()
    let isBroken = true
    const { client, errors } = setUp({
      now: clock.now,
      clearTimeout: clock.clearTimeout,
      setTimeout: (callback, delayMs) => (isBroken ? throwing() : clock.setTimeout(callback, delayMs)),
    })
    expect(client.track(EVENT)).toBe(true)
    expect(errors).toMatchObject([{ code: 'callback_failed', cause: { message: 'mine' } }])
    isBroken = false
    expect(await client.close()).toMatchObject({ delivered: 1 })
  })

  it('a timer that cannot be set rejects the wait of whoever called, and nothing else', async () => {
    const { client } = setUp({ setTimeout: throwing })
    client.track(EVENT)
    await expect(client.flush()).rejects.toThrow('mine')
    await expect(client.close({ timeoutMs: 10 })).rejects.toThrow('mine')
    expect(client.stats()).toMatchObject({ pending: 0, dropped: { undelivered: 1 } })
  })

  it('an onReceipt that rejects is reported', async () => {
    const { client, errors } = setUp({
      answers: [{ status: 200, body: { success: true, receipts: [{ index: 0, status: 'filtered' }] } }],
      listener: async () => throwing(),
    })
    client.track(EVENT)
    await client.flush()
    await settlePromises()
    expect(errors).toMatchObject([{ code: 'callback_failed', cause: { message: 'mine' } }])
  })
})

describe('flush', () => {
  it('flush of an empty client resolves at once', async () => {
    const { client, requests } = setUp()
    expect(await client.flush()).toEqual({
      delivered: 0,
      quarantined: 0,
      filtered: 0,
      duplicate: 0,
      dropped: 0,
      spooled: 0,
      pending: 0,
    })
    expect(requests).toHaveLength(0)
  })

  it('flush waits for the request in flight and not for events tracked later', async () => {
    const { client, clock } = setUp({ flushAt: 1, answers: [{ status: 503 }, ACCEPTED, { hang: true }] })
    client.track(EVENT)
    await settlePromises()
    let isDone = false
    const flushed = client.flush().then((result) => {
      isDone = true
      return result
    })
    client.track({ ...EVENT, event: 'Later' })
    await clock.advance(499)
    expect(isDone).toBe(false)
    await clock.advance(1)
    expect(await flushed).toMatchObject({ delivered: 1, pending: 0 })
    expect(client.stats().pending).toBe(1)
  })

  it('flushes that overlap each wait for their own events', async () => {
    const { client, clock } = setUp({ answers: [{ status: 503 }] })
    client.track(EVENT)
    const first = client.flush()
    client.track(EVENT)
    const second = client.flush()
    await clock.advance(500)
    expect(await first).toMatchObject({ delivered: 1 })
    expect(await second).toMatchObject({ delivered: 2 })
  })

  it('flush gives what is pending at the deadline and goes on afterwards', async () => {
    const { client, clock } = setUp({ answers: [{ status: 503, headers: { 'retry-after': '10' } }] })
    client.track(EVENT)
    const flushed = client.flush({ timeoutMs: 1_000 })
    await clock.advance(1_000)
    expect(await flushed).toMatchObject({ delivered: 0, pending: 1 })
    await clock.advance(10_000)
    expect(client.stats()).toMatchObject({ delivered: 1, pending: 0 })
  })

  it('flush and close reject a wrong timeout and leave the client open', async () => {
    const { client } = setUp()
    await expect(client.flush({ timeoutMs: -1 })).rejects.toThrow(
      'flush: timeoutMs must be a number >= 0, got -1',
    )
    await expect(client.close({ timeoutMs: Number.NaN })).rejects.toThrow(RangeError)
    expect(client.track(EVENT)).toBe(true)
  })
})

describe('close', () => {
  it('close delivers everything accepted before and refuses what comes later', async () => {
    const { client, clock, errors } = setUp({ answers: [{ status: 503 }] })
    client.track(EVENT)
    const closed = client.close()
    expect(client.track(EVENT)).toBe(false)
    await clock.advance(500)
    expect(await closed).toMatchObject({ delivered: 1, pending: 0 })
    expect(client.identify({ userId: 'u1' })).toBe(false)
    expect(errors).toMatchObject([
      { code: 'closed', message: 'track was called after close()' },
      { code: 'closed', message: 'identify was called after close()' },
    ])
    expect(client.stats()).toMatchObject({ accepted: 1, delivered: 1, dropped: { closed: 2 } })
  })

  it('close gives up the rest at the deadline and leaves no timer behind', async () => {
    const { client, clock, requests, errors } = setUp({ flushAt: 2, answers: [{ hang: true }] })
    for (let i = 0; i < 5; i += 1) client.track(EVENT)
    const closed = client.close({ timeoutMs: 1_000 })
    await clock.advance(1_000)
    expect(await closed).toEqual({
      delivered: 0,
      quarantined: 0,
      filtered: 0,
      duplicate: 0,
      dropped: 5,
      spooled: 0,
      pending: 0,
    })
    expect(requests).toHaveLength(1)
    expect(errors.map(({ code, dropped }) => [code, dropped])).toEqual([
      ['undelivered', 2],
      ['undelivered', 2],
      ['undelivered', 1],
    ])
    expect(clock.timerCount()).toBe(0)
  })

  it('close during a wait for a retry ends at its deadline', async () => {
    const { client, clock } = setUp({ answers: [{ status: 429, headers: { 'retry-after': '60' } }] })
    client.track(EVENT)
    const closed = client.close({ timeoutMs: 50 })
    await clock.advance(50)
    expect(await closed).toMatchObject({ dropped: 1, pending: 0 })
  })

  it('close without time to wait starts no further request, even from within onError', async () => {
    const { client, requests } = setUp({
      flushAt: 1,
      answers: [{ status: 401 }],
      listener: () => void client.close({ timeoutMs: 0 }),
    })
    for (let i = 0; i < 3; i += 1) client.track(EVENT)
    await client.close()
    expect(requests).toHaveLength(1)
    expect(client.stats()).toMatchObject({ pending: 0, dropped: { refused: 1, undelivered: 2 } })
  })

  it('a second close cuts the first one short', async () => {
    const { client, clock } = setUp({ answers: [{ hang: true }] })
    client.track(EVENT)
    const closed = client.close()
    void client.close({ timeoutMs: 0 })
    await clock.advance(0)
    expect(await closed).toMatchObject({ dropped: 1, pending: 0 })
    expect(clock.timerCount()).toBe(0)
  })

  it('a second close gives the same answer', async () => {
    const { client } = setUp()
    client.track(EVENT)
    expect(await Promise.all([client.close(), client.close()])).toEqual([
      expect.objectContaining({ delivered: 1 }),
      expect.objectContaining({ delivered: 1 }),
    ])
  })
})

describe('bounds', () => {
  /** Six of these and no more fit into the smallest queue. */
  const LARGE = { ...EVENT, properties: { text: 'x'.repeat(21_000) } }
  const maxQueueBytes = 131_072

  it('events over maxQueueBytes are dropped, counted, told each and reported once', async () => {
    const { client, clock, errors, drops } = setUp({ flushAt: 2, maxQueueBytes, answers: [{ status: 503 }] })
    const accepted = Array.from({ length: 9 }, () => client.track(LARGE))
    expect(accepted).toEqual([true, true, true, true, true, true, false, false, false])
    expect(errors).toMatchObject([{ code: 'queue_full', dropped: 1 }])
    expect(drops).toEqual(Array(3).fill({ reason: 'queue_full', count: 1 }))
    await clock.advance(530)
    expect(client.stats()).toMatchObject({ accepted: 6, delivered: 6, dropped: { queue_full: 3 } })
  })

  it('ready resolves when there is room again', async () => {
    const { client, clock } = setUp({ flushAt: 2, maxQueueBytes, answers: [{ status: 503 }] })
    await client.ready()
    for (let i = 0; i < 6; i += 1) client.track(LARGE)
    let isReady = false
    const ready = client.ready().then(() => {
      isReady = true
    })
    await clock.advance(499)
    expect(isReady).toBe(false)
    await clock.advance(21)
    await ready
    expect(client.track(LARGE)).toBe(true)
  })

  it('a producer that awaits ready never loses an event', async () => {
    const { client } = setUp({ maxQueueBytes })
    for (let i = 0; i < 300; i += 1) {
      await client.ready()
      client.track({ ...EVENT, properties: { text: 'x'.repeat((i * 997) % 32_000) } })
    }
    await client.close()
    expect(client.stats()).toMatchObject({ accepted: 300, delivered: 300, dropped: { queue_full: 0 } })
  })

  it('ready resolves when the client is closed', async () => {
    const { client, clock } = setUp({ flushAt: 1, maxQueueBytes, answers: [{ hang: true }] })
    for (let i = 0; i < 6; i += 1) client.track(LARGE)
    const ready = client.ready()
    const closed = client.close({ timeoutMs: 10 })
    await ready
    await clock.advance(10)
    await closed
  })
})

describe('the end of the process', () => {
  it('the next batch waits for an instant in which the process may end, unless somebody waits', async () => {
    const { client, clock, requests } = setUp({ flushAt: 1 })
    for (let i = 0; i < 3; i += 1) client.track(EVENT)
    await settlePromises()
    expect([requests.length, clock.timerCount()]).toEqual([1, 1])
    await client.flush()
    expect(requests).toHaveLength(3)
    await clock.advance(10)
    expect([requests.length, clock.timerCount()]).toEqual([3, 0])
  })

  it('what is left is sent when the process has nothing else to do', async () => {
    const process = createFakeProcess()
    const { client } = setUp({ process, flushOnExit: true })
    expect(process.count()).toBe(0)
    client.track(EVENT)
    expect([process.listenerCount('beforeExit'), process.listenerCount('exit')]).toEqual([1, 1])
    process.emit('beforeExit')
    await settlePromises()
    expect(client.stats().delivered).toBe(1)
    expect(process.count()).toBe(0)
  })

  it('the process is held no longer than exitTimeoutMs', async () => {
    const process = createFakeProcess()
    const options = { process, flushOnExit: true, exitTimeoutMs: 2_000, answers: [{ hang: true } as const] }
    const { client, clock, errors } = setUp(options)
    client.track(EVENT)
    process.emit('beforeExit')
    await clock.advance(2_000)
    expect(client.stats()).toMatchObject({ pending: 0, dropped: { undelivered: 1 } })
    expect(errors).toMatchObject([{ code: 'undelivered', dropped: 1 }])
    expect([process.count(), clock.timerCount()]).toEqual([0, 0])
  })

  it('the process is not held for a wait that is longer than it may be held', async () => {
    const process = createFakeProcess()
    const answers = [{ status: 503, headers: { 'retry-after': '60' } }]
    const { client, clock } = setUp({ process, flushOnExit: true, answers })
    client.track(EVENT)
    process.emit('beforeExit')
    await clock.advance(0)
    expect(client.stats()).toMatchObject({ pending: 0, dropped: { undelivered: 1 } })
    expect([process.count(), clock.timerCount()]).toEqual([0, 0])
  })

  it('what process.exit() leaves behind is counted and told as lost', () => {
    const process = createFakeProcess()
    const { client, errors, drops } = setUp({ process })
    client.track(EVENT)
    client.track(EVENT)
    process.emit('exit')
    expect(drops).toEqual([{ reason: 'undelivered', count: 2 }])
    expect(errors[0]?.message).toBe(
      'gave up on 2 events: the process ended before they were sent; await close() before, or use a spool',
    )
    expect(client.stats()).toMatchObject({ accepted: 2, pending: 0, dropped: { undelivered: 2 } })
  })

  it('a signal that nobody else hears is raised again when what waits was sent', async () => {
    const process = createFakeProcess()
    const { client, requests } = setUp({ process, platform: { handleSignals: true } })
    client.track(EVENT)
    process.emit('SIGTERM')
    expect(process.raised).toEqual([])
    await settlePromises()
    expect([requests.length, process.raised]).toEqual([1, ['SIGTERM']])
  })
})

it('without a listener, the first error of each code is one line on the console', () => {
  const lines: unknown[] = []
  const { warn } = console
  onTestFinished(() => {
    console.warn = warn
  })
  console.warn = (line) => lines.push(line)
  const { client } = setUp({ listens: false })
  for (let i = 0; i < 3; i += 1) client.track({ userId: 'secret-user', event: '' })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(String(lines[0]))).toMatchObject({
    level: 'warn',
    from: '@millrace/node',
    code: 'invalid_event',
  })
  expect(lines[0]).not.toContain('secret-user')
})
