/** Which rows a merge gives, in which order, and whether anything changed. */

import { gather, type LakeBatch, ROW_GROUP_ROWS } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import { buildBatch } from './batch.ts'
import { idsOf, mergeRows, orderUnique } from './merge.ts'

/** Rows by id and time of receipt: `a@2`. */
function rows(...names: string[]): LakeBatch {
  return buildBatch(
    names.map((name) => {
      const [id = '', receivedAt] = name.split('@')
      return { ...createEnvelopeFor(id), receivedAt: Number(receivedAt ?? 1) }
    }),
  )
}

const unique = (batch: LakeBatch) =>
  orderUnique({ ids: idsOf(batch), times: batch.columns[8] as number[] }, idsOf(batch).keys())

/** Two rows at a time, and one piece without any. */
async function* inPieces(batch: LakeBatch) {
  const all = unique(batch)
  for (let at = 0; at <= all.length; at += 2) yield { batch, rows: all.slice(at, at + 2) }
}

async function* each(...batches: LakeBatch[]) {
  yield* batches
}

async function merge(existing: LakeBatch[], added: LakeBatch, keep?: (batch: LakeBatch) => number[]) {
  const merged = mergeRows({
    existing: each(...existing),
    added: () => inPieces(added),
    ...(keep === undefined ? {} : { keep }),
  })
  const batches: LakeBatch[] = []
  for await (const batch of merged.batches) batches.push(batch)
  const received = batches.flatMap(({ columns }) => columns[8] as number[])
  const ids = batches.flatMap(idsOf)
  return {
    rows: ids.map((id, row) => `${id}@${(received[row] ?? 0) / 1_000}`),
    batches,
    isChanged: merged.isChanged(),
  }
}

describe('a merge', () => {
  it.each([
    ['new events between, before and after', ['b', 'd'], ['a', 'c', 'e'], ['a', 'b', 'c', 'd', 'e'], true],
    ['into nothing', [], ['a', 'b'], ['a', 'b'], true],
    ['of nothing', ['a', 'b'], [], ['a', 'b'], false],
    ['of copies received later', ['a@1', 'b@1'], ['a@2', 'b@1'], ['a@1', 'b@1'], false],
    ['of a copy received earlier', ['a@3', 'b@3'], ['b@2'], ['a@3', 'b@2'], true],
  ])('%s', async (_, existing, added, expected, isChanged) => {
    const merged = await merge(existing.length === 0 ? [] : [rows(...existing)], rows(...added))
    const named = expected.map((name) => (name.includes('@') ? name : `${name}@1`))
    expect([merged.rows, merged.isChanged]).toEqual([named, isChanged])
  })

  it('takes rows out, and says so', async () => {
    const merged = await merge([rows('a', 'b', 'c')], rows(), () => [0, 2])
    expect([merged.rows, merged.isChanged]).toEqual([['a@1', 'c@1'], true])
  })

  it('goes on over the ends of row groups, and makes whole ones', async () => {
    const ids = Array.from({ length: ROW_GROUP_ROWS + 10 }, (_, row) => `id-${String(row).padStart(6, '0')}`)
    const all = rows(...ids)
    const even = gather(
      all,
      ids.flatMap((_, row) => (row % 2 === 0 ? [row] : [])),
    )
    const odd = gather(
      all,
      ids.flatMap((_, row) => (row % 2 === 1 ? [row] : [])),
    )
    const halves = [
      gather(even, [0, 1, 2]),
      gather(
        even,
        Array.from({ length: even.count - 3 }, (_, row) => row + 3),
      ),
    ]
    const merged = await merge(halves, odd)
    expect(merged.batches.map(({ count }) => count)).toEqual([ROW_GROUP_ROWS, 10])
    expect(merged.batches.flatMap(idsOf)).toEqual(ids)
  })

  it.each([[['b', 'a']], [['a', 'a']]])('refuses a file that is not in order: %j', async (ids) => {
    await expect(merge([rows(...ids)], rows('c'))).rejects.toThrow('not in the order of message_id')
  })
})

describe('new rows', () => {
  it('are each event once, of its copies the one received first', () => {
    const batch = rows('b@2', 'a@5', 'b@1', 'c@9', 'a@5')
    const ordered = gather(batch, unique(batch))
    expect(idsOf(ordered)).toEqual(['a', 'b', 'c'])
    expect(ordered.columns[8]).toEqual([5_000, 1_000, 9_000])
  })
})
