import { describe, expect, it } from 'vitest'
import { isKept, judgeDrop, judgeShare } from './counts.ts'
import { countText, durationText, eventsText, numberText, shareText, shortText } from './describe.ts'
import { isDriftDue, judgeDrift, stabilityIndex } from './drift.ts'
import { warehouseLag } from './freshness.ts'

describe('judgeDrop', () => {
  const drop = { min: 50, percent: 80 }
  it.each<[string, number, number[], 'ok' | 'firing' | 'unknown']>([
    ['exactly the percentage', 20, [100, 100, 100], 'firing'],
    ['a bit less', 21, [100, 100, 100], 'ok'],
    ['more than before', 300, [100, 100, 100], 'ok'],
    ['nothing now', 0, [50, 50, 50], 'firing'],
    ['two days with enough', 0, [50, 50, 49, 49], 'unknown'],
    ['no day', 0, [], 'unknown'],
    ['one day without mercy: the median holds', 100, [100, 100, 100_000], 'ok'],
    ['an even number of days', 30, [50, 100, 200, 300], 'firing'],
  ])('%s', (_what, current, before, state) => {
    expect(judgeDrop({ ...drop, current, before }, 'orders').state).toBe(state)
  })
})

describe('judgeShare', () => {
  it.each<[number, number, 'ok' | 'firing']>([
    [3, 20, 'firing'],
    [2, 20, 'ok'],
    [19, 19, 'ok'],
    [0, 0, 'ok'],
  ])('%d of %d', (count, of, state) => {
    expect(judgeShare({ count, of, above: 0.1, min: 20 }, 'were refused').state).toBe(state)
  })
})

describe('isKept', () => {
  it.each([
    ['<=', 0, 0, true],
    ['<=', 1, 0, false],
    ['<=', 1, 1, true],
    ['<', 0, 0, false],
    ['<', -1, 0, true],
    ['<', 0, 1, true],
    ['=', -2, 2, true],
    ['=', 3, 2, false],
    ['>=', -1, 0, false],
    ['>=', -1, 1, true],
    ['>', 0, 0, false],
    ['>', 1, 0, true],
  ] as const)('%s with a difference of %d and a slack of %d: %j', (op, difference, slack, expected) => {
    expect(isKept(op, difference, slack)).toBe(expected)
  })
})

describe('stabilityIndex', () => {
  it('is 0 for the same shares, and the textbook sum for others', () => {
    const same = [
      { name: 'a', before: 3_000, now: 300 },
      { name: 'b', before: 7_000, now: 700 },
    ]
    expect(stabilityIndex(same).index).toBeCloseTo(0, 4)
    const moved = [
      { name: 'a', before: 500_000, now: 200_000 },
      { name: 'b', before: 500_000, now: 800_000 },
    ]
    const expected = (0.2 - 0.5) * Math.log(0.2 / 0.5) + (0.8 - 0.5) * Math.log(0.8 / 0.5)
    expect(stabilityIndex(moved).index).toBeCloseTo(expected, 4)
    expect(stabilityIndex(moved).most).toMatchObject({ name: 'a', shareBefore: 0.5, shareNow: 0.2 })
  })

  it('is finite for values that are new or gone', () => {
    const classes = [
      { name: 'gone', before: 100, now: 0 },
      { name: 'new', before: 0, now: 100 },
    ]
    expect(stabilityIndex(classes).index).toBeGreaterThan(5)
    expect(stabilityIndex(classes).index).toBeLessThan(20)
  })

  it('of too few values now is no reason to fire', () => {
    const classes = [{ name: 'a', before: 1_000, now: 9 }]
    expect(judgeDrift(classes, { property: 'p', above: 0.25, min: 10, days: 7 }).state).toBe('ok')
  })
})

describe('isDriftDue', () => {
  const due = (window: '10m' | '1h' | '24h') =>
    Array.from({ length: 60 }, (_, minute) => minute).filter((minute) =>
      isDriftDue({ name: 'm', kind: 'drift', property: 'p', window }, minute * 60_000 + 30_000),
    ).length

  it.each([
    ['10m', 60],
    ['1h', 12],
    ['24h', 6],
  ] as const)('of a window of %s is so %d times an hour', (window, times) => {
    expect(due(window)).toBe(times)
  })
})

describe('warehouseLag', () => {
  it.each<[string, number[], number, number | null]>([
    ['nothing is known', [], 0, null],
    ['it has the latest', [90_000_000, 99_000_000], 99_000_000, 0],
    ['it has an event of the same moment', [99_000_000], 99_000_001, 0],
    [
      'it lacks two: the older one says how long',
      [90_000_000, 98_000_000, 99_000_000],
      95_000_000,
      2_000_000,
    ],
    ['it has nothing of the last day', [99_000_000], 0, 1_000_000],
    ['what it lacks is older than what was asked for', [1_000], 0, 0],
  ])('%s', (_what, receipts, saved, lag) => {
    expect(warehouseLag(receipts, saved, 100_000_000)).toBe(lag)
  })
})

describe('the words of a message', () => {
  it('write numbers for people', () => {
    expect([1_234.567, 0.000123456, 12, 0].map(numberText)).toEqual(['1,234.57', '0.000123', '12', '0'])
    expect([countText(1), countText(2_000), shareText(0.1234)]).toEqual(['1 event', '2,000 events', '12.3 %'])
    expect([0, 59_400, 3_900_000, 90_061_000].map(durationText)).toEqual([
      '0 s',
      '59 s',
      '1 h 5 min',
      '1 d 1 h',
    ])
  })

  it('name events where they can', () => {
    expect(eventsText([{ field: 'event', op: 'is', value: 'page' }])).toBe('page')
    expect(eventsText([{ field: 'event', op: 'in', value: ['a', 'b'] }])).toBe('a or b')
    expect(eventsText([{ field: 'country', op: 'is', value: 'DE' }])).toBe('events')
    expect(
      eventsText([
        { field: 'country', op: 'is', value: 'DE' },
        { field: 'event', op: 'is', value: 'page' },
      ]),
    ).toBe('such page')
  })

  it('show one line of what somebody sent', () => {
    expect(shortText('a\n\u0000b\u2028c')).toBe('a b c')
    expect(shortText('a\u202egpj.exe\u2066 b\u200f')).toBe('agpj.exe b')
    expect(shortText('😀'.repeat(80))).toHaveLength(100)
  })
})
