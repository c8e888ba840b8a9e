import { describe, expect, it } from 'vitest'
import { judgeClock, measureSkew } from './clocks.ts'
import { findingsOf } from './finding.ts'

const maker = findingsOf('collector')

describe('measureSkew', () => {
  it.each([
    ['what lies between question and answer is no skew', { askedAt: 1_000, answeredAt: 3_000, at: 2_000 }, 0],
    ['a whole second explains what seems early', { askedAt: 1_900, answeredAt: 2_000, at: 1_000 }, 0],
    ['ahead counts from the answer', { askedAt: 1_000, answeredAt: 3_000, at: 5_500 }, 2_500],
    [
      'behind counts from the question, less the second',
      { askedAt: 9_000, answeredAt: 9_100, at: 5_000 },
      -3_000,
    ],
  ])('%s', (_, reading, skew) => {
    expect(measureSkew({ ...reading, resolutionMs: 1_000 })).toBe(skew)
  })
})

describe('judgeClock', () => {
  it.each([
    [900, 'ok', 'within a second of this machine'],
    [1_500, 'warning', '1.5 s ahead of this machine'],
    [-30_000, 'warning', '30.0 s behind this machine'],
    [61_000, 'problem', '61.0 s ahead of this machine: times of events and windows are wrong by that'],
    [-7_200_000, 'problem', '2 hours behind this machine: times of events and windows are wrong by that'],
  ])('of %i ms says %s', (skew, state, says) => {
    const at = 1_000_000_000
    const reading = { askedAt: at, answeredAt: at, at: at + skew, resolutionMs: 0 }
    expect(judgeClock('it', reading, maker)).toMatchObject({ check: 'clock of it', state, says })
  })
})
