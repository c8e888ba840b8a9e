import { expect, it } from 'vitest'
import {
  askAgainAfter,
  askFor,
  cohortsOf,
  describeRange,
  findMistake,
  type Range,
  readHash,
  writeHash,
} from './range.ts'

const DAYS = { kind: 'days', from: '2015-05-17', to: '2015-05-20' } as const

it.each<[string, Range]>([
  ['', { kind: 'live' }],
  ['#last=7d', { kind: 'last', span: '7d' }],
  ['#from=2015-05-17&to=2015-05-20', DAYS],
])('hash %j and its range stand for each other', (hash, range) => {
  expect(readHash(hash)).toEqual(range)
  expect(writeHash(range)).toBe(hash)
})

it.each([
  '#last=9y',
  '#from=2015-05-17',
  '#from=2015-02-30&to=2015-03-01',
  '#from=x&to=y',
  '#from=2015-05-20&to=2015-05-17',
])('hash %j that cannot be read is live', (hash) => {
  expect(readHash(hash)).toEqual({ kind: 'live' })
})

it('mistakes of days are told', () => {
  expect(findMistake('', '2015-05-20')).toContain('first day')
  expect(findMistake('2015-05-17', '')).toContain('last day')
  expect(findMistake('2015-05-21', '2015-05-20')).toContain('after')
  expect(findMistake('2015-05-20', '2015-05-20')).toBeUndefined()
})

it('the last day is included, also at the end of a year', () => {
  expect(askFor(DAYS, 'UTC')).toEqual([
    ['from', '2015-05-17'],
    ['to', '2015-05-21'],
    ['timeZone', 'UTC'],
  ])
  expect(askFor({ kind: 'days', from: '2026-12-31', to: '2026-12-31' }, 'UTC')[1]).toEqual([
    'to',
    '2027-01-01',
  ])
  expect(askFor({ kind: 'last', span: '24h' }, 'Europe/Berlin')).toEqual([
    ['from', '24h'],
    ['timeZone', 'Europe/Berlin'],
  ])
})

it.each<[Range, string, string]>([
  [{ kind: 'live' }, '7d', 'day'],
  [{ kind: 'last', span: '1h' }, '7d', 'day'],
  [{ kind: 'last', span: '30d' }, '30d', 'week'],
  [{ kind: 'days', from: '2015-01-01', to: '2015-12-31' }, '2015-01-01', 'month'],
])('cohorts of %j begin %s, by the %s', (range, from, interval) => {
  const cohorts = cohortsOf(range)
  expect(askFor(cohorts.range, 'UTC')[0]).toEqual(['from', from])
  expect(cohorts.interval).toBe(interval)
})

it('range has words', () => {
  expect([
    describeRange(DAYS),
    describeRange({ ...DAYS, to: DAYS.from }),
    describeRange({ kind: 'last', span: '1h' }),
  ]).toEqual(['2015-05-17 to 2015-05-20', '2015-05-17', 'last hour'])
})

it.each<[Range, number]>([
  [{ kind: 'live' }, 60_000],
  [{ kind: 'last', span: '30d' }, 60_000],
  [{ kind: 'days', from: '2026-11-01', to: '2026-11-22' }, 300_000],
  [{ kind: 'days', from: '2026-11-01', to: '2026-12-31' }, 300_000],
  [{ kind: 'days', from: '2026-11-01', to: '2026-11-21' }, Number.POSITIVE_INFINITY],
])('range %j is asked for again after %d ms', (range, expected) => {
  expect(askAgainAfter(range, '2026-11-22')).toBe(expected)
})
