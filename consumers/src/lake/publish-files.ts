/** Puts rows of a round into their files, or back as parts: as many at once as a Worker holds. */

import { cutIntoGroups } from '@millrace/schemas'
import { fileKey, type LakeFileKey, type ManifestFile, UnreadableLakeFile } from '@millrace/schemas/lake'
import type { LakeBucket } from './bucket.ts'
import type { Rows } from './merge.ts'
import { putPart } from './parts.ts'
import type { PublishEffects } from './publish-round.ts'
import { changeFile } from './published-file.ts'
import { loadRows, type Round } from './round.ts'

/** What goes into one file. */
export interface Target {
  file: LakeFileKey
  buckets: number
  /** In the order of ids, each event once. */
  places: readonly number[]
}

/** UTF-16 units of text that are held at once, whatever the number of rows. */
const LOAD_WEIGHT = 12 * 1024 * 1024

/** How much of what is held at once the rows of places take: 1 is all of it. */
function shareOf({ weights }: Round, places: readonly number[], maxRows: number): number {
  const weight = places.reduce((sum, place) => sum + (weights[place] ?? 0), 0)
  return Math.max(places.length / maxRows, weight / LOAD_WEIGHT)
}

const ONE_LOAD = { maxItems: Number.POSITIVE_INFINITY, maxBytes: 1 }

/** Groups of targets whose rows are held at once; one that has too many for that is alone, and comes in pieces. */
function packTargets(round: Round, targets: readonly Target[], maxRows: number): Target[][] {
  return cutIntoGroups(targets, ({ places }) => shareOf(round, places, maxRows), ONE_LOAD)
}

/** What is new for each target of a group. */
async function openGroup(
  round: Round,
  group: readonly Target[],
  maxRows: number,
): Promise<(target: Target) => () => AsyncGenerator<Rows>> {
  const all = group.flatMap(({ places }) => places)
  if (shareOf(round, all, maxRows) > 1) {
    return ({ places }) =>
      async function* pieces() {
        for (const some of cutIntoGroups(places, (place) => shareOf(round, [place], maxRows), ONE_LOAD)) {
          const { batch, rowOf } = await loadRows(round, some)
          yield { batch, rows: some.map((place) => rowOf.get(place) ?? 0) }
        }
      }
  }
  const { batch, rowOf } = await loadRows(round, all)
  return ({ places }) =>
    async function* piece() {
      yield { batch, rows: places.map((place) => rowOf.get(place) ?? 0) }
    }
}

/** What {@link changeFiles} did. */
export interface ChangedFiles {
  /** By path. */
  entries: Map<string, ManifestFile>
  /** Files that were written. */
  paths: Set<string>
  /** Places whose file cannot be read. */
  stuck: number[]
}

/** Adds the rows of the targets to their files. A file that cannot be read does not hold up the others. */
export async function changeFiles(
  { bucket, log, isHeld }: PublishEffects,
  round: Round,
  targets: readonly Target[],
  maxRows: number,
): Promise<ChangedFiles> {
  const done: ChangedFiles = { entries: new Map(), paths: new Set(), stuck: [] }
  for (const group of packTargets(round, targets, maxRows)) {
    const addedTo = await openGroup(round, group, maxRows)
    for (const target of group) {
      const { file, buckets, places } = target
      try {
        const changed = await changeFile(bucket, { file, buckets, isHeld, added: addedTo(target) })
        if (changed.kind !== 'removed') done.entries.set(changed.entry.path, changed.entry)
        if (changed.kind === 'written') done.paths.add(changed.entry.path)
      } catch (error) {
        // The others of the round are published; these wait until somebody has mended the file.
        if (!(error instanceof UnreadableLakeFile)) throw error
        done.stuck.push(...places)
        const [key, rows] = [fileKey(file), places.length]
        log({ level: 'error', event: 'lake_file_unreadable', key, rows, error: error.message })
      }
    }
  }
  return done
}

/** Puts rows back as parts, and gives the keys of these. */
export async function putRows(
  bucket: LakeBucket,
  source: string,
  round: Round,
  places: readonly number[],
  maxRows: number,
): Promise<string[]> {
  const keys: string[] = []
  for (const some of cutIntoGroups(places, (place) => shareOf(round, [place], maxRows), ONE_LOAD)) {
    const { batch } = await loadRows(round, some)
    const receivedAt = Math.min(...some.map((place) => (round.times[place] ?? 0) / 1_000))
    keys.push(await putPart(bucket, source, receivedAt, batch))
  }
  return keys
}
