/** What the panel "Do the books close?" says: a verdict, a sum that adds up, and what never came. Pure. */

import type { BooksTotals as Totals } from '@millrace/schemas/books'
import { countOf, formatExact, formatMoment } from '../format.ts'
import type { Shown } from '../panel.ts'
import { type Answer, bucketTime } from '../query.ts'
import type { Range } from '../range.ts'
import { storedBasis } from './bases.ts'

/** A part of the sum. */
export interface Part {
  count: number
  words: string
  /** Nothing explains it. */
  isBad?: boolean
}

/** An hour or day. */
export interface Step {
  time: number
  received: number
  stored: number
  inFlight: number
  missing: number
}

/** A stream of which numbers are missing. */
export interface Gap {
  stream: string
  missing: string
  dropped: string
  tail: string
  lastReceivedAt: number
}

/** What is shown. */
export interface Books {
  verdict: { kind: 'well' | 'bad' | 'unknown'; sentences: string[] }
  received: number
  parts: Part[]
  steps: Step[]
  /** What clients numbered and nobody got, a sentence each. */
  gaps: string[]
  streams: Gap[]
  /** Counts by reason, under their headings. */
  reasons: { title: string; counts: Record<string, number>; areReasons: boolean }[]
  stores: string[]
}

/** Ranges of a stream that are written out. */
const MAX_RANGES = 6

/** The range that is asked for while the page is live. */
export const LIVE_BOOKS = { kind: 'last', span: '24h' } as const

/** Of the answer; `undefined` when nothing was received, and nothing is known to be missing. */
export function readBooks([answer]: Answer[], range: Range): Shown<Books> {
  const basis = storedBasis(range.kind === 'live' ? LIVE_BOOKS : range)
  const totals = answer?.totals as unknown as Totals | undefined
  if (answer === undefined || totals === undefined) return { model: undefined }
  const { received, missing, gaps } = totals
  const isNothing = received + missing + gaps.missing + gaps.dropped === 0
  if (isNothing && totals.closes !== false) return { basis, model: undefined }
  const { quarantinedBy, filteredBy, refusedRequests } = totals
  return {
    basis,
    model: {
      verdict: judge(totals),
      received,
      parts: partsOf(totals),
      steps: stepsOf(answer),
      gaps: tellGaps(gaps),
      streams: streamsOf(answer),
      reasons: [
        { title: 'In quarantine', counts: quarantinedBy, areReasons: true },
        { title: 'Left out on purpose', counts: filteredBy, areReasons: true },
        { title: 'Requests refused whole', counts: refusedRequests, areReasons: false },
      ].filter(({ counts }) => Object.keys(counts).length > 0),
      stores: tellStores(totals),
    },
  }
}

function judge({ closes, received, missing, ledger, lake, live }: Totals): Books['verdict'] {
  const all = received === 1 ? 'The one event' : `All ${formatExact(received)} events`
  const bad = [
    ...(missing > 0
      ? [
          `${countExact(missing, 'event')} that we acknowledged ${missing === 1 ? 'is' : 'are'} missing, and nothing explains it.`,
        ]
      : ledger.closes === false
        ? ['The sums do not come out, which is a fault of ours.']
        : []),
    ...(lake.differs > 0 ? [`The lake differs from the warehouse in ${countOf(lake.differs, 'hour')}.`] : []),
    ...(live.differs > 0
      ? [`Live windows differ from the warehouse in ${countOf(live.differs, 'minute')}.`]
      : []),
  ]
  if (closes === false) return { kind: 'bad', sentences: bad }
  if (closes === true)
    return { kind: 'well', sentences: [`${all} received ${received === 1 ? 'is' : 'are'} explained.`] }
  const upTo =
    ledger.upTo === null ? 'never ran' : `has come to ${formatMoment(Date.parse(ledger.upTo)).slice(0, 16)}`
  return { kind: 'unknown', sentences: [`Not known yet: the job that keeps the books ${upTo}.`] }
}

/** What became of what was received; all parts but the first and the last only where there are some. */
function partsOf(totals: Totals): Part[] {
  const { stored, duplicates, quarantined, filtered, refused, notStorable, forgotten, inFlight, missing } =
    totals
  const parts: Part[] = [
    { count: duplicates, words: duplicates === 1 ? 'copy' : 'copies' },
    { count: quarantined + notStorable, words: 'in quarantine' },
    { count: filtered, words: 'left out on purpose' },
    { count: refused, words: 'in refused requests' },
    { count: forgotten, words: 'forgotten' },
    { count: inFlight, words: 'on their way' },
  ]
  return [
    { count: stored, words: 'stored' },
    ...parts.filter(({ count }) => count > 0),
    { count: missing, words: 'missing', ...(missing > 0 ? { isBad: true } : {}) },
  ]
}

function stepsOf({ buckets = [], series = [] }: Answer): Step[] {
  const valuesOf = (term: string) => series.find(({ name }) => name === term)?.values ?? []
  const [received, stored, inFlight, missing] = ['received', 'stored', 'inFlight', 'missing'].map(valuesOf)
  return buckets.map((bucket, index) => ({
    time: bucketTime(bucket),
    received: received?.[index] ?? 0,
    stored: stored?.[index] ?? 0,
    inFlight: inFlight?.[index] ?? 0,
    missing: missing?.[index] ?? 0,
  }))
}

function tellGaps({ streams, missing, undeclared, open, dropped, tailsUnknown }: Totals['gaps']): string[] {
  if (missing + dropped === 0) return ['No number is missing of the events that clients number.']
  const fate = open === 0 ? 'never came' : missing === 1 ? 'has not come yet' : 'have not come yet'
  return [
    missing === 0
      ? 'No number is missing of the events that clients number.'
      : `${countExact(missing, 'event')} that clients numbered ${fate}, of ${countOf(streams, 'stream')}.`,
    ...(dropped === 0 ? [] : [`Clients say that they dropped ${formatExact(dropped)}.`]),
    ...(missing === 0 ? [] : [tellUnexplained(missing, undeclared, open)]),
    ...(tailsUnknown === 0
      ? []
      : [`Of ${countOf(tailsUnknown, 'stream')} nobody knows whether more followed.`]),
  ]
}

function tellUnexplained(missing: number, undeclared: number, open: number): string {
  if (undeclared === 0) return 'That explains all of them.'
  const those = undeclared === missing ? 'them' : formatExact(undeclared)
  return `Nothing explains ${those}${open === 0 ? '' : `, and ${formatExact(open)} may still come`}.`
}

function streamsOf({ columns = [], rows = [] }: Answer): Gap[] {
  return rows.map((row) => {
    const cell = (name: string) => row[columns.indexOf(name)] as unknown
    const missing = Number(cell('missing'))
    const ranges = cell('ranges') as [number, number][]
    const shown = ranges.slice(0, MAX_RANGES)
    const counted = shown.reduce((sum, [from, to]) => sum + to - from + 1, 0)
    const numbers = shown.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ')
    const dropped = Object.entries(cell('droppedBy') as Record<string, number>)
    return {
      stream: String(cell('stream')),
      missing: missing === 0 ? 'none' : `${formatExact(missing)}: ${numbers}${counted < missing ? ' …' : ''}`,
      dropped: dropped.map(([reason, count]) => `${formatExact(count)} ${reason}`).join(', ') || 'none',
      tail:
        cell('state') === 'open'
          ? 'still open'
          : `${cell('tail') === 'known' ? 'ended at' : 'unknown after'} ${formatExact(Number(cell('highest')))}`,
      lastReceivedAt: Date.parse(String(cell('lastReceivedAt'))),
    }
  })
}

function tellStores({ lake, live }: Totals): string[] {
  const waiting = lake.waiting === 0 ? '' : `; ${countOf(lake.waiting, 'hour')} not compared yet`
  const hours = countOf(lake.equal, 'hour')
  return [
    lake.closes === null
      ? `The lake was not compared yet${waiting}.`
      : lake.closes
        ? `The lake has the same events in ${hours}${waiting}.`
        : `The lake has the same events in ${hours}, and differs in ${countOf(lake.differs, 'hour')}${waiting}.`,
    live.closes === null
      ? 'Live windows were not compared: only closed ones of the last day are.'
      : live.closes
        ? `Live windows say the same in all ${formatExact(live.windows)} that are closed.`
        : `Live windows differ in ${countOf(live.differs, 'minute')}.`,
  ]
}

function countExact(count: number, one: string): string {
  return `${formatExact(count)} ${one}${count === 1 ? '' : 's'}`
}
