/** Reads Parquet files of the lake, a row group at a time. Knows the format, not where the bytes come from. */

import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  type RowGroup,
} from 'hyparquet'
import {
  defaultOf,
  LAKE_COLUMNS,
  LAKE_SCHEMA_VERSION,
  type LakeBatch,
  type LakeKind,
  type LakeValue,
} from './columns.ts'
import { decompressZstd } from './zstd.ts'

/** Where the bytes of a file are. */
export interface LakeBytes {
  byteLength: number
  /** Bytes from `start` up to `end`, exclusive. */
  read: (start: number, end: number) => Promise<ArrayBuffer>
}

/** A file of the lake, opened. */
export interface LakeFile {
  rows: number
  metadata: Readonly<Record<string, string>>
  /** Batches in order, one a row group, with all columns of {@link LAKE_COLUMNS}; those that the file lacks have their defaults. */
  batches: () => AsyncGenerator<LakeBatch>
  /** The values of one column, a row group at a time. */
  column: (name: string) => AsyncGenerator<LakeValue[]>
}

/** A file that is none of the lake's, or broken. The message says what is wrong with it. */
export class UnreadableLakeFile extends Error {
  override readonly name = 'UnreadableLakeFile'
  /** Whether it is of a newer version: whole, and to be read by whoever wrote it. */
  readonly isNewer: boolean

  constructor(message: string, { isNewer = false, cause }: { isNewer?: boolean; cause?: unknown } = {}) {
    super(message, { cause })
    this.isNewer = isNewer
  }
}

/** The bytes of a file that is in memory. */
export function bytesOf(content: ArrayBuffer): LakeBytes {
  return {
    byteLength: content.byteLength,
    read: async (start, end) => content.slice(start, end),
  }
}

/** Kinds by the type that a file says a column has. */
const PHYSICAL: Readonly<Record<LakeKind, string>> = {
  text: 'BYTE_ARRAY',
  json: 'BYTE_ARRAY',
  json_list: 'BYTE_ARRAY',
  time: 'INT64',
  time_or_null: 'INT64',
  count: 'INT32',
  truth: 'BOOLEAN',
}

/**
 * Opens a file.
 *
 * @throws UnreadableLakeFile when it is no Parquet, is cut off, or has other columns; what `bytes` throws
 */
export async function openLakeFile(bytes: LakeBytes): Promise<LakeFile> {
  const reader = trackFailures(bytes)
  const metadata = await reader.guard(() => parquetMetadataAsync(reader.file, OPTIONS))
  const known = checkColumns(metadata)
  const read = (names: readonly string[]) => readGroups(reader, metadata, names)
  return {
    rows: Number(metadata.num_rows),
    metadata: entriesOf(metadata),
    async *batches() {
      for await (const { count, values } of read([...known])) {
        const columns = LAKE_COLUMNS.map(
          (column) => values.get(column.name) ?? new Array<LakeValue>(count).fill(defaultOf(column)),
        )
        yield { count, columns }
      }
    },
    async *column(name) {
      if (!known.has(name)) throw new UnreadableLakeFile(`it has no column ${name}`)
      for await (const { values } of read([name])) yield values.get(name) ?? []
    },
  }
}

const decoder = new TextDecoder()

/** JSON stays text, and times are numbers of microseconds: a double holds those until the year 2255. */
const OPTIONS = {
  geoparquet: false,
  parsers: {
    jsonFromBytes: (bytes: Uint8Array) => decoder.decode(bytes),
    timestampFromMicroseconds: Number,
    timestampFromMilliseconds: (millis: bigint) => Number(millis) * 1_000,
  },
}

interface Reader {
  file: AsyncBuffer
  /** Runs a step of the library; what it throws of itself is a broken file, what the source of the bytes throws is not. */
  guard: <T>(step: () => Promise<T>) => Promise<T>
}

function trackFailures({ byteLength, read }: LakeBytes): Reader {
  let failure: { error: unknown } | undefined
  const slice = async (start: number, end: number = byteLength) => {
    try {
      return await read(start, end)
    } catch (error) {
      failure ??= { error }
      throw error
    }
  }
  return {
    file: { byteLength, slice },
    async guard(step) {
      try {
        return await step()
      } catch (cause) {
        if (failure !== undefined) throw failure.error
        const why = cause instanceof Error ? cause.message.replace(/^parquet /, '') : String(cause)
        throw new UnreadableLakeFile(`it is no whole Parquet file: ${why}`, { cause })
      }
    },
  }
}

function entriesOf({ key_value_metadata: entries = [] }: FileMetaData): Record<string, string> {
  return Object.fromEntries(entries.map(({ key, value = '' }) => [key, value]))
}

/** Names of the lake's columns that the file has. */
function checkColumns(metadata: FileMetaData): Set<string> {
  const version = Number(entriesOf(metadata)['millrace.schema_version'])
  if (!Number.isInteger(version))
    throw new UnreadableLakeFile('it was not written by Millrace: it says no millrace.schema_version')
  const [, ...elements] = metadata.schema
  const byName = new Map(LAKE_COLUMNS.map((column) => [column.name, column]))
  const unknown = elements.find(({ name }) => !byName.has(name))
  if (version > LAKE_SCHEMA_VERSION || unknown !== undefined) {
    const column = unknown === undefined ? '' : `, with the column ${unknown.name}`
    const message = `it is of version ${version} of the lake's columns${column}; this Millrace knows ${LAKE_SCHEMA_VERSION}`
    throw new UnreadableLakeFile(message, { isNewer: version > LAKE_SCHEMA_VERSION })
  }
  for (const { name, type = 'group' } of elements) {
    const wanted = PHYSICAL[byName.get(name)?.kind ?? 'text']
    if (type !== wanted) throw new UnreadableLakeFile(`its column ${name} is ${type}, not ${wanted}`)
  }
  for (const name of ['message_id', 'received_at', 'original_timestamp', 'timestamp']) {
    if (!elements.some((element) => element.name === name))
      throw new UnreadableLakeFile(`it has no column ${name}`)
  }
  return new Set(elements.map(({ name }) => name))
}

interface Group {
  count: number
  values: Map<string, LakeValue[]>
}

/** Each row group's bytes are read at once: a request a column would be seventy. */
async function* readGroups(
  reader: Reader,
  metadata: FileMetaData,
  names: readonly string[],
): AsyncGenerator<Group> {
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows)
    const rowEnd = rowStart + count
    const values = new Map<string, LakeValue[]>()
    await reader.guard(async () => {
      const file = names.length === 1 ? reader.file : await prefetch(reader.file, group)
      await parquetRead({
        ...OPTIONS,
        file,
        metadata,
        columns: [...names],
        rowStart,
        rowEnd,
        compressors: { ZSTD: decompress },
        onChunk({ columnName, columnData }) {
          const before = values.get(columnName)
          const chunk = Array.isArray(columnData) ? columnData : Array.from(columnData as Int32Array)
          values.set(columnName, before === undefined ? chunk : before.concat(chunk))
        },
      })
      const short = names.find((name) => values.get(name)?.length !== count)
      if (short !== undefined) throw new Error(`column ${short} has not as many values as its row group rows`)
    })
    yield { count, values }
    rowStart = rowEnd
  }
}

async function prefetch(file: AsyncBuffer, group: RowGroup): Promise<AsyncBuffer> {
  const ranges = group.columns.map(({ meta_data: chunk }) => {
    const start = Number(chunk?.dictionary_page_offset ?? chunk?.data_page_offset ?? 0)
    return [start, start + Number(chunk?.total_compressed_size ?? 0)] as const
  })
  const start = Math.min(...ranges.map(([from]) => from))
  const end = Math.max(...ranges.map(([, to]) => to))
  if (!(end <= file.byteLength)) throw new Error('its row groups end after the file')
  const content = await file.slice(start, end)
  return {
    byteLength: file.byteLength,
    slice: (from, to = file.byteLength) =>
      from >= start && to <= end ? content.slice(from - start, to - start) : file.slice(from, to),
  }
}

function decompress(bytes: Uint8Array, outputLength: number): Uint8Array {
  // A page of nulls alone has no values.
  return outputLength === 0 ? bytes.slice(0, 0) : decompressZstd(bytes, outputLength)
}
