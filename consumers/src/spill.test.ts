import { env } from 'cloudflare:workers'
import { SPILL_PREFIX, spillKey } from '@millrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import { createEffects } from './fakes.ts'
import { drainSpill, type SpillQueue } from './spill.ts'

const NOW = 1_763_719_200_000

const keyOf = (index: number) => spillKey(NOW - 1_000 + index, '0'.repeat(16))

/** A queue that keeps what it takes; `decide` may fail or hang a call, by its number from 1. */
function createQueue(decide: (call: number) => Promise<void> = async () => {}) {
  const sent: string[] = []
  const calls: { count: number; bytes: number }[] = []
  const queue: SpillQueue = {
    async sendBatch(messages) {
      const bytes = messages.reduce((sum, { body }) => sum + new TextEncoder().encode(body).byteLength, 0)
      calls.push({ count: messages.length, bytes })
      await decide(calls.length)
      sent.push(...messages.map(({ body }) => body))
    },
  }
  return { ...queue, sent, calls }
}

/** An R2 bucket in memory for thousands of objects: the real one of the tests takes its time. */
function createBucket(count: number) {
  const objects = new Map(Array.from({ length: count }, (_, i) => [keyOf(i), `{"n":${i}}`] as const))
  const lists: (string | undefined)[] = []
  return {
    objects,
    lists,
    async list({ startAfter, limit = 1_000 }: { startAfter?: string; limit?: number }) {
      lists.push(startAfter)
      const after = [...objects.keys()].sort().filter((key) => startAfter === undefined || key > startAfter)
      const page = after.slice(0, limit).map((key) => ({ key, size: objects.get(key)?.length ?? 0 }))
      return { objects: page, truncated: after.length > limit }
    },
    get: async (key: string) => {
      const text = objects.get(key)
      return text === undefined ? null : { text: async () => text }
    },
    delete: async (keys: string[]) => {
      for (const key of keys) objects.delete(key)
    },
  }
}

const keysLeft = async () => (await env.LAKE.list({ prefix: SPILL_PREFIX })).objects.map(({ key }) => key)

describe('drainSpill', () => {
  beforeEach(async () => {
    const keys = await keysLeft()
    if (keys.length > 0) await env.LAKE.delete(keys)
  })

  it('sends every line, oldest first, removes the objects and leaves the rest of the bucket alone', async () => {
    await env.LAKE.put(keyOf(2), '{"n":3}')
    await env.LAKE.put(keyOf(1), '{"n":1}\n{"n":2}\n')
    await env.LAKE.put('dead/x', 'stays')
    const queue = createQueue()
    const { log, logged } = createEffects()
    const drained = await drainSpill({ bucket: env.LAKE, queue, now: () => NOW, log })
    expect(drained).toEqual({ objects: 2, messages: 3, left: 0 })
    expect(queue.sent).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
    expect([await keysLeft(), await (await env.LAKE.get('dead/x'))?.text()]).toEqual([[], 'stays'])
    expect(logged).toEqual([{ level: 'info', event: 'spill_drained', objects: 2, messages: 3 }])
  })

  it('removes an object only when the queue has all of its messages, and stops at the first failure', async () => {
    const big = (name: string) => JSON.stringify({ name, fill: 'x'.repeat(100_000) })
    await env.LAKE.put(keyOf(1), big('a'))
    // Begins in the first call and ends in the second, which fails.
    await env.LAKE.put(keyOf(2), [big('b'), big('c')].join('\n'))
    await env.LAKE.put(keyOf(3), big('d'))
    const queue = createQueue(async (call) => {
      if (call === 2) throw new Error('queue is away')
    })
    const { log, logged } = createEffects()
    const drained = await drainSpill({ bucket: env.LAKE, queue, now: () => NOW, log })
    expect(drained).toEqual({
      objects: 1,
      messages: 2,
      left: 2,
      oldestLeftMs: 998,
      error: 'Error: queue is away',
    })
    expect(await keysLeft()).toEqual([keyOf(2), keyOf(3)])
    expect(queue.calls.length).toBe(2)
    expect(logged).toEqual([
      {
        level: 'error',
        event: 'spill_drained',
        objects: 1,
        messages: 2,
        oldestLeftMs: 998,
        error: 'Error: queue is away',
      },
    ])
    const later = createQueue()
    await drainSpill({ bucket: env.LAKE, queue: later, now: () => NOW, log })
    expect(later.sent.map((text) => JSON.parse(text).name)).toEqual(['b', 'c', 'd'])
    expect(await keysLeft()).toEqual([])
  })

  it('gives up a queue that hangs, and keeps what it may not have', async () => {
    await env.LAKE.put(keyOf(1), '{"n":1}')
    const queue = createQueue(() => new Promise(() => {}))
    const { log, logged } = createEffects()
    await drainSpill({ bucket: env.LAKE, queue, now: () => NOW, log, stepTimeoutMs: 20 })
    expect(await keysLeft()).toEqual([keyOf(1)])
    expect(logged).toMatchObject([{ objects: 0, error: 'TimeoutError: no answer within 20 ms' }])
  })

  it('keeps within the limits of a call', async () => {
    const lines = Array.from({ length: 250 }, (_, n) => JSON.stringify({ n, fill: 'ü'.repeat(n * 20) }))
    await env.LAKE.put(keyOf(1), lines.join('\n'))
    const queue = createQueue()
    await drainSpill({ ...createEffects(), bucket: env.LAKE, queue, now: () => NOW })
    expect(queue.sent).toEqual(lines)
    expect(queue.calls.every(({ count, bytes }) => count <= 100 && bytes <= 240_000)).toBe(true)
    expect(queue.calls.length).toBeLessThan(10)
  })

  it('goes through more objects than a page holds, with a call for many', async () => {
    const bucket = createBucket(2_350)
    const queue = createQueue()
    const { log, logged } = createEffects()
    await drainSpill({ bucket, queue, now: () => NOW, log })
    expect(queue.sent).toEqual(Array.from({ length: 2_350 }, (_, n) => `{"n":${n}}`))
    expect([bucket.objects.size, queue.calls.length, bucket.lists.length]).toEqual([0, 24, 3])
    expect(logged).toMatchObject([{ objects: 2_350, messages: 2_350 }])
  })

  it('ends when the time is up and says how old the oldest is that is left', async () => {
    const bucket = createBucket(500)
    let time = NOW
    const queue = createQueue(async () => {
      time += 10_000
    })
    const { log, logged } = createEffects()
    await drainSpill({ bucket, queue, now: () => time, log, budgetMs: 15_000 })
    expect(bucket.objects.size).toBe(300)
    expect(logged).toEqual([
      {
        level: 'info',
        event: 'spill_drained',
        objects: 200,
        messages: 200,
        oldestLeftMs: 20_000 + 1_000 - 200,
      },
    ])
  })

  it('loses nothing when two run at once', async () => {
    const bucket = createBucket(300)
    const queue = createQueue(() => new Promise((resolve) => setTimeout(resolve, 1)))
    const run = () => drainSpill({ ...createEffects(), bucket, queue, now: () => NOW })
    await Promise.all([run(), run()])
    expect(new Set(queue.sent).size).toBe(300)
    expect(bucket.objects.size).toBe(0)
  })

  it('says that R2 is away, and nothing when there is no spill', async () => {
    const { log, logged } = createEffects()
    const bucket = { ...createBucket(0), list: () => Promise.reject(new Error('away')) }
    const none = await drainSpill({ bucket: createBucket(0), queue: createQueue(), now: () => NOW, log })
    expect([none, logged]).toEqual([{ objects: 0, messages: 0, left: 0 }, []])
    const away = await drainSpill({ bucket, queue: createQueue(), now: () => NOW, log })
    expect(away).toEqual({ objects: 0, messages: 0, error: 'Error: away' })
    expect(logged).toEqual([
      { level: 'error', event: 'spill_drained', objects: 0, messages: 0, error: 'Error: away' },
    ])
  })
})
