/** "Who is here now?": visitors of the last two minutes, and how many there were. */

import { h, setText } from '../dom.ts'
import { createSparkline } from '../figures.ts'
import { formatCount, formatSpan } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumberOrNull } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import { KEEP_MS, type LiveState } from '../state.ts'
import { currentWindow, numberOf } from '../windows.ts'
import { lastSpan, storedBasis } from './bases.ts'

const WINDOW = 'active_visitors'

/** What is shown. */
export interface Here {
  count: number | null
  what: string
  /** Oldest first. */
  trend: (number | null)[]
  note: string
}

/** Visitors now: 0 when nothing happened lately. */
export function readVisitors(state: LiveState, now: number): number {
  return numberOf(currentWindow(state, WINDOW, now)?.groups[0], 'visitors') ?? 0
}

/** Of the live windows; `undefined` when the source counts no visitors. */
export function readHere(state: LiveState, now: number): Shown<Here> {
  const definition = state.definitions.find(({ name }) => name === WINDOW)
  if (definition === undefined) return { model: undefined }
  const { everyMs } = definition
  const byEnd = new Map((state.windows.get(WINDOW) ?? []).map((window) => [window.end, window]))
  const last = Math.floor(now / everyMs) * everyMs
  const steps = Math.floor(KEEP_MS / everyMs)
  const trend = Array.from({ length: steps }, (_, index) => {
    const end = last - (steps - 1 - index) * everyMs
    return numberOf(byEnd.get(end)?.groups[0], 'visitors') ?? 0
  })
  const count = readVisitors(state, now)
  const current = currentWindow(state, WINDOW, now)
  const most = Math.max(count, ...trend)
  return {
    basis:
      current === undefined
        ? { state: 'final', text: `last ${formatSpan(definition.sizeMs)}` }
        : lastSpan(current, state.watermark),
    model: {
      count,
      what: count === 1 ? 'visitor' : 'visitors',
      trend: [...trend, count],
      note: `At most ${formatCount(most)} in the last 15 minutes`,
    },
  }
}

/** Of stored events. */
export function readHereAnswer([answer]: Answer[], range: Range): Shown<Here> {
  const series = answer?.series?.[0]
  if (series === undefined) return { model: undefined }
  const most = Math.max(0, ...series.values.map((value) => value ?? 0))
  return {
    basis: storedBasis(range),
    model: {
      count: asNumberOrNull(series.total ?? null),
      what: 'people',
      trend: series.values,
      note: `At most ${formatCount(most)} in one of ${series.values.length} steps`,
    },
  }
}

/** The panel. */
export function createHerePanel(timeZone: string): Panel {
  return createPanel({
    id: 'here',
    title: 'Who is here now?',
    pastTitle: 'Who was here?',
    width: 3,
    empty: 'Visitors are not counted for this source.',
    fromLive: readHere,
    questions: (range) =>
      range.kind === 'live'
        ? []
        : [{ name: 'timeseries', fields: [['metric', 'people'], ...askFor(range, timeZone)] }],
    fromAnswers: readHereAnswer,
    mount(body) {
      const count = h('span', { class: 'count', id: 'visitors' })
      const what = h('span', { class: 'what' })
      body.append(h('p', { class: 'lead' }, count, ' ', what))
      const showTrend = createSparkline(body)
      const note = h('p', { class: 'hint' })
      body.append(note)
      return (model) => {
        setText(count, formatCount(model.count))
        setText(what, model.what)
        showTrend(model.trend)
        setText(note, model.note)
      }
    },
  })
}
