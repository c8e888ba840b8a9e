/** The rows of a table as they lie in a file: CSV with a header, a JSON array, or NDJSON. Pure. */

import { CsvError, parse } from 'csv-parse/sync'

/** The formats that a table may have. */
export const TABLE_FORMATS = ['csv', 'json', 'ndjson'] as const

/** One of {@link TABLE_FORMATS}. */
export type TableFormat = (typeof TABLE_FORMATS)[number]

/** One row. */
export interface FileRow {
  /** Where it begins: `line 3`, or `item 3` of a JSON array. */
  where: string
  /** Cells by their columns; of CSV always text. */
  fields: Record<string, unknown>
}

/** Outcome of {@link parseRows}; `columns` only for CSV. */
export type RowsResult = { ok: true; rows: FileRow[]; columns?: string[] } | { ok: false; message: string }

/** Reads a file's text. The first thing that is wrong ends it, with its line. */
export function parseRows(text: string, format: TableFormat): RowsResult {
  if (format === 'csv') return parseCsv(text)
  return format === 'json' ? parseJsonArray(text) : parseNdjson(text)
}

function parseCsv(text: string): RowsResult {
  let records: { record: string[]; info: { lines: number } }[]
  try {
    // csv-parse 7 counts CRLF inside quotes as two lines, and every line after it would be off.
    const unixText = text.replaceAll('\r\n', '\n')
    records = parse(unixText, { info: true, skip_empty_lines: true }) as unknown as typeof records
  } catch (error) {
    if (error instanceof CsvError) return refuse(describeFault(error))
    throw error
  }
  const [header, ...body] = records
  if (header === undefined) return refuse('the file is empty')
  const columns = header.record
  const fault = findHeaderFault(columns)
  if (fault !== undefined) return refuse(`line ${header.info.lines}: ${fault}`)
  const rows = body.map(({ record, info }): FileRow => {
    // `info.lines` is the last line of a record whose cells have line ends of their own.
    const linesInside = record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0)
    const cells = columns.map((column, index) => [column, record[index] ?? ''] as const)
    return { where: `line ${info.lines - linesInside}`, fields: Object.fromEntries(cells) }
  })
  return { ok: true, rows, columns }
}

/** Its own message says what is wrong and on which line; the commonest fault gets words of ours. */
function describeFault({ message }: CsvError): string {
  const [, expected, got, line] = /expect (\d+), got (\d+) on line (\d+)/.exec(message) ?? []
  if (line === undefined) return message
  return `line ${line}: the header has ${expected} columns, this row has ${got} (a comma inside a cell needs quotes)`
}

function findHeaderFault(columns: readonly string[]): string | undefined {
  if (columns.includes('')) return 'a column has no name'
  const repeated = columns.find((column, index) => columns.indexOf(column) !== index)
  if (repeated !== undefined) return `two columns have the name ${JSON.stringify(repeated)}`
  const [only] = columns
  return columns.length === 1 && only !== undefined && /[;\t|]/.test(only)
    ? `the header is one column, ${JSON.stringify(only)}; columns must be separated by commas`
    : undefined
}

function parseJsonArray(text: string): RowsResult {
  const parsed = parseJson(text)
  if (!parsed.ok) return refuse(`not JSON: ${parsed.message}`)
  if (!Array.isArray(parsed.value)) return refuse('the file must be a JSON array of objects')
  return collectObjects(parsed.value.map((value, index) => ({ where: `item ${index + 1}`, value })))
}

function parseNdjson(text: string): RowsResult {
  const values: { where: string; value: unknown }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const where = `line ${index + 1}`
    const parsed = parseJson(line)
    if (!parsed.ok) return refuse(`${where}: not JSON: ${parsed.message}`)
    values.push({ where, value: parsed.value })
  }
  return collectObjects(values)
}

function collectObjects(values: { where: string; value: unknown }[]): RowsResult {
  const rows: FileRow[] = []
  for (const { where, value } of values) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return refuse(`${where}: a row must be an object`)
    }
    rows.push({ where, fields: value as Record<string, unknown> })
  }
  return { ok: true, rows }
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, message: (error as Error).message }
  }
}

function refuse(message: string): RowsResult {
  return { ok: false, message }
}
