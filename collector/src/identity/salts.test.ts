import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { keyedHash } from '../enrich/keyed-hash.ts'
import { createSalts, destroyOldSalts, type SaltBucket } from './salts.ts'

const at = (time: string) => Date.parse(`2026-11-${time}Z`)

async function storedDays(): Promise<string[]> {
  const { objects } = await env.LAKE.list({ prefix: 'identity/' })
  return objects.map(({ key }) => key.replace('identity/salt-2026-11-', ''))
}

beforeEach(async () => {
  const { objects } = await env.LAKE.list({ prefix: 'identity/' })
  if (objects.length > 0) await env.LAKE.delete(objects.map(({ key }) => key))
})

/** The salts of an isolate of its own, with a clock to set and a count of what it asks R2 for. */
function createIsolate(time: string, bucket: Pick<SaltBucket, 'get' | 'put'> = env.LAKE) {
  const clock = { now: at(time) }
  const calls: string[] = []
  const salts = createSalts({
    now: () => clock.now,
    bucket: {
      get(key) {
        calls.push('get')
        return bucket.get(key)
      },
      put(...args) {
        calls.push('put')
        return bucket.put(...args)
      },
    },
  })
  const today = async () => keyedHash(await salts.today(), 'x')
  const yesterday = async () => {
    const salt = await salts.yesterday()
    return salt === undefined ? undefined : keyedHash(salt, 'x')
  }
  return { today, yesterday, clock, calls }
}

describe("the day's salt", () => {
  it('is made once, kept in R2 for the others, and remembered', async () => {
    const [one, other] = [createIsolate('21T09:00'), createIsolate('21T21:00')]
    const hash = await one.today()
    expect([await other.today(), await one.today()]).toEqual([hash, hash])
    expect([one.calls, other.calls]).toEqual([['get', 'put'], ['get']])
    const object = await env.LAKE.get('identity/salt-2026-11-21')
    expect((await object?.arrayBuffer())?.byteLength).toBe(32)
  })

  it('is the same for isolates that make it at the same time', async () => {
    const isolates = Array.from({ length: 8 }, () => createIsolate('21T00:00'))
    const hashes = await Promise.all(isolates.map(({ today }) => today()))
    expect(new Set(hashes).size).toBe(1)
  })

  it('is that of the winner when R2 refuses the late ones by an error', async () => {
    const winner = await createIsolate('21T00:00').today()
    let gets = 0
    const late = createIsolate('21T00:00', {
      get: async (key) => (gets++ === 0 ? null : env.LAKE.get(key)),
      put: () => Promise.reject(new Error('too many writes to one key')),
    })
    expect(await late.today()).toBe(winner)
  })

  it('is another one the next day', async () => {
    const { today, clock } = createIsolate('21T23:59')
    const hash = await today()
    clock.now = at('22T00:00')
    expect(await today()).not.toBe(hash)
    expect(await storedDays()).toEqual(['21', '22'])
  })

  it.each<[string, Pick<SaltBucket, 'get' | 'put'>, string]>([
    ['R2 is away', { get: () => Promise.reject(new Error('away')), put: async () => ({}) }, 'away'],
    [
      'it can be neither written nor read',
      { get: async () => null, put: () => Promise.reject(new Error('away')) },
      'cannot write identity/salt-2026-11-21',
    ],
    [
      'it is not of its length',
      { get: async () => ({ arrayBuffer: async () => new ArrayBuffer(3) }), put: async () => null },
      'must be 32 bytes, got 3',
    ],
  ])('is refused when %s, and asked for again', async (_, bucket, message) => {
    const { today, calls } = createIsolate('21T09:00', bucket)
    await expect(today()).rejects.toThrow(message)
    const count = calls.length
    await expect(today()).rejects.toThrow(message)
    expect(calls).toHaveLength(2 * count)
  })
})

describe("yesterday's salt", () => {
  it('is there until two in the morning, and read once', async () => {
    const hash = await createIsolate('21T12:00').today()
    const { yesterday, clock, calls } = createIsolate('22T00:00')
    expect(await yesterday()).toBe(hash)
    clock.now = at('22T01:59:59.999')
    expect(await yesterday()).toBe(hash)
    expect(calls).toEqual(['get'])
    clock.now = at('22T02:00')
    expect(await yesterday()).toBeUndefined()
  })

  it('is forgotten with the hour, not only hidden', async () => {
    await createIsolate('21T12:00').today()
    const { today, yesterday, clock, calls } = createIsolate('22T00:00')
    await yesterday()
    clock.now = at('22T02:00')
    await today()
    clock.now = at('22T01:00')
    await yesterday()
    expect(calls.filter((call) => call === 'get')).toHaveLength(3)
  })

  it('is never made', async () => {
    const { yesterday, calls } = createIsolate('22T00:30')
    expect([await yesterday(), await yesterday()]).toEqual([undefined, undefined])
    expect(calls).toEqual(['get'])
    expect(await storedDays()).toEqual([])
  })
})

describe('old salts', () => {
  it.each([
    ['22T00:00', ['21', '22', '23'], 2],
    ['22T01:59:59.999', ['21', '22', '23'], 2],
    ['22T02:00', ['22', '23'], 3],
    ['24T12:00', [], 5],
  ])('are destroyed at %s but for %j', async (time, left, count) => {
    for (const day of ['19', '20', '21', '22', '23']) {
      await env.LAKE.put(`identity/salt-2026-11-${day}`, new Uint8Array(32))
    }
    expect(await destroyOldSalts(env.LAKE, at(time))).toBe(count)
    expect(await storedDays()).toEqual(left)
    expect(await destroyOldSalts(env.LAKE, at(time))).toBe(0)
  })

  it('are found on every page of the listing', async () => {
    const pages = [['identity/salt-2026-01-01'], ['identity/salt-2026-01-02', 'identity/salt-2026-11-22']]
    const deleted: string[] = []
    const count = await destroyOldSalts(
      {
        async list({ cursor }) {
          const page = Number(cursor ?? 0)
          const objects = (pages[page] ?? []).map((key) => ({ key }))
          return page === 0 ? { objects, truncated: true, cursor: '1' } : { objects, truncated: false }
        },
        delete: async (keys) => void deleted.push(...keys),
      },
      at('22T12:00'),
    )
    expect([count, deleted]).toEqual([2, ['identity/salt-2026-01-01', 'identity/salt-2026-01-02']])
  })
})
