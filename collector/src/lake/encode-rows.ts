/** Batches of rows as the bytes of one file, piece by piece. Pure but for the iteration. */

import {
  concatBatches,
  createLakeText,
  createLakeWriter,
  type LakeBatch,
  type LakeTextFormat,
  ROW_GROUP_ROWS,
} from '@millrace/schemas/lake'
import type { DownloadFormat } from './download-request.ts'

/** Media types of the formats. */
export const MEDIA_TYPES: Readonly<Record<DownloadFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
}

/** Rows that are text at once: at 2 KB a row, one MB. */
const TEXT_ROWS = 500

/** One file of all rows. Holds one batch at a time, and a piece of text or a row group of Parquet. */
export async function* encodeRows(
  batches: AsyncIterable<LakeBatch>,
  format: DownloadFormat,
  source: string,
): AsyncGenerator<Uint8Array> {
  if (format === 'parquet') yield* encodeParquet(batches, source)
  else yield* encodeText(batches, format, source)
}

async function* encodeText(
  batches: AsyncIterable<LakeBatch>,
  format: LakeTextFormat,
  source: string,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const { head, rows } = createLakeText(format, source)
  if (head !== '') yield encoder.encode(head)
  for await (const batch of batches) {
    for (let start = 0; start < batch.count; start += TEXT_ROWS)
      yield encoder.encode(rows(batch, start, Math.min(batch.count, start + TEXT_ROWS)))
  }
}

async function* encodeParquet(batches: AsyncIterable<LakeBatch>, source: string): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const writer = createLakeWriter({
    onBytes: (bytes) => void pieces.push(bytes),
    metadata: { 'millrace.source': source },
    // Rows are in order only within what was one file.
  })
  // Of a narrow filter each batch has few rows, and as many row groups would be larger than what is in them.
  let waiting: LakeBatch[] = []
  let count = 0
  for await (const batch of batches) {
    if (count + batch.count > ROW_GROUP_ROWS) {
      writer.write(concatBatches(waiting))
      waiting = []
      count = 0
      yield* pieces.splice(0)
    }
    waiting.push(batch)
    count += batch.count
  }
  writer.write(concatBatches(waiting))
  writer.finish()
  yield* pieces
}
