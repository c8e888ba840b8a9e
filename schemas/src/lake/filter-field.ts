/**
 * The fields that a filter of the lake can name, and how each reads rows: as the query API reads the same events from
 * ClickHouse (`collector/src/query/fields.ts`). Pure.
 */

import type { FieldReader } from '../conditions.ts'
import { isPath, MAX_PATH_STEPS, numberOf, storedText, valueAt } from '../stored-text.ts'
import { LAKE_COLUMNS, type LakeBatch, type LakeKind, placeOf } from './columns.ts'

/** A field. */
export type LakeField = FieldReader<[batch: LakeBatch, row: number]>

/** Outcome of {@link findLakeField}. */
export type LakeFieldResult = { ok: true; field: LakeField } | { ok: false; message: string }

/** Columns whose paths are fields, as `properties.plan`. */
const OBJECTS = ['properties', 'traits', 'context', 'lookups']

/** Kinds of columns that are fields as a whole. */
const WHOLE: ReadonlySet<LakeKind> = new Set(['text', 'count', 'truth'])

/** Names of the fields, without paths. */
export const LAKE_FIELD_NAMES: readonly string[] = LAKE_COLUMNS.filter(({ kind }) => WHOLE.has(kind)).map(
  ({ name }) => name,
)

/** Fields of questions that only the warehouse knows. */
const COMPUTED: ReadonlyMap<string, string> = new Map([
  ['person_id', 'whose an event is only the warehouse knows; see user_id and anonymous_id'],
  ['visitor_id', 'only the warehouse knows it; see user_id and anonymous_id'],
])

/** The field of that name; what is wrong with it is told in words that follow it. */
export function findLakeField(name: string): LakeFieldResult {
  const column = LAKE_COLUMNS.find((candidate) => candidate.name === name)
  if (column !== undefined && WHOLE.has(column.kind))
    return { ok: true, field: readColumn(name, column.kind) }
  if (column?.kind === 'time' || column?.kind === 'time_or_null')
    return { ok: false, message: 'must be another field: times are chosen by from and to' }
  const [object = '', ...steps] = name.split('.')
  if (OBJECTS.includes(object)) {
    if (steps.length === 0) return { ok: false, message: `must go on with a path, such as ${object}.plan` }
    if (isPath(steps)) return { ok: true, field: readPath(object, steps) }
    return { ok: false, message: `must be a path of at most ${MAX_PATH_STEPS} keys, such as ${object}.plan` }
  }
  const computed = COMPUTED.get(name)
  if (computed !== undefined) return { ok: false, message: `must be another field: ${computed}` }
  const known = `${LAKE_FIELD_NAMES.join(', ')}, or a path such as properties.plan (also traits., context., lookups.)`
  return { ok: false, message: `must be one of ${known}` }
}

function readColumn(name: string, kind: LakeKind): LakeField {
  const place = placeOf(name)
  const text = ({ columns }: LakeBatch, row: number) => String(columns[place]?.[row] ?? '')
  if (kind !== 'count') return { isCount: false, text }
  return { isCount: true, text, number: ({ columns }, row) => Number(columns[place]?.[row] ?? 0) }
}

function readPath(object: string, steps: readonly string[]): LakeField {
  const place = placeOf(object)
  // Neighbours often have the same text, and every filter and the number beside the text would read it anew.
  let last: { json: string; text: string } | undefined
  const text = ({ columns }: LakeBatch, row: number) => {
    const json = String(columns[place]?.[row] ?? '{}')
    if (last?.json !== json) last = { json, text: storedText(valueAt(parse(json), steps)) }
    return last.text
  }
  return { isCount: false, text, number: (batch, row) => numberOf(text(batch, row)) }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Nobody writes such a row; it has nothing at any path.
    return undefined
  }
}
