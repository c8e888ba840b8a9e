/** The books as text for people: a verdict, two sums that add up, gaps, and the other stores. At most 80 columns. */

import { printable } from '../printable.ts'
import type { Books } from './books.ts'
import { gapLines, streamLines } from './gaps-text.ts'
import { bucketLines } from './table.ts'
import { countOf, listCounts, momentOf, numberOf, wrap } from './words.ts'

/** What of them is shown. */
export interface TextOptions {
  source: string
  hasBuckets: boolean
  hasStreams: boolean
}

/** The whole report, ending with a newline. */
export function formatBooks(books: Books, { source, hasBuckets, hasStreams }: TextOptions): string {
  const lines = [
    `Books of ${source}, ${momentOf(books.from)} to ${momentOf(endOf(books))} UTC`,
    '',
    ...wrap(tellVerdict(books)),
    ...(books.total.missing > 0 && !hasBuckets ? ['--by hour says when they were received.'] : []),
    '',
    ...tellSums(books),
    '',
    'Events that never reached us',
    ...gapLines(books.gaps, hasStreams),
    ...(hasStreams ? streamLines(books) : []),
    '',
    'Other stores',
    ...tellStores(books),
    ...(hasBuckets ? ['', ...bucketLines(books.buckets)] : []),
    '',
    `as of ${momentOf(books.asOf)} UTC, ${tellUpTo(books)}`,
  ]
  return `${lines.map(printable).join('\n')}\n`
}

/** The range is asked for in whole steps, which may end in the future. */
function endOf({ to, asOf }: Books): string {
  return Date.parse(to) > Date.parse(asOf) ? asOf : to
}

/** Whether the books close, in a sentence or two. */
export function tellVerdict({ closes, total, ledger, lake, live }: Books): string {
  const { received, missing } = total
  const all = received === 1 ? 'the one event' : `all ${numberOf(received)} events`
  if (ledger.closes === false) {
    return missing > 0
      ? `THE BOOKS DO NOT CLOSE: ${countOf(missing, 'event')} we acknowledged ${missing === 1 ? 'is' : 'are'} missing, and nothing explains it.`
      : 'THE BOOKS DO NOT CLOSE: the sums below do not come out, which is a fault of ours.'
  }
  if (closes === false) {
    const stores = [
      ...(lake.closes === false ? ['the lake'] : []),
      ...(live.closes === false ? ['live windows'] : []),
    ]
    return `THE BOOKS DO NOT CLOSE: the warehouse explains ${all}, but ${stores.join(' and ')} ${stores.length > 1 || live.closes === false ? 'have' : 'has'} something else.`
  }
  if (closes === null) {
    return ledger.upTo === null
      ? 'NOT KNOWN YET: the books were never computed. They are every minute, so ask again in one.'
      : `NOT KNOWN YET: the books are computed up to ${momentOf(ledger.upTo)} UTC alone, so these numbers may change.`
  }
  return received === 0
    ? `Nothing was received in this time, as far as the books are computed: up to ${momentOf(ledger.upTo ?? '')} UTC, and further every minute.`
    : `The books close: ${all} that we received ${received === 1 ? 'is' : 'are'} explained.`
}

type Line = readonly [count: number, words: string, detail?: string]

function tellSums({ total, quarantinedBy, filteredBy, refusedRequests }: Books): string[] {
  const { received, accepted, quarantined, filtered, refused, stored } = total
  const requests = Object.values(refusedRequests).reduce((sum, count) => sum + count, 0)
  const came: Line[] = [
    [accepted, 'accepted'],
    [quarantined, 'quarantined for their content', listCounts(quarantinedBy)],
    [filtered, 'left out on purpose', listCounts(filteredBy)],
    [
      refused,
      `in ${countOf(requests, 'request')} refused whole, as far as they could be counted`,
      listCounts(refusedRequests),
    ],
  ]
  const became: Line[] = [
    [stored, 'stored, each once'],
    [total.duplicates, 'copies of events that are stored already'],
    [total.notStorable, 'not storable: ClickHouse refused them, so quarantined'],
    [total.forgotten, 'of people who asked to be forgotten'],
    [total.inFlight, 'on their way', tellInFlight(total)],
    [total.missing, total.missing === 0 ? 'missing' : 'MISSING: acknowledged, and not to be found'],
  ]
  const width = Math.max(numberOf(received).length, numberOf(accepted).length)
  // A request that could not be read may have had events, so it is told though they count nothing.
  const isShown = ([count]: Line, index: number) => count > 0 || index === 0
  return [
    ...sum(
      [received, 'events received'],
      came.filter((line, index) => isShown(line, index) || (index === 3 && requests > 0)),
      width,
    ),
    '',
    ...sum(
      [accepted, 'events accepted'],
      became.filter((line, index) => isShown(line, index) || index === 5),
      width,
    ),
  ]
}

function sum([whole, name]: Line, parts: readonly Line[], width: number): string[] {
  const row = (sign: string, count: number, words: string) =>
    `${sign} ${numberOf(count).padStart(width)}  ${words}`
  return [
    row(' ', whole, name),
    ...parts.flatMap(([count, words, detail = ''], index) => [
      row(index === 0 ? '=' : '+', count, words),
      ...wrap(detail, ' '.repeat(width + 6)),
    ]),
  ]
}

function tellInFlight({ inFlight, spilled, dead }: Books['total']): string {
  const queued = Math.max(0, inFlight - spilled - dead)
  return [
    ...(queued > 0 ? [`${numberOf(queued)} in the queues`] : []),
    ...(spilled > 0 ? [`${numberOf(spilled)} in the spill`] : []),
    ...(dead > 0 ? [`${numberOf(dead)} in dead letters`] : []),
  ].join(', ')
}

function tellStores({ lake, live }: Books): string[] {
  const waiting = lake.waiting > 0 ? `; ${countOf(lake.waiting, 'hour')} not compared yet` : ''
  const ofLake =
    lake.closes === null
      ? `not compared yet${waiting}`
      : lake.closes
        ? `has the same events in ${countOf(lake.equal, 'hour')}${waiting}`
        : `DIFFERS in ${countOf(lake.differs, 'hour')} of ${numberOf(lake.differs + lake.equal)}: read the view lake_differences`
  const ofLive =
    live.closes === null
      ? 'not compared: only those of the last day that have closed can be'
      : live.closes
        ? `say the same in ${countOf(live.windows, 'closed window')}`
        : `DIFFER in ${countOf(live.differs, 'minute')}: read the view live_differences`
  return [`  lake          ${ofLake}`, `  live windows  ${ofLive}`]
}

function tellUpTo({ ledger: { upTo } }: Books): string {
  return upTo === null ? 'the books were never computed' : `computed up to ${momentOf(upTo)} UTC`
}
