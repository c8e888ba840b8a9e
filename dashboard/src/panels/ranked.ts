/** Lists of what is most frequent: pages, countries, devices. */

import { formatCount, formatShare } from '../format.ts'
import { createPanel, type Panel, type PanelSpec, type Shown } from '../panel.ts'
import { type Answer, asNumber } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { createTable, type TableRow } from '../table.ts'
import { currentWindow, numberOf, recentWindows, sumTops, topOf } from '../windows.ts'
import { sinceFirst, storedBasis } from './bases.ts'

/** Rows that a list shows. */
const MAX_ROWS = 10

/** Windows that follow each other are summed up over so long. */
const SUM_MS = 15 * 60_000

/** One value and its numbers; `null` stands for all that are not told apart. */
export interface Ranked {
  name: string | null
  /** The first of them ranks. */
  counts: number[]
  /** Counts are at most so much too high. */
  error?: number
}

/** The pages of the last windows. Their visitors cannot be added up, so views alone are told. */
export function readPages(state: LiveState, now: number): Shown<Ranked[]> {
  const windows = recentWindows(state, 'top_pages', SUM_MS, now)
  const pages = sumTops(windows.map(({ groups }) => topOf(groups[0], 'pages')))
  if (pages.length === 0) return { model: undefined }
  return {
    basis: sinceFirst(windows),
    model: pages.map(({ value, count, error }) => ({ name: value, counts: [count], error })),
  }
}

/** The groups of a sliding window: visitors and views of each. */
export function readGroups(state: LiveState, now: number, name: string): Shown<Ranked[]> {
  const window = currentWindow(state, name, now)
  if (window === undefined || window.groups.length === 0) return { model: undefined }
  const ranked = window.groups.map(
    (group): Ranked => ({
      name: group.key[0] ?? '',
      counts: [numberOf(group, 'visitors') ?? 0, numberOf(group, 'views') ?? group.events],
    }),
  )
  ranked.sort((a, b) => (b.counts[0] ?? 0) - (a.counts[0] ?? 0))
  const { other } = window
  if (other !== undefined) {
    ranked.push({
      name: null,
      counts: [numberOf(other, 'visitors') ?? 0, numberOf(other, 'views') ?? other.events],
    })
  }
  return { basis: { state: window.state, text: 'last 30 min' }, model: ranked }
}

/** The rows of an answer of `top` whose columns have these names. */
export function readTop(answer: Answer | undefined, columns: readonly string[]): Ranked[] {
  const places = columns.map((column) => answer?.columns?.indexOf(column) ?? -1)
  return (answer?.rows ?? []).map((row) => ({
    name: String(row[0] ?? ''),
    counts: places.map((place) => asNumber(row[place])),
  }))
}

/** As rows of a table, with a bar for the first count. */
export function rankedRows(
  ranked: readonly Ranked[],
  { nameOf, withShare = false }: { nameOf: (name: string) => string; withShare?: boolean },
): TableRow[] {
  const largest = Math.max(1, ...ranked.map(({ counts }) => counts[0] ?? 0))
  const sum = ranked.reduce((all, { counts }) => all + (counts[0] ?? 0), 0)
  return ranked.slice(0, MAX_ROWS).map(({ name, counts, error = 0 }) => ({
    label: name === null ? 'all others' : name === '' ? '(not known)' : nameOf(name),
    values: [
      ...counts.map((count, index) => `${index === 0 && error > 0 ? '≤ ' : ''}${formatCount(count)}`),
      ...(withShare ? [formatShare(sum === 0 ? null : (counts[0] ?? 0) / sum)] : []),
    ],
    share: (counts[0] ?? 0) / largest,
    isMuted: name === null || name === '',
  }))
}

/** What tells one list from another. */
export interface RankedOptions
  extends Pick<PanelSpec<Ranked[]>, 'id' | 'title' | 'width' | 'empty' | 'fromLive'> {
  pastTitle?: string
  columns: readonly string[]
  /** Field that a range is asked by, of page views. */
  field: string
  /** Columns of the answer that are shown. */
  asked: readonly string[]
  timeZone: string
  nameOf?: (name: string) => string
  withShare?: boolean
}

/** A panel with one list. */
export function createRankedPanel(options: RankedOptions): Panel {
  const { columns, field, asked, timeZone, nameOf = (name: string) => name, withShare = false } = options
  return createPanel<Ranked[]>({
    ...options,
    questions: (range) => [askTop(field, range, timeZone, asked.includes('people') ? 'people' : 'events')],
    fromAnswers([answer], range) {
      const ranked = readTop(answer, asked)
      return { basis: storedBasis(range), model: ranked.length === 0 ? undefined : ranked }
    },
    mount(body) {
      const show = createTable(body, { caption: options.title, columns })
      return (ranked) => show(rankedRows(ranked, { nameOf, withShare }))
    },
  })
}

/** The question for the values of a field of page views. */
export function askTop(field: string, range: Range, timeZone: string, metric: 'people' | 'events') {
  const when = range.kind === 'live' ? [] : askFor(range, timeZone)
  const fields: [string, string][] = [
    ['field', field],
    ['event', 'page'],
    ['metric', metric],
    ['limit', String(MAX_ROWS + 2)],
    ...when,
  ]
  return { name: 'top' as const, fields }
}
