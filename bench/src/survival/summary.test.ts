import { describe, expect, it } from 'vitest'
import type { Outcome } from './scenarios.ts'
import { describeSeries, type Series } from './summary.ts'
import { formatSurvival } from './table.ts'

function createSeries(changes: Partial<Series>): Series {
  const whole: Outcome = { sent: 50, arrived: 50, duplicates: 0, requests: 2, recoveryMs: 40 }
  return {
    browser: 'chromium',
    sdk: 'millrace',
    scenario: 'a tab closed right after',
    events: 50,
    outcomes: [whole, { ...whole, arrived: 49, duplicates: 1 }],
    errors: [],
    ...changes,
  }
}

describe('describeSeries', () => {
  it('gives what arrived and what stayed double of all repetitions, with aims for ours', () => {
    expect(describeSeries(createSeries({}))).toMatchObject([
      { value: 99, unit: '%', samples: [100, 98], aim: { atLeast: 100 } },
      { value: 1, samples: [0, 1], aim: { atMost: 0 } },
    ])
  })

  it('has no aims for a peer', () => {
    for (const line of describeSeries(createSeries({ sdk: 'segment' })))
      expect(line).not.toHaveProperty('aim')
  })

  it.each(['a tab closed right after', '503 for 10 s: a tab', 'offline for 5 s, page open'])(
    'keeps no aim when every browser failed: %s',
    (scenario) => {
      const lines = describeSeries(createSeries({ scenario, outcomes: [], errors: ['Error: not done'] }))
      expect(lines.map(({ value }) => value)).toEqual(lines.map(() => Number.NaN))
    },
  )

  it.each([
    ['503 for 10 s: 2 tabs', { value: 2, aim: { atMost: 3 } }],
    ['offline for 5 s, page open', { value: 40, aim: { atMost: 1_500 } }],
  ])('adds what %s is about', (scenario, line) => {
    expect(describeSeries(createSeries({ scenario }))[2]).toMatchObject(line)
  })
})

describe('formatSurvival', () => {
  it('has a row for each scenario, a column for each SDK, and what missed its aim', () => {
    const peer = createSeries({ sdk: 'segment', scenario: '503 for 10 s: a tab' })
    const lines = formatSurvival([createSeries({}), peer].flatMap(describeSeries))
    expect(lines.map((line) => line.trim().replaceAll(/ {2,}/g, ' | '))).toEqual([
      'chromium',
      'millrace | segment',
      'a tab closed right after, 50 | 99/100 +1 | -',
      '503 for 10 s: a tab, 50 | - | 99/100 +1',
      '503 for 10 s: a tab, 50: most requests | - | 2',
      '0 of 2 aims kept',
      'millrace, chromium: a tab closed right after, 50 events: arrived: 99 %; aim at least 100: missed',
      'millrace, chromium: a tab closed right after, 50 events: net duplicates: 1 events; aim at most 0: missed',
    ])
  })

  it('says which browser failed', () => {
    const lines = formatSurvival(describeSeries(createSeries({ errors: ['Error: not done'] })))
    expect(lines.at(-1)).toBe('  millrace, a tab closed right after: Error: not done')
  })
})
