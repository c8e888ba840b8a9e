/**
 * Rows as one block of ClickHouse's format Native: half the work of JSONEachRow for ClickHouse, and less than half the
 * bytes, see `bench/README.md`. Columns come as few plain types, which ClickHouse casts to the table's; so this knows no
 * `LowCardinality` and no `JSON`: an object is its JSON text.
 *
 * Source: https://clickhouse.com/docs/interfaces/formats/Native and `NativeReader.cpp`, for a client that names no
 * protocol revision; checked November 2026.
 */

import type { JsonObject, JsonValue } from '../wire.ts'
import { ByteWriter } from './byte-writer.ts'
import { toStorableJson } from './storable-json.ts'

/** A row of any table: keys are columns. Columns left out take their default. */
export type Row = Record<string, JsonValue>

/** How the values of a column are written. */
interface Column {
  /** Type as ClickHouse spells it. */
  type: string
  write: (writer: ByteWriter, values: readonly (JsonValue | undefined)[]) => void
}

/**
 * Text as it is, all else as JSON text that ClickHouse gives back unchanged. Most values are empty, or the one before again:
 * neither is encoded anew.
 */
const TEXT: Column = {
  type: 'String',
  write(writer, values) {
    let last: JsonValue | undefined = ''
    let [from, to] = [0, 0]
    for (const value of values) {
      if (value === '') {
        writer.writeByte(0)
      } else if (value === last) {
        writer.writeAgain(from, to)
      } else {
        from = writer.length
        writer.writeText(typeof value === 'string' ? value : JSON.stringify(storable(value)))
        to = writer.length
        last = value
      }
    }
  },
}

function storable(value: JsonValue | undefined): JsonValue | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? toStorableJson(value) : value
}

/** Milliseconds since 1970. */
const TIME: Column = {
  type: 'DateTime64(3)',
  write(writer, values) {
    for (const value of values) writer.writeInt64(value as number)
  },
}

const TIME_OR_NULL: Column = {
  type: `Nullable(${TIME.type})`,
  write(writer, values) {
    for (const value of values) writer.writeByte(value === null ? 1 : 0)
    for (const value of values) writer.writeInt64((value as number | null) ?? 0)
  },
}

const COUNT: Column = {
  type: 'UInt32',
  write(writer, values) {
    for (const value of values) writer.writeUInt32(value as number)
  },
}

const TRUTH: Column = {
  type: 'Bool',
  write(writer, values) {
    for (const value of values) writer.writeByte(value === true ? 1 : 0)
  },
}

/** Keys of the tuples of `violations`, in the order of the type. */
const VIOLATION_KEYS = ['path', 'rule', 'found', 'message'] as const

const VIOLATIONS: Column = {
  type: `Array(Tuple(${VIOLATION_KEYS.map((key) => `${key} String`).join(', ')}))`,
  write(writer, values) {
    const lists = values as readonly JsonObject[][]
    writeOffsets(
      writer,
      lists.map(({ length }) => length),
    )
    for (const key of VIOLATION_KEYS)
      TEXT.write(
        writer,
        lists.flatMap((list) => list.map((item) => item[key])),
      )
  },
}

const TEXTS = arrayOf(TEXT)
const COUNTS = arrayOf(COUNT)
const TEXTS_BY_NAME = mapOf(TEXT)
const COUNTS_BY_NAME = mapOf(COUNT)

function arrayOf(item: Column): Column {
  return {
    type: `Array(${item.type})`,
    write(writer, values) {
      const lists = values as readonly JsonValue[][]
      writeOffsets(
        writer,
        lists.map(({ length }) => length),
      )
      item.write(writer, lists.flat())
    },
  }
}

/** Values by names that are text: an object. */
function mapOf(value: Column): Column {
  return {
    type: `Map(String, ${value.type})`,
    write(writer, values) {
      const lists = (values as readonly JsonObject[]).map((entries) => Object.entries(entries))
      writeOffsets(
        writer,
        lists.map(({ length }) => length),
      )
      TEXT.write(
        writer,
        lists.flatMap((list) => list.map(([name]) => name)),
      )
      value.write(
        writer,
        lists.flatMap((list) => list.map(([, item]) => item)),
      )
    },
  }
}

/** Counts of the table `receipts`. */
const COUNT_NAMES = [
  ...['number', 'part', 'settled', 'forgotten'],
  ...['accepted', 'quarantined', 'filtered', 'repeated'],
  ...['own_accepted', 'own_quarantined', 'own_filtered'],
  ...['before_accepted', 'before_quarantined', 'before_filtered'],
]

/** Lists of counts, of times as seconds, and of numbers of events there. */
const COUNTS_NAMES = [
  ...['hours', 'days', 'seq_from', 'seq_to', 'drop_counts'],
  ...['failed', 'failed_accepted', 'failed_quarantined', 'failed_filtered'],
]

/** Columns that are no text. A name means the same in every table. */
const COLUMNS: ReadonlyMap<string, Column> = new Map([
  ['timestamp', TIME],
  ['original_timestamp', TIME],
  ['received_at', TIME],
  ['sent_at', TIME_OR_NULL],
  ['seq', COUNT],
  ['previous_seq', COUNT],
  ['session_index', COUNT],
  ['asn', COUNT],
  ['raw_bytes', COUNT],
  ['batch_index', COUNT],
  ['is_bot', TRUTH],
  ['gpc', TRUTH],
  ['is_anonymized', TRUTH],
  ['violations', VIOLATIONS],
  ['lookup_versions', TEXTS_BY_NAME],
  ['taken_at', TIME],
  ...COUNT_NAMES.map((name) => [name, COUNT] as const),
  ...COUNTS_NAMES.map((name) => [name, COUNTS] as const),
  ['ids', TEXTS],
  ['not_storable', TEXTS],
  ['drop_ids', TEXTS],
  ['drop_reasons', TEXTS],
  ['refused_requests', COUNTS_BY_NAME],
  ['refused_events', COUNTS_BY_NAME],
])

/** The block's columns as ClickHouse's table function `input` wants them told: `source String, seq UInt32`. */
export function describeNative(columns: readonly string[]): string {
  return columns.map((name) => `${name} ${columnOf(name).type}`).join(', ')
}

/**
 * The block.
 *
 * @param columns names of the columns; each row has these and no others, in this order
 * @throws RangeError when a row has not
 */
export function encodeNative(columns: readonly string[], rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  const values = turn(columns, rows)
  const writer = new ByteWriter()
  writer.writeVarint(columns.length)
  writer.writeVarint(rows.length)
  columns.forEach((name, place) => {
    const { type, write } = columnOf(name)
    writer.writeText(name)
    writer.writeText(type)
    write(writer, values[place] ?? [])
  })
  return writer.bytes()
}

function columnOf(name: string): Column {
  return COLUMNS.get(name) ?? TEXT
}

/** The values of each column. Row by row and key by key, because ten times as many look-ups by name take ten times as long. */
function turn(columns: readonly string[], rows: readonly Row[]): JsonValue[][] {
  const values = columns.map(() => new Array<JsonValue>(rows.length))
  rows.forEach((row, index) => {
    let place = 0
    for (const name in row) {
      const column = values[place]
      if (column === undefined || columns[place] !== name) {
        throw new RangeError(`row ${index} must have ${columns[place] ?? 'no more columns'}, got ${name}`)
      }
      column[index] = row[name] as JsonValue
      place++
    }
    if (place < columns.length) throw new RangeError(`row ${index} must have ${columns[place]}, got the end`)
  })
  return values
}

/** Where each list ends, counted in items. */
function writeOffsets(writer: ByteWriter, lengths: readonly number[]): void {
  let end = 0
  for (const length of lengths) {
    end += length
    writer.writeInt64(end)
  }
}
