import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createSpill } from './spill.ts'

const options = { now: () => 1_795_262_400_000, randomHex: () => '0123456789abcdef' }

describe('the spill', () => {
  it('keeps the envelopes of a request as lines of one object named by its time', async () => {
    await createSpill({ bucket: env.LAKE, ...options })(['{"a":1}', '{"b":2}'])
    const object = await env.LAKE.get('spill/1795262400000-0123456789abcdef')
    expect(await object?.text()).toBe('{"a":1}\n{"b":2}')
  })

  it('fails when the bucket hangs', async () => {
    const bucket = { put: () => new Promise(() => {}) }
    await expect(createSpill({ bucket, ...options, timeoutMs: 20 })(['x'])).rejects.toThrow('within 20 ms')
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws',
      () => {
        throw new Error('away')
      },
    ],
  ])('fails when the bucket %s', async (_how, put) => {
    await expect(createSpill({ bucket: { put }, ...options })(['x'])).rejects.toThrow('away')
  })
})
