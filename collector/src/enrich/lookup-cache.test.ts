import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createLookupCache, type LookupCacheOptions } from './lookup-cache.ts'
import { type LookupBucket, lookupKey, storeLookup } from './lookup-store.ts'
import { parseLookup } from './lookup-table.ts'

const MINUTE = 60_000
const HALF = MINUTE / 2

/** Stores a table in the real bucket; its key there. */
async function load(name: string, rows: Record<string, object>): Promise<string> {
  const result = parseLookup(JSON.stringify({ key: 'id', rows }))
  if (!result.ok) throw new Error(result.message)
  await storeLookup(env.LAKE, 'cache', name, result.table)
  return lookupKey('cache', name)
}

/** A cache with a clock to set, the lines it logged, the reads it made, and a way to wait for what it does behind. */
function createCache(options: Partial<LookupCacheOptions> = {}) {
  const clock = { now: 0 }
  const logged: Record<string, unknown>[] = []
  const reads: (string | undefined)[] = []
  const behind: Promise<unknown>[] = []
  const bucket: Pick<LookupBucket, 'get'> = options.bucket ?? env.LAKE
  const cache = createLookupCache({
    now: () => clock.now,
    log: (record) => void logged.push(record),
    ...options,
    bucket: {
      get(key, condition) {
        reads.push(condition?.onlyIf.etagDoesNotMatch)
        return bucket.get(key, condition)
      },
    },
  })
  const find = (key: string) => cache.find(key, (promise) => void behind.push(promise))
  const settle = () => Promise.all(behind)
  const names = () => logged.map(({ event }) => event)
  return { find, settle, clock, logged, reads, names, warn: cache.warn }
}

const rowOf = (found: unknown, key: string) =>
  (found as { table: { rows: Map<string, string> } } | undefined)?.table.rows.get(key)

describe('a table in the cache', () => {
  it('is waited for once, and then there without a promise', async () => {
    const key = await load('first', { a: { n: 1 } })
    const { find, reads } = createCache()
    const waiting = [find(key), find(key)]
    expect(waiting.every((found) => found instanceof Promise)).toBe(true)
    expect((await Promise.all(waiting)).map((found) => rowOf(found, 'a'))).toEqual(['{"n":1}', '{"n":1}'])
    expect(rowOf(find(key), 'a')).toBe('{"n":1}')
    expect(reads).toEqual([undefined])
  })

  it('is asked for anew after half a minute, behind the events, and read only when it changed', async () => {
    const key = await load('changing', { a: { n: 1 } })
    const { find, settle, clock, reads, names } = createCache()
    const first = await find(key)
    clock.now = HALF - 1
    expect(find(key)).toBe(first)
    expect(reads).toHaveLength(1)

    clock.now = HALF
    expect(find(key)).toBe(first)
    await settle()
    expect(find(key)).toBe(first)

    await load('changing', { a: { n: 2 } })
    clock.now = MINUTE
    expect(find(key)).toBe(first)
    await settle()
    expect(rowOf(find(key), 'a')).toBe('{"n":2}')
    expect(reads).toEqual([undefined, first?.version, first?.version])
    expect(names()).toEqual(['lookup_loaded', 'lookup_loaded'])
  })

  it('is waited for after a pause of a minute, so that nobody gets an old row', async () => {
    const key = await load('paused', { a: { n: 1 } })
    const { find, clock } = createCache()
    await find(key)
    await load('paused', { a: { n: 2 } })
    clock.now = MINUTE
    const waiting = [find(key), find(key)]
    expect(waiting.every((found) => found instanceof Promise)).toBe(true)
    expect((await Promise.all(waiting)).map((found) => rowOf(found, 'a'))).toEqual(['{"n":2}', '{"n":2}'])
    expect(rowOf(find(key), 'a')).toBe('{"n":2}')
  })

  it('stays in use after a pause when it takes too long to ask', async () => {
    let isSlow = false
    const bucket: Pick<LookupBucket, 'get'> = {
      get: async () => {
        if (isSlow) return new Promise(() => {})
        return { etag: 'v1', text: async () => '{"key":"id","rows":{"a":{}}}' }
      },
    }
    const { find, clock } = createCache({ bucket, loadTimeoutMs: 5 })
    const first = await find('slow')
    isSlow = true
    clock.now = MINUTE
    expect(await find('slow')).toBe(first)
    expect(find('slow')).toBe(first)
  })

  it('goes when its object does', async () => {
    const key = await load('going', { a: {} })
    const { find, settle, clock, names } = createCache()
    await find(key)
    await env.LAKE.delete(key)
    clock.now = HALF
    await find(key)
    await settle()
    expect(find(key)).toBeUndefined()
    expect(names()).toEqual(['lookup_loaded', 'lookup_missing'])
  })

  it('stays when R2 is away, which is tried again after five seconds and logged once a minute', async () => {
    const key = await load('staying', { a: {} })
    let isAway = false
    const bucket: Pick<LookupBucket, 'get'> = {
      get: (...args) => (isAway ? Promise.reject(new Error('away')) : env.LAKE.get(...args)),
    }
    const { find, settle, clock, reads, logged } = createCache({ bucket })
    const first = await find(key)
    isAway = true
    for (const second of [30, 34, 35, 40]) {
      clock.now = second * 1_000
      expect(find(key)).toBe(first)
      await settle()
    }
    expect(reads).toHaveLength(4)
    expect(logged.slice(1)).toEqual([
      { level: 'warn', table: key, event: 'lookup_failed', error: 'Error: away' },
    ])
  })
})

describe('a table that is not there', () => {
  it('is remembered, and nobody waits for it again', async () => {
    const { find, settle, clock, reads, names } = createCache()
    const key = lookupKey('cache', 'late')
    expect(await find(key)).toBeUndefined()
    clock.now = HALF - 1
    expect(find(key)).toBeUndefined()
    expect(reads).toHaveLength(1)
    await load('late', { a: {} })
    clock.now = HALF
    expect(find(key)).toBeUndefined()
    await settle()
    expect(rowOf(find(key), 'a')).toBe('{}')
    expect(names()).toEqual(['lookup_missing', 'lookup_loaded'])
  })

  it('is one that cannot be read', async () => {
    const key = lookupKey('cache', 'broken')
    await env.LAKE.put(key, 'not a table')
    const { find, logged } = createCache()
    expect(await find(key)).toBeUndefined()
    expect(logged).toMatchObject([{ event: 'lookup_failed', error: expect.stringContaining('JSON object') }])
  })

  it('is one that takes too long, until it has come', async () => {
    const gate = Promise.withResolvers<{ etag: string; text: () => Promise<string> }>()
    const { find, settle, clock, names } = createCache({
      bucket: { get: () => gate.promise },
      loadTimeoutMs: 5,
    })
    expect(await find('slow')).toBeUndefined()
    expect(find('slow')).toBeUndefined()
    gate.resolve({ etag: 'v1', text: async () => '{"key":"id","rows":{"a":{}}}' })
    await settle()
    expect(find('slow')).toMatchObject({ version: 'v1' })
    expect([clock.now, names()]).toEqual([0, ['lookup_failed', 'lookup_loaded']])
  })

  it('is asked for again when the load never ended, because its request was cancelled', async () => {
    let gets = 0
    const bucket: Pick<LookupBucket, 'get'> = {
      async get() {
        gets += 1
        if (gets === 1) return new Promise(() => {})
        return { etag: 'v1', text: async () => '{"key":"id","rows":{}}' }
      },
    }
    const { find, clock } = createCache({ bucket, loadTimeoutMs: 5 })
    expect(await find('stuck')).toBeUndefined()
    clock.now = HALF
    expect(find('stuck')).toBeUndefined()
    await Promise.resolve()
    await expect.poll(() => find('stuck')).toMatchObject({ version: 'v1' })
  })
})

describe('a full cache', () => {
  const bucket: Pick<LookupBucket, 'get'> = {
    get: async (key) => ({
      etag: key,
      text: async () => `{"key":"id","rows":{"${key}":{"x":"${'y'.repeat(90)}"}}}`,
    }),
  }

  it('lets go of what nobody used for a minute, the oldest first', async () => {
    const { find, clock, names } = createCache({ bucket, maxBytes: 250 })
    await find('a')
    clock.now = 10_000
    await find('b')
    clock.now = MINUTE
    await find('c')
    expect(names()).toEqual(['lookup_loaded', 'lookup_loaded', 'lookup_loaded'])
    expect([rowOf(find('b'), 'b'), rowOf(find('c'), 'c')]).not.toContain(undefined)
    expect(find('a')).toBeInstanceOf(Promise)
  })

  it('takes nothing new while all is in use, instead of loading for every event', async () => {
    const { find, clock, reads, names } = createCache({ bucket, maxBytes: 250 })
    await find('a')
    await find('b')
    expect(await find('c')).toBeUndefined()
    for (clock.now = 0; clock.now < HALF; clock.now += 5_000) {
      expect([find('a'), find('b')]).not.toContain(undefined)
      expect(find('c')).toBeUndefined()
    }
    expect(reads).toHaveLength(3)
    expect(names()).toEqual(['lookup_loaded', 'lookup_loaded', 'lookup_cache_full'])
  })
})
