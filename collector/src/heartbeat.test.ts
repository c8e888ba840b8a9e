import { HEARTBEAT_KEY_OBJECT } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createCollector, NOW } from './fakes.ts'
import { createHeartbeatGate } from './heartbeat.ts'

const KEY = `hb_${'0123456789abcdef'.repeat(4)}`
const OTHER = `hb_${'f'.repeat(64)}`

function start(stored: string | undefined = KEY) {
  const world = { now: NOW, stored, reads: 0, isAway: false }
  const logged: Record<string, unknown>[] = []
  const heartbeat = createHeartbeatGate({
    bucket: {
      get: async (key) => {
        world.reads += 1
        if (world.isAway) throw new Error('away')
        const text = world.stored
        return key === HEARTBEAT_KEY_OBJECT && text !== undefined ? { text: async () => text } : null
      },
    },
    now: () => world.now,
    log: (record) => void logged.push(record),
  })
  const collector = createCollector({ heartbeat })
  const beat = (key = KEY, more: RequestInit & { path?: string } = {}, body: object = {}) =>
    collector.post(
      {
        batch: [{ type: 'track', event: 'Heartbeat', messageId: 'beat-1', anonymousId: 'heartbeat' }],
        ...body,
      },
      { headers: { authorization: `Bearer ${key}` }, ...more },
    )
  return { world, collector, beat, logged }
}

describe('a heartbeat at the front door', () => {
  it('is taken with the key that is in the bucket, as the source heartbeat', async () => {
    const { beat, collector, world } = start()
    expect((await beat()).status).toBe(200)
    expect((await beat()).status).toBe(200)
    expect(collector.envelopes()).toMatchObject([
      { source: 'heartbeat', route: 'batch', events: [{ messageId: 'beat-1', event: 'Heartbeat' }] },
      { source: 'heartbeat' },
    ])
    expect(world.reads).toBe(1)
  })

  it('is refused with any other key, and whoever makes keys up causes one read in ten seconds', async () => {
    const { beat, collector, world, logged } = start()
    for (let i = 0; i < 20; i++) expect((await beat(OTHER)).status).toBe(401)
    expect(world.reads).toBe(1)
    world.now += 10_000
    expect((await beat(OTHER)).status).toBe(401)
    expect(world.reads).toBe(2)
    expect((await beat()).status).toBe(200)
    expect(collector.envelopes()).toHaveLength(1)
    expect(JSON.stringify(logged)).not.toContain('hb_')
  })

  it.each([
    ['in a body', {}, { writeKey: KEY }],
    ['in an address', { path: `/v1/batch?writeKey=${KEY}` }, {}],
  ])('is refused with its key %s', async (_, more, body) => {
    const { beat, collector } = start()
    expect((await beat('', { headers: {}, ...more }, body)).status).toBe(401)
    expect(collector.texts).toEqual([])
  })

  it.each(['/v1/import', '/v1/replay'])('may not use %s', async (path) => {
    const { beat, collector } = start()
    expect((await beat(KEY, { headers: { authorization: `Bearer ${KEY}` }, path })).status).toBe(403)
    expect(collector.texts).toEqual([])
  })

  it('is refused while there is no key, or the bucket is away, and taken soon after', async () => {
    const { beat, world, logged } = start()
    world.isAway = true
    expect((await beat()).status).toBe(401)
    expect(logged).toMatchObject([{ level: 'error', event: 'heartbeat_key_unread' }])
    world.isAway = false
    world.now += 10_000
    expect((await beat()).status).toBe(200)
  })

  it('is asked for only when a request has a key that looks like it', async () => {
    const { collector, world } = start()
    const body = { writeKey: 'wk', batch: [{ type: 'page', userId: 'u' }] }
    expect((await collector.post(body)).status).toBe(200)
    expect((await collector.post({ ...body, writeKey: 'nobody' })).status).toBe(401)
    expect(world.reads).toBe(0)
  })

  it('finds a new key when the old one was taken away', async () => {
    const { beat, world } = start()
    expect((await beat()).status).toBe(200)
    world.stored = OTHER
    world.now += 10_000
    expect((await beat(OTHER)).status).toBe(200)
    expect((await beat(KEY)).status).toBe(401)
  })
})
