/** Batches of rows as the bytes of one file, piece by piece. Pure but for the iteration. */

import { concatBatches, type LakeBatch, weightOf } from './columns.ts'
import { createLakeText, type LakeTextFormat } from './text.ts'
import { createLakeWriter, ROW_GROUP_ROWS, ROW_GROUP_WEIGHT } from './write-file.ts'

/** Formats of a file of rows. */
export type LakeFileFormat = 'parquet' | LakeTextFormat

/** Rows that are text at once: at 2 KB a row, one MB. */
const TEXT_ROWS = 500

/** One file of all rows. Holds one batch at a time, and a piece of text or a row group of Parquet. */
export async function* encodeRows(
  batches: AsyncIterable<LakeBatch>,
  format: LakeFileFormat,
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
  })
  // Of a narrow filter each batch has few rows, and as many row groups would be larger than what is in them.
  let waiting: LakeBatch[] = []
  let [count, weight] = [0, 0]
  for await (const batch of batches) {
    const more = weightOfBatch(batch)
    if (count + batch.count > ROW_GROUP_ROWS || weight + more > ROW_GROUP_WEIGHT) {
      writer.write(concatBatches(waiting))
      waiting = []
      count = 0
      weight = 0
      yield* pieces.splice(0)
    }
    waiting.push(batch)
    count += batch.count
    weight += more
  }
  writer.write(concatBatches(waiting))
  writer.finish()
  yield* pieces
}

function weightOfBatch(batch: LakeBatch): number {
  let weight = 0
  for (let row = 0; row < batch.count; row++) weight += weightOf(batch, row)
  return weight
}
