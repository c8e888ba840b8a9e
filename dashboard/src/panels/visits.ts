/** "How do visits go?": sessions of the last day or of a range. Always stored events, computed every minute. */

import { h } from '../dom.ts'
import { createFigures, createSparkline, type Figure } from '../figures.ts'
import { formatCount, formatRate, formatShare, formatSpan } from '../format.ts'
import { createPanel, type Panel, type Shown } from '../panel.ts'
import { type Answer, asNumber, asNumberOrNull } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import { createTable } from '../table.ts'
import { storedBasis } from './bases.ts'
import { type Ranked, rankedRows } from './ranked.ts'

/** What is shown. */
export interface Visits {
  figures: Figure[]
  /** Sessions of each step, oldest first. */
  trend: (number | null)[]
  /** Sessions by the page that they began with, the empty name for those without one; nothing where none has a page. */
  entries: Ranked[]
}

const LIVE_RANGE = { kind: 'last', span: '24h' } as const

/** Of stored sessions. What events of servers alone do not have, pages and a length, is left out. */
export function readVisits([whole, byEntry]: Answer[], range: Range): Shown<Visits> {
  const asked = askedRange(range)
  const total = (name: string) => asNumberOrNull(whole?.totals?.[name] ?? null)
  if ((total('sessions') ?? 0) === 0) return { model: undefined }
  const pages = total('pagesPerSession') ?? 0
  const average = total('averageDuration') ?? 0
  const median = total('medianDuration') ?? 0
  const ofPages = [
    { name: 'left after one page', value: formatShare(total('bounceRate')) },
    { name: 'pages a visit', value: formatRate(pages) },
  ]
  const lengths = [
    // A visit of one event has none.
    { name: 'median length', value: median === 0 ? '0 s' : formatSpan(median * 1_000) },
    { name: 'average length', value: formatSpan(average * 1_000) },
  ]
  const entries = (byEntry?.rows ?? []).map((row) => ({
    name: String(row[0] ?? ''),
    counts: [asNumber(row[1])],
  }))
  return {
    basis: storedBasis(asked),
    model: {
      figures: [
        { name: 'visits', value: formatCount(total('sessions')) },
        { name: 'people', value: formatCount(total('people')) },
        ...(pages > 0 ? ofPages : []),
        ...(average > 0 ? lengths : []),
      ],
      trend: whole?.series?.find(({ name }) => name === 'sessions')?.values ?? [],
      entries: entries.some(({ name }) => name !== '') ? entries : [],
    },
  }
}

/** The panel. */
export function createVisitsPanel(timeZone: string): Panel {
  return createPanel({
    id: 'visits',
    title: 'How do visits go?',
    pastTitle: 'How did visits go?',
    width: 6,
    empty: 'No visits in this time. They are computed every minute.',
    questions(range) {
      const when = askFor(askedRange(range), timeZone)
      return [
        { name: 'sessions', fields: when },
        { name: 'sessions', fields: [['by', 'entry_page'], ['limit', '8'], ...when] },
      ]
    },
    fromAnswers: readVisits,
    mount(body) {
      const showFigures = createFigures(body)
      const showTrend = createSparkline(body)
      const list = h('div')
      body.append(list)
      const showEntries = createTable(list, {
        caption: 'Where visits begin',
        columns: ['They begin with', 'Visits'],
      })
      return ({ figures, trend, entries }) => {
        showFigures(figures)
        showTrend(trend)
        list.hidden = entries.length === 0
        showEntries(rankedRows(entries, { nameOf: (name) => name, unnamed: '(no page)' }))
      }
    },
  })
}

function askedRange(range: Range): Exclude<Range, { kind: 'live' }> {
  return range.kind === 'live' ? LIVE_RANGE : range
}
