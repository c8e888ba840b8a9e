/** "How fast is the site?": Web Vitals at four quantiles; of them p75 against the usual thresholds, which are made for it. */

import { fill, h, setText } from '../dom.ts'
import { formatCount, shorten } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber, asNumberOrNull } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { formatVital, goodVital, nameVital, type Rating, rateVital, VITALS } from '../vitals.ts'
import { currentWindow, quantilesOf } from '../windows.ts'
import { lastSpan, storedBasis } from './bases.ts'

/** Quantiles, by what they are called here and in the window. */
const QUANTILES = [
  { name: 'p50', key: '0.5' },
  { name: 'p75', key: '0.75' },
  { name: 'p95', key: '0.95' },
  { name: 'p99', key: '0.99' },
] as const

/** The quantile that thresholds are for. Source: web.dev/articles/vitals, "the 75th percentile of page loads". */
const RATED = QUANTILES.findIndex(({ name }) => name === 'p75')

/** With fewer measurements one page load more or less decides, so nothing is rated. */
const MIN_MEASURED = 30

/** Metrics that are shown, and the longest name of one: events name them as they like. */
const MAX_METRICS = 10
const MAX_NAME = 40

/** One metric. */
export interface Speed {
  name: string
  /** In the order of {@link QUANTILES}. */
  values: (number | null)[]
  count: number
  /** Of p75; absent where there are too few measurements, or no thresholds. */
  rating?: Rating
  isFew: boolean
}

/** Of the live window. */
export function readSpeed(state: LiveState, now: number): Shown<Speed[]> {
  const window = currentWindow(state, 'vitals', now)
  if (window === undefined || window.groups.length === 0) return { model: undefined }
  const groups = new Map(window.groups.map((group) => [group.key[0] ?? '', group]))
  const model = sortVitals([...groups.keys()])
    .slice(0, MAX_METRICS)
    .map((name) => {
      const quantiles = quantilesOf(groups.get(name), 'value')
      const values = QUANTILES.map(({ key }) => quantiles[key] ?? null)
      return judgeSpeed(name, values, groups.get(name)?.events ?? 0)
    })
  return { basis: lastSpan(window, state.watermark), model }
}

/** Of stored events: an answer for each quantile, and one of counts. */
export function readSpeedAnswer(answers: Answer[], range: Range): Shown<Speed[]> {
  const columns = answers.map(({ rows = [] }) => new Map(rows.map((row) => [String(row[0] ?? ''), row[1]])))
  const counts = columns[QUANTILES.length]
  const named = sortVitals([...(counts?.keys() ?? [])]).filter((name) => name !== '')
  const names = named.slice(0, MAX_METRICS)
  const model = names.map((name) => {
    const values = QUANTILES.map((_, index) => asNumberOrNull(columns[index]?.get(name) ?? null))
    return judgeSpeed(name, values, asNumber(counts?.get(name)))
  })
  return { basis: storedBasis(range), model: model.length === 0 ? undefined : model }
}

function judgeSpeed(name: string, values: (number | null)[], count: number): Speed {
  const isFew = count < MIN_MEASURED
  const rating = isFew ? undefined : rateVital(name, values[RATED] ?? null)
  return { name, values, count, isFew, ...(rating === undefined ? {} : { rating }) }
}

const RATING_WORDS: Record<Rating, string> = { good: 'good', middling: 'needs improvement', poor: 'poor' }

/** The panel. */
export function createSpeedPanel(timeZone: string): Panel {
  const ask = (range: Range, metric: readonly [string, string][]) => ({
    name: 'breakdown' as const,
    fields: [
      ...metric,
      ['event', 'Web Vital'] as const,
      ['by', 'properties.name'] as const,
      ...(range.kind === 'live' ? [] : askFor(range, timeZone)),
    ],
  })
  return createPanel({
    id: 'speed',
    title: 'How fast is the site?',
    pastTitle: 'How fast was the site?',
    width: 6,
    empty: 'No Web Vitals in this time. The plugin vitals of the SDK measures them.',
    fromLive: readSpeed,
    questions: (range) => [
      ...QUANTILES.map(({ name }) =>
        ask(range, [
          ['metric', name],
          ['of', 'properties.value'],
        ]),
      ),
      ask(range, [['metric', 'events']]),
    ],
    fromAnswers: readSpeedAnswer,
    mount: mountSpeed,
  })
}

function mountSpeed(body: HTMLElement): (model: Speed[]) => void {
  const columns = ['Metric', 'Good up to', ...QUANTILES.map(({ name }) => name), 'Measured']
  const rows = h('tbody')
  const table = h(
    'table',
    { class: 'vitals' },
    h('caption', { class: 'unseen' }, 'Web Vitals'),
    h('thead', {}, h('tr', {}, ...columns.map((name) => h('th', { scope: 'col' }, name)))),
    rows,
  )
  const legend = h(
    'p',
    { class: 'hint' },
    ...(['good', 'middling', 'poor'] as const).map((rating) =>
      h('span', { class: 'rated' }, ratingMark(rating), RATING_WORDS[rating]),
    ),
    `p75 is rated. Fewer than ${MIN_MEASURED} measurements are too few to judge.`,
  )
  body.append(
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Web Vitals' }, table),
    legend,
  )
  const parts = new WeakMap<
    Element,
    { row: HTMLElement; name: HTMLElement; title: HTMLElement; cells: HTMLElement[] }
  >()
  const make = () => {
    const [name, title] = [h('abbr'), h('small')]
    const cells = columns.slice(1).map(() => h('td'))
    const row = h('tr', {}, h('th', { scope: 'row' }, name, ' ', title), ...cells)
    return [row, { row, name, title, cells }] as const
  }
  return (model) =>
    fill(rows, model, parts, make, ({ row, name, title, cells }, speed) => {
      row.classList.toggle('few', speed.isFew)
      setText(name, shorten(speed.name, MAX_NAME))
      name.title = nameVital(speed.name)
      // One that has no words of its own is told once.
      const words = nameVital(speed.name)
      setText(title, words === speed.name ? '' : words)
      const [good, ...others] = cells
      if (good !== undefined) setText(good, goodVital(speed.name))
      others.forEach((cell, index) => {
        const value = formatVital(speed.name, speed.values[index] ?? null)
        if (index === QUANTILES.length) setText(cell, tellMeasured(speed))
        else if (index === RATED) showRated(cell, value, speed.rating)
        else setText(cell, value)
      })
    })
}

/** How many there are, and whether that is too few. */
export function tellMeasured({ count, isFew }: Pick<Speed, 'count' | 'isFew'>): string {
  return `${formatCount(count)}${isFew ? ', too few' : ''}`
}

function showRated(cell: HTMLElement, text: string, rating: Rating | undefined): void {
  if (cell.dataset['shown'] === `${rating} ${text}`) return
  cell.dataset['shown'] = `${rating} ${text}`
  cell.replaceChildren(
    ...(rating === undefined
      ? []
      : [ratingMark(rating), h('span', { class: 'unseen' }, `${RATING_WORDS[rating]}: `)]),
    text,
  )
}

/** Told apart by shape as well as colour. */
function ratingMark(rating: Rating): HTMLElement {
  return h(
    'span',
    { class: `rating ${rating}`, 'aria-hidden': 'true' },
    { good: '●', middling: '▲', poor: '■' }[rating],
  )
}

function sortVitals(names: readonly string[]): string[] {
  const place = (name: string) => (VITALS.includes(name) ? VITALS.indexOf(name) : VITALS.length)
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || a.localeCompare(b))
}
