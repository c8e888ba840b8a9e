/** From the rows of a file to the lookup table that the collector takes, within the collector's bounds. Pure. */

import type { FileRow } from './rows.ts'

/** Bounds of a table; the collector holds to the same. */
export const LIMITS = { tableBytes: 10_000_000, rows: 100_000, rowBytes: 4_096, keyLength: 256 } as const

/** A table ready to be sent. */
export interface BuiltTable {
  /** `{ "key": ..., "rows": { ... } }`. */
  json: string
  /** Of `json`, in UTF-8. */
  bytes: number
  rowCount: number
}

/** Outcome of {@link buildTable}: all that is wrong, in the order of the file. */
export type TableResult = { ok: true; table: BuiltTable } | { ok: false; problems: string[] }

/** Options of {@link buildTable}. */
export interface TableOptions {
  /** Column whose values are the keys; it is not part of the rows, because the event has it. */
  key: string
  /** Whether text that is a number or a boolean becomes one. The key stays what it is. */
  isTyped: boolean
}

/** As JSON writes numbers: a leading zero or plus is part of a code, not of a number. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** Builds the table. */
export function buildTable(rows: readonly FileRow[], { key, isTyped }: TableOptions): TableResult {
  if (rows.length === 0) return { ok: false, problems: ['there are no rows'] }
  if (rows.length > LIMITS.rows) {
    return {
      ok: false,
      problems: [`a table may have ${format(LIMITS.rows)} rows, got ${format(rows.length)}`],
    }
  }
  const problems: string[] = []
  const places = new Map<string, string>()
  const entries: string[] = []
  for (const { where, fields } of rows) {
    const value = readKey(Object.hasOwn(fields, key) ? fields[key] : undefined)
    const row = encodeRow(fields, key, isTyped)
    const problem = findProblem(value, row, key, places)
    if (problem !== undefined) problems.push(`${where}: ${problem}`)
    if (value === undefined) continue
    if (!places.has(value)) places.set(value, where)
    entries.push(`${JSON.stringify(value)}:${row}`)
  }
  const json = `{"key":${JSON.stringify(key)},"rows":{${entries.join(',')}}}`
  const bytes = Buffer.byteLength(json)
  if (problems.length === 0 && bytes > LIMITS.tableBytes) {
    problems.push(`a table may have ${format(LIMITS.tableBytes)} bytes of JSON, got ${format(bytes)}`)
  }
  return problems.length === 0
    ? { ok: true, table: { json, bytes, rowCount: rows.length } }
    : { ok: false, problems }
}

/** Keys are compared as text. */
function readKey(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function encodeRow(fields: Record<string, unknown>, key: string, isTyped: boolean): string {
  const columns = Object.entries(fields).filter(([column]) => column !== key)
  return JSON.stringify(
    Object.fromEntries(isTyped ? columns.map(([column, cell]) => [column, toTyped(cell)]) : columns),
  )
}

/** A number that would lose digits stays text. */
function toTyped(cell: unknown): unknown {
  if (cell === 'true') return true
  if (cell === 'false') return false
  if (typeof cell !== 'string' || !NUMBER.test(cell)) return cell
  const number = Number(cell)
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))
  return isExact ? number : cell
}

function findProblem(
  value: string | undefined,
  row: string,
  key: string,
  places: ReadonlyMap<string, string>,
): string | undefined {
  if (value === undefined) return `no text or number in the key column ${JSON.stringify(key)}`
  if (value.length > LIMITS.keyLength) {
    return `the key has ${value.length} characters, it may have ${LIMITS.keyLength}`
  }
  const before = places.get(value)
  if (before !== undefined) return `the key ${JSON.stringify(value)} is that of ${before} already`
  const bytes = Buffer.byteLength(row)
  return bytes > LIMITS.rowBytes
    ? `the row is ${format(bytes)} bytes of JSON, it may have ${format(LIMITS.rowBytes)}`
    : undefined
}

function format(count: number): string {
  return count.toLocaleString('en-US')
}
