/** "How fast is the site?": Web Vitals at three quantiles, against the usual thresholds. */

import { fill, h, setText } from '../dom.ts'
import { formatCount } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber, asNumberOrNull } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { formatVital, goodVital, nameVital, type Rating, rateVital, VITALS } from '../vitals.ts'
import { leastSure, quantilesOf, recentWindows } from '../windows.ts'
import { storedBasis } from './bases.ts'

/** Quantiles, by what they are called here and in the window. */
const QUANTILES = [
  { name: 'p50', key: '0.5' },
  { name: 'p95', key: '0.95' },
  { name: 'p99', key: '0.99' },
] as const

const LOOK_BACK_MS = 15 * 60_000

/** One metric. */
export interface Speed {
  name: string
  /** In the order of {@link QUANTILES}. */
  values: (number | null)[]
  count: number
}

/** Of the live windows: of each metric the latest minute that is over and has it, else the one that runs. */
export function readSpeed(state: LiveState, now: number): Shown<Speed[]> {
  const windows = recentWindows(state, 'vitals', LOOK_BACK_MS, now)
  const ended = windows.filter(({ end }) => end <= now)
  const names = sortVitals(windows.flatMap(({ groups }) => groups.map(({ key }) => key[0] ?? '')))
  const used = names.flatMap((name) => {
    const has = ({ groups }: (typeof windows)[number]) => groups.some(({ key }) => key[0] === name)
    const window = ended.findLast(has) ?? windows.findLast(has)
    const group = window?.groups.find(({ key }) => key[0] === name)
    if (window === undefined || group === undefined) return []
    const quantiles = quantilesOf(group, 'value')
    const values = QUANTILES.map(({ key }) => quantiles[key] ?? null)
    return [{ window, speed: { name, values, count: group.events } }]
  })
  if (used.length === 0) return { model: undefined }
  return {
    basis: { state: leastSure(used.map(({ window }) => window)), text: 'latest full minute of each' },
    model: used.map(({ speed }) => speed),
  }
}

/** Of stored events: three answers of quantiles and one of counts. */
export function readSpeedAnswer(answers: Answer[], range: Range): Shown<Speed[]> {
  const columns = answers.map(({ rows = [] }) => new Map(rows.map((row) => [String(row[0] ?? ''), row[1]])))
  const counts = columns[QUANTILES.length]
  const names = sortVitals([...(counts?.keys() ?? [])]).filter((name) => name !== '')
  const model = names.map((name) => ({
    name,
    values: QUANTILES.map((_, index) => asNumberOrNull(columns[index]?.get(name) ?? null)),
    count: asNumber(counts?.get(name)),
  }))
  return { basis: storedBasis(range), model: model.length === 0 ? undefined : model }
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
  )
  body.append(
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Web Vitals' }, table),
    legend,
  )
  const parts = new WeakMap<Element, { name: HTMLElement; title: HTMLElement; cells: HTMLElement[] }>()
  const make = () => {
    const [name, title] = [h('abbr'), h('small')]
    const cells = columns.slice(1).map(() => h('td'))
    return [
      h('tr', {}, h('th', { scope: 'row' }, name, ' ', title), ...cells),
      { name, title, cells },
    ] as const
  }
  return (model) =>
    fill(rows, model, parts, make, ({ name, title, cells }, speed) => {
      setText(name, speed.name)
      name.title = nameVital(speed.name)
      setText(title, nameVital(speed.name))
      const [good, ...others] = cells
      if (good !== undefined) setText(good, goodVital(speed.name))
      others.forEach((cell, index) => {
        if (index < QUANTILES.length) showValue(cell, speed.name, speed.values[index] ?? null)
        else setText(cell, formatCount(speed.count))
      })
    })
}

function showValue(cell: HTMLElement, name: string, value: number | null): void {
  const rating = rateVital(name, value)
  const text = formatVital(name, value)
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
