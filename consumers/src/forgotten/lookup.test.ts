/** How often the list is read, and what holds when it cannot be. */

import { describe, expect, it } from 'vitest'
import { createForgottenLookup, LIST_TTL_MS } from './lookup.ts'

/** A warehouse whose list and whose answers a test decides. */
function createWorld() {
  const world = {
    nowMs: 0,
    hashes: ['h1'],
    isAway: false,
    asked: [] as unknown[],
    logged: [] as Record<string, unknown>[],
  }
  const lookup = createForgottenLookup({
    async read<Row>(_: string, parameters: Record<string, unknown> = {}) {
      world.asked.push(parameters['source'])
      if (world.isAway) throw new Error('away')
      return world.hashes.map((id_hash) => ({ id_hash })) as Row[]
    },
    now: () => world.nowMs,
    log: (record) => void world.logged.push(record),
  })
  return { world, lookup }
}

describe('the lookup of forgotten ids', () => {
  it('reads a source at most every 30 seconds', async () => {
    const { world, lookup } = createWorld()
    expect([...((await lookup('shop')) ?? [])]).toEqual(['h1'])
    world.hashes = ['h1', 'h2']
    world.nowMs = LIST_TTL_MS - 1
    expect((await lookup('shop'))?.size).toBe(1)
    await lookup('blog')
    world.nowMs = LIST_TTL_MS
    expect((await lookup('shop'))?.size).toBe(2)
    expect(world.asked).toEqual(['shop', 'blog', 'shop'])
  })

  it('keeps the list before when it cannot be read, says so, and asks again soon', async () => {
    const { world, lookup } = createWorld()
    await lookup('shop')
    world.isAway = true
    world.nowMs = LIST_TTL_MS
    expect((await lookup('shop'))?.size).toBe(1)
    expect((await lookup('shop'))?.size).toBe(1)
    expect(world.logged).toMatchObject([{ event: 'forgotten_unread', source: 'shop', isKnown: true }])
    world.isAway = false
    world.nowMs += 5_000
    world.hashes = []
    expect((await lookup('shop'))?.size).toBe(0)
  })

  it('knows nothing until the warehouse has answered once', async () => {
    const { world, lookup } = createWorld()
    world.isAway = true
    expect(await lookup('shop')).toBeUndefined()
    world.isAway = false
    expect(await lookup('shop')).toBeUndefined()
    world.nowMs = 5_000
    expect((await lookup('shop'))?.size).toBe(1)
    expect(world.asked.length).toBe(2)
  })
})
