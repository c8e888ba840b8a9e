import { expect, it } from 'vitest'
import { definition, group, NOW, stateOf, window } from './fixtures.ts'
import {
  currentWindow,
  leastSure,
  numberOf,
  quantilesOf,
  recentWindows,
  sumGroups,
  sumTops,
  topOf,
} from './windows.ts'

const MINUTE = 60_000
const SLIDING = definition('here', 2 * MINUTE, 10_000)
const sliding = (start: number) => window('here', start, { end: start + 2 * MINUTE })

it('current window is the one that ends next', () => {
  const windows = [-130_000, -120_000, -110_000, -10_000].map((offset) => sliding(NOW + offset))
  const state = stateOf({ definitions: [SLIDING], windows })
  expect(currentWindow(state, 'here', NOW + 1)?.start).toBe(NOW - 110_000)
  expect(currentWindow(state, 'other', NOW)).toBeUndefined()
})

it('current window is the last one for a moment, and then none', () => {
  const state = stateOf({ definitions: [SLIDING], windows: [sliding(NOW - 2 * MINUTE)] })
  expect(currentWindow(state, 'here', NOW + 15_000)?.end).toBe(NOW)
  expect(currentWindow(state, 'here', NOW + 25_000)).toBeUndefined()
})

it('recent windows reach into the span, and have begun', () => {
  const windows = [-40_000, -30_000, -10_000, 10_000].map((offset) => window('a', NOW + offset))
  const state = stateOf({ windows })
  expect(recentWindows(state, 'a', 20_000, NOW).map(({ start }) => start - NOW)).toEqual([-10_000])
  expect(recentWindows(state, 'a', 20_001, NOW).map(({ start }) => start - NOW)).toEqual([-30_000, -10_000])
})

it.each([
  [['final', 'final'], 'final'],
  [['final', 'corrected'], 'corrected'],
  [['corrected', 'provisional'], 'provisional'],
  [[], 'final'],
] as const)('%j are together as sure as %s', (states, expected) => {
  expect(leastSure(states.map((state) => ({ state })))).toBe(expected)
})

it('measures are read by their kind alone', () => {
  const values = { n: 3, none: null, top: [{ value: 'a', count: 1, error: 0 }], q: { '0.5': 2 } }
  const one = group([], values)
  expect(['n', 'none', 'top', 'q', 'missing'].map((name) => numberOf(one, name))).toEqual([
    3,
    null,
    null,
    null,
    null,
  ])
  expect(topOf(one, 'top')).toHaveLength(1)
  expect([topOf(one, 'q'), topOf(undefined, 'top')]).toEqual([[], []])
  expect([quantilesOf(one, 'q'), quantilesOf(one, 'top'), quantilesOf(one, 'none')]).toEqual([
    { '0.5': 2 },
    {},
    {},
  ])
})

it('tops of several windows add up, with their errors', () => {
  const entry = (value: string, count: number, error = 0) => ({ value, count, error })
  expect(sumTops([[entry('/', 5), entry('/a', 4, 1)], [entry('/a', 3, 2)]])).toEqual([
    entry('/a', 7, 3),
    entry('/', 5),
  ])
})

it('groups of several windows add up by their whole key', () => {
  const windows = [
    window('r', NOW, { groups: [group(['a', 'EUR'], { n: 1.5 }, 2), group(['a', 'CHF'], { n: 4 }, 1)] }),
    window('r', NOW + 10_000, { groups: [group(['a', 'EUR'], { n: 2 }, 3)] }),
  ]
  expect(sumGroups(windows, ['n', 'missing'])).toEqual([
    { key: ['a', 'EUR'], events: 5, sums: [3.5, 0] },
    { key: ['a', 'CHF'], events: 1, sums: [4, 0] },
  ])
})

it('what has no group of its own adds up too, and stands last', () => {
  const other = { events: 40, values: { n: 7 } }
  const windows = [
    window('r', NOW, { groups: [group(['a'], { n: 1 })], other }),
    window('r', NOW + 10_000, { other }),
  ]
  expect(sumGroups(windows, ['n'])).toEqual([
    { key: ['a'], events: 1, sums: [1] },
    { key: null, events: 80, sums: [14] },
  ])
})
