/**
 * Publishes what the sink has put to `parts/`: merges it into the files that readers glob, each event once. Each file is
 * replaced at once and only ever gains events, so a reader sees none twice and none vanish; a part is removed only when all
 * of its events are published, so a run that is cut off anywhere is repeated without harm.
 */

import {
  bucketOf,
  concatBatches,
  fileKey,
  gather,
  hourPrefix,
  type LakeBatch,
  lakeHour,
  type ManifestFile,
  placeOf,
  UnreadableLakeFile,
  updateManifest,
} from '@millrace/schemas/lake'
import type { LakeBucket } from './bucket.ts'
import { chooseBuckets, knownBuckets, ROWS_A_FILE } from './buckets.ts'
import { readManifest, type StoredManifest, writeManifest } from './manifest-store.ts'
import { idsOf, joinUnique } from './merge.ts'
import { type RowsByHour, withoutCopies } from './no-clock.ts'
import { listPartSources, listParts, type Part, putAside, readPart } from './parts.ts'
import { changeFile } from './published-file.ts'
import { sweepSource } from './sweep.ts'

/** What a run works with. */
export interface PublishEffects {
  bucket: LakeBucket
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  log: (record: Record<string, unknown>) => void
  /** Places of the rows of a batch that may be published; see `forget.ts`. Default all. */
  keep?: (source: string, batch: LakeBatch) => readonly number[]
}

/** Options of {@link publishLake}. */
export interface PublishOptions {
  /** No round is begun after this. Default 45,000: the cron comes every minute. */
  budgetMs?: number
  /** How long parts may wait where writing their hours anew costs much. Default 5 minutes. */
  maxWaitMs?: number
  /** Rows of a round, which are held in memory. Default {@link ROUND_ROWS}. */
  roundRows?: number
  /** Rows that a file is meant to have at most. Default {@link ROWS_A_FILE}. */
  rowsAFile?: number
}

const BUDGET_MS = 45_000

const MAX_WAIT_MS = 5 * 60_000

/** Rows that are held at once; about 1 KB each, beside two row groups of a file. A Worker has 128 MB. */
const ROUND_ROWS = 25_000

/** Most parts of a round: each is a request. */
const ROUND_PARTS = 500

/** Published bytes of the last two hours up to which everything is published every minute. */
const CHEAP_BYTES = 4 * 1024 * 1024

/** Waiting bytes are worth writing the last two hours anew when these are at most so many times as much. */
const WORTH_FACTOR = 4

/** R2 takes one write a second for each key. Source: DESIGN section 6. */
const KEY_INTERVAL_MS = 1_100

const HOUR_MS = 3_600_000

/** What a run did. */
export interface PublishReport {
  parts: number
  rows: number
  files: number
  /** Whether everything that was due is published. */
  isDone: boolean
}

/** Publishes all sources, until nothing is due or the time is up. What fails for a source is logged, and the others go on. */
export async function publishLake(
  effects: PublishEffects,
  options: PublishOptions = {},
): Promise<PublishReport> {
  const { bucket, now, log } = effects
  const { budgetMs = BUDGET_MS, ...rest } = options
  const limits = { ...DEFAULTS, ...rest, endsAt: now() + budgetMs }
  const report: PublishReport = { parts: 0, rows: 0, files: 0, isDone: true }
  const { sources, foreign } = await listPartSources(bucket)
  warnOfForeign(effects, foreign)
  for (const source of sources) {
    try {
      await publishSource(effects, source, limits, report)
    } catch (error) {
      report.isDone = false
      log({ level: 'error', event: 'publish_failed', source, error: String(error).slice(0, 500) })
    }
  }
  if (report.parts > 0) log({ level: 'info', event: 'published', ...report })
  return report
}

const DEFAULTS = { maxWaitMs: MAX_WAIT_MS, roundRows: ROUND_ROWS, rowsAFile: ROWS_A_FILE }

interface Limits extends Required<Omit<PublishOptions, 'budgetMs'>> {
  endsAt: number
}

async function publishSource(
  effects: PublishEffects,
  source: string,
  limits: Limits,
  report: PublishReport,
): Promise<void> {
  const { bucket, now, sleep } = effects
  const { endsAt, maxWaitMs, roundRows } = limits
  let stored = await openManifest(effects, source)
  const passedOver = new Set<string>()
  let lastWriteAt = 0
  for (let isFirst = true; ; isFirst = false) {
    const { parts, foreign } = await listParts(bucket, source, ROUND_PARTS + passedOver.size)
    if (isFirst) warnOfForeign(effects, foreign)
    const waiting = parts.filter(({ key }) => !passedOver.has(key))
    if (waiting.length === 0) return
    if (isFirst && !isDue(waiting, stored, now(), maxWaitMs)) return
    if (now() >= endsAt) {
      report.isDone = false
      return
    }
    await sleep(Math.max(0, lastWriteAt + KEY_INTERVAL_MS - now()))
    const round = takeRound(waiting, roundRows)
    const done = await publishRound(effects, limits, stored, round)
    stored = done.stored
    lastWriteAt = now()
    for (const key of done.left) passedOver.add(key)
    report.parts += round.length - done.left.length
    report.rows += done.rows
    report.files += done.files
  }
}

/** Where the manifest was lost, it is made anew of the files that are there, before it says less than there is. */
async function openManifest(effects: PublishEffects, source: string): Promise<StoredManifest> {
  const stored = await readManifest(effects.bucket, source)
  if (stored.etag !== undefined) return stored
  await sweepSource(effects, source)
  return readManifest(effects.bucket, source)
}

/** Whether what waits is worth the work now. */
function isDue(
  parts: readonly Part[],
  { manifest }: StoredManifest,
  now: number,
  maxWaitMs: number,
): boolean {
  const oldest = Math.min(...parts.map(({ storedAt }) => storedAt))
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  const recent = [now, now - HOUR_MS].map((time) => hourPrefix(manifest.source, time - (time % HOUR_MS)))
  const recentBytes = manifest.files
    .filter(({ path }) => recent.some((prefix) => path.startsWith(prefix)))
    .reduce((sum, file) => sum + file.bytes, 0)
  return recentBytes <= CHEAP_BYTES || recentBytes <= bytes * WORTH_FACTOR || now - oldest >= maxWaitMs
}

function takeRound(parts: readonly Part[], maxRows: number): Part[] {
  const round: Part[] = []
  let rows = 0
  for (const part of parts.slice(0, ROUND_PARTS)) {
    if (round.length > 0 && rows + part.rows > maxRows) break
    round.push(part)
    rows += part.rows
  }
  return round
}

interface RoundResult {
  stored: StoredManifest
  /** Parts that stay where they are. */
  left: string[]
  rows: number
  files: number
}

async function publishRound(
  effects: PublishEffects,
  { rowsAFile }: Limits,
  stored: StoredManifest,
  round: readonly Part[],
): Promise<RoundResult> {
  const { bucket, now, log } = effects
  const { source } = stored.manifest
  const { batches, removable, left } = await readParts(effects, source, round)
  const byHour = await withoutCopies(bucket, stored.manifest, splitByHour(batches))
  const entries: ManifestFile[] = []
  let isWhole = true
  let files = 0
  for (const [hour, rows] of byHour) {
    if (rows.count === 0) continue
    const buckets =
      (await findBuckets(effects, stored, hour)) ??
      chooseBuckets(stored.manifest, hour, rows.count, rowsAFile)
    for (const [number, some] of splitByBucket(rows, buckets)) {
      const file = { source, hour, bucket: number }
      try {
        const changed = await changeFile(bucket, { file, buckets, added: joinUnique([some]) })
        if (changed.kind !== 'removed') entries.push(changed.entry)
        if (changed.kind === 'written') files++
      } catch (error) {
        // The others of the round are published; its parts stay, and tell these rows again until somebody has mended the file.
        if (!(error instanceof UnreadableLakeFile)) throw error
        isWhole = false
        const { message } = error
        log({
          level: 'error',
          event: 'lake_file_unreadable',
          key: fileKey(file),
          rows: some.count,
          error: message,
        })
      }
    }
  }
  const written =
    entries.length === 0
      ? stored
      : await writeManifest(bucket, stored, (manifest) => updateManifest(manifest, { files: entries }, now()))
  if (!isWhole) return { stored: written, left: [...left, ...removable], rows: 0, files }
  await removeAll(bucket, removable)
  const rows = batches.reduce((sum, { count }) => sum + count, 0)
  return { stored: written, left, rows, files }
}

/** Reads the parts of a round. One that cannot be read is put aside; one of a newer Worker waits for it. */
async function readParts(
  { bucket, log, keep }: PublishEffects,
  source: string,
  round: readonly Part[],
): Promise<{ batches: LakeBatch[]; removable: string[]; left: string[] }> {
  const batches: LakeBatch[] = []
  const removable: string[] = []
  const left: string[] = []
  for (const part of round) {
    const read = await readPart(bucket, part)
    if (read.kind === 'read') {
      const rows = keep?.(source, read.batch)
      batches.push(rows === undefined ? read.batch : gather(read.batch, rows))
      removable.push(part.key)
    } else if (read.kind === 'newer') {
      log({ level: 'warn', event: 'part_newer', key: part.key, why: read.message })
      left.push(part.key)
    } else if (read.kind === 'unreadable') {
      await putAside(bucket, part, source, read.message)
      log({ level: 'error', event: 'part_unreadable', key: part.key, bytes: part.bytes, error: read.message })
    }
  }
  return { batches, removable, left }
}

const ORIGINAL_TIMESTAMP = placeOf('original_timestamp')
const RECEIVED_AT = placeOf('received_at')

function splitByHour(batches: readonly LakeBatch[]): RowsByHour {
  const pieces = new Map<number, LakeBatch[]>()
  for (const batch of batches) {
    const clocks = batch.columns[ORIGINAL_TIMESTAMP] as number[]
    const times = batch.columns[RECEIVED_AT] as number[]
    const rowsOf = groupRows(batch, (row) => lakeHour(clocks[row] ?? 0, times[row] ?? 0))
    for (const [hour, rows] of rowsOf) {
      const piece = rows.length === batch.count ? batch : gather(batch, rows)
      pieces.set(hour, [...(pieces.get(hour) ?? []), piece])
    }
  }
  return new Map([...pieces].map(([hour, some]) => [hour, concatBatches(some)]))
}

function splitByBucket(batch: LakeBatch, buckets: number): [number, LakeBatch][] {
  if (buckets === 1) return [[0, batch]]
  const ids = idsOf(batch)
  return [...groupRows(batch, (row) => bucketOf(ids[row] ?? '', buckets))].map(([bucket, rows]) => [
    bucket,
    gather(batch, rows),
  ])
}

function groupRows({ count }: LakeBatch, keyOf: (row: number) => number): Map<number, number[]> {
  return Map.groupBy(
    Array.from({ length: count }, (_, row) => row),
    keyOf,
  )
}

/** How many buckets an hour has, if it has any files: the manifest says so, or one that a run wrote which was cut off. */
async function findBuckets(
  { bucket }: PublishEffects,
  { manifest }: StoredManifest,
  hour: number,
): Promise<number | undefined> {
  const known = knownBuckets(manifest, hour)
  if (known !== undefined) return known
  const options = { prefix: hourPrefix(manifest.source, hour), include: ['customMetadata' as const] }
  const { objects } = await bucket.list(options)
  return objects.map(({ customMetadata }) => Number(customMetadata?.['buckets'])).find((count) => count >= 1)
}

/** Most keys of one deletion. Source: Cloudflare R2 Workers API, checked November 2026. */
const MAX_DELETE_KEYS = 1_000

async function removeAll(bucket: LakeBucket, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += MAX_DELETE_KEYS) {
    await bucket.delete(keys.slice(at, at + MAX_DELETE_KEYS))
  }
}

function warnOfForeign({ log }: PublishEffects, keys: readonly string[]): void {
  if (keys.length === 0) return
  const few = keys.slice(0, 5)
  log({
    level: 'warn',
    event: 'parts_foreign',
    count: keys.length,
    keys: few,
    why: 'not written by the lake sink',
  })
}
