/** "Where do visitors come from?": names of what referred them, and the classes of it. */

import { h } from '../dom.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import type { Answer } from '../query.ts'
import type { Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { createTable } from '../table.ts'
import { recentWindows, sumTops, topOf } from '../windows.ts'
import { sinceFirst, storedBasis } from './bases.ts'
import { askTop, type Ranked, rankedRows, readTop } from './ranked.ts'

const SUM_MS = 15 * 60_000

/** Classes in words; the closed list is `REFERRER_CLASSES`. */
const CLASSES: Record<string, string> = {
  direct: 'Direct',
  search: 'Search',
  social: 'Social',
  email: 'E-mail',
  paid: 'Paid',
  referral: 'Other sites',
}

/** What is shown. */
export interface Referrers {
  names: Ranked[]
  classes: Ranked[]
}

/** Of the live windows. */
export function readReferrers(state: LiveState, now: number): Shown<Referrers> {
  const windows = recentWindows(state, 'top_referrers', SUM_MS, now)
  const sum = (measure: string): Ranked[] =>
    sumTops(windows.map(({ groups }) => topOf(groups[0], measure))).map(({ value, count, error }) => ({
      name: value,
      counts: [count],
      error,
    }))
  const classes = sum('classes')
  // A list of the most frequent values leaves the empty one out.
  const views = windows.reduce((all, { events }) => all + events, 0)
  const unknown = views - classes.reduce((all, { counts }) => all + (counts[0] ?? 0), 0)
  if (unknown > 0) classes.push({ name: '', counts: [unknown] })
  classes.sort((a, b) => (b.counts[0] ?? 0) - (a.counts[0] ?? 0))
  if (classes.length === 0) return { model: undefined }
  return { basis: sinceFirst(windows, state.watermark), model: { names: sum('referrers'), classes } }
}

/** Of stored events: the site itself refers nobody, and direct visits have no name. Views of which nothing is known count. */
export function readReferrersAnswer([names, classes]: Answer[], range: Range): Shown<Referrers> {
  const model = {
    names: readTop(names, ['events']).filter(({ name }) => name !== ''),
    classes: readTop(classes, ['events']).filter(({ name }) => name !== 'internal'),
  }
  if (model.names.length === 0 && model.classes.length === 0) return { model: undefined }
  return { basis: storedBasis(range), model }
}

/** The panel. */
export function createReferrersPanel(timeZone: string): Panel {
  return createPanel({
    id: 'referrers',
    title: 'Where do visitors come from?',
    pastTitle: 'Where did visitors come from?',
    width: 4,
    empty: 'Nobody came from elsewhere in this time.',
    fromLive: readReferrers,
    questions: (range) => [
      askTop('referrer_name', range, timeZone),
      askTop('referrer_class', range, timeZone, { withShare: true }),
    ],
    fromAnswers: readReferrersAnswer,
    mount(body) {
      const classes = h('div')
      const names = h('div', { class: 'second' })
      body.append(classes, names)
      const showClasses = createTable(classes, {
        caption: 'Kinds of referrers',
        columns: ['By way of', 'Views', 'Share'],
      })
      const showNames = createTable(names, { caption: 'Referrers by name', columns: ['From', 'Views'] })
      return (model) => {
        showClasses(rankedRows(model.classes, { nameOf: (name) => CLASSES[name] ?? name, withShare: true }))
        showNames(rankedRows(model.names, { nameOf: (name) => name, maxRows: 5 }))
        names.hidden = model.names.length === 0
      }
    },
  })
}
