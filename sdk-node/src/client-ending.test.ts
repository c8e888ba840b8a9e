import { describe, expect, it } from 'vitest'
import { createFakeProcess, setUp } from './fake-client.ts'
import { createFakeFetch, settlePromises } from './fakes.ts'
import { createMemoryOutbox } from './memory-outbox.ts'
import type { Batch } from './outbox.ts'
import type { Platform } from './platform.ts'

const EVENT = { userId: 'u1', event: 'Clicked' }
const HANG = { hang: true } as const

/** A platform whose outbox outlives the client, and what was done to it after it was closed. */
function durable({ recovered = 0 } = {}) {
  const after: string[] = []
  const settled: Batch[] = []
  const platform: Platform = {
    openSpool({ stream }) {
      const outbox = createMemoryOutbox({ stream, maxBytes: 1_000_000 })
      let isClosed = false
      let left = recovered
      const note = (what: string) => {
        if (isClosed) after.push(what)
      }
      return {
        ...outbox,
        hasOld: () => left > 0 || outbox.hasOld(),
        take(limits, what) {
          if (left === 0) return outbox.take(limits, what)
          left -= 1
          const batch = { batchId: `old${left}`, stream: 'old', firstSeq: 1 + left, events: ['{}'] }
          return { ...batch, isRecovered: true }
        },
        putBack(batch) {
          note('putBack')
          outbox.putBack(batch)
        },
        settle(batch) {
          note('settle')
          settled.push(batch)
          outbox.settle(batch)
        },
        save: () => true,
        close() {
          isClosed = true
        },
      }
    },
  }
  return { platform, after, settled }
}

describe('a client whose events outlive it', () => {
  it('close at its deadline leaves each event on disk once, the ones under way too', async () => {
    const { platform, after } = durable()
    const { client, clock, errors } = setUp({ platform, flushAt: 1, answers: [HANG] })
    for (let i = 0; i < 3; i += 1) client.track(EVENT)
    await settlePromises()
    const closed = client.close({ timeoutMs: 100 })
    await clock.advance(100)
    expect(await closed).toMatchObject({ spooled: 3, pending: 0, dropped: 0 })
    await clock.advance(60_000)
    expect(client.stats()).toMatchObject({ accepted: 3, spooled: 3, pending: 0 })
    expect([after, errors, clock.timerCount()]).toEqual([[], [], 0])
  })

  it('close waits ten seconds, because nothing is lost by it', async () => {
    const { client, clock } = setUp({ platform: durable().platform, answers: [HANG] })
    client.track(EVENT)
    const closed = client.close()
    await clock.advance(10_000)
    expect(await closed).toMatchObject({ spooled: 1 })
  })

  it('what was not delivered after all retries is tried again behind the others', async () => {
    const { platform } = durable()
    const answers = [{ status: 500 }, { status: 500 }]
    const { client, clock, requests } = setUp({ platform, flushAt: 1, maxRetries: 1, answers })
    for (let i = 0; i < 2; i += 1) client.track(EVENT)
    await clock.advance(499)
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    expect(requests).toHaveLength(2)
    // Whatever is wrong with it, it does not come again at once.
    await clock.advance(4_999)
    expect(requests).toHaveLength(2)
    await clock.advance(100)
    expect(requests.map(({ body }) => body.firstSeq)).toEqual([1, 1, 1, 2])
    expect(client.stats()).toMatchObject({ delivered: 2, dropped: { undelivered: 0 } })
  })

  it('a batch of an earlier process that is answered after close is left alone', async () => {
    const { platform, after } = durable({ recovered: 1 })
    let answer = (_: Response) => {}
    const { client } = setUp({ platform, fetch: () => new Promise((resolve) => (answer = resolve)) })
    await client.flush()
    client.track(EVENT)
    await settlePromises()
    await client.close({ timeoutMs: 0 })
    answer(new Response('{"success":true}'))
    await settlePromises()
    expect([after, client.stats().recovered]).toEqual([[], { answered: 0, dropped: 0 }])
  })

  it('a backlog of earlier processes holds a finished one no longer than exitTimeoutMs', async () => {
    const process = createFakeProcess()
    const { platform, settled } = durable({ recovered: 1_000 })
    const { fetch } = createFakeFetch({})
    const slow: typeof fetch = async (...request) => {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 100))
      return fetch(...request)
    }
    const options = { platform, process, flushOnExit: true, exitTimeoutMs: 500, fetch: slow }
    const { client, clock } = setUp(options)
    client.track(EVENT)
    // The process runs dry whenever no request is open.
    for (let round = 0; round < 20; round += 1) {
      process.emit('beforeExit')
      await clock.advance(100)
    }
    expect(settled.length).toBeLessThanOrEqual(7)
    expect(client.track(EVENT)).toBe(false)
  })
})

describe('the end of a process', () => {
  it('a request that is answered in time is waited for, whatever another lane waits for', async () => {
    const process = createFakeProcess()
    let answer = (_: Response) => {}
    let count = 0
    const { client, clock } = setUp({
      process,
      flushOnExit: true,
      lanes: 2,
      flushAt: 1,
      async fetch() {
        count += 1
        if (count === 1) return new Response('', { status: 429, headers: { 'retry-after': '10' } })
        return new Promise((resolve) => (answer = resolve))
      },
    })
    client.track(EVENT)
    client.track(EVENT)
    await settlePromises()
    process.emit('beforeExit')
    await clock.advance(100)
    answer(new Response('{"success":true}'))
    await clock.advance(100)
    expect(client.stats()).toMatchObject({ delivered: 1, pending: 0, dropped: { undelivered: 1 } })
  })

  it('a wait that began before holds nothing either', async () => {
    const process = createFakeProcess()
    const answers = [{ status: 429, headers: { 'retry-after': '60' } }]
    const { client, clock } = setUp({ process, flushOnExit: true, answers, flushAt: 1 })
    client.track(EVENT)
    await clock.advance(1_000)
    process.emit('beforeExit')
    await clock.advance(1)
    expect([client.stats().pending, clock.timerCount()]).toEqual([0, 0])
  })

  it('functions that were passed with events learn that these are lost', () => {
    const process = createFakeProcess()
    const { client } = setUp({ process })
    const told: unknown[] = []
    client.track(EVENT, (error, { status }) => void told.push([error?.code, status]))
    process.emit('exit')
    expect(told).toEqual([['undelivered', 'undelivered']])
  })

  it('an event of the very last moment is told as lost too', () => {
    const process = createFakeProcess()
    const { client, drops } = setUp({ process })
    client.track(EVENT)
    process.emit('exit')
    client.track(EVENT)
    expect(drops).toEqual(Array(2).fill({ reason: 'undelivered', count: 1 }))
  })

  it('a process that tells nothing of its end is no hindrance', async () => {
    const { client, errors } = setUp({ process: { env: {} } as never, flushOnExit: true })
    client.track(EVENT)
    expect(await client.flush()).toMatchObject({ delivered: 1 })
    expect(errors).toEqual([])
  })

  it('close keeps to its deadline while a body is compressed', async () => {
    const gzip = () => new Promise<ArrayBuffer>(() => {})
    const { client, clock } = setUp({ platform: { gzip } })
    client.track({ ...EVENT, properties: { text: 'x'.repeat(2_000) } })
    const closed = client.close({ timeoutMs: 100 })
    await clock.advance(100)
    expect(await closed).toMatchObject({ dropped: 1, pending: 0 })
  })
})

describe('functions of the caller', () => {
  it('a waitUntil that rejects is told', async () => {
    const { client, errors } = setUp({ waitUntil: async () => Promise.reject(new Error('mine')) })
    client.track(EVENT)
    await client.flush()
    expect(errors).toMatchObject([{ code: 'callback_failed', cause: { message: 'mine' } }])
  })

  it('defaults must not be async', () => {
    const { client, errors } = setUp({ defaults: (async () => Promise.reject(new Error('mine'))) as never })
    expect(client.track(EVENT)).toBe(false)
    expect(errors[0]?.message).toBe('track: an option threw: defaults must not be async')
  })

  it('defaults and children that are null are none', async () => {
    const { client } = setUp({ defaults: () => null as never })
    expect(client.with(null as never).track(EVENT as never)).toBe(true)
    expect(await client.flush()).toMatchObject({ delivered: 1 })
  })

  it('a record that is passed as a child gives its ids and nothing else', async () => {
    const user = {
      userId: 'u1',
      name: 'Ada',
      messageId: 'row-17',
      timestamp: 0,
      traits: { email: 'ada@example.com' },
    }
    const { client, requests } = setUp()
    client.with(user).page({})
    await client.flush()
    expect(Object.keys(requests[0]?.body.batch[0] ?? {}).sort()).toEqual(['timestamp', 'type', 'userId'])
    expect(requests[0]?.body.batch[0]?.timestamp).not.toBe('1970-01-01T00:00:00.000Z')
  })

  it('a listener that tracks when it is told of a drop does not go round in circles', async () => {
    const { client } = setUp()
    let calls = 0
    client.on('drop', () => {
      calls += 1
      client.track(EVENT)
    })
    await client.close()
    client.track(EVENT)
    expect([calls, client.stats().dropped.closed]).toEqual([1, 2])
  })

  it('a thousand waits that nobody waits for any more cost nothing', async () => {
    const { client, clock } = setUp({ answers: [HANG, HANG] })
    client.track(EVENT)
    const waits = Array.from({ length: 1_000 }, () => client.flush({ timeoutMs: 10 }))
    await clock.advance(10)
    for (const wait of waits) expect(await wait).toMatchObject({ pending: 1 })
    // The request's and the interval's.
    expect(clock.timerCount()).toBe(2)
  })
})
