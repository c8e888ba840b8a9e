import { describe, expect, it } from 'vitest'
import { createMakeDurable } from './durable.ts'

function createWorld({ isQueueUp = true, isBucketUp = true } = {}) {
  const world = { isQueueUp, isBucketUp, now: 0, queued: [] as string[], spilled: [] as string[], asked: 0 }
  const makeDurable = createMakeDurable({
    async enqueue(texts) {
      world.asked++
      if (!world.isQueueUp) throw new Error('the queue is away')
      world.queued.push(...texts)
    },
    async spill(texts) {
      if (!world.isBucketUp) throw new Error('the bucket is away')
      world.spilled.push(...texts)
    },
    now: () => world.now,
    log: () => {},
  })
  return { world, makeDurable }
}

describe('an envelope', () => {
  it('goes on the queue', async () => {
    const { world, makeDurable } = createWorld()
    expect(await makeDurable(['a', 'b'])).toBe('queued')
    expect(world).toMatchObject({ queued: ['a', 'b'], spilled: [] })
  })

  it('goes to the spill when the queue refuses it', async () => {
    const { world, makeDurable } = createWorld({ isQueueUp: false })
    expect(await makeDurable(['a'])).toBe('spilled')
    expect(world.spilled).toEqual(['a'])
  })

  it('is not durable when both refuse it', async () => {
    const { makeDurable } = createWorld({ isQueueUp: false, isBucketUp: false })
    await expect(makeDurable(['a'])).rejects.toThrow('the bucket is away')
  })

  it('does not wait for the queue again for five seconds after a failure, then does', async () => {
    const { world, makeDurable } = createWorld({ isQueueUp: false })
    await makeDurable(['a'])
    world.isQueueUp = true
    world.now = 4_999
    expect(await makeDurable(['b'])).toBe('spilled')
    expect(world.asked).toBe(1)
    world.now = 5_000
    expect(await makeDurable(['c'])).toBe('queued')
    expect(world).toMatchObject({ queued: ['c'], spilled: ['a', 'b'] })
  })

  it('goes on the queue during the pause when the spill fails, which ends the pause', async () => {
    const { world, makeDurable } = createWorld({ isQueueUp: false })
    await makeDurable(['a'])
    world.isQueueUp = true
    world.isBucketUp = false
    world.now = 1
    expect(await makeDurable(['b'])).toBe('queued')
    world.isBucketUp = true
    expect(await makeDurable(['c'])).toBe('queued')
    expect(world).toMatchObject({ queued: ['b', 'c'], spilled: ['a'], asked: 3 })
  })

  it('is not durable during the pause when both refuse it, each asked once', async () => {
    const { world, makeDurable } = createWorld({ isQueueUp: false })
    await makeDurable(['a'])
    world.isBucketUp = false
    await expect(makeDurable(['b'])).rejects.toThrow('the bucket is away')
    expect(world.asked).toBe(2)
  })

  it('is nothing to do for a request without any', async () => {
    const { world, makeDurable } = createWorld({ isQueueUp: false, isBucketUp: false })
    await makeDurable([])
    expect(world.asked).toBe(0)
  })
})
