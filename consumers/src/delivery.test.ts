import { describe, expect, it } from 'vitest'
import { decideDelaySeconds, decideDelivery, decideNextTry } from './delivery.ts'

describe('decideDelivery', () => {
  it('leaves nothing to do for what is written', () => {
    expect(decideDelivery(['warehouse'], [[{ kind: 'written' }]])).toEqual([{ retryIn: [], deadIn: [] }])
  })

  it('decides for each message by itself', () => {
    const outcomes = [[{ kind: 'retry', error: 'a' } as const, { kind: 'refused', error: 'b' } as const]]
    expect(decideDelivery(['warehouse'], outcomes)).toEqual([
      { retryIn: [{ sink: 'warehouse', error: 'a', isPressure: false }], deadIn: [] },
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

  it.each([
    [1, 0, 8],
    [1, 1, 16],
    [2, 1, 32],
    [7, 1, 900],
  ])('under pressure of attempt %i with chance %d is %i', (attempts, random, seconds) => {
    expect(decideDelaySeconds(attempts, random, true)).toBe(seconds)
  })
})

describe('decideNextTry', () => {
  it.each([
    [1, 0, false, 'wait'],
    [89, 7, false, 'wait'],
    [90, 0, false, 'send-anew'],
    [90, 6, false, 'send-anew'],
    [90, 7, false, 'bury'],
    [99, 7, true, 'send-anew'],
    [99, 1e6, true, 'send-anew'],
  ] as const)('of attempt %i in round %i, pressure %s, is %s', (attempts, rounds, isPressure, next) => {
    expect(decideNextTry({ attempts, rounds }, isPressure)).toBe(next)
  })
})
