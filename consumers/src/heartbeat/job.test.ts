import { env } from 'cloudflare:workers'
import { HEARTBEAT_KEY_OBJECT, HEARTBEAT_KEY_PATTERN } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import type { HealthNote } from '../live/health.ts'
import type { NoteReply } from '../live/rpc.ts'
import { type HeartbeatEffects, readHeartbeatLag, runHeartbeat } from './job.ts'
import { findOrMakeKey } from './key.ts'
import { STATE_OBJECT } from './state.ts'

const M = 60_000
const T = Date.UTC(2026, 10, 22, 9)
const OBJECTIVES = { answered: 1_000, live: 2_000, warehouse: 10_000, lake: 900_000 }

/** A pipeline in which beats take so long to each stage; `null`: they never get there. */
async function start() {
  await env.LAKE.delete([HEARTBEAT_KEY_OBJECT, STATE_OBJECT])
  const world = { now: T, live: 1_200 as number | null, warehouse: 2_000 as number | null, isAway: false }
  const logged: Record<string, unknown>[] = []
  const rows = new Map<string, Record<string, unknown>>()
  const sent: number[] = []
  const arrived = (ms: number | null) =>
    sent.filter((at) => ms !== null && at + ms <= world.now).map((at) => [at, at + (ms ?? 0)] as const)
  const effects: HeartbeatEffects = {
    bucket: env.LAKE as unknown as HeartbeatEffects['bucket'],
    read: (async (_: string, { ids }: { ids: string[] }) => {
      if (world.isAway) throw new Error('away')
      return arrived(world.warehouse)
        .map(([sentAt, at]) => ({ id: `beat-${sentAt}`, at: String(at) }))
        .filter(({ id }) => ids.includes(id))
    }) as never,
    object: () => ({
      note: async (_: HealthNote): Promise<NoteReply> => ({
        ...{ receipts: [], liveLagMs: null },
        arrivals: arrived(world.live).map(([sentAt, at]) => [sentAt + 5, at]),
      }),
    }),
    insert: async (_, some) => {
      if (world.isAway) throw new Error('away')
      for (const row of some as Record<string, unknown>[]) rows.set(String(row['message_id']), row)
    },
    front: {
      ...{ door: 'inside', address: 'https://heartbeat.invalid' },
      fetch: async () => {
        sent.push(world.now)
        return Response.json({ success: true })
      },
    },
    now: () => world.now,
    log: (record) => void logged.push(record),
  }
  const run = async (minutes = 1) => {
    for (let i = 0; i < minutes; i++) {
      await runHeartbeat(effects, OBJECTIVES)
      world.now += M
    }
  }
  const lag = () => readHeartbeatLag(effects.bucket, OBJECTIVES, world.now)
  return { world, run, rows, logged, lag, effects }
}
const idAt = (minute: number) => `beat-${T + minute * M}`

describe('the heartbeat of the cron', () => {
  it('fills in where a beat has arrived by the next run', async () => {
    const { run, rows, logged, lag } = await start()
    await run()
    expect(rows.get(idAt(0))).toMatchObject({ answered_ms: 0, live_ms: null, state: 'pending' })
    await run()
    expect(rows.get(idAt(0))).toMatchObject({ live_ms: 1_200, warehouse_ms: 2_000, lake_ms: null })
    expect(rows.get(idAt(1))).toMatchObject({ live_ms: null })
    expect(await lag()).toBe(0)
    expect(logged).toEqual([])
  })

  it('tells once that a stage is not well, and once that it is again', async () => {
    const { world, run, logged, lag } = await start()
    await run(2)
    world.live = null
    await run(4)
    const late = { level: 'error', event: 'heartbeat_late', stage: 'live', objectiveMs: 2_000 }
    expect(logged).toMatchObject([late])
    await run(3)
    expect(logged).toHaveLength(1)
    expect(await lag()).toBeGreaterThanOrEqual(6 * M)
    world.live = 900
    await run(2)
    expect(logged).toMatchObject([late, { level: 'info', event: 'heartbeat_in_time', stage: 'live' }])
    expect(await lag()).toBe(0)
  })

  it('keeps what ClickHouse could not be told, and tells it when it is back', async () => {
    const { world, run, rows } = await start()
    world.isAway = true
    await run(40)
    expect(rows.size).toBe(0)
    world.isAway = false
    world.warehouse = 30 * M
    await run(1)
    expect(rows.size).toBe(41)
    expect(rows.get(idAt(0))).toMatchObject({ warehouse_ms: 30 * M, live_ms: 1_200, state: 'late' })
  })

  it('forgets beats of which nothing more will come, and no more is told of them', async () => {
    const { world, run, rows } = await start()
    world.live = null
    await run(2)
    world.now += 25 * 60 * M
    await run(32)
    const object = await env.LAKE.get(STATE_OBJECT)
    const { beats = [] } = (await object?.json<{ beats: { id: string }[] }>()) ?? {}
    expect(beats.map(({ id }) => id)).not.toContain(idAt(0))
    expect(rows.get(idAt(0))).toMatchObject({ state: 'lost' })
  })

  it('says that it does not know when no beat was sent lately', async () => {
    const { world, run, lag } = await start()
    expect(await lag()).toBe(null)
    await run()
    world.now += 5 * M
    expect(await lag()).toBe(null)
  })

  it('tells until when each stage was asked, and a beat of which it asked nothing when that was sent', async () => {
    const { world, run, rows, effects } = await start()
    world.live = null
    world.warehouse = null
    // Asking takes longer than the objective of a stage.
    const { read } = effects
    effects.read = (async (...args: Parameters<typeof read>) => {
      world.now += 5_000
      return read(...args)
    }) as typeof read
    await run(2)
    const asked = (minute: number, offsetMs = 0) =>
      new Date(T + minute * M + offsetMs).toISOString().slice(0, -1)
    expect(rows.get(idAt(0))).toMatchObject({ updated_at: asked(1) })
    expect(rows.get(idAt(1))).toMatchObject({ updated_at: asked(1) })
    // A beat that is late stays late, and yet the lake is due at last.
    await run(16)
    expect(String(rows.get(idAt(0))?.['updated_at']) > asked(15)).toBe(true)
  })

  it('is not hindered by a stage that does not tell', async () => {
    const { run, rows, logged, effects } = await start()
    effects.object = () => ({ note: () => Promise.reject(new Error('overloaded')) })
    await run(2)
    expect(rows.get(idAt(0))).toMatchObject({ warehouse_ms: 2_000, live_ms: null })
    expect(logged).toMatchObject([{ level: 'warn', event: 'heartbeat_unknown', stage: 'live' }])
  })
})

describe('the key of the heartbeat', () => {
  it('is random, made once, and the same for all', async () => {
    await env.LAKE.delete(HEARTBEAT_KEY_OBJECT)
    const bucket = env.LAKE as unknown as Parameters<typeof findOrMakeKey>[0]
    const [one, other] = await Promise.all([findOrMakeKey(bucket), findOrMakeKey(bucket)])
    expect(one).toMatch(HEARTBEAT_KEY_PATTERN)
    expect(other).toBe(one)
    expect(await findOrMakeKey(bucket)).toBe(one)
  })

  it('is not told when it is broken', async () => {
    await env.LAKE.put(HEARTBEAT_KEY_OBJECT, 'hb_broken')
    const broken = findOrMakeKey(env.LAKE as unknown as Parameters<typeof findOrMakeKey>[0])
    await expect(broken).rejects.toThrow(/^heartbeat\/key is no key; remove it, and a new one is made$/)
    await env.LAKE.delete(HEARTBEAT_KEY_OBJECT)
  })
})
