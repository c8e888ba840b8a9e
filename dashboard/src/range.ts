/** The range of time that the panels show: what can be picked, how an address remembers it, and what questions ask. Pure. */

/** What can be picked. Days are those of the browser's time zone, and `to` is the last one, which is included. */
export type Range =
  | { kind: 'live' }
  | { kind: 'last'; span: LastSpan }
  | { kind: 'days'; from: string; to: string }

/** Spans that end now. */
export const LAST_SPANS = ['1h', '24h', '7d', '30d'] as const

/** One of {@link LAST_SPANS}. */
export type LastSpan = (typeof LAST_SPANS)[number]

const DAY_MS = 86_400_000

/** How often what ends now is asked for again, and days of which the last one is not over. */
const ASK_EVERY_MS = 60_000
const ASK_DAYS_EVERY_MS = 5 * 60_000
const SPAN_MS: Record<LastSpan, number> = {
  '1h': 3_600_000,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
}

/** Cohorts of days, weeks or months that a table can show. */
const MAX_COHORTS = 16

/** The range in the part of an address behind `#`; live when there is none that can be read. */
export function readHash(hash: string): Range {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const span = LAST_SPANS.find((candidate) => candidate === fields.get('last'))
  if (span !== undefined) return { kind: 'last', span }
  const [from, to] = [fields.get('from') ?? '', fields.get('to') ?? '']
  return findMistake(from, to) === undefined ? { kind: 'days', from, to } : { kind: 'live' }
}

/** The part of an address that stands for a range; empty for live. */
export function writeHash(range: Range): string {
  if (range.kind === 'live') return ''
  return range.kind === 'last' ? `#last=${range.span}` : `#from=${range.from}&to=${range.to}`
}

/** What is wrong with two days, in a sentence; `undefined` when nothing is. */
export function findMistake(from: string, to: string): string | undefined {
  if (!isDay(from)) return 'The first day is missing.'
  if (!isDay(to)) return 'The last day is missing.'
  return from > to ? 'The first day is after the last.' : undefined
}

/** The fields of a question that say when. */
export function askFor(range: Exclude<Range, { kind: 'live' }>, timeZone: string): [string, string][] {
  const when: [string, string][] =
    range.kind === 'last'
      ? [['from', range.span]]
      : [
          ['from', range.from],
          ['to', dayAfter(range.to)],
        ]
  return [...when, ['timeZone', timeZone]]
}

/** Milliseconds after which a range is asked for again; for ever where it is over. */
export function askAgainAfter(range: Range, today: string): number {
  if (range.kind !== 'days') return ASK_EVERY_MS
  return range.to >= today ? ASK_DAYS_EVERY_MS : Number.POSITIVE_INFINITY
}

/** In words, to stand after what a panel shows. */
export function describeRange(range: Range): string {
  switch (range.kind) {
    case 'live':
      return 'live'
    case 'last':
      return { '1h': 'last hour', '24h': 'last 24 hours', '7d': 'last 7 days', '30d': 'last 30 days' }[
        range.span
      ]
    case 'days':
      return range.from === range.to ? range.from : `${range.from} to ${range.to}`
  }
}

/** Milliseconds of a range. */
export function spanMs(range: Exclude<Range, { kind: 'live' }>): number {
  if (range.kind === 'last') return SPAN_MS[range.span]
  return Date.parse(range.to) - Date.parse(range.from) + DAY_MS
}

/** The cohorts that give a readable table, and the range that has several of them. */
export function cohortsOf(range: Range): {
  range: Exclude<Range, { kind: 'live' }>
  interval: 'day' | 'week' | 'month'
} {
  const asked = range.kind === 'live' ? ({ kind: 'last', span: '7d' } as const) : range
  const days = spanMs(asked) / DAY_MS
  if (asked.kind === 'last' && days < 2) return { range: { kind: 'last', span: '7d' }, interval: 'day' }
  const interval = days <= MAX_COHORTS ? 'day' : days <= MAX_COHORTS * 7 ? 'week' : 'month'
  return { range: asked, interval }
}

function isDay(text: string): boolean {
  if (!/^(19[7-9]|20\d)\d-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10)
}
