import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { setUp } from './fake-client.ts'
import { ACCEPTED, type FakeAnswer, settlePromises } from './fakes.ts'
import type { EventOutcome, MillraceFailure } from './news.ts'

const EVENT = { userId: 'u1', event: 'Clicked' }

describe('a child', () => {
  it('a child adds what it knows, and shares queue, numbers and books', async () => {
    const { client, requests } = setUp()
    const child = client.with({ anonymousId: 'a1', context: { ip: '192.0.2.1' } })
    child.track({ event: 'One' })
    child.with({ userId: 'u2' }).page({ name: 'Two', context: { locale: 'de' } })
    client.track(EVENT)
    await child.flush()
    expect(requests[0]?.body.batch).toMatchObject([
      { event: 'One', anonymousId: 'a1', context: { ip: '192.0.2.1' } },
      { name: 'Two', anonymousId: 'a1', userId: 'u2', context: { ip: '192.0.2.1', locale: 'de' } },
      { userId: 'u1' },
    ])
    expect(client.stats()).toMatchObject({ accepted: 3, delivered: 3 })
  })

  it('what a child was given wrongly is refused at the event', () => {
    const { client, errors } = setUp()
    const child = client.with({ userId: 7 } as unknown as { userId: string })
    expect(child.track({ event: 'E' })).toBe(false)
    expect(errors[0]?.message).toBe(
      'track: userId must be a string of 1 to 256 characters, got a value of type number',
    )
  })
})

describe('defaults', () => {
  it('the option is asked at each call and comes after the child', async () => {
    let visitor = 'v1'
    const { client, requests } = setUp({ defaults: () => ({ anonymousId: visitor, userId: 'ambient' }) })
    client.with({ userId: 'child' }).track({ event: 'One' })
    visitor = 'v2'
    client.track({ event: 'Two' } as never)
    await client.flush()
    expect(requests[0]?.body.batch).toMatchObject([
      { anonymousId: 'v1', userId: 'child' },
      { anonymousId: 'v2', userId: 'ambient' },
    ])
  })

  it('one that throws refuses the event and says so', () => {
    const { client, errors } = setUp({
      defaults() {
        throw new Error('no store')
      },
    })
    expect(client.track(EVENT)).toBe(false)
    expect(errors).toMatchObject([{ code: 'invalid_event', message: 'track: an option threw: no store' }])
  })
})

describe('a function that is passed with an event', () => {
  function collect() {
    const told: [MillraceFailure['code'] | undefined, EventOutcome | undefined][] = []
    return {
      told,
      done: (error?: MillraceFailure, outcome?: EventOutcome) => void told.push([error?.code, outcome]),
    }
  }

  it('is called once with the outcome of its event', async () => {
    const receipt = {
      index: 1,
      status: 'quarantined',
      reason: 'impossible_time',
      message: 'The clock.',
      path: 'timestamp',
    }
    const { client } = setUp({ answers: [{ status: 200, body: { success: true, receipts: [receipt] } }] })
    const { told, done } = collect()
    client.track(EVENT, done)
    client.track({ ...EVENT, messageId: 'mine' }, done)
    await client.flush()
    const { index: _, ...remark } = receipt
    expect(told).toEqual([
      [undefined, { messageId: 'id1-1', status: 'delivered' }],
      [undefined, { messageId: 'mine', ...remark }],
    ])
  })

  it('is called with the error of an event that was refused, at the call or by the collector', async () => {
    const { client } = setUp({ answers: [{ status: 401 }] })
    const { told, done } = collect()
    client.track({ userId: 'u', event: '' }, done)
    client.track(EVENT, done)
    await client.flush()
    expect(told).toEqual([
      ['invalid_event', { status: 'not_accepted' }],
      ['refused', { messageId: 'id1-1', status: 'refused' }],
    ])
  })

  it('what it throws is told and harms nothing', async () => {
    const { client, errors } = setUp()
    client.track(EVENT, () => {
      throw new Error('mine')
    })
    expect(await client.flush()).toMatchObject({ delivered: 1 })
    expect(errors).toMatchObject([{ code: 'callback_failed', cause: { message: 'mine' } }])
  })
})

describe('drops', () => {
  it('the next event tells the collector how many were dropped and why, once', async () => {
    const { client, requests } = setUp()
    client.track({ userId: 'u', event: '' })
    client.track({ userId: 'u', event: '' })
    client.track({ ...EVENT, properties: { text: 'x'.repeat(40_000) } })
    client.track({ ...EVENT, context: { ip: '192.0.2.1' } })
    client.track(EVENT)
    await client.flush()
    expect(requests[0]?.body.batch.map(({ context }) => context)).toEqual([
      { ip: '192.0.2.1', dropped: { invalid_event: 2, event_too_large: 1 } },
      undefined,
    ])
  })

  it('events that are dropped pass on what they were to tell', async () => {
    const { client, requests } = setUp({ answers: [{ status: 400 }] })
    client.track({ userId: 'u', event: '' })
    client.track(EVENT)
    client.track(EVENT)
    await client.flush()
    client.track(EVENT)
    await client.flush()
    expect(requests[1]?.body.batch[0]?.context).toEqual({ dropped: { invalid_event: 1, refused: 2 } })
  })

  it('an event that is too large with the numbers leaves them to the next one', async () => {
    const sized = (length: number) => ({ ...EVENT, properties: { text: 'x'.repeat(length) } })
    let largest = 32_768
    for (const probe = setUp().client; !probe.track(sized(largest)); ) largest -= 1
    const { client, requests } = setUp()
    client.track({ userId: 'u', event: '' })
    expect(client.track(sized(largest))).toBe(true)
    client.track(EVENT)
    await client.flush()
    const contexts = requests.flatMap(({ body }) => body.batch.map(({ context }) => context))
    expect(contexts).toEqual([undefined, { dropped: { invalid_event: 1 } }])
  })
})

describe('requests', () => {
  it('bodies over 1 KB are compressed where the platform can, and say so', async () => {
    const gzip = async (text: string) => new Uint8Array(gzipSync(text)).buffer
    const { client, requests } = setUp({ platform: { gzip } })
    client.track(EVENT)
    await client.flush()
    client.track({ ...EVENT, properties: { text: 'x'.repeat(2_000) } })
    await client.flush()
    expect(requests.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'gzip'])
    expect(requests[1]?.body.batch).toHaveLength(1)
  })

  it('a body that cannot be compressed is sent as it is', async () => {
    const gzip = () => Promise.reject(new Error('a stub'))
    const { client, requests } = setUp({ platform: { gzip } })
    client.track({ ...EVENT, properties: { text: 'x'.repeat(2_000) } })
    expect(await client.flush()).toMatchObject({ delivered: 1 })
    expect(requests[0]?.headers['content-encoding']).toBeUndefined()
  })

  it('events of one go are few batches', async () => {
    const { client, requests } = setUp({ maxBatchEvents: 500 })
    for (let i = 0; i < 5_000; i += 1) client.track(EVENT)
    await client.flush()
    expect(requests).toHaveLength(10)
  })

  it('a busy server sends what came in between ten milliseconds together, and a full batch at once', async () => {
    const { client, clock, requests } = setUp({ flushAt: 2, maxBatchEvents: 6 })
    const track = (count: number) => Array.from({ length: count }, () => client.track(EVENT))
    track(2)
    await settlePromises()
    track(3)
    await clock.advance(9)
    expect(requests.map(({ body }) => body.batch.length)).toEqual([2])
    await clock.advance(1)
    expect(requests.map(({ body }) => body.batch.length)).toEqual([2, 3])
    track(7)
    await settlePromises()
    expect(requests.map(({ body }) => body.batch.length)).toEqual([2, 3, 6])
    await client.flush()
    expect(requests.map(({ body }) => body.batch.length)).toEqual([2, 3, 6, 1])
  })

  it('so many requests are under way as there are lanes', async () => {
    const { client, requests } = setUp({ lanes: 3, flushAt: 1, answers: Array(3).fill({ hang: true }) })
    for (let i = 0; i < 5; i += 1) client.track(EVENT)
    await settlePromises()
    expect(requests.map(({ body }) => body.firstSeq)).toEqual([1, 2, 3])
  })

  it('an outage of a minute costs at most five requests a lane, and everything arrives afterwards', async () => {
    for (const random of [0, 0.5, 0.999]) {
      let isDown = true
      let count = 0
      const { client, clock } = setUp({
        random: () => random,
        async fetch() {
          count += 1
          if (isDown) throw new TypeError('fetch failed')
          return new Response('{"success":true}')
        },
      })
      for (let i = 0; i < 2_000; i += 1) client.track(EVENT)
      await clock.advance(60_000)
      expect(count).toBeLessThanOrEqual(5)
      isDown = false
      await clock.advance(65_000)
      expect(client.stats()).toMatchObject({ delivered: 2_000, pending: 0 })
    }
  })
})

describe('what nobody listens to', () => {
  function capture() {
    const lines: string[] = []
    const { warn } = console
    console.warn = (line: string) => void lines.push(line)
    onTestFinished(() => {
      console.warn = warn
    })
    return () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  it('the first event of each reason that is quarantined is a line on the console', async () => {
    const lines = capture()
    const remark = {
      status: 'quarantined',
      reason: 'impossible_time',
      message: 'The clock.',
      path: 'timestamp',
    }
    const receipts = [0, 1].map((index) => ({ index, ...remark }))
    const { client } = setUp({
      answers: [{ status: 200, body: { success: true, receipts } }],
      listens: false,
    })
    client.track(EVENT)
    client.track(EVENT)
    await client.flush()
    const { status, ...said } = remark
    expect(lines()).toEqual([{ level: 'warn', from: '@millrace/node', code: status, ...said }])
  })

  it('a collector that cannot be reached is a line, once until it can', async () => {
    const lines = capture()
    const down: FakeAnswer[] = Array(3).fill({ fails: 'connect ECONNREFUSED 127.0.0.1:1' })
    const { client, clock } = setUp({
      answers: [...down, { status: 503 }, ACCEPTED, ...down],
      listens: false,
    })
    client.track(EVENT)
    await clock.advance(200_000)
    expect(lines()).toMatchObject([
      {
        code: 'unreachable',
        dropped: 0,
        message:
          'three requests in a row failed, the last with: connect ECONNREFUSED 127.0.0.1:1; 1 event waits and will be tried again',
      },
    ])
    client.on('error', ({ code }) => void told.push(code))
    const told: string[] = []
    client.track(EVENT)
    await clock.advance(200_000)
    expect(told).toEqual(['unreachable'])
  })

  it('what was given up ends with why', async () => {
    const { client, clock, errors } = setUp({ answers: [{ fails: 'connect ECONNREFUSED 127.0.0.1:1' }] })
    client.track(EVENT)
    const closed = client.close({ timeoutMs: 100 })
    await clock.advance(100)
    await closed
    expect(errors[0]?.message).toBe(
      'gave up on 1 event: the client or the process ended before delivery; the last request failed with: connect ECONNREFUSED 127.0.0.1:1',
    )
  })
})

describe('a platform that ends programs', () => {
  it('waitUntil gets a promise for each stretch of events, which resolves when they were sent', async () => {
    const promises: Promise<unknown>[] = []
    const { client, clock } = setUp({ waitUntil: (promise) => void promises.push(promise) })
    client.track(EVENT)
    client.track(EVENT)
    expect(promises).toHaveLength(1)
    await clock.advance(1_000)
    await promises[0]
    expect(client.stats().delivered).toBe(2)
    client.track(EVENT)
    expect(promises).toHaveLength(2)
  })
})
