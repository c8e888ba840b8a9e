/** What is written is read back, and what is no file of the lake is told from one that is. */

import { describe, expect, it } from 'vitest'
import { concatBatches, emptyBatch, gather, LAKE_COLUMNS, type LakeBatch, placeOf, rowOf } from './columns.ts'
import { joinBytes } from './join-bytes.ts'
import { bytesOf, openLakeFile, UnreadableLakeFile } from './read-file.ts'
import { createLakeWriter, encodeLakeFile } from './write-file.ts'

/** Rows that differ in every column. */
function createBatch(count: number, first = 0): LakeBatch {
  const columns = LAKE_COLUMNS.map(({ name, kind }) =>
    Array.from({ length: count }, (_, index) => {
      const row = first + index
      switch (kind) {
        case 'text':
          return `${name} ü😀 ${String(row).padStart(6, '0')}`
        case 'json':
        case 'json_list':
          return JSON.stringify({ [name]: row, list: [null, true, 1.5] })
        case 'time_or_null':
          return row % 2 === 0 ? null : 1_795_330_800_000_001 + row
        case 'truth':
          return row % 3 === 0
        case 'count':
          return 4_294_967_295 - row
        default:
          return 1_795_330_800_000_000 + row
      }
    }),
  )
  return { count, columns }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function readAll(content: Uint8Array<ArrayBuffer>): Promise<LakeBatch> {
  const file = await openLakeFile(bytesOf(content.buffer))
  return concatBatches(await collect(file.batches()))
}

describe('a file of the lake', () => {
  it('gives back what was written, row group by row group', async () => {
    const pieces: Uint8Array[] = []
    const writer = createLakeWriter({ onBytes: (bytes) => void pieces.push(bytes), metadata: { a: 'b' } })
    const batches = [createBatch(700), createBatch(1, 700), emptyBatch(), createBatch(30, 701)]
    for (const batch of batches) writer.write(batch)
    const { bytes } = writer.finish()
    const content = joinBytes(pieces)
    expect(content.byteLength).toBe(bytes)
    const file = await openLakeFile(bytesOf(content.buffer))
    expect([file.rows, file.metadata]).toEqual([731, { 'millrace.schema_version': '1', a: 'b' }])
    const read = await collect(file.batches())
    expect(read.map(({ count }) => count)).toEqual([700, 1, 30])
    expect(concatBatches(read)).toEqual(createBatch(731))
    const ids = await collect(file.column('message_id'))
    expect(ids.flat()).toEqual(createBatch(731).columns[placeOf('message_id')])
  })

  it('may be without rows', async () => {
    expect(await readAll(encodeLakeFile(emptyBatch()))).toEqual(emptyBatch())
  })

  it.each([
    ['nothing', () => new Uint8Array(0), /whole Parquet file/],
    ['text', () => new TextEncoder().encode('{"not":"parquet"}'), /whole Parquet file/],
    ['one that is cut off', (whole: Uint8Array) => whole.slice(0, whole.length >> 1), /whole Parquet file/],
    ['one with a hole', (whole: Uint8Array) => whole.fill(0, 100, whole.length >> 1), /whole Parquet file/],
    ['only its end', (whole: Uint8Array) => whole.slice(whole.length >> 1), /whole Parquet file/],
  ])('is not %s', async (_, spoil, message) => {
    const whole = encodeLakeFile(createBatch(300))
    const reading = readAll(new Uint8Array(spoil(whole)))
    await expect(reading).rejects.toThrow(UnreadableLakeFile)
    await expect(reading).rejects.toThrow(message)
  })

  it('is told from trouble with reading its bytes', async () => {
    const away = { byteLength: 1_000, read: () => Promise.reject(new Error('R2 is away')) }
    await expect(openLakeFile(away)).rejects.toThrow('R2 is away')
    await expect(openLakeFile(away)).rejects.not.toThrow(UnreadableLakeFile)
  })

  it.each([
    ['2', true],
    ['x', false],
  ])('of version %s is not read, and named', async (version, isNewer) => {
    const content = encodeLakeFile(createBatch(1), { 'millrace.schema_version': version })
    await expect(readAll(content)).rejects.toMatchObject({ name: 'UnreadableLakeFile', isNewer })
  })
})

describe('a batch', () => {
  it('gives chosen rows in the order asked for', () => {
    const batch = createBatch(5)
    expect(rowOf(gather(batch, [4, 0]), 0)).toEqual(rowOf(batch, 4))
    expect(gather(batch, [4, 0]).count).toBe(2)
  })
})
