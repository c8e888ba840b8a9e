/** Draws "What is happening?": a chart, its legend with numbers, and all numbers as a table. */

import { createChart, MAX_LINES } from '../chart.ts'
import { h, setText } from '../dom.ts'
import { capitalize, formatClock, formatCount, formatDay, formatMinute, formatRate } from '../format.ts'
import { createPanel, type Panel } from '../panel.ts'
import { askFor } from '../range.ts'
import { createTable } from '../table.ts'
import { type Happening, MAX_NAMES, OTHERS, readHappening, readHappeningAnswer } from './happening.ts'
import { createSlots } from './slots.ts'

/** Steps that the table of all numbers has at most, the latest. */
const MAX_STEPS = 60

/** The panel, and what draws it anew when colours change. */
export function createHappeningPanel(timeZone: string): { panel: Panel; restyle: () => void } {
  let restyle = () => {}
  const panel = createPanel({
    id: 'happening',
    title: 'What is happening?',
    pastTitle: 'What happened?',
    width: 9,
    empty: 'No events in this time.',
    fromLive: readHappening,
    questions: (range) =>
      range.kind === 'live'
        ? []
        : [
            {
              name: 'timeseries',
              // One more than are shown: one may be put among the others.
              fields: [['by', 'event'], ['limit', String(MAX_NAMES + 1)], ...askFor(range, timeZone)],
            },
          ],
    fromAnswers: readHappeningAnswer,
    mount(body) {
      const mounted = mountHappening(body)
      restyle = mounted.restyle
      return mounted.show
    },
  })
  return { panel, restyle: () => restyle() }
}

function mountHappening(body: HTMLElement): { show: (model: Happening) => void; restyle: () => void } {
  const slotsOf = createSlots(MAX_LINES - 1)
  let model: Happening | undefined
  let slots: number[] = []
  let pointed: number | undefined

  const total = h('span', { class: 'count', id: 'events' })
  const what = h('span', { class: 'what' })
  const unit = h('p', { class: 'hint' })
  const canvas = h('div', { class: 'canvas' })
  const legend = h('div', { class: 'legend' })
  const numbers = h('details', { class: 'numbers' }, h('summary', {}, 'Show the numbers'))
  const lead = h('p', { class: 'lead' }, total, ' ', what)
  body.append(
    h('div', { class: 'headline' }, lead, unit),
    h('div', { class: 'chart' }, canvas, legend),
    numbers,
  )
  const chart = createChart(canvas, (index) => {
    pointed = index
    showLegend()
  })
  const showRows = createTable(legend, { caption: 'Events by name', columns: ['Event', 'Now', 'In all'] })
  const table = createStepsTable(numbers)
  numbers.addEventListener('toggle', () => model !== undefined && numbers.open && table(model))

  function tellMarks({ provisionalFrom, corrected }: Happening): string {
    const hatched = provisionalFrom === undefined ? '' : ' Hatched: still counting.'
    return `${hatched}${corrected.length === 0 ? '' : ' ▴ corrected.'}`
  }

  function showLegend(): void {
    if (model === undefined) return
    const { times, lines } = model
    const time = pointed === undefined ? undefined : times[pointed]
    const when = time === undefined ? '' : ` at ${nameTime(time, times)}`
    setText(unit, `${capitalize(model.unit)}${when}.${tellMarks(model)}`)
    showRows(
      lines.map((line, index) => {
        const last = line.rate ?? line.values.at(-1) ?? null
        const value = time === undefined || pointed === undefined ? last : (line.values[pointed] ?? null)
        return {
          label: line.name,
          values: [formatRate(value), formatCount(line.total)],
          slot: slots[index] ?? MAX_LINES - 1,
          isMuted: line.isOther === true,
        }
      }),
      ['Event', time !== undefined ? 'Then' : lines[0]?.rate === undefined ? 'Last' : 'Now', 'In all'],
    )
  }

  return {
    show(next) {
      model = next
      const { value, isRate } = next.total
      setText(total, isRate ? formatRate(value) : formatCount(value))
      setText(what, next.total.what)
      const names = next.lines.filter(({ isOther }) => isOther !== true).map(({ name }) => name)
      const named = slotsOf(names, isRate ? 'live' : 'stored')
      slots = next.lines.map(({ name }, index) => (name === OTHERS ? MAX_LINES - 1 : (named[index] ?? 0)))
      const { times, corrected, provisionalFrom } = next
      const lines = next.lines.map(({ name, values }, index) => ({ name, values, slot: slots[index] ?? 0 }))
      chart.show({ times, lines, corrected, ...(provisionalFrom === undefined ? {} : { provisionalFrom }) })
      showLegend()
      if (numbers.open) table(next)
    },
    restyle: chart.restyle,
  }
}

/** The numbers of each step and name; built when it is looked at. */
function createStepsTable(parent: HTMLElement): (model: Happening) => void {
  const head = h('tr')
  const rows = h('tbody')
  const caption = h('caption', { class: 'unseen' })
  parent.append(
    h(
      'div',
      { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Events of each step' },
      h('table', {}, caption, h('thead', {}, head), rows),
    ),
  )
  return ({ times, lines, unit }) => {
    setText(caption, `${capitalize(unit)}, latest first`)
    const cell = (tag: 'th' | 'td', text: string, scope?: string) => h(tag, { scope }, text)
    head.replaceChildren(cell('th', 'Time', 'col'), ...lines.map(({ name }) => cell('th', name, 'col')))
    const indexes = times
      .map((_, index) => index)
      .slice(-MAX_STEPS)
      .reverse()
    rows.replaceChildren(
      ...indexes.map((index) =>
        h(
          'tr',
          {},
          cell('th', nameTime(times[index] ?? 0, times), 'row'),
          ...lines.map(({ values }) => cell('td', formatRate(values[index] ?? null))),
        ),
      ),
    )
  }
}

/** A time as exactly as the steps are. */
function nameTime(time: number, times: readonly number[]): string {
  const step = (times[1] ?? 0) - (times[0] ?? 0)
  if (step < 60_000) return formatClock(time)
  return step < 86_400_000 / 2 ? `${formatDay(time)} ${formatMinute(time)}` : formatDay(time)
}
