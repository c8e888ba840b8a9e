/**
 * Events whose client did not say when they happened lie in the hour in which they were received, and a copy that a client
 * sends again may be received in the next. So these are sought in the hours around before they are added.
 */

import {
  gather,
  hourPrefix,
  type LakeBatch,
  type Manifest,
  type ManifestFile,
  openLakeFile,
  placeOf,
} from '@millrace/schemas/lake'
import type { LakeBucket } from './bucket.ts'
import { idsOf } from './merge.ts'
import { readRange } from './published-file.ts'

const ORIGINAL_TIMESTAMP = placeOf('original_timestamp')
const RECEIVED_AT = placeOf('received_at')

const HOUR_MS = 3_600_000

/** How far a copy is sought: clients that do not know the time keep nothing for longer. */
const LOOK_AROUND_HOURS = 24

/** New rows by the hour that they lie in. */
export type RowsByHour = Map<number, LakeBatch>

/**
 * The rows without copies of the same event in other hours, new ones or published: of new ones the first received stays.
 * Rows whose client did say when are not looked at.
 */
export async function withoutCopies(
  bucket: Pick<LakeBucket, 'get' | 'head'>,
  manifest: Manifest,
  byHour: RowsByHour,
): Promise<RowsByHour> {
  const firsts = findFirsts(byHour)
  if (firsts.size === 0) return byHour
  const published = await findPublished(bucket, manifest, firsts)
  const kept: RowsByHour = new Map()
  for (const [hour, batch] of byHour) {
    const ids = idsOf(batch)
    const clocks = batch.columns[ORIGINAL_TIMESTAMP] as number[]
    const rows = Array.from({ length: batch.count }, (_, row) => row).filter((row) => {
      const id = ids[row] ?? ''
      if (clocks[row] !== 0) return true
      return firsts.get(id)?.hour === hour && (published.get(id) ?? hour) === hour
    })
    kept.set(hour, rows.length === batch.count ? batch : gather(batch, rows))
  }
  return kept
}

interface First {
  hour: number
  receivedAt: number
}

function findFirsts(byHour: RowsByHour): Map<string, First> {
  const firsts = new Map<string, First>()
  for (const [hour, batch] of byHour) {
    const ids = idsOf(batch)
    const clocks = batch.columns[ORIGINAL_TIMESTAMP] as number[]
    const times = batch.columns[RECEIVED_AT] as number[]
    for (let row = 0; row < batch.count; row++) {
      if (clocks[row] !== 0) continue
      const [id, receivedAt] = [ids[row] ?? '', times[row] ?? 0]
      const known = firsts.get(id)
      if (known === undefined || receivedAt < known.receivedAt) firsts.set(id, { hour, receivedAt })
    }
  }
  return firsts
}

/** Hours in which ids are published already, of those that are sought. */
async function findPublished(
  bucket: Pick<LakeBucket, 'get' | 'head'>,
  manifest: Manifest,
  firsts: ReadonlyMap<string, First>,
): Promise<Map<string, number>> {
  const published = new Map<string, number>()
  const hours = new Set([...firsts.values()].flatMap(({ hour }) => hoursAround(hour)))
  for (const hour of hours) {
    const prefix = hourPrefix(manifest.source, hour)
    const files = manifest.files.filter(
      ({ path, withoutClock }) => withoutClock > 0 && path.startsWith(prefix),
    )
    for (const file of files) {
      for await (const id of idsWithoutClock(bucket, file)) if (firsts.has(id)) published.set(id, hour)
    }
  }
  return published
}

function hoursAround(hour: number): number[] {
  const length = 2 * LOOK_AROUND_HOURS + 1
  return Array.from({ length }, (_, index) => hour + (index - LOOK_AROUND_HOURS) * HOUR_MS)
}

async function* idsWithoutClock(
  bucket: Pick<LakeBucket, 'get' | 'head'>,
  { path }: ManifestFile,
): AsyncGenerator<string> {
  const object = await bucket.head(path)
  // Its retention ended.
  if (object === null) return
  const file = await openLakeFile({ byteLength: object.size, read: readRange(bucket, path, object.etag) })
  const clocks = file.column('original_timestamp')
  for await (const ids of file.column('message_id')) {
    const { value: times = [] } = await clocks.next()
    for (const [row, id] of ids.entries()) if ((times as unknown[])[row] === 0) yield id as string
  }
}
