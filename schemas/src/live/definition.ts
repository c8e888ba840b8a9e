/** What a user writes about live windows in `millrace.config.ts`. What a window counts is in `consumers/src/live/`. */

import type { FilterOp } from '../filter-ops.ts'

/** A condition on a field, as questions have it; see `docs/query.md`. */
export interface WindowFilter {
  /** A column of `events`, `visitor_id`, a path such as `properties.plan`, or with `each` a path such as `item.price`. */
  field: string
  op: FilterOp
  /** A list for `in` and `not_in`, nothing for `exists` and `not_exists`. */
  value?: string | number | boolean | readonly (string | number)[]
}

/** A whole number and `s`, `m` or `h`: `10s`, `5m`, `1h`. */
export type Duration = `${number}${'s' | 'm' | 'h'}`

/** Which times belong together. Windows begin at whole multiples of their size, or of `every`, since 1970 (UTC). */
export type WindowSpan =
  /** One after the other. */
  | { kind: 'tumbling'; size: Duration }
  /** Overlapping: a new one begins `every` so often, which divides the size. Also called hopping. */
  | { kind: 'sliding'; size: Duration; every: Duration }
  /** One group each: from its first event until none comes for `gap`. `by` says whose. */
  | { kind: 'session'; gap: Duration }

/** What is measured of the events of a window, for each group. */
export type WindowMeasure =
  /** Events. */
  | { kind: 'count' }
  /** Of numbers, exact: each value is rounded to a millionth. `times` is a second field whose value it is multiplied by. */
  | { kind: 'sum'; of: string; times?: string }
  | { kind: 'avg'; of: string }
  | { kind: 'min'; of: string }
  | { kind: 'max'; of: string }
  /** Different values, empty ones aside: exact up to 256 of them, then HyperLogLog with a standard error of 1.6 %. */
  | { kind: 'uniques'; of: string }
  /** DDSketch: within 1 % of the value at that rank. */
  | { kind: 'quantiles'; of: string; quantiles: readonly number[] }
  /** The most frequent values, empty ones aside: exact up to 1,000 different ones, then space-saving, which tells by how much a count may be too high. */
  | { kind: 'top'; of: string; limit?: number }

/** One kind of window. */
export interface WindowDefinition {
  /** 1 to 64 of `a-z`, `0-9`, `_`, beginning with a letter. */
  name: string
  /** What it answers, for people. Default the name. */
  title?: string
  /** Conditions that must all hold. Default: all events. */
  where?: readonly WindowFilter[]
  /** Fields whose values make the groups, at most 3. Default: one group of all. */
  by?: readonly string[]
  /** Path of a list in the event, such as `properties.products`, whose items are looked at one by one as `item`. */
  each?: string
  window: WindowSpan
  /** At least one, by name. */
  measures: Readonly<Record<string, WindowMeasure>>
  /** Most groups of a window; events of further ones are counted as `other`. 1 to 1,000, default 100. */
  maxGroups?: number
  /** Names of the sources that have it. Default all. */
  sources?: readonly string[]
}

/** How long live windows wait and are kept. */
export interface LiveSettings {
  /** How long after its end a window waits for events before it is final. 1 s to 10 min, default 30 s. */
  allowedLateness?: Duration
  /** How long after that it takes corrections, and can be read. 10 min to 6 h, default 1 h. */
  retention?: Duration
}
