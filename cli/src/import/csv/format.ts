/** The format of tables: each row an event, by a mapping. */

import { isUtf8 } from 'node:buffer'
import { checkEvent, malformed } from '../check-event.ts'
import {
  type ImportFormat,
  type ImportRecord,
  type RecordReader,
  UnusableInputError,
  type Verdict,
  withoutMark,
} from '../format.ts'
import { type Line, MAX_LINE_BYTES } from '../lines.ts'
import { createMessageIdMinter } from '../message-id.ts'
import { BLANK_LINE } from '../ndjson.ts'
import { type CellReader, type CellsResult, createCellReader } from './cells.ts'
import type { Mapping } from './mapping.ts'
import { planRows, type RowPlan } from './plan.ts'

/** Options of {@link createCsvFormat}. */
export interface CsvOptions {
  mapping: Mapping
  /** One character of ASCII, no quote and no line's end. */
  delimiter: string
  /** Names of the columns, of a file without a header. Default: its first line, which may have a byte order mark. */
  header?: readonly string[] | undefined
  /** Columns that are not mapped are left out. */
  onlyMapped: boolean
}

const LINE_END = Buffer.from('\n')

/** CSV with this mapping. A row may have several lines, and 128 KiB. */
export function createCsvFormat(options: CsvOptions): ImportFormat {
  return {
    name: 'csv',
    words: { records: 'rows', events: 'events' },
    topField: 'event',
    skipKinds: [BLANK_LINE],
    begin(firstLine) {
      const header = options.header ?? readHeader(firstLine, options.delimiter)
      const plan = planRows(header, options)
      return createRowReader({
        cells: createCellReader(options.delimiter),
        hasHeader: options.header === undefined,
        judge: createJudge(plan, header.length, createMessageIdMinter(firstLine)),
      })
    },
  }
}

function readHeader(firstLine: Buffer, delimiter: string): string[] {
  const bytes = withoutMark({ number: 1, bytes: firstLine })
  if (!isUtf8(bytes)) throw new UnusableInputError('its header is not UTF-8')
  const result = createCellReader(delimiter).read(bytes.toString('utf8'))
  if (result.state === 'row') return result.cells
  throw new UnusableInputError(`its header must be the first line, and one line: ${FAULTS[result.state]}`)
}

const FAULTS = { open: 'a quote is not closed', fault: 'a quote is in the wrong place' } as const

type Judge = (row: { line: number; bytes: Buffer; result: CellsResult }) => Verdict

function createJudge(
  plan: RowPlan,
  width: number,
  mintId: (line: number, record: Uint8Array) => string,
): Judge {
  return ({ line, bytes, result }) => {
    if (result.state === 'open') return malformed('a quote is not closed')
    if (result.state === 'fault') return malformed('a quote in the wrong place', result.message)
    const { cells } = result
    if (cells.length === 1 && cells[0]?.trim() === '') return { kind: 'skipped', rule: BLANK_LINE.name }
    if (!isUtf8(bytes)) return malformed('not UTF-8')
    if (cells.length !== width) {
      return malformed(
        'wrong number of cells',
        `there are ${width} columns, this row has ${cells.length} (a delimiter inside a cell needs quotes)`,
      )
    }
    const built = plan.build(cells)
    if (!built.ok) return built.why
    return checkEvent(built.event, { mintId: () => mintId(line, bytes), sourceBytes: bytes.length })
  }
}

interface RowReaderOptions {
  cells: CellReader
  hasHeader: boolean
  judge: Judge
}

/** Puts lines together to rows. A row that is too long is given up with the line that makes it so. */
function createRowReader({ cells, hasHeader, judge }: RowReaderOptions): RecordReader {
  /** Lines of the row that is open, and their bytes. */
  let lines: Line[] = []
  let byteCount = 0

  function* take(line: Line): Generator<ImportRecord> {
    if (hasHeader && line.number === 1) return
    lines.push(line)
    byteCount += line.bytes.length + 1
    if (line.isTooLong || byteCount > MAX_LINE_BYTES) {
      const reason = lines.length === 1 ? 'line too long' : 'a quote is not closed'
      yield close(() => malformed(reason, 'a row may have 128 KiB'))
      return
    }
    const result = cells.read(withoutMark(line).toString('utf8'))
    if (result.state !== 'open') yield close((row) => judge({ ...row, result }))
  }

  function close(verdictOf: (row: { line: number; bytes: Buffer }) => Verdict, isWhole = true): ImportRecord {
    const bytes = bytesOf(lines)
    const [first, last] = [lines[0] as Line, lines.at(-1) as Line]
    const record = { line: first.number, bytes, last, isWhole: isWhole && last.hasEnd }
    lines = []
    byteCount = 0
    cells.reset()
    return { ...record, verdict: verdictOf(record) }
  }

  return {
    *read(chunk) {
      for (const line of chunk) yield* take(line)
    },
    *end() {
      if (lines.length > 0) yield close((row) => judge({ ...row, result: { state: 'open' } }), false)
    },
  }
}

function bytesOf(lines: readonly Line[]): Buffer {
  const [first, ...others] = lines.map((line) => withoutMark(line))
  if (first === undefined) return Buffer.alloc(0)
  return others.length === 0 ? first : Buffer.concat([first, ...others.flatMap((line) => [LINE_END, line])])
}
