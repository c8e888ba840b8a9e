import { describe, expect, it } from 'vitest'
import { decideDelaySeconds, decideDelivery } from './delivery.ts'

describe('decideDelivery', () => {
  it('leaves nothing to do for what is written', () => {
    expect(decideDelivery(['warehouse'], [[{ kind: 'written' }]])).toEqual([{ retryIn: [], deadIn: [] }])
  })

  it('decides for each message by itself', () => {
    const outcomes = [[{ kind: 'retry', error: 'a' } as const, { kind: 'refused', error: 'b' } as const]]
    expect(decideDelivery(['warehouse'], outcomes)).toEqual([
      { retryIn: [{ sink: 'warehouse', error: 'a' }], deadIn: [] },
      { retryIn: [], deadIn: [{ sink: 'warehouse', error: 'b' }] },
    ])
  })
})

describe('decideDelaySeconds', () => {
  it.each([
    [1, 0, 1],
    [2, 1, 2],
    [4, 0, 4],
    [4, 1, 8],
    [11, 0, 450],
    [100, 1, 900],
    [1e9, 1, 900],
  ])('of attempt %i with chance %d is %i', (attempts, random, seconds) => {
    expect(decideDelaySeconds(attempts, random)).toBe(seconds)
  })
})
