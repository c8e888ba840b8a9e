/** From rows of the lake to rows of the table `events`, as the Worker's own insert would have them. Pure. */

import { LAKE_COLUMNS, type LakeBatch, type LakeKind, type LakeValue, placeOf } from '@millrace/schemas/lake'
import { type Row, toStorableJson } from '@millrace/schemas/native'
import type { JsonObject, JsonValue } from '@millrace/schemas/wire'

const MICROS_PER_MS = 1_000

/** JSON columns that are no column of the type JSON in ClickHouse: an insert takes them as lists and maps. */
export const PARSED_COLUMNS: ReadonlySet<string> = new Set(['violations', 'lookup_versions'])

/** Columns of the rows, in their order. */
export const ROW_COLUMNS: readonly string[] = ['source', ...LAKE_COLUMNS.map(({ name }) => name)]

/** Times of `timestamp` in milliseconds since 1970; the end exclusive. */
export interface Range {
  from: number
  to: number
}

/** Whether a column's values are JSON text in the lake. */
export function isJson(kind: LakeKind): boolean {
  return kind === 'json' || kind === 'json_list'
}

/** Rows of a batch whose `timestamp` lies in the range, in order, each with {@link ROW_COLUMNS}. */
export function toRows(source: string, { count, columns }: LakeBatch, { from, to }: Range): Row[] {
  const times = columns[placeOf('timestamp')] ?? []
  const rows: Row[] = []
  for (let index = 0; index < count; index++) {
    const time = Number(times[index]) / MICROS_PER_MS
    if (time < from || time >= to) continue
    const row: Row = { source }
    LAKE_COLUMNS.forEach(({ name, kind }, place) => {
      row[name] = toValue(name, kind, columns[place]?.[index] ?? null)
    })
    rows.push(row)
  }
  return rows
}

function toValue(name: string, kind: LakeKind, value: LakeValue): JsonValue {
  if (value === null) return null
  if (kind === 'time' || kind === 'time_or_null') return Number(value) / MICROS_PER_MS
  if (!isJson(kind)) return value
  return PARSED_COLUMNS.has(name) ? (JSON.parse(String(value)) as JsonValue) : value
}

/** The row with its JSON text made such that ClickHouse takes it and gives it back unchanged. Objects are left to the insert. */
export function toStorableRow(row: Row): Row {
  for (const name of JSON_COLUMNS) {
    const value = row[name]
    if (typeof value !== 'string' || !UNSTORABLE.test(value)) continue
    row[name] = JSON.stringify(toStorableJson(JSON.parse(value) as JsonObject))
  }
  return row
}

const JSON_COLUMNS = LAKE_COLUMNS.filter(({ name, kind }) => isJson(kind) && !PARSED_COLUMNS.has(name)).map(
  ({ name }) => name,
)

/** What has to be changed nearly no text has: an escape in a key, a whole number of 19 digits or more. */
const UNSTORABLE = /%2[5E]|\d{19}/
