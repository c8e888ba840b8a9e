/** What README and docs may quote of the measurements: where each number comes from, how it is written, how noisy it is. */

import { buildGrids } from '../../bench/src/cost/grids.ts'
import { toMarkdown } from '../../bench/src/cost/markdown.ts'
import { findLine, type ReadResults } from './results.ts'
import { formatCount, formatKilobytes, sizeTable, survivalTable } from './tables.ts'

/** A quoted number or table. */
export interface Quote {
  /** Names of the files of results that it is made of. */
  files: readonly string[]
  /** As it is to stand in the text. */
  write: (read: ReadResults) => string
  /** How far a number may be from what was measured last, as a share of it. 0: it is a count, and must be the same. */
  noise: number
}

/** Bytes change with every change of the SDK, and by a few with each of its compiler. */
const SIZE_NOISE = 0.02

/** Latency of a shared machine. */
const TIME_NOISE = 0.25

/** One number of one file. */
function quote(
  file: string,
  name: string,
  noise: number,
  format: (value: number) => string,
  unit?: string,
): Quote {
  return { files: [file], noise, write: (read) => format(findLine(read(file), name, unit).value) }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

const percent = (value: number) => `${value} %`

/** Counts of operations differ little from run to run, the batches of a short run and its processor time more. */
const COST_NOISE = 0.15

const cents = (dollars: number) => `$${dollars.toFixed(2)}`

const million = (events: number) =>
  quote('cost', `${events} events a request, 650 B: a million events`, COST_NOISE, cents)

/** Names of the tables of what it costs, in the order in which the bench makes them. */
const COST_TABLES = ['prices', 'million', 'amounts', 'sizes', 'idle', 'months', 'peers']

const costTables = COST_TABLES.map((name, index): [string, Quote] => [
  `cost-${name}`,
  {
    files: ['cost'],
    noise: COST_NOISE,
    write: (read) => {
      const table = buildGrids(read('cost').results)[index]
      if (table === undefined) throw new Error(`the bench makes no table ${name} of costs`)
      return toMarkdown(table)
    },
  },
])

/** By the name that stands in the mark. */
export const QUOTES: Readonly<Record<string, Quote>> = {
  'web-size': quote('sizes', 'index.js gzip -9', SIZE_NOISE, formatKilobytes),
  'script-size': quote('sizes', 'millrace.js gzip -9', SIZE_NOISE, formatKilobytes),
  'tiny-size': quote('sdk-web', '@millrace/web/tiny, gzip -9', SIZE_NOISE, formatKilobytes),
  'stub-size': quote('sizes', 'stub.js gzip -9', SIZE_NOISE, (bytes) => `${Math.round(bytes)} bytes`),
  'click-to-page': quote('live', 'from click to the page, at rest, p50', TIME_NOISE, seconds),
  'click-to-page-p95': quote('live', 'from click to the page, at rest, p95', TIME_NOISE, seconds),
  'post-to-row': quote('main-path', 'POST to row, median', TIME_NOISE, seconds),
  'fault-seeds': quote('faults', 'seeds', 0, formatCount),
  'fault-events': quote('faults', 'events given out', 0, formatCount),
  'fault-acknowledged': quote('faults', 'acknowledged', 0, formatCount),
  'fault-count': quote('faults', 'faults injected', 0, formatCount),
  'fault-lost': quote('faults', 'acknowledged and lost', 0, formatCount),
  'fault-doubled': quote('faults', 'counted twice', 0, formatCount),
  'fault-explained': quote('faults', 'explained of these', 0, percent),
  'fault-false-gaps': quote('faults', 'false gaps', 0, formatCount),
  'soak-sent': quote('load', 'books: sent', 0, formatCount),
  'soak-stored': quote('load', 'books: stored', 0, formatCount),
  'soak-lost': quote('load', 'books: lost with the local in-memory queue', 0, formatCount),
  'soak-unexplained': quote('load', 'books: unexplained', 0, formatCount),
  survival: { files: ['sdk-survival'], noise: 0, write: survivalTable },
  'cost-at-3': million(3),
  'cost-at-10': million(10),
  'cost-at-50': million(50),
  ...Object.fromEntries(costTables),
  'bundle-sizes': { files: ['sdk-web'], noise: SIZE_NOISE, write: sizeTable },
}
