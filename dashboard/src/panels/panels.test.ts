import { shippedWindows } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { sparkPath } from '../figures.ts'
import { definition, group, HEALTH, NOW, stateOf, tailEvent, window } from '../fixtures.ts'
import type { Answer } from '../query.ts'
import { readAttention, shownKeys, tellUndelivered } from './attention.ts'
import { liveBasis } from './bases.ts'
import { findCustom, readCustom, SHIPPED } from './custom.ts'
import { readFunnel, readFunnelAnswer, STEPS, tellLoss } from './funnel.ts'
import { nameStep, OTHERS, readHappening, readHappeningAnswer, readRate } from './happening.ts'
import { readHere, readHereAnswer } from './here.ts'
import { readPipeline } from './pipeline.ts'
import { askTop, rankedRows, readGroups, readPages, readTop } from './ranked.ts'
import { readReferrers, readReferrersAnswer } from './referrers.ts'
import { readRefused } from './refused.ts'
import { readReturning } from './returning.ts'
import { createSlots } from './slots.ts'
import { readSold, readSoldAnswer, soldRows, tellOtherOrders } from './sold.ts'
import { readSpeed, readSpeedAnswer, tellMeasured } from './speed.ts'
import { readVisits } from './visits.ts'

const MINUTE = 60_000
const WEEK = { kind: 'last', span: '7d' } as const

function answer(more: Partial<Answer>): Answer {
  return { question: {}, freshness: null, readFrom: 'events', ...more }
}

describe('how sure numbers are', () => {
  const MARK = NOW - 34_000
  const piece = (start: number, state: 'final' | 'provisional' | 'corrected', sizeMs = MINUTE) =>
    window('a', start, { end: start + sizeMs, state })

  it('is told from when on they may change, to the minute', () => {
    const sliding = piece(NOW - 29 * MINUTE, 'provisional', 30 * MINUTE)
    expect(liveBasis([sliding], MARK, '')).toEqual({ state: 'provisional', since: NOW - MINUTE, text: '' })
    const following = [piece(NOW - 2 * MINUTE, 'final'), piece(NOW, 'provisional')]
    expect(liveBasis(following, MARK, '')).toMatchObject({ since: NOW })
  })

  it('is nothing more where all of them may change', () => {
    expect(liveBasis([piece(NOW - 20_000, 'provisional')], MARK, '')).toEqual({
      state: 'provisional',
      text: '',
    })
  })

  it('is told of what is never final, too, though it is older than the watermark', () => {
    const windows = [piece(NOW - 9 * MINUTE, 'final'), piece(NOW - 5 * MINUTE, 'provisional')]
    expect(liveBasis(windows, MARK, '').since).toBe(NOW - 5 * MINUTE)
  })

  it('is told of a correction beside what still counts', () => {
    const windows = [piece(NOW - 2 * MINUTE, 'corrected'), piece(NOW, 'provisional')]
    expect(liveBasis(windows, MARK, '').isCorrected).toBe(true)
    expect(liveBasis(windows.slice(0, 1), MARK, '')).toEqual({ state: 'corrected', text: '' })
  })
})

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
    expect(model?.total.value).toBeCloseTo(960 / 54)
    expect(model?.total.what).toContain('events a second')
  })

  it('puts all but five names, and what has no group, into one line', () => {
    const names = { a: 9, b: 8, c: 7, d: 6, e: 5, f: 4 }
    const other = { events: 100, values: { count: 100 } }
    const windows = [counted(NOW - 10_000, names, { events: 139, other })]
    const lines = readHappening(stateOf({ definitions, windows }), NOW).model?.lines ?? []
    expect(lines.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', OTHERS])
    expect(lines.at(-1)?.total).toBe(104)
  })

  it('has no line for what the SDK measures, unless there is nothing else', () => {
    const linesOf = (counts: Record<string, number>) => {
      const windows = [counted(NOW - 10_000, counts)]
      return readHappening(stateOf({ definitions, windows }), NOW).model?.lines ?? []
    }
    expect(linesOf({ 'Web Vital': 90, page: 5 }).map(({ name, total }) => [name, total])).toEqual([
      ['page', 5],
      [OTHERS, 90],
    ])
    expect(linesOf({ 'Web Vital': 90 }).map(({ name }) => name)).toEqual(['Web Vital'])
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
    expect(model?.total).toMatchObject({ value: 4, what: 'events' })
    const none = [{ name: null, total: 0, values: [0, 0] }]
    expect(readHappeningAnswer([answer({ buckets, series: none })], WEEK).model).toBeUndefined()
  })

  it('puts what the SDK measures, and the sixth name, among the others of a range', () => {
    const buckets = ['2026-11-22T10:00:00Z', '2026-11-22T11:00:00Z']
    const one = (name: string | null, total: number) => ({ name, total, values: [total, null] })
    const measured = [...'abc'].map((name, index) => one(name, 9 - index))
    const series = [one('Web Vital', 50), ...measured, { ...one(null, 2), isOther: true as const }]
    const { model } = readHappeningAnswer([answer({ buckets, series })], WEEK)
    expect(model?.lines.map(({ name, total }) => [name, total])).toEqual([
      ['a', 9],
      ['b', 8],
      ['c', 7],
      [OTHERS, 52],
    ])
    expect(model?.lines.at(-1)?.values).toEqual([52, 0])
    expect(model?.total.value).toBe(76)
    const six = [...'abcdef'].map((name, index) => one(name, 9 - index))
    const more = readHappeningAnswer([answer({ buckets, series: six })], WEEK).model?.lines
    expect(more?.at(-1)).toMatchObject({ name: OTHERS, total: 4 })
    expect(more).toHaveLength(6)
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

  it('gives a name alone the first colour, and forgets colours when something else is shown', () => {
    const slotsOf = createSlots(3)
    slotsOf(['a', 'b'], 'live')
    expect(slotsOf(['b'], 'live')).toEqual([0])
    slotsOf(['a', 'b'], 'live')
    expect(slotsOf(['b', 'c'], 'stored')).toEqual([0, 1])
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

  it('shares are of all there is, and what has no row is one row more', () => {
    const ranked = [40, 20, 10, 9, 8, 3, 2, 2, 2, 2, 1, 1].map((count, index) => ({
      name: String(index),
      counts: [count, 2 * count],
    }))
    const look = { nameOf: (name: string) => name, withShare: true }
    const rows = rankedRows([...ranked, { name: null, counts: [100, 300] }], { ...look, ofPeople: true })
    expect(rows).toHaveLength(11)
    expect(rows[0]?.values).toEqual(['40', '80', '20%'])
    // Who was counted in one of the rows may be counted in another.
    expect(rows.at(-1)).toMatchObject({ label: 'all others', values: ['≤ 102', '304', '51%'] })
    expect(rankedRows(ranked, look).at(-1)?.values).toEqual(['2', '4', '2%'])
    expect(rankedRows(ranked, { nameOf: look.nameOf })).toHaveLength(10)
  })

  it('all values are asked for where shares are told', () => {
    const limitOf = (options: Parameters<typeof askTop>[3]) =>
      new Map(askTop('country', WEEK, 'UTC', options).fields).get('limit')
    expect([limitOf({ withShare: true }), limitOf({})]).toEqual(['1000', '12'])
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

  it('referrers leave out the site itself, and count what is not known', () => {
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
    const counts = (classes_ = model?.classes) => classes_?.map(({ name, counts: [count] }) => [name, count])
    expect(counts()).toEqual([
      ['direct', 20],
      ['', 3],
    ])
    const windows = [
      window('top_referrers', NOW - MINUTE, {
        end: NOW,
        groups: [group([], { referrers: [], classes: top({ direct: 3 }) }, 7)],
      }),
    ]
    expect(counts(readReferrers(stateOf({ windows }), NOW).model?.classes)).toEqual([
      ['', 4],
      ['direct', 3],
    ])
  })
})

describe('sales', () => {
  const sale = (category: string, currency: string, revenue: number) =>
    group([category, currency], { orders: 2, revenue }, 2)
  const ordered = (currency: string, orders: number, revenue: number) =>
    group([currency], { orders, revenue }, orders)
  const minute = (name: string, start: number, more: Parameters<typeof window>[2]) =>
    window(name, start, { end: start + MINUTE, ...more })

  it('add up what orders say, by currency, and never add up currencies', () => {
    const windows = [
      minute('orders', NOW - 2 * MINUTE, { groups: [ordered('EUR', 2, 40), ordered('CHF', 1, 25)] }),
      minute('orders', NOW - MINUTE, {
        groups: [ordered('EUR', 1, 9.5)],
        other: { events: 4, values: { orders: 4, revenue: 900 } },
      }),
    ]
    const { model } = readSold(stateOf({ windows }), NOW)
    expect(model?.sums).toEqual([
      { currency: 'EUR', orders: 3, revenue: 49.5 },
      { currency: 'CHF', orders: 1, revenue: 25 },
    ])
    expect(model === undefined ? '' : tellOtherOrders(model)).toBe('And 4 orders in other currencies.')
    expect(readSold(stateOf(), NOW).model).toBeUndefined()
  })

  it('rank categories within their currency', () => {
    const windows = [
      minute('revenue', NOW - 2 * MINUTE, {
        groups: [sale('Kitchen', 'EUR', 10), sale('Kitchen', 'CHF', 25)],
      }),
      minute('revenue', NOW - MINUTE, { groups: [sale('Table', 'EUR', 30), sale('Kitchen', 'EUR', 5)] }),
    ]
    const { model } = readSold(stateOf({ windows }), NOW)
    expect(
      model?.rows?.map(({ category, currency, orders, revenue }) => [category, currency, orders, revenue]),
    ).toEqual([
      ['Table', 'EUR', 2, 30],
      ['Kitchen', 'EUR', 4, 15],
      ['Kitchen', 'CHF', 2, 25],
    ])
  })

  it('have categories without a row in one, with an amount where that is of one currency', () => {
    const groups = [...'abcdefghij'].map((name, index) => sale(name, 'EUR', 100 - index))
    const rowsOf = (more: Parameters<typeof window>[2]) => {
      const { model } = readSold(stateOf({ windows: [minute('revenue', NOW - MINUTE, more)] }), NOW)
      return soldRows(model?.rows ?? []).map(({ label, values }) => [label, ...values])
    }
    expect(rowsOf({ groups })).toHaveLength(9)
    expect(rowsOf({ groups }).at(-1)).toEqual(['all others', '≤ 4', '€183.00'])
    const other = { events: 5, values: { orders: 5, revenue: 70 } }
    expect(rowsOf({ groups: groups.slice(0, 1), other }).at(-1)).toEqual(['all others', '5', '–'])
  })

  it('of a range are the same sum, with their orders', () => {
    const revenue = answer({ rows: [['EUR', 120.5]] })
    const orders = answer({ rows: [['EUR', 4]] })
    expect(readSoldAnswer([revenue, orders], WEEK).model).toEqual({
      sums: [{ currency: 'EUR', orders: 4, revenue: 120.5 }],
      otherOrders: 0,
    })
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

  it('marks where most leave, not where the largest share does', () => {
    const groups = [
      group(['page'], { visitors: 100 }),
      group(['Product Viewed'], { visitors: 60 }),
      group(['Product Added'], { visitors: 30 }),
      group(['Checkout Started'], { visitors: 40 }),
    ]
    const windows = [window('funnel', NOW - 30 * MINUTE, { end: NOW + 1, groups })]
    const steps = readFunnel(stateOf({ windows }), NOW).model?.steps ?? []
    expect(steps.map(({ lost }) => lost)).toEqual([undefined, 40, undefined, undefined, undefined])
    expect(tellLoss(steps)).toBe('▼ Most leave between “Any page” and “A product”: 40, 40% of them.')
    expect(tellLoss(steps.slice(2, 4))).toBe('')
    const visited = [window('funnel', NOW - 30 * MINUTE, { end: NOW + 1, groups: groups.slice(0, 1) })]
    const alone = readFunnel(stateOf({ windows: visited }), NOW).model?.steps ?? []
    expect(tellLoss(alone)).toBe('None of the later steps happened in this time.')
  })

  it('of nobody is none', () => {
    const rows = STEPS.map(({ event }, index) => [index + 1, event, 0, 0, 0, null])
    const columns = ['step', 'event', 'people', 'fromFirst', 'fromPrevious', 'medianSeconds']
    expect(readFunnelAnswer([answer({ columns, rows })], WEEK).model).toBeUndefined()
  })
})

describe('speed', () => {
  const vital = (name: string, p75: number, events: number) =>
    group([name], { value: { '0.5': 1, '0.75': p75, '0.95': 9_000, '0.99': null } }, events)
  const definitions = [definition('vitals', 15 * MINUTE, MINUTE)]
  const read = (...groups: ReturnType<typeof vital>[]) => {
    const windows = [window('vitals', NOW - 14 * MINUTE, { end: NOW + MINUTE, groups, state: 'provisional' })]
    return readSpeed(stateOf({ definitions, windows }), NOW + 1)
  }

  it('shows the window that ends next, its metrics in their order', () => {
    const { model, basis } = read(vital('TTFB', 7, 40), vital('LCP', 4, 40))
    expect(model?.map(({ name, values }) => [name, ...values])).toEqual([
      ['LCP', 1, 4, 9_000, null],
      ['TTFB', 1, 7, 9_000, null],
    ])
    expect(basis).toMatchObject({ state: 'provisional', text: 'last 15 min' })
    expect(read().model).toBeUndefined()
  })

  it('rates p75 alone, and nothing of which there is little', () => {
    const { model = [] } = read(vital('LCP', 2_400, 30), vital('FCP', 9_000, 29))
    expect(model.map(({ rating, isFew }) => [rating, isFew])).toEqual([
      ['good', false],
      [undefined, true],
    ])
    expect(model.map(tellMeasured)).toEqual(['30', '29, too few'])
  })

  it('of a range has its quantiles and counts together', () => {
    const column = (value: number) =>
      answer({
        rows: [
          ['CLS', value],
          ['LCP', value],
        ],
      })
    const { model } = readSpeedAnswer([column(1), column(2), column(3), column(4), column(40)], WEEK)
    expect(model).toEqual([
      { name: 'LCP', values: [1, 2, 3, 4], count: 40, isFew: false, rating: 'good' },
      { name: 'CLS', values: [1, 2, 3, 4], count: 40, isFew: false, rating: 'poor' },
    ])
  })
})

describe('windows of the configuration', () => {
  const measures = { signups: 'count', value: 'quantiles', best_pages: 'top' }
  const own = { ...definition('own', 5 * MINUTE), by: ['properties.plan'], title: 'Who signs up?', measures }
  const values = {
    signups: 3,
    value: { '0.5': 1.25, '0.95': 7 },
    best_pages: [{ value: '/', count: 2, error: 0 }],
  }
  const five = (start: number, more: Parameters<typeof window>[2]) =>
    window('own', start, { end: start + 5 * MINUTE, ...more })

  it('are those that no panel has', () => {
    expect(SHIPPED).toEqual(shippedWindows.map(({ name }) => name))
    const definitions = [definition('events', 10_000), own]
    expect(findCustom({ definitions }).map(({ name }) => name)).toEqual(['own'])
  })

  it('are shown as groups by measures, of the latest window that is closed', () => {
    const windows = [
      five(NOW - 10 * MINUTE, { groups: [group(['pro'], values, 3), group([''], { signups: 1 })] }),
      five(NOW - 5 * MINUTE, { groups: [group(['free'], values)], state: 'provisional' }),
    ]
    const { model, basis } = readCustom(own, stateOf({ definitions: [own], windows }), NOW + 1)
    expect(model?.columns).toEqual(['Plan', 'Signups', 'Value p50', 'Value p95', 'Best pages'])
    expect(model?.rows.map(({ label, values: cells, isMuted }) => [label, ...cells, isMuted])).toEqual([
      ['pro', '3', '1.3', '7', '/ 2', false],
      ['(not known)', '–', '–', '–', '–', true].map((cell, index) => (index === 1 ? '1' : cell)),
    ])
    expect(basis?.state).toBe('final')
  })

  it('are shown while none is closed, with what has no group, and how many more there are', () => {
    const groups = [...'abcdefghijkl'].map((name) => group([name], { signups: 2 }))
    const windows = [
      five(NOW, { groups, other: { events: 9, values: { signups: 9 } }, state: 'provisional' }),
    ]
    const { model, basis } = readCustom(own, stateOf({ definitions: [own], windows }), NOW + 1)
    expect(model?.rows.at(-1)).toMatchObject({ label: 'all others', values: ['9', '–'] })
    expect([model?.rows.length, model?.more, basis?.state]).toEqual([11, 2, 'provisional'])
    expect(readCustom(own, stateOf({ definitions: [own] }), NOW).model).toBeUndefined()
  })

  it('without groups have lists of their own', () => {
    const whole = { ...own, by: [] }
    const windows = [five(NOW - 10 * MINUTE, { groups: [group([], values)] })]
    const { model } = readCustom(whole, stateOf({ definitions: [whole], windows }), NOW)
    expect(model?.rows.map(({ label, values: cells }) => [label, ...cells])).toEqual([
      ['All', '3', '1.3', '7'],
    ])
    expect(model?.lists).toEqual([{ title: 'Best pages', values: [{ name: '/', counts: [2], error: 0 }] }])
  })

  it('of sessions show the latest that ended', () => {
    const visits = { ...own, kind: 'session' as const, by: ['visitor_id'] }
    const windows = [1, 2, 3].map((index) =>
      window('own', NOW - index * MINUTE, {
        end: NOW + (index === 1 ? MINUTE : -index),
        groups: [group([`v${index}`], { signups: index })],
      }),
    )
    const { model } = readCustom(visits, stateOf({ definitions: [visits], windows }), NOW)
    expect(model?.rows.map(({ label }) => label)).toEqual(['v2', 'v3'])
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
    const paces = { bounceRate: 0.25, pagesPerSession: 1.5, medianDuration: 97.5, averageDuration: 60 }
    const totals = { sessions: 8, people: 5, ...paces }
    const { model } = readVisits([answer({ totals }), answer({ rows: [['/', 6]] })], { kind: 'live' })
    expect(model?.figures.map(({ value }) => value)).toEqual(['8', '5', '25%', '1.5', '1 min 37 s', '1 min'])
    expect(model?.entries).toEqual([{ name: '/', counts: [6] }])
  })

  it('visits of events of servers alone are told without pages and lengths', () => {
    const paces = { bounceRate: 0, pagesPerSession: 0, medianDuration: 0, averageDuration: 0 }
    const totals = { sessions: 2, people: 1, ...paces }
    const { model } = readVisits([answer({ totals }), answer({ rows: [['', 2]] })], { kind: 'live' })
    expect(model?.figures).toEqual([
      { name: 'visits', value: '2' },
      { name: 'people', value: '1' },
    ])
    expect(model?.entries).toEqual([])
  })

  it('visits of which some have no page say so', () => {
    const totals = { sessions: 3, people: 1, pagesPerSession: 1, medianDuration: 0, averageDuration: 4 }
    const rows = [
      ['', 2],
      ['/', 1],
    ]
    const { model } = readVisits([answer({ totals }), answer({ rows })], { kind: 'live' })
    expect(model?.figures.find(({ name }) => name === 'median length')?.value).toBe('0 s')
    expect(model?.entries.map(({ name }) => name)).toEqual(['', '/'])
    expect(rankedRows(model?.entries ?? [], { nameOf: String, unnamed: '(no page)' })[0]).toMatchObject({
      label: '(no page)',
      isMuted: true,
    })
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

  it('attention says how many more there are than it shows, also those that were not sent', () => {
    const keys = Array.from({ length: 10 }, (_, index) => `u${index}`)
    expect(shownKeys({ keys, more: 1_200 })).toEqual({ keys: keys.slice(0, 8), more: 'and 1,202 more' })
    expect(shownKeys({ keys: ['u1'] })).toEqual({ keys: ['u1'], more: '' })
    expect(shownKeys({ keys: [], more: 3 }).more).toBe('and 3 more')
  })

  it('attention says what webhooks were not told', () => {
    const [sentence] = tellUndelivered({
      undelivered: [{ webhook: 'ops', at: NOW, count: 2, error: 'it answered 500' }],
    })
    expect(sentence).toMatch(
      /^Webhook ops was not told of 2 changes, last at 2026-11-22 \d\d:00: It answered 500\.$/,
    )
    expect(tellUndelivered({})).toEqual([])
  })

  it('figures say of which sources they are and where counting stopped, and none is of what nobody counts', () => {
    const figures = (more: Partial<typeof HEALTH>) =>
      new Map(
        readPipeline(stateOf({ health: { ...HEALTH, ...more } }), NOW).model?.counts.map(
          ({ name, value }) => [name, value],
        ),
      )
    const found = figures({ deadLetters: 1_000, spilled: 7 })
    expect(found.get('dead letters, all sources')).toBe('1,000 or more')
    expect(found.get('spilled, all sources')).toBe('7')
    expect(found.has('gaps, last day')).toBe(false)
    expect(figures({ gaps: 3 }).get('gaps, last day')).toBe('3')
  })
})

it('line of a sparkline has holes where nothing is known', () => {
  const { line, area } = sparkPath([0, 4, null, 2], 30, 20)
  expect(line).toBe('M0 18L10 2M30 10')
  expect(area).toBe('M0 18L10 2L10 20L0 20Z')
})
