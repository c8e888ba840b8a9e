/**
 * The parts of a round, read: what it takes to sort and cut their rows is held for all of them, and the rows themselves are
 * loaded some at a time, so that a round may be larger than what fits a Worker.
 */

import {
  bytesOf,
  emptyBatch,
  type LakeBatch,
  type LakeValue,
  openLakeFile,
  placeOf,
  UnreadableLakeFile,
  weightOf,
} from '@millrace/schemas/lake'
import type { LakeBucket, StoredContent } from './bucket.ts'
import { idsOf } from './merge.ts'
import type { Part } from './parts.ts'

/** Rows of a round, by their places in it: one part after the other. */
export interface Round {
  ids: string[]
  /** `original_timestamp` and `received_at`, in microseconds since 1970. */
  clocks: number[]
  times: number[]
  /** UTF-16 units of their text: a hostile client may send a context of 100 KB that hundreds of events share. */
  weights: number[]
  /** Parts that are in it. */
  parts: ReadPart[]
}

/** A part that was read. */
export interface ReadPart {
  part: Part
  /** Place of its first row. */
  start: number
  /** Its rows that may be published, by their places in it. */
  rows: readonly number[]
  /** As it lies in the bucket: some 40 bytes a row. */
  content: ArrayBuffer
}

/** A part that is not in a round, and why. */
export interface LeftPart {
  part: Part
  isNewer: boolean
  message: string
}

const ORIGINAL_TIMESTAMP = placeOf('original_timestamp')
const RECEIVED_AT = placeOf('received_at')

/**
 * Reads the parts whole once, so that what is broken is found before anything is published. Those that are gone are published
 * already. Rejects when the bucket does.
 *
 * @param keep places of the rows of a batch that may be published, `undefined` for all
 */
export async function readRound(
  bucket: Pick<LakeBucket, 'get'>,
  parts: readonly Part[],
  keep: (batch: LakeBatch) => readonly number[] | undefined,
): Promise<{ round: Round; left: LeftPart[] }> {
  const round: Round = { ids: [], clocks: [], times: [], weights: [], parts: [] }
  const left: LeftPart[] = []
  for (const part of parts) {
    const object = (await bucket.get(part.key)) as StoredContent | null
    if (object === null) continue
    const content = await object.arrayBuffer()
    try {
      addPart(round, part, content, await readRows(content, keep))
    } catch (error) {
      if (!(error instanceof UnreadableLakeFile)) throw error
      left.push({ part, isNewer: error.isNewer, message: error.message })
    }
  }
  return { round, left }
}

interface PartRows {
  rows: number[]
  ids: string[]
  clocks: number[]
  times: number[]
  weights: number[]
}

async function readRows(
  content: ArrayBuffer,
  keep: (batch: LakeBatch) => readonly number[] | undefined,
): Promise<PartRows> {
  const read: PartRows = { rows: [], ids: [], clocks: [], times: [], weights: [] }
  let first = 0
  for await (const batch of (await openLakeFile(bytesOf(content))).batches()) {
    const ids = idsOf(batch)
    for (const row of keep(batch) ?? ids.keys()) {
      read.rows.push(first + row)
      read.ids.push(ids[row] ?? '')
      read.clocks.push(Number(batch.columns[ORIGINAL_TIMESTAMP]?.[row]))
      read.times.push(Number(batch.columns[RECEIVED_AT]?.[row]))
      read.weights.push(weightOf(batch, row))
    }
    first += batch.count
  }
  return read
}

function addPart(round: Round, part: Part, content: ArrayBuffer, read: PartRows): void {
  round.parts.push({ part, start: round.ids.length, rows: read.rows, content })
  for (const id of read.ids) round.ids.push(id)
  for (const clock of read.clocks) round.clocks.push(clock)
  for (const time of read.times) round.times.push(time)
  for (const weight of read.weights) round.weights.push(weight)
}

/** Rows of a round with all their columns, and where each place of the round is among them. */
export async function loadRows(
  { parts }: Round,
  places: readonly number[],
): Promise<{ batch: LakeBatch; rowOf: ReadonlyMap<number, number> }> {
  const wanted = new Set(places)
  const batch = emptyBatch()
  const rowOf = new Map<number, number>()
  for (const { start, rows, content } of parts) {
    const own = rows.flatMap((row, index) =>
      wanted.has(start + index) ? [{ row, place: start + index }] : [],
    )
    if (own.length === 0) continue
    let first = 0
    for await (const piece of (await openLakeFile(bytesOf(content))).batches()) {
      for (const { row, place } of own) {
        if (row < first || row >= first + piece.count) continue
        rowOf.set(place, batch.count++)
        batch.columns.forEach((values, column) => {
          values.push(piece.columns[column]?.[row - first] as LakeValue)
        })
      }
      first += piece.count
    }
  }
  return { batch, rowOf }
}
