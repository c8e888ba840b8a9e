/** Lists of what is most frequent: pages, countries, devices. */

import { formatCount, formatShare } from '../format.ts'
import { createPanel, type Panel, type PanelSpec, type Shown } from '../panel.ts'
import { type Answer, asNumber } from '../query.ts'
import { askFor, type Range } from '../range.ts'
import type { LiveState } from '../state.ts'
import { createTable, type TableRow } from '../table.ts'
import { currentWindow, numberOf, recentWindows, sumTops, topOf } from '../windows.ts'
import { lastSpan, sinceFirst, storedBasis } from './bases.ts'

/** Rows that a list shows. */
const MAX_ROWS = 10

/** Values that a question gives at most. */
const MAX_ASKED = 1_000

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
    basis: sinceFirst(windows, state.watermark),
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
  return { basis: lastSpan(window, state.watermark), model: ranked }
}

/** The rows of an answer of `top` whose columns have these names. */
export function readTop(answer: Answer | undefined, columns: readonly string[]): Ranked[] {
  const places = columns.map((column) => answer?.columns?.indexOf(column) ?? -1)
  return (answer?.rows ?? []).map((row) => ({
    name: String(row[0] ?? ''),
    counts: places.map((place) => asNumber(row[place])),
  }))
}

/** How a list is shown. */
export interface RankedLook {
  nameOf: (name: string) => string
  /** Whether the share of all is told; then what is below the last row is one row more. */
  withShare?: boolean
  /** Whether the first count is of people, of whom one may be in two rows. */
  ofPeople?: boolean
  /** Rows with a name. Default 10. */
  maxRows?: number
  /** What the empty name is called. Default `(not known)`. */
  unnamed?: string
}

/** As rows of a table, with a bar for the first count. */
export function rankedRows(
  ranked: readonly Ranked[],
  { nameOf, withShare = false, ofPeople = false, maxRows = MAX_ROWS, unnamed = '(not known)' }: RankedLook,
): TableRow[] {
  const named = ranked.filter(({ name }) => name !== null)
  const rest = ranked.filter(({ name }) => name === null)
  if (withShare) rest.unshift(...named.slice(maxRows))
  const shown = [...named.slice(0, maxRows), ...(rest.length === 0 ? [] : [sumRanked(rest, ofPeople)])]
  const largest = Math.max(1, ...shown.map(({ counts }) => counts[0] ?? 0))
  const sum = shown.reduce((all, { counts }) => all + (counts[0] ?? 0), 0)
  return shown.map(({ name, counts, error = 0 }) => ({
    label: name === null ? 'all others' : name === '' ? unnamed : nameOf(name),
    values: [
      ...counts.map((count, index) => `${index === 0 && error > 0 ? '≤ ' : ''}${formatCount(count)}`),
      ...(withShare ? [formatShare(sum === 0 ? null : (counts[0] ?? 0) / sum)] : []),
    ],
    share: (counts[0] ?? 0) / largest,
    isMuted: name === null || name === '',
  }))
}

/** Several as one that has no name. People who are in more than one of them are counted more than once. */
function sumRanked(ranked: readonly Ranked[], ofPeople: boolean): Ranked {
  const firsts = ranked.map(({ counts }) => counts[0] ?? 0)
  const sum = firsts.reduce((all, count) => all + count, 0)
  const errors = ranked.reduce((all, { error = 0 }) => all + error, 0)
  const counts = (ranked[0]?.counts ?? []).map((_, index) =>
    ranked.reduce((all, one) => all + (one.counts[index] ?? 0), 0),
  )
  return { name: null, counts, error: errors + (ofPeople ? sum - Math.max(...firsts) : 0) }
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
  const metric = asked[0] === 'people' ? 'people' : 'events'
  return createPanel<Ranked[]>({
    ...options,
    questions: (range) => [askTop(field, range, timeZone, { metric, withShare })],
    fromAnswers([answer], range) {
      const ranked = readTop(answer, asked)
      return { basis: storedBasis(range), model: ranked.length === 0 ? undefined : ranked }
    },
    mount(body) {
      const show = createTable(body, { caption: options.title, columns })
      const ofPeople = metric === 'people'
      return (ranked) => show(rankedRows(ranked, { nameOf, withShare, ofPeople }))
    },
  })
}

/** The question for the values of a field of page views: for shares all of them, else those that are shown. */
export function askTop(
  field: string,
  range: Range,
  timeZone: string,
  { metric = 'events', withShare = false }: { metric?: 'people' | 'events'; withShare?: boolean } = {},
) {
  const when = range.kind === 'live' ? [] : askFor(range, timeZone)
  const fields: [string, string][] = [
    ['field', field],
    ['event', 'page'],
    ['metric', metric],
    ['limit', String(withShare ? MAX_ASKED : MAX_ROWS + 2)],
    ...when,
  ]
  return { name: 'top' as const, fields }
}
