import { describe, expect, it } from 'vitest'
import { sparkPath } from '../figures.ts'
import { definition, group, HEALTH, NOW, stateOf, tailEvent, window } from '../fixtures.ts'
import type { Answer } from '../query.ts'
import { readAttention } from './attention.ts'
import { readFunnel, readFunnelAnswer, STEPS } from './funnel.ts'
import { nameStep, OTHERS, readHappening, readHappeningAnswer, readRate } from './happening.ts'
import { readHere, readHereAnswer } from './here.ts'
import { rankedRows, readGroups, readPages, readTop } from './ranked.ts'
import { readReferrers, readReferrersAnswer } from './referrers.ts'
import { readRefused } from './refused.ts'
import { readReturning } from './returning.ts'
import { createSlots } from './slots.ts'
import { readSold, readSoldAnswer } from './sold.ts'
import { readSpeed, readSpeedAnswer } from './speed.ts'
import { readVisits } from './visits.ts'

const MINUTE = 60_000
const WEEK = { kind: 'last', span: '7d' } as const

function answer(more: Partial<Answer>): Answer {
  return { question: {}, freshness: null, readFrom: 'events', ...more }
}

describe('here', () => {
  const definitions = [definition('active_visitors', 2 * MINUTE, 10_000)]
  const here = (end: number, visitors: number) =>
    window('active_visitors', end - 2 * MINUTE, {
      end,
      groups: [group([], { visitors })],
      state: 'provisional',
    })

  it('counts the window that ends next, and shows how it was', () => {
    const windows = [here(NOW - 10_000, 7), here(NOW, 9), here(NOW + 10_000, 8), here(NOW + 20_000, 2)]
    const { model, basis } = readHere(stateOf({ definitions, windows }), NOW + 1)
    expect(model?.count).toBe(8)
    expect(model?.trend.slice(-4)).toEqual([0, 7, 9, 8])
    expect(model?.note).toContain('At most 9')
    expect(basis?.state).toBe('provisional')
  })

  it('is nobody when nothing happens, and nothing when it is not counted', () => {
    expect(readHere(stateOf({ definitions }), NOW).model?.count).toBe(0)
    expect(readHere(stateOf(), NOW).model).toBeUndefined()
  })

  it('is people of a range', () => {
    const series = [{ name: null, total: 12, values: [5, 9] }]
    expect(readHereAnswer([answer({ series })], WEEK).model).toMatchObject({ count: 12, trend: [5, 9] })
  })
})

describe('happening', () => {
  const definitions = [definition('events', 10_000)]
  const counted = (start: number, counts: Record<string, number>, more = {}) =>
    window('events', start, {
      groups: Object.entries(counts).map(([name, count]) => group([name], { count }, count)),
      ...more,
    })

  it('has a rate for each step that has ended, and numbers with the one that is still open', () => {
    const windows = [
      counted(NOW - 20_000, { page: 20 }),
      counted(NOW - 10_000, { page: 30, a: 10 }),
      counted(NOW, { page: 900 }),
    ]
    const { model } = readHappening(stateOf({ definitions, windows }), NOW + 4_000)
    expect(model?.times.at(-1)).toBe(NOW - 10_000)
    expect(model?.lines.map(({ name, total }) => [name, total])).toEqual([
      ['page', 950],
      ['a', 10],
    ])
    expect(model?.lines[0]?.values.slice(-3)).toEqual([0, 2, 3])
    // Of the last five steps, and of four seconds.
    expect(model?.lines[0]?.rate).toBeCloseTo(950 / 54)
    expect(readRate(stateOf({ definitions, windows }), NOW + 4_000)).toBeCloseTo(960 / 54)
  })

  it('puts all but five names, and what has no group, into one line', () => {
    const names = { a: 9, b: 8, c: 7, d: 6, e: 5, f: 4 }
    const other = { events: 100, values: { count: 100 } }
    const windows = [counted(NOW - 10_000, names, { events: 139, other })]
    const lines = readHappening(stateOf({ definitions, windows }), NOW).model?.lines ?? []
    expect(lines.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', OTHERS])
    expect(lines.at(-1)?.total).toBe(104)
  })

  it('says from when on it is provisional, and what was corrected', () => {
    const windows = [
      counted(NOW - 40_000, { a: 1 }, { state: 'corrected' }),
      counted(NOW - 30_000, { a: 1 }),
      counted(NOW - 20_000, { a: 1 }, { state: 'provisional' }),
      counted(NOW - 10_000, { a: 1 }, { state: 'provisional' }),
    ]
    const { model } = readHappening(stateOf({ definitions, windows }), NOW)
    expect([model?.provisionalFrom, model?.corrected]).toEqual([NOW - 20_000, [NOW - 40_000]])
  })

  it('has the series of a range, and nothing when there was none', () => {
    const buckets = ['2026-11-22T10:00:00Z', '2026-11-22T11:00:00Z']
    const series = [
      { name: 'page', total: 3, values: [1, 2] },
      { name: null, isOther: true as const, total: 1, values: [0, 1] },
    ]
    const { model } = readHappeningAnswer([answer({ buckets, series })], WEEK)
    expect(model).toMatchObject({ unit: 'events an hour', times: [NOW, NOW + 3_600_000] })
    expect(model?.lines.map(({ name }) => name)).toEqual(['page', OTHERS])
    const none = [{ name: null, total: 0, values: [0, 0] }]
    expect(readHappeningAnswer([answer({ buckets, series: none })], WEEK).model).toBeUndefined()
  })

  it.each([
    [60_000, 'a minute'],
    [3_600_000, 'an hour'],
    [90_000_000, 'a day'],
    [604_800_000, 'a week'],
    [2_592_000_000, 'a month'],
  ])('step of %i ms is %s', (step, words) => {
    expect(nameStep([0, step])).toBe(words)
  })

  it('keeps the colour of a name while it is shown', () => {
    const slotsOf = createSlots(3)
    expect(slotsOf(['a', 'b', 'c'])).toEqual([0, 1, 2])
    expect(slotsOf(['c', 'a', 'd'])).toEqual([2, 0, 1])
  })
})

describe('lists', () => {
  const top = (entries: Record<string, number>) =>
    Object.entries(entries).map(([value, count]) => ({ value, count, error: 0 }))

  it('pages add up over the last windows', () => {
    const windows = [
      window('top_pages', NOW - 10 * MINUTE, {
        end: NOW - 5 * MINUTE,
        groups: [group([], { pages: top({ '/': 5, '/a': 1 }) })],
      }),
      window('top_pages', NOW - 5 * MINUTE, {
        end: NOW,
        state: 'provisional',
        groups: [group([], { pages: top({ '/a': 9 }) })],
      }),
    ]
    const { model, basis } = readPages(stateOf({ windows }), NOW)
    expect(model?.map(({ name, counts }) => [name, counts[0]])).toEqual([
      ['/a', 10],
      ['/', 5],
    ])
    expect(basis?.state).toBe('provisional')
    expect(readPages(stateOf(), NOW).model).toBeUndefined()
  })

  it('groups are ranked by visitors, with those that have none of their own last', () => {
    const groups = [group(['DE'], { visitors: 3, views: 9 }, 9), group(['AT'], { visitors: 5, views: 6 }, 6)]
    const other = { events: 70, values: { visitors: 40, views: 70 } }
    const windows = [window('countries', NOW - 30 * MINUTE, { end: NOW + 1, groups, other })]
    const { model = [] } = readGroups(stateOf({ windows }), NOW, 'countries')
    expect(model.map(({ name, counts }) => [name, ...counts])).toEqual([
      ['AT', 5, 6],
      ['DE', 3, 9],
      [null, 40, 70],
    ])
    const rows = rankedRows(model, { nameOf: (name) => name, withShare: true })
    expect(rows[0]?.values).toEqual(['5', '6', '10.4%'])
    expect(rows.at(-1)).toMatchObject({ label: 'all others', isMuted: true, share: 1 })
  })

  it('counts that may be too high say so, and what has no name too', () => {
    const rows = rankedRows([{ name: '', counts: [7], error: 2 }], { nameOf: (name) => name })
    expect(rows[0]).toMatchObject({ label: '(not known)', values: ['≤ 7'] })
  })

  it('answers are read by the names of their columns', () => {
    const found = answer({ columns: ['country', 'events', 'people'], rows: [['DE', 9, 4]] })
    expect(readTop(found, ['people', 'events'])).toEqual([{ name: 'DE', counts: [4, 9] }])
    expect(readTop(undefined, ['people'])).toEqual([])
  })

  it('referrers leave out the site itself and what has no name', () => {
    const names = answer({
      columns: ['referrer_name', 'events'],
      rows: [
        ['', 90],
        ['Google', 12],
      ],
    })
    const classes = answer({
      columns: ['referrer_class', 'events'],
      rows: [
        ['internal', 70],
        ['direct', 20],
        ['', 3],
      ],
    })
    const { model } = readReferrersAnswer([names, classes], WEEK)
    expect(model?.names.map(({ name }) => name)).toEqual(['Google'])
    expect(model?.classes.map(({ name }) => name)).toEqual(['direct'])
    const windows = [
      window('top_referrers', NOW - MINUTE, {
        end: NOW,
        groups: [group([], { referrers: [], classes: top({ direct: 3 }) })],
      }),
    ]
    expect(readReferrers(stateOf({ windows }), NOW).model?.classes).toHaveLength(1)
  })
})

describe('sales', () => {
  it('never add up currencies, and rank within them', () => {
    const sale = (category: string, currency: string, revenue: number) =>
      group([category, currency], { orders: 2, revenue }, 2)
    const windows = [
      window('revenue', NOW - 2 * MINUTE, {
        end: NOW - MINUTE,
        groups: [sale('Kitchen', 'EUR', 10), sale('Kitchen', 'CHF', 25)],
      }),
      window('revenue', NOW - MINUTE, {
        end: NOW,
        groups: [sale('Table', 'EUR', 30), sale('Kitchen', 'EUR', 5)],
      }),
    ]
    const { model } = readSold(stateOf({ windows }), NOW)
    expect(model?.sums).toEqual([
      { currency: 'EUR', revenue: 45 },
      { currency: 'CHF', revenue: 25 },
    ])
    expect(
      model?.rows.map(({ category, currency, orders, revenue }) => [category, currency, orders, revenue]),
    ).toEqual([
      ['Table', 'EUR', 2, 30],
      ['Kitchen', 'EUR', 4, 15],
      ['Kitchen', 'CHF', 2, 25],
    ])
  })

  it('of a range have their orders beside them', () => {
    const revenue = answer({ rows: [['EUR', 120.5]] })
    const orders = answer({ rows: [['EUR', 4]] })
    expect(readSoldAnswer([revenue, orders], WEEK).model?.rows).toEqual([
      { category: 'All categories', currency: 'EUR', orders: 4, revenue: 120.5 },
    ])
    expect(readSoldAnswer([answer({}), answer({})], WEEK).model).toBeUndefined()
  })
})

describe('funnel', () => {
  it('has every step, also those that nobody came to', () => {
    const groups = [group(['page'], { visitors: 100 }), group(['Product Added'], { visitors: 25 })]
    const windows = [window('funnel', NOW - 30 * MINUTE, { end: NOW + 1, groups })]
    const { model } = readFunnel(stateOf({ windows }), NOW)
    expect(model?.steps.map(({ people }) => people)).toEqual([100, 0, 25, 0, 0])
    expect(model?.steps[2]).toMatchObject({ fromFirst: 0.25, fromPrevious: null })
    expect(model?.steps).toHaveLength(STEPS.length)
  })

  it('of nobody is none', () => {
    const rows = STEPS.map(({ event }, index) => [index + 1, event, 0, 0, 0, null])
    const columns = ['step', 'event', 'people', 'fromFirst', 'fromPrevious', 'medianSeconds']
    expect(readFunnelAnswer([answer({ columns, rows })], WEEK).model).toBeUndefined()
  })
})

describe('speed', () => {
  const vital = (name: string, p50: number, events = 3) =>
    group([name], { value: { '0.5': p50, '0.95': 2, '0.99': null } }, events)
  const minute = (
    start: number,
    groups: ReturnType<typeof vital>[],
    state: 'final' | 'provisional' = 'final',
  ) => window('vitals', start, { end: start + MINUTE, groups, state })

  it('shows of each metric the latest minute that is over', () => {
    const windows = [
      minute(NOW - 3 * MINUTE, [vital('TTFB', 7), vital('LCP', 1)]),
      minute(NOW - MINUTE, [vital('LCP', 4)]),
      minute(NOW, [vital('LCP', 9), vital('INP', 8)], 'provisional'),
    ]
    const { model, basis } = readSpeed(stateOf({ windows }), NOW + 1)
    expect(model?.map(({ name, values }) => [name, ...values])).toEqual([
      ['LCP', 4, 2, null],
      ['INP', 8, 2, null],
      ['TTFB', 7, 2, null],
    ])
    expect(basis?.state).toBe('provisional')
  })

  it('of a range has its quantiles and counts together', () => {
    const column = (value: number) =>
      answer({
        rows: [
          ['CLS', value],
          ['LCP', value],
        ],
      })
    const { model } = readSpeedAnswer([column(1), column(2), column(3), column(40)], WEEK)
    expect(model).toEqual([
      { name: 'LCP', values: [1, 2, 3], count: 40 },
      { name: 'CLS', values: [1, 2, 3], count: 40 },
    ])
  })
})

describe('stored answers', () => {
  it('cohorts have shares of their own size, and none of what is not known', () => {
    const columns = ['cohort', 'people', 'day 1', 'day 2']
    const rows = [
      ['2026-11-20', 40, 10, 4],
      ['2026-11-21', 20, 5, null],
      ['2026-11-22', 0, null, null],
    ]
    const { model } = readReturning([answer({ columns, rows })], WEEK)
    expect(model?.periods).toEqual(['day 1', 'day 2'])
    expect(model?.cohorts.map(({ shares }) => shares)).toEqual([
      [0.25, 0.1],
      [0.25, null],
    ])
  })

  it('visits are none where there are no sessions', () => {
    expect(readVisits([answer({ totals: { sessions: 0 } }), answer({})], WEEK).model).toBeUndefined()
    const totals = { sessions: 8, people: 5, bounceRate: 0.25, medianDuration: 97.5, pagesPerSession: null }
    const { model } = readVisits([answer({ totals }), answer({ rows: [['/', 6]] })], { kind: 'live' })
    expect(model?.figures.map(({ value }) => value)).toEqual(['8', '5', '25%', '1 min 37 s', '–', '–'])
    expect(model?.entries).toEqual([{ name: '/', counts: [6] }])
  })
})

describe('health', () => {
  it('refused events are counted by reason, with the latest as examples', () => {
    const refuse = (id: string, reason: string) => tailEvent(id, { status: 'quarantined', reason })
    const events = [refuse('1', 'bot'), refuse('2', 'bot'), refuse('3', 'bot'), refuse('4', 'too_deep')]
    const health = { ...HEALTH, quarantined: { too_deep: 1, bot: 30, none: 0 }, omitted: { no_consent: 2 } }
    const { model } = readRefused(stateOf({ health, events }))
    expect(model?.quarantined.map(({ reason, count }) => [reason, count])).toEqual([
      ['bot', 30],
      ['too_deep', 1],
    ])
    expect(model?.quarantined[0]?.examples.map(({ messageId }) => messageId)).toEqual(['3', '2'])
    expect(model?.omitted).toEqual([{ reason: 'no_consent', count: 2, examples: [] }])
    expect(readRefused(stateOf()).model).toBeUndefined()
  })

  it('attention is nothing without monitors', () => {
    expect(readAttention(stateOf(), NOW).model).toBeUndefined()
    const monitor = {
      name: 'm',
      kind: 'drop',
      title: 'M',
      state: 'firing' as const,
      since: NOW - 90_000,
      message: '',
      keys: [],
    }
    expect(readAttention(stateOf({ monitors: [monitor] }), NOW).model?.[0]?.sinceMs).toBe(90_000)
  })
})

it('line of a sparkline has holes where nothing is known', () => {
  const { line, area } = sparkPath([0, 4, null, 2], 30, 20)
  expect(line).toBe('M0 18L10 2M30 10')
  expect(area).toBe('M0 18L10 2L10 20L0 20Z')
})
