import { encodeEnvelopes } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import type { DeadBucket } from './bucket.ts'
import { replayDeadLetters } from './replay.ts'

const TEXT =
  encodeEnvelopes(
    { source: 'shop', route: 'batch', receivedAt: 1, batchId: 'b' },
    { events: ['{"text":"x"}'], quarantined: [], omitted: [] },
  )[0] ?? ''

const keyOf = (index: number) => `dead/2026-11-21/${index}.json`

/** A bucket in memory whose letters all hold the same text. */
function createBucket(count: number, text = TEXT) {
  const keys = new Set(Array.from({ length: count }, (_, index) => keyOf(index)))
  const bucket: Pick<DeadBucket, 'get' | 'put' | 'delete'> = {
    async get(key) {
      if (!keys.has(key)) return null
      const body = new ReadableStream()
      return { key, size: 1, uploaded: new Date(0), text: async () => text, body }
    },
    put: async () => {},
    delete: async (removed) => {
      for (const key of removed) keys.delete(key)
    },
  }
  return { bucket, keys }
}

const keysOf = (count: number) => Array.from({ length: count }, (_, index) => keyOf(index))

describe('a replay', () => {
  it('begins nothing when its time is up, and says so', async () => {
    const { bucket, keys } = createBucket(50)
    let time = 0
    const queue = {
      sendBatch: async () => {
        time += 6_000
      },
    }
    const results = await replayDeadLetters({
      bucket,
      queue,
      source: 'shop',
      keys: keysOf(50),
      now: () => time,
      budgetMs: 10_000,
    })
    expect(results.map(({ status }) => status)).toEqual(
      keysOf(50).map((_, index) => (index < 40 ? 'replayed' : 'failed')),
    )
    expect(results[49]).toEqual({
      key: keyOf(49),
      status: 'failed',
      error: 'there was no time left for it; ask again',
    })
    expect([...keys]).toEqual(keysOf(50).slice(40))
  })

  it('keeps within the limits of a call', async () => {
    const large = TEXT.replace('"x"', JSON.stringify('ü'.repeat(50_000)))
    const { bucket, keys } = createBucket(30, large)
    const calls: number[] = []
    const queue = {
      sendBatch: async (messages: { body: string }[]) => {
        calls.push(messages.reduce((sum, { body }) => sum + new TextEncoder().encode(body).byteLength, 0))
      },
    }
    const options = { bucket, queue, source: 'shop', keys: keysOf(30), now: () => 0 }
    const results = await replayDeadLetters(options)
    expect(results.every(({ status }) => status === 'replayed')).toBe(true)
    expect([Math.max(...calls) <= 240_000, calls.length, keys.size]).toEqual([true, 15, 0])
  })

  it('goes on when one letter cannot be read just now', async () => {
    const { bucket } = createBucket(3)
    const get: DeadBucket['get'] = (key) =>
      key === keyOf(1) ? Promise.reject(new Error('away')) : bucket.get(key)
    const queue = { sendBatch: async () => {} }
    const options = { queue, source: 'shop', keys: keysOf(3), now: () => 0 }
    const results = await replayDeadLetters({ ...options, bucket: { ...bucket, get } })
    expect(results).toEqual([
      { key: keyOf(0), status: 'replayed' },
      { key: keyOf(1), status: 'failed', error: 'away' },
      { key: keyOf(2), status: 'replayed' },
    ])
  })
})
