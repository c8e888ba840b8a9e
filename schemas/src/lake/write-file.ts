/** Writes the lake's Parquet files, a row group at a time. Knows the format, not where the bytes go. */

import { createHash } from 'node:crypto'
import type { SchemaElement } from 'hyparquet'
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import {
  LAKE_COLUMNS,
  LAKE_SCHEMA_VERSION,
  type LakeBatch,
  type LakeColumn,
  type LakeValue,
} from './columns.ts'
import { joinBytes } from './join-bytes.ts'
import { compressZstd } from './zstd.ts'

/**
 * Rows of a row group, which are held in memory when a file is read or written: about 1 KB each. With 20,000 a file is 10 %
 * smaller; measured in `bench/README.md`.
 */
export const ROW_GROUP_ROWS = 10_000

/** UTF-16 units of text after which a row group ends: it is held whole when the file is read again. */
export const ROW_GROUP_WEIGHT = 12 * 1024 * 1024

const ENCODINGS: Readonly<Record<string, NonNullable<ColumnSource['encoding']>>> = {
  // Ids of a stream differ in their last digits.
  message_id: 'DELTA_BYTE_ARRAY',
  timestamp: 'DELTA_BINARY_PACKED',
  original_timestamp: 'DELTA_BINARY_PACKED',
  received_at: 'DELTA_BINARY_PACKED',
}

/** Options of {@link createLakeWriter}. */
export interface LakeWriterOptions {
  /** Takes the bytes in order; they are the taker's. */
  onBytes: (bytes: Uint8Array<ArrayBuffer>) => void
  /** Kept in the file beside the schema's version. */
  metadata?: Readonly<Record<string, string>>
  /** Compresses a page by zstd. Default: {@link compressZstd}. */
  compress?: (bytes: Uint8Array) => Uint8Array
}

/** A file on its way. */
export interface LakeWriter {
  /** Writes a batch as one row group. Batches without rows are passed over. */
  write: (batch: LakeBatch) => void
  /** Writes the footer. */
  finish: () => { bytes: number; sha256: string }
}

/** Begins a file. */
export function createLakeWriter({
  onBytes,
  metadata = {},
  compress = (bytes) => compressZstd(bytes),
}: LakeWriterOptions): LakeWriter {
  const hash = createHash('sha256')
  const writer = new FlushingWriter((bytes) => {
    hash.update(bytes)
    onBytes(bytes)
  })
  const entries = { 'millrace.schema_version': String(LAKE_SCHEMA_VERSION), ...metadata }
  const file = new ParquetWriter({
    writer,
    schema: buildSchema('UTF8'),
    codec: 'ZSTD',
    compressors: { ZSTD: compress },
    kvMetadata: Object.entries(entries).map(([key, value]) => ({ key, value })),
    createdBy: 'millrace',
  })
  return {
    write(batch) {
      if (batch.count === 0) return
      // Done when it returns, as `finish` is: the writer below has nothing to wait for.
      void file.write({ columnData: buildColumns(batch), rowGroupSize: batch.count })
    },
    finish() {
      // The library makes dictionaries of JSON only where it is bytes, in three times the time; so it is text until here.
      file.schema = buildSchema('JSON')
      void file.finish()
      return { bytes: writer.offset, sha256: hash.digest('hex') }
    },
  }
}

/** A file in memory. */
export function encodeLakeFile(
  batch: LakeBatch,
  metadata?: LakeWriterOptions['metadata'],
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const writer = createLakeWriter({
    onBytes: (bytes) => void pieces.push(bytes),
    ...(metadata === undefined ? {} : { metadata }),
  })
  writer.write(batch)
  writer.finish()
  return joinBytes(pieces)
}

/** The library's writer, emptied after each row group. */
class FlushingWriter extends ByteWriter {
  readonly #onBytes: LakeWriterOptions['onBytes']

  constructor(onBytes: LakeWriterOptions['onBytes']) {
    super(FIRST_BUFFER_BYTES)
    this.#onBytes = onBytes
  }

  flush(): void {
    if (this.index === 0) return
    this.#onBytes(new Uint8Array(this.getBuffer()))
    this.index = 0
  }

  override finish(): void {
    this.flush()
  }
}

const FIRST_BUFFER_BYTES = 64 * 1024

function buildSchema(jsonType: 'UTF8' | 'JSON'): SchemaElement[] {
  const columns = LAKE_COLUMNS.map((column) => buildElement(column, jsonType))
  return [{ name: 'event', num_children: columns.length }, ...columns]
}

/** Old and new ways to say a type side by side, so that readers of both understand; both are from the format's LogicalTypes.md. */
function buildElement({ name, kind }: LakeColumn, jsonType: 'UTF8' | 'JSON'): SchemaElement {
  const repetition_type = kind === 'time_or_null' ? 'OPTIONAL' : 'REQUIRED'
  switch (kind) {
    case 'text':
    case 'json_list':
      return {
        name,
        repetition_type,
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        logical_type: { type: 'STRING' },
      }
    case 'json':
      return {
        name,
        repetition_type,
        type: 'BYTE_ARRAY',
        converted_type: jsonType,
        logical_type: { type: 'JSON' },
      }
    case 'count':
      // Without the logical type: the library writes its bit width in a way that readers refuse.
      return { name, repetition_type, type: 'INT32', converted_type: 'UINT_32' }
    case 'truth':
      return { name, repetition_type, type: 'BOOLEAN' }
    default:
      return {
        name,
        repetition_type,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      }
  }
}

function buildColumns({ columns }: LakeBatch): ColumnSource[] {
  return LAKE_COLUMNS.map(({ name, kind, isSought = false }, place) => {
    const values = columns[place] ?? []
    const encoding = ENCODINGS[name]
    return {
      name,
      data: kind === 'time' || kind === 'time_or_null' ? values.map(toBigInt) : values,
      ...(encoding === undefined ? {} : { encoding }),
      // Least and greatest of JSON text tell nobody anything.
      ...(kind === 'json' ? { statistics: false } : {}),
      bloomFilter: isSought,
    }
  })
}

function toBigInt(value: LakeValue): bigint | null {
  return value === null ? null : BigInt(value)
}
