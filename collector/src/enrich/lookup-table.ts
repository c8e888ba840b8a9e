/**
 * A lookup table: its JSON form, its bounds, and its form in memory. Pure.
 *
 * The JSON form is `{ "key": "<column>", "rows": { "<value of the key>": { ...the other columns } } }`.
 */

import { byteLength, encodeJson, exceedsNesting, MAX_ID_LENGTH } from '@millrace/schemas'
import { dropPrototypeKeys, mayHavePrototypeKeys } from '../accept/prototype-keys.ts'
import { isObject } from '../json-object.ts'

/** Largest table in bytes of its JSON: an isolate has 128 MB for everything. */
export const MAX_TABLE_BYTES = 10_000_000

/** Most rows of a table. */
export const MAX_TABLE_ROWS = 100_000

/** Largest row in bytes of its JSON: it is stored again with every event that it is joined onto. */
export const MAX_ROW_BYTES = 4_096

/** Deepest nesting of a row; an event that it is joined onto may nest 64 levels in all. */
export const MAX_ROW_NESTING = 16

/** A table in memory. */
export interface LookupTable {
  /** Name of the column that the keys come from. */
  key: string
  /**
   * JSON text of each row by its key. Text takes a third of the memory of the objects, cannot be altered by whoever it is
   * joined for, and a `Map` has no inherited keys.
   */
  rows: ReadonlyMap<string, string>
  /** Bytes of keys and rows, in UTF-8. */
  bytes: number
}

/** Outcome of {@link parseLookup}. */
export type LookupResult = { ok: true; table: LookupTable } | { ok: false; message: string }

/** Reads and checks the JSON form. Keys that would change a prototype are left out. Never throws. */
export function parseLookup(text: string): LookupResult {
  if (text.length > MAX_TABLE_BYTES || byteLength(text) > MAX_TABLE_BYTES) return tooLarge()
  const value = parseJson(text)
  if (!isObject(value)) return refuse('a lookup table must be a JSON object {"key": ..., "rows": {...}}')
  if (mayHavePrototypeKeys(text)) dropPrototypeKeys(value)
  const { key, rows } = value
  if (typeof key !== 'string' || key === '' || key.length > MAX_ID_LENGTH) {
    return refuse(`"key" must be the name of the key column, 1 to ${MAX_ID_LENGTH} characters`)
  }
  if (!isObject(rows)) return refuse('"rows" must be an object with a row for each key')
  return readRows(key, Object.entries(rows))
}

/** The JSON form of a table. */
export function encodeLookup({ key, rows }: LookupTable): string {
  const entries = Array.from(rows, ([value, row]) => `${encodeJson(value)}:${row}`)
  return `{"key":${encodeJson(key)},"rows":{${entries.join(',')}}}`
}

function readRows(key: string, entries: [string, unknown][]): LookupResult {
  if (entries.length > MAX_TABLE_ROWS) {
    return refuse(`a lookup table may have at most ${MAX_TABLE_ROWS} rows, got ${entries.length}`)
  }
  const rows = new Map<string, string>()
  let bytes = 0
  for (const [value, row] of entries) {
    const wrong = findFault(value, row)
    if (wrong !== undefined) return refuse(`row ${JSON.stringify(value.slice(0, 80))} ${wrong}`)
    const text = encodeJson(row)
    const rowBytes = byteLength(text)
    if (rowBytes > MAX_ROW_BYTES) {
      return refuse(`row ${JSON.stringify(value)} is ${rowBytes} bytes, a row may have ${MAX_ROW_BYTES}`)
    }
    rows.set(value, text)
    bytes += rowBytes + byteLength(value)
  }
  // Writing numbers out can make the text longer than it was.
  return bytes > MAX_TABLE_BYTES ? tooLarge() : { ok: true, table: { key, rows, bytes } }
}

function findFault(value: string, row: unknown): string | undefined {
  if (value === '' || value.length > MAX_ID_LENGTH) {
    return `has a key of ${value.length} characters, it must have 1 to ${MAX_ID_LENGTH}`
  }
  if (!isObject(row)) return 'must be an object'
  return exceedsNesting(row, MAX_ROW_NESTING) ? `nests deeper than ${MAX_ROW_NESTING} levels` : undefined
}

function tooLarge(): LookupResult {
  return refuse(`a lookup table may have at most ${MAX_TABLE_BYTES} bytes of JSON`)
}

function refuse(message: string): LookupResult {
  return { ok: false, message }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is the answer: the caller says what a table is.
    return undefined
  }
}
