/** What is exported: as it was typed, which is what an export is known by, and as it is read. Pure. */

import {
  LAKE_TEXT_FORMATS,
  type LakeCondition,
  type LakeFileFormat,
  MAX_FILTERS,
  type ManifestFile,
  parseLakeFilter,
  parseLakeRange,
  type TimeRange,
} from '@millrace/schemas/lake'
import { UsageError } from '../command-world.ts'

/** Formats of an export. */
export const EXPORT_FORMATS = ['parquet', ...LAKE_TEXT_FORMATS] as const satisfies readonly LakeFileFormat[]

/** As it was typed. A folder holds exports of one selection: the same again brings them up to date. */
export interface TypedSelection {
  source: string
  format: LakeFileFormat
  from?: string | undefined
  to?: string | undefined
  where: readonly string[]
}

/** As it is read. */
export interface Selection extends TypedSelection {
  /** Of `timestamp`. */
  range: TimeRange
  /** All of them must hold. */
  conditions: readonly LakeCondition[]
}

/** The part of a file that is wanted, in milliseconds since 1970; `null` is all of it. */
export type Cut = readonly [from: number, to: number] | null

/**
 * Reads what was typed.
 *
 * @param now milliseconds since 1970
 * @throws UsageError when something is wrong with it
 */
export function readSelection(typed: TypedSelection, now: number): Selection {
  const parsed = parseLakeRange(typed, now)
  if (!parsed.ok) throw new UsageError(`--${parsed.path} ${parsed.message}`)
  if (typed.where.length > MAX_FILTERS)
    throw new UsageError(`--where may be given ${MAX_FILTERS} times, got ${typed.where.length}`)
  const conditions = typed.where.map((text) => {
    const result = parseLakeFilter(text)
    if (result.ok) return result.condition
    throw new UsageError(`--where ${text}: ${result.message}`)
  })
  return { ...typed, range: parsed.range, conditions }
}

/** The format that was typed. */
export function parseFormat(text: string): LakeFileFormat {
  const format = EXPORT_FORMATS.find((name) => name === text)
  if (format !== undefined) return format
  throw new UsageError(`--format must be one of ${EXPORT_FORMATS.join(', ')}, got ${JSON.stringify(text)}`)
}

/** The part of a file that the range takes. Most files lie within it whole, and are then the same whatever it is. */
export function cutOf({ range: { from, to } }: Selection, { minTime, maxTime }: ManifestFile): Cut {
  return Date.parse(minTime) >= from && Date.parse(maxTime) < to ? null : [from, to]
}

/** Whether a file is taken as it is. */
export function isVerbatim({ format, conditions }: Selection, cut: Cut): boolean {
  return format === 'parquet' && conditions.length === 0 && cut === null
}

/** How two selections differ, in words; `undefined` when they do not. */
export function describeDifference(before: TypedSelection, now: TypedSelection): string | undefined {
  const [old, fresh] = [show(before), show(now)]
  return old === fresh ? undefined : `of${old}, not of${fresh}`
}

function show(selection: TypedSelection): string {
  const options = ['format', 'from', 'to', 'where'] as const
  return options
    .flatMap((name) => [selection[name] ?? []].flat().map((value) => ` --${name} ${value}`))
    .join('')
}
