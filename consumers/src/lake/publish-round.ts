/**
 * One round of publishing: parts are read, their rows put into files, the manifest says so, and then the parts go. Cut off
 * anywhere, the parts that are left are done again, which changes nothing that is done.
 */

import { bucketOf, type LakeBatch, lakeHour, updateManifest } from '@millrace/schemas/lake'
import type { LakeBucket } from './bucket.ts'
import { chooseBuckets, indexHours } from './buckets.ts'
import { type StoredManifest, writeManifest } from './manifest-store.ts'
import { orderUnique } from './merge.ts'
import { withoutCopies } from './no-clock.ts'
import { type Part, putAside } from './parts.ts'
import { changeFiles, putRows, type Target } from './publish-files.ts'
import { LeaseLost } from './published-file.ts'
import { type LeftPart, type Round, readRound } from './round.ts'

/** What a run works with. */
export interface PublishEffects {
  bucket: LakeBucket
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  log: (record: Record<string, unknown>) => void
  /** Places of the rows of a batch that may be published, `undefined` for all; see `forgotten-rows.ts`. Default all. */
  keep?: (source: string, batch: LakeBatch) => readonly number[] | undefined
  /** Whether the run may still write; see `lease.ts`. Default: it may. */
  isHeld?: () => boolean
}

/** Bounds of a round; see `PublishOptions`. */
export interface RoundLimits {
  loadRows: number
  rowsAFile: number
  roundFiles: number
}

/** What a round did. */
export interface RoundResult {
  stored: StoredManifest
  /** Parts that stay where they are. */
  left: string[]
  rows: number
  /** Files that were written. */
  paths: ReadonlySet<string>
}

/**
 * Publishes parts of one source.
 *
 * @param waitingRows rows of all parts that wait, these included
 * @throws what the bucket throws, and LeaseLost: the next run does it again
 */
export async function publishRound(
  effects: PublishEffects,
  limits: RoundLimits,
  stored: StoredManifest,
  parts: readonly Part[],
  waitingRows: number,
): Promise<RoundResult> {
  const { bucket, now, keep } = effects
  const { source } = stored.manifest
  const { round, left } = await readRound(bucket, parts, (batch) => keep?.(source, batch))
  const staying = await settleLeft(effects, source, left)
  const byHour = await findHours(effects, stored, round)
  const { targets, rest } = findTargets(limits, stored, round, byHour, waitingRows)
  const done = await changeFiles(effects, round, targets, limits.loadRows)
  // What was written is found by the next run, which then holds the manifest to the files.
  if (effects.isHeld?.() === false) throw new LeaseLost('the time was up before the manifest was written')
  const written =
    done.entries.size === 0
      ? stored
      : await writeManifest(bucket, stored, (manifest) =>
          updateManifest(manifest, { files: [...done.entries.values()] }, now()),
        )
  // What is left of parts with very many hours becomes parts of its own, so that each run comes further; and so does what
  // belongs into files that cannot be read, so that the rest of its parts is not done again and again.
  const later = await putRows(bucket, source, round, rest, limits.loadRows)
  const stuck = await putRows(bucket, source, round, done.stuck, limits.loadRows)
  const kept = new Set([...later, ...stuck])
  const removable = round.parts.map(({ part }) => part.key).filter((key) => !kept.has(key))
  await removeAll(bucket, removable)
  const rows = round.ids.length - rest.length - done.stuck.length
  return { stored: written, left: [...staying, ...stuck], rows, paths: done.paths }
}

/** A part that cannot be read is put aside; one of a newer Worker waits for it. Gives the keys of those that stay. */
async function settleLeft(
  { bucket, log }: PublishEffects,
  source: string,
  left: readonly LeftPart[],
): Promise<string[]> {
  for (const { part, isNewer, message } of left) {
    if (isNewer) {
      log({ level: 'warn', event: 'part_newer', key: part.key, why: message })
    } else {
      await putAside(bucket, part, source, message)
      log({ level: 'error', event: 'part_unreadable', key: part.key, bytes: part.bytes, error: message })
    }
  }
  return left.filter(({ isNewer }) => isNewer).map(({ part }) => part.key)
}

/**
 * Places by hour, copies in other hours left out; the hours with the most rows first, so that nobody can hold up the present
 * one with thousands of others.
 */
async function findHours(
  { bucket, log }: PublishEffects,
  { manifest }: StoredManifest,
  round: Round,
): Promise<[number, readonly number[]][]> {
  const { ids, clocks, times } = round
  const byHour = Map.groupBy(ids.keys(), (place) => lakeHour(clocks[place] ?? 0, times[place] ?? 0))
  const kept = await withoutCopies({ bucket, log }, manifest, round, byHour)
  return [...kept].filter(([, places]) => places.length > 0).sort(([, a], [, b]) => b.length - a.length)
}

/**
 * The files of the first hours, and the places of the others. What the manifest does not say of an hour's buckets is not
 * there: after a run that was cut off it is held to the files first.
 */
function findTargets(
  { rowsAFile, roundFiles }: RoundLimits,
  { manifest }: StoredManifest,
  round: Round,
  byHour: readonly [number, readonly number[]][],
  waitingRows: number,
): { targets: Target[]; rest: number[] } {
  const { source } = manifest
  const { ids } = round
  const published = indexHours(manifest)
  const targets: Target[] = []
  for (const [index, [hour, places]] of byHour.entries()) {
    if (targets.length >= roundFiles) {
      const others = byHour.slice(index).sort(([a], [b]) => a - b)
      return { targets, rest: others.flatMap(([, some]) => some) }
    }
    // What waits behind this round is taken to be of the same hours.
    const expected = places.length * Math.max(1, waitingRows / Math.max(1, ids.length))
    const buckets = published.get(hour)?.buckets ?? chooseBuckets(published, hour, expected, rowsAFile)
    const byBucket = Map.groupBy(places, (place) => (buckets === 1 ? 0 : bucketOf(ids[place] ?? '', buckets)))
    for (const [bucket, some] of byBucket) {
      targets.push({ file: { source, hour, bucket }, buckets, places: orderUnique(round, some) })
    }
  }
  return { targets, rest: [] }
}

/** Most keys of one deletion. Source: Cloudflare R2 Workers API, checked November 2026. */
const MAX_DELETE_KEYS = 1_000

async function removeAll(bucket: LakeBucket, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += MAX_DELETE_KEYS) {
    await bucket.delete(keys.slice(at, at + MAX_DELETE_KEYS))
  }
}
