/**
 * Events whose client did not say when they happened lie in the hour in which they were received, and a copy that a client
 * sends again may be received in the next. So these are sought in the hours around before they are added.
 */

import {
  hourPrefix,
  type Manifest,
  type ManifestFile,
  openLakeFile,
  UnreadableLakeFile,
} from '@millrace/schemas/lake'
import type { LakeBucket } from './bucket.ts'
import { readRange } from './published-file.ts'
import type { Round } from './round.ts'

const HOUR_MS = 3_600_000

/** How far a copy is sought: clients that do not know the time keep nothing for longer. */
const LOOK_AROUND_HOURS = 24

/** What the search works with. */
export interface NoClockEffects {
  bucket: Pick<LakeBucket, 'get' | 'head'>
  log: (record: Record<string, unknown>) => void
}

/** Places of a round by the hour that its rows lie in. */
export type PlacesByHour = ReadonlyMap<number, readonly number[]>

/**
 * The places without copies of the same event in other hours, new ones or published: of new ones the first received stays.
 * Rows whose client did say when are not looked at.
 */
export async function withoutCopies(
  effects: NoClockEffects,
  manifest: Manifest,
  round: Round,
  byHour: PlacesByHour,
): Promise<PlacesByHour> {
  const firsts = findFirsts(round, byHour)
  if (firsts.size === 0) return byHour
  const published = await findPublished(effects, manifest, firsts)
  const isKept = (hour: number, place: number) => {
    const id = round.ids[place] ?? ''
    return (
      round.clocks[place] !== 0 || (firsts.get(id)?.hour === hour && (published.get(id) ?? hour) === hour)
    )
  }
  return new Map([...byHour].map(([hour, places]) => [hour, places.filter((place) => isKept(hour, place))]))
}

interface First {
  hour: number
  receivedAt: number
}

function findFirsts({ ids, clocks, times }: Round, byHour: PlacesByHour): Map<string, First> {
  const firsts = new Map<string, First>()
  for (const [hour, places] of byHour) {
    for (const place of places) {
      if (clocks[place] !== 0) continue
      const [id, receivedAt] = [ids[place] ?? '', times[place] ?? 0]
      const known = firsts.get(id)
      if (known === undefined || receivedAt < known.receivedAt) firsts.set(id, { hour, receivedAt })
    }
  }
  return firsts
}

/** Hours in which ids are published already, of those that are sought. */
async function findPublished(
  { bucket, log }: NoClockEffects,
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
      try {
        for await (const id of idsWithoutClock(bucket, file)) if (firsts.has(id)) published.set(id, hour)
      } catch (error) {
        // Nobody else can read it either: what is in it is not there for readers.
        if (!(error instanceof UnreadableLakeFile)) throw error
        log({ level: 'error', event: 'lake_file_unreadable', key: file.path, error: error.message })
      }
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
