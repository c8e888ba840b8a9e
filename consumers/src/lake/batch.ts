/** From envelopes to rows of the lake, as columns. Knows no Parquet. */

import type { Envelope, JsonValue } from '@millrace/schemas'
import { LAKE_COLUMNS, type LakeBatch, type LakeValue } from '@millrace/schemas/lake'
import { buildEventRows } from '../rows/rows.ts'

const MICROS_PER_MS = 1_000

/**
 * One row for each accepted event of envelopes of one source, in order: those that the warehouse gets, with times in
 * microseconds and JSON as text.
 */
export function buildBatch(envelopes: readonly Envelope[]): LakeBatch {
  const columns = LAKE_COLUMNS.map((): LakeValue[] => [])
  const convert = LAKE_COLUMNS.map(({ kind }) => CONVERTERS[kind]())
  let count = 0
  for (const envelope of envelopes) {
    for (const row of buildEventRows(envelope)) {
      LAKE_COLUMNS.forEach(({ name }, place) => {
        columns[place]?.push(convert[place]?.(row[name]) ?? null)
      })
      count++
    }
  }
  return { count, columns }
}

type Convert = (value: JsonValue | undefined) => LakeValue

/** The rows' builder has made sure of the kinds. */
const asItIs = () => (value: JsonValue | undefined) => value as LakeValue
const asMicros = () => (value: JsonValue | undefined) =>
  value === null ? null : (value as number) * MICROS_PER_MS

const CONVERTERS = {
  text: asItIs,
  count: asItIs,
  truth: asItIs,
  time: asMicros,
  time_or_null: asMicros,
  json: createEncoder,
  json_list: createEncoder,
}

/** The context that events share is one object: its text is made once, however many rows there are. */
function createEncoder(): Convert {
  let last: JsonValue | undefined
  let text = 'null'
  return (value) => {
    if (value !== last || last === undefined) {
      last = value
      text = JSON.stringify(value ?? null)
    }
    return text
  }
}
