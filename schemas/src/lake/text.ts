/** Rows of the lake as text: NDJSON and CSV. Pure. */

import { LAKE_COLUMNS, type LakeBatch, type LakeKind, type LakeValue } from './columns.ts'

/** Formats of text. */
export const LAKE_TEXT_FORMATS = ['ndjson', 'csv'] as const

/** One of {@link LAKE_TEXT_FORMATS}. */
export type LakeTextFormat = (typeof LAKE_TEXT_FORMATS)[number]

/** What writes rows of one source. */
export interface LakeText {
  /** What comes before the first row; empty text for NDJSON. */
  head: string
  /** Rows from `start` up to `end`, exclusive; default all. Each ends its line. */
  rows: (batch: LakeBatch, start?: number, end?: number) => string
}

/**
 * Writes rows with `source` before the columns of the lake, in their order.
 *
 * - NDJSON: JSON columns are JSON, times ISO 8601, a missing time `null`.
 * - CSV, as RFC 4180 has it: the first line names the columns, lines end with CRLF; JSON columns are JSON text, a missing time
 *   is empty. Cells are as they are, also where a spreadsheet would take them for a formula.
 *
 * Times have milliseconds, and microseconds only where there are any.
 */
export function createLakeText(format: LakeTextFormat, source: string): LakeText {
  return format === 'ndjson' ? createNdjson(source) : createCsv(source)
}

function createNdjson(source: string): LakeText {
  const keys = LAKE_COLUMNS.map(({ name }) => `,${JSON.stringify(name)}:`)
  const first = `{"source":${JSON.stringify(source)}`
  const encode = LAKE_COLUMNS.map(({ kind }) => JSON_VALUES[kind])
  return {
    head: '',
    rows: (batch, start, end) =>
      joinRows(batch, start, end, (row) => {
        let line = first
        for (let place = 0; place < keys.length; place++) {
          line += keys[place] + (encode[place]?.(batch.columns[place]?.[row] ?? null) ?? 'null')
        }
        return `${line}}\n`
      }),
  }
}

function createCsv(source: string): LakeText {
  const first = cell(source)
  return {
    head: `${['source', ...LAKE_COLUMNS.map(({ name }) => name)].join(',')}\r\n`,
    rows: (batch, start, end) =>
      joinRows(batch, start, end, (row) => {
        let line = first
        LAKE_COLUMNS.forEach(({ kind }, place) => {
          const value = batch.columns[place]?.[row] ?? null
          line += `,${value === null ? '' : isTime(kind) ? formatMicros(Number(value)) : cell(String(value))}`
        })
        return `${line}\r\n`
      }),
  }
}

function joinRows({ count }: LakeBatch, start = 0, end = count, format: (row: number) => string): string {
  let text = ''
  for (let row = start; row < end; row++) text += format(row)
  return text
}

const quoteTime = (value: LakeValue) => (value === null ? 'null' : `"${formatMicros(Number(value))}"`)

/** JSON text is put in as it is: read and written again, large numbers would change. */
const JSON_VALUES: Readonly<Record<LakeKind, (value: LakeValue) => string>> = {
  text: (value) => JSON.stringify(value ?? ''),
  json: (value) => oneLine(String(value)),
  json_list: (value) => oneLine(String(value)),
  time: quoteTime,
  time_or_null: quoteTime,
  count: String,
  truth: String,
}

/** Between values JSON may have line ends; ours never has, another writer's might. */
function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]+/g, ' ') : json
}

function isTime(kind: LakeKind): boolean {
  return kind === 'time' || kind === 'time_or_null'
}

/** `2026-11-22T10:00:00.123Z`, or with six digits where there are microseconds. */
export function formatMicros(micros: number): string {
  const rest = ((micros % 1_000) + 1_000) % 1_000
  const iso = new Date((micros - rest) / 1_000).toISOString()
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
