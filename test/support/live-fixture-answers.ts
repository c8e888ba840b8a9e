/** What `/v1/query` says of the shop that never was. */

import { answerBooks, type FixtureBooks } from './live-fixture-books.ts'
import {
  CLASSES,
  COUNTRIES,
  DEVICES,
  PAGES,
  QUANTILES,
  RATES,
  REFERRERS,
  UNKNOWN_VIEWS,
  VITALS,
  wave,
} from './live-fixture-numbers.ts'

/** Numbers of the seven days that are asked for, around a base. */
type Over = (base: number, salt: string) => number[]

/** Answers of the query API by the name of the question, without what all have in common. */
export function answerTo(
  name: string,
  search: URLSearchParams,
  now: number,
  books: FixtureBooks = 'close',
): object | undefined {
  const days = Array.from({ length: 7 }, (_, index) => isoDay(now - (6 - index) * 86_400_000))
  const over: Over = (base, salt) => days.map((day) => Math.round(base * wave(Date.parse(day), salt)))
  switch (name) {
    case 'timeseries':
      return search.get('by') === 'event'
        ? { buckets: days, series: seriesOf(Number(search.get('limit') ?? 5), over) }
        : { buckets: days, series: [{ name: null, total: 18_204, values: over(3_100, 'people') }] }
    case 'top':
      return answerTop(search.get('field') ?? search.get('by') ?? '')
    case 'breakdown':
      return answerBreakdown(search)
    case 'funnel':
      return answerFunnel()
    case 'retention':
      return answerRetention(days)
    case 'sessions':
      return search.has('by') ? answerEntries() : answerSessions(days, over)
    case 'books':
      return answerBooks(books, now)
    default:
      return undefined
  }
}

/** The largest so many, and all others as one. */
function seriesOf(limit: number, over: Over): object[] {
  const rates = Object.entries(RATES).sort(([, a], [, b]) => b - a)
  const left = rates.slice(limit).reduce((sum, [, rate]) => sum + rate, 0)
  const one = (name: string | null, rate: number) => ({
    ...{ name, total: Math.round(rate * 70_000), values: over(rate * 10_000, name ?? 'others') },
    ...(name === null ? { isOther: true } : {}),
  })
  return [
    ...rates.slice(0, limit).map(([event, rate]) => one(event, rate)),
    ...(left > 0 ? [one(null, left)] : []),
  ]
}

function answerBreakdown(search: URLSearchParams): object {
  const metric = search.get('metric') ?? 'events'
  if (search.get('by') === 'properties.currency') {
    const rows =
      metric === 'sum'
        ? [
            ['EUR', 184_220.5],
            ['CHF', 9_120.75],
          ]
        : [
            ['EUR', 3_412],
            ['CHF', 140],
          ]
    return { columns: ['properties.currency', metric], rows }
  }
  const quantile = Object.keys(QUANTILES).indexOf(metric)
  const rows = Object.entries(VITALS).map(([name, [count, ...values]]) => [
    name,
    quantile < 0 ? count : (values[quantile] ?? null),
  ])
  return { columns: ['properties.name', metric], rows }
}

function answerTop(field: string): object {
  const [counts, factor] = countsOf(field)
  const rows = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([value, count]) => [value, count * factor, Math.round((count * factor) / 3.1)])
  return { columns: [field, 'events', 'people'], rows }
}

/** Counts of a short time by the field's values, and how many such times are asked for. */
function countsOf(field: string): [counts: Readonly<Record<string, number>>, factor: number] {
  if (field === 'page_path') return [PAGES, 130]
  if (field === 'country') return [COUNTRIES, 90]
  if (field === 'device_type') return [DEVICES, 90]
  if (field === 'referrer_class') return [{ ...CLASSES, '': UNKNOWN_VIEWS, internal: 900 }, 60]
  return [{ ...REFERRERS, '': 1_200 }, 60]
}

function answerFunnel(): object {
  return {
    columns: ['step', 'event', 'people', 'fromFirst', 'fromPrevious', 'medianSeconds'],
    rows: [14_775, 9_120, 2_911, 1_402, 861].map((people, index) => [index + 1, 'step', people, 0, 0, null]),
  }
}

function answerRetention(days: readonly string[]): object {
  const later = days.slice(1)
  return {
    columns: ['cohort', 'people', ...later.map((_, index) => `day ${index + 1}`)],
    rows: days.map((day, index) => [
      day,
      1_900 - index * 60,
      ...later.map((_, period) => (index + period < 6 ? Math.round(420 / (period + 1.4)) : null)),
    ]),
  }
}

function answerEntries(): object {
  const pages = Object.entries(PAGES).slice(0, 5)
  return { columns: ['entry_page', 'sessions'], rows: pages.map(([page, count]) => [page, count * 9]) }
}

function answerSessions(days: readonly string[], over: Over): object {
  return {
    totals: {
      ...{ sessions: 21_480, people: 14_775, bounceRate: 0.412 },
      ...{ averageDuration: 184.2, medianDuration: 97.5, averageEngaged: 66.1 },
      ...{ pagesPerSession: 2.9, eventsPerSession: 7.4 },
    },
    buckets: days,
    series: [{ name: 'sessions', values: over(3_070, 'sessions') }],
  }
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
