import { describe, expect, it } from 'vitest'
import { withinDeadline } from './deadline.ts'

describe('a deadline', () => {
  it('lets through what is in time, its failure too', async () => {
    expect(await withinDeadline(Promise.resolve(5), 'the queue', 1_000)).toBe(5)
    await expect(withinDeadline(Promise.reject(new Error('away')), 'the queue', 1_000)).rejects.toThrow(
      'away',
    )
  })

  it('gives up what hangs, and names it', async () => {
    const hanging = new Promise<void>(() => {})
    const words = 'the queue did not answer within 20 ms'
    await expect(withinDeadline(hanging, 'the queue', 20)).rejects.toThrow(words)
  })
})
