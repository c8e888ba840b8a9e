/** What every kind of question is: its fields, how they are settled, and how it is answered. */

import type { Sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import type { Mistake, Range } from './range.ts'

/** A value of a row. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [key: string]: Cell }

/** Runs a statement and resolves with its rows. Rejects with a {@link QueryFailure}. */
export type Ask = (statement: Sql) => Promise<Cell[][]>

/** Which tables an answer was read from; all but `events` are computed. */
export type ReadFrom = 'events' | 'rollups' | 'sessions' | 'ledger'

/** What a question finds: a table, or series over the buckets of time. */
export interface Found {
  readFrom: ReadFrom
  columns?: string[]
  rows?: Cell[][]
  /** What holds for all rows together. */
  totals?: Record<string, Cell>
  buckets?: string[]
  series?: { name: string | null; isOther?: true; total?: Cell; values: Cell[] }[]
}

/** How far the computed tables are. */
export interface Freshness {
  /** ISO 8601: what was stored before is counted. */
  upTo: string
  /** Between that and the clock of ClickHouse. */
  lagSeconds: number
}

/** What a question is answered with. */
export interface Asked<Fields> {
  fields: Fields
  range: Range
  ask: Ask
  /** How far the computed tables are, which is asked beside the question; `null` when nothing was computed yet. */
  freshness: Promise<Freshness | null>
  /** Roll-ups of before are deleted, milliseconds since 1970; 0 when they are kept for ever. */
  rollupsSince: number
}

/** A kind of question. */
export interface QuestionType<Fields extends object = object> {
  /** One sentence for a person. */
  summary: string
  /** Its own fields; `from`, `to` and `timeZone` are added where `hasRange` says so. */
  schema: z.ZodType<Fields>
  hasRange: boolean
  /** Seconds that an answer is current; default: by the range. */
  ttlSeconds?: number
  /**
   * Fills in what depends on the range, and refuses what does not go with it or with how long roll-ups are kept
   * ({@link Asked.rollupsSince}). Default: leaves all as it is.
   */
  settle?: (
    fields: Fields,
    range: Range,
    rollupsSince: number,
  ) => { ok: true; fields: Fields; range: Range } | Mistake
  answer: (asked: Asked<Fields>) => Promise<Found>
}

/** Gives a kind of question the types of its own schema. */
export function defineQuestion<Fields extends object>(type: QuestionType<Fields>): QuestionType {
  return type as unknown as QuestionType
}

/** A whole number, also as the digits of it that a query string has. */
export function wholeNumber(min: number, max: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
    z.int().min(min).max(max),
  )
}

/** Yes or no, also as the word that a query string has. */
export const yesOrNo = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
)
