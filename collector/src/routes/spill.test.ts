import { env } from 'cloudflare:workers'
import { spillKey } from '@millrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import { createCollector, type FakeOptions, NOW } from '../fakes.ts'

const SECRET = { authorization: 'Bearer sk' }

async function ask(path: string, spill: FakeOptions['spill'], init: RequestInit = {}) {
  const { app } = createCollector({ ...(spill === undefined ? {} : { spill }) })
  const response = await app.request(path, { headers: SECRET, ...init })
  return { status: response.status, body: await response.json<Record<string, unknown>>() }
}

const keyOf = (index: number) => spillKey(NOW + index * 1_000, '0'.repeat(16))

beforeEach(async () => {
  const { objects } = await env.LAKE.list({ prefix: 'spill/' })
  if (objects.length > 0) await env.LAKE.delete(objects.map(({ key }) => key))
})

describe('the list of the spill', () => {
  it('has counts and times, and no content', async () => {
    await env.LAKE.put(keyOf(1), '{"n":1}\n{"n":2}')
    await env.LAKE.put(keyOf(0), '{"n":0}')
    expect(await ask('/v1/spill', { bucket: env.LAKE })).toEqual({
      status: 200,
      body: {
        success: true,
        objects: 2,
        bytes: 22,
        oldestAt: '2026-11-21T12:00:00.000Z',
        spilled: [
          { key: keyOf(0), bytes: 7, spilledAt: '2026-11-21T12:00:00.000Z' },
          { key: keyOf(1), bytes: 15, spilledAt: '2026-11-21T12:00:01.000Z' },
        ],
      },
    })
  })

  it('of nothing is empty', async () => {
    expect(await ask('/v1/spill', { bucket: env.LAKE })).toEqual({
      status: 200,
      body: { success: true, objects: 0, bytes: 0, spilled: [] },
    })
  })

  it('comes page by page, and names what is no key of ours without a time', async () => {
    const pages = [
      { objects: [{ key: keyOf(0), size: 1 }], truncated: true },
      { objects: [{ key: 'spill/x', size: 2 }], truncated: false },
    ]
    const asked: unknown[] = []
    const bucket = {
      list: async (options: object) => {
        asked.push(options)
        return pages[asked.length - 1] ?? { objects: [], truncated: false }
      },
    }
    const first = await ask('/v1/spill', { bucket })
    expect(first.body['next']).toBe(keyOf(0))
    const second = await ask(`/v1/spill?after=${keyOf(0)}`, { bucket })
    expect(second.body).toMatchObject({ objects: 1, spilled: [{ key: 'spill/x', bytes: 2 }] })
    expect(second.body).not.toHaveProperty('oldestAt')
    expect(asked).toEqual([{ prefix: 'spill/' }, { prefix: 'spill/', startAfter: keyOf(0) }])
  })

  it.each([
    ['after=dead/x', { bucket: env.LAKE }, 400, 'invalid_request'],
    ['', undefined, 503, 'temporarily_unavailable'],
    ['', { bucket: { list: () => Promise.reject(new Error('away')) } }, 503, 'temporarily_unavailable'],
    ['source=blog', { bucket: env.LAKE }, 403, 'wrong_source'],
  ])('is not told: %s %#', async (query, spill, status, code) => {
    expect(await ask(`/v1/spill?${query}`, spill)).toMatchObject({ status, body: { code } })
  })
})

describe('a drain of the spill', () => {
  it('is told as it went', async () => {
    const drained = { objects: 2, messages: 3, left: 1, oldestLeftMs: 60_000, error: 'TimeoutError: …' }
    const answer = await ask('/v1/spill/drain', { drain: async () => drained }, { method: 'POST' })
    expect(answer).toEqual({ status: 200, body: { success: true, ...drained } })
  })

  it('needs a Worker that does it, and the secret key', async () => {
    let drains = 0
    const drain = async () => ({ objects: ++drains, messages: 0 })
    const post = { method: 'POST' }
    expect(await ask('/v1/spill/drain', {}, post)).toMatchObject({
      status: 503,
      body: { message: 'this Worker cannot drain the spill by itself; its cron does' },
    })
    const publicKey = { ...post, headers: { authorization: 'Bearer wk' } }
    expect((await ask('/v1/spill/drain', { drain }, publicKey)).status).toBe(403)
    expect((await ask('/v1/spill/drain', { drain }, { method: 'GET' })).status).toBe(405)
    expect(drains).toBe(0)
  })
})
