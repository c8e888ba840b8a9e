/**
 * Publishes what the sink has put to `parts/`: merges it into the files that readers glob, each event once. Each file is
 * replaced at once and only ever gains events, so a reader sees none twice and none vanish; a part is removed only when all
 * of its events are published, so a run that is cut off anywhere is repeated without harm.
 */

import { cutIntoGroups } from '@millrace/schemas'
import {
  bucketOf,
  fileKey,
  hourPrefix,
  type LakeBatch,
  type LakeFileKey,
  lakeHour,
  type ManifestFile,
  UnreadableLakeFile,
  updateManifest,
} from '@millrace/schemas/lake'
import type { LakeBucket } from './bucket.ts'
import { chooseBuckets, indexHours, ROWS_A_FILE } from './buckets.ts'
import { KEY_INTERVAL_MS } from './lease.ts'
import { readManifest, type StoredManifest, writeManifest } from './manifest-store.ts'
import { orderUnique, type Rows } from './merge.ts'
import { withoutCopies } from './no-clock.ts'
import { listPartSources, listParts, type Part, putAside, putPart } from './parts.ts'
import { changeFile, LeaseLost } from './published-file.ts'
import { type LeftPart, loadRows, type Round, readRound } from './round.ts'
import { sweepSource } from './sweep.ts'

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

/** Options of {@link publishLake}. */
export interface PublishOptions {
  /** No round is begun after this. Default 45,000: the cron comes every minute. */
  budgetMs?: number
  /** How long parts may wait where writing their hours anew costs much. Default 5 minutes. */
  maxWaitMs?: number
  /** Rows of a round. Default {@link ROUND_ROWS}. */
  roundRows?: number
  /** Rows that are held at once with all their columns. Default {@link LOAD_ROWS}. */
  loadRows?: number
  /** Rows that a file is meant to have at most. Default {@link ROWS_A_FILE}. */
  rowsAFile?: number
  /** Files of a round. Default {@link ROUND_FILES}. */
  roundFiles?: number
}

const BUDGET_MS = 45_000

const MAX_WAIT_MS = 5 * 60_000

/** Rows of a round: their ids and times are held, and the bytes of their parts; about 150 bytes a row. */
const ROUND_ROWS = 100_000

/** Bytes of the parts of a round: a part of few rows is mostly footer. */
const ROUND_BYTES = 8 * 1024 * 1024

/** Rows that are held at once; about 1 KB each, beside a row group that is read and one that is written. A Worker has 128 MB. */
const LOAD_ROWS = 10_000

/** Most parts of a round: each is a request. */
const ROUND_PARTS = 500

/**
 * Most files of a round, each some five requests: history that is imported touches thousands of hours. Source of the bound:
 * 10,000 requests of a Worker's run, checked November 2026.
 */
const ROUND_FILES = 300

/** Files of a run after which no round is begun. */
const RUN_FILES = 1_000

/** Published bytes of the last two hours up to which everything is published every minute. */
const CHEAP_BYTES = 4 * 1024 * 1024

/** Waiting bytes are worth writing the last two hours anew when these are at most so many times as much. */
const WORTH_FACTOR = 4

const SECOND_MS = 1_000

const HOUR_MS = 3_600_000

/** What a run did. */
export interface PublishReport {
  parts: number
  rows: number
  files: number
  /** Whether everything that was due is published. */
  isDone: boolean
  /** Paths of the files that were written, by source. */
  written: Map<string, Set<string>>
  /** Sources whose run failed: their manifest may lack files that were written. */
  failed: string[]
}

/** Publishes all sources, until nothing is due or the time is up. What fails for a source is logged, and the others go on. */
export async function publishLake(
  effects: PublishEffects,
  options: PublishOptions = {},
): Promise<PublishReport> {
  const { bucket, now, log } = effects
  const { budgetMs = BUDGET_MS, ...rest } = options
  const limits = { ...DEFAULTS, ...rest, endsAt: now() + budgetMs }
  const report: PublishReport = { parts: 0, rows: 0, files: 0, isDone: true, written: new Map(), failed: [] }
  const { sources, foreign } = await listPartSources(bucket)
  warnOfForeign(effects, foreign)
  // Another one first each time: one that has always more than there is time for must not keep the others waiting.
  const first = Math.floor(now() / SECOND_MS) % Math.max(1, sources.length)
  for (const source of [...sources.slice(first), ...sources.slice(0, first)]) {
    try {
      await publishSource(effects, source, limits, report)
    } catch (error) {
      report.isDone = false
      report.failed.push(source)
      log({ level: 'error', event: 'publish_failed', source, error: String(error).slice(0, 500) })
    }
  }
  const { parts, rows, files, isDone } = report
  if (parts > 0) log({ level: 'info', event: 'published', parts, rows, files, isDone })
  return report
}

const DEFAULTS = {
  maxWaitMs: MAX_WAIT_MS,
  roundRows: ROUND_ROWS,
  loadRows: LOAD_ROWS,
  rowsAFile: ROWS_A_FILE,
  roundFiles: ROUND_FILES,
}

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
    if (now() >= endsAt || report.files >= RUN_FILES) {
      report.isDone = false
      return
    }
    await sleep(Math.max(0, lastWriteAt + KEY_INTERVAL_MS - now()))
    const round = takeRound(waiting, roundRows)
    const waitingRows = waiting.reduce((sum, { rows }) => sum + rows, 0)
    const done = await publishRound(effects, limits, stored, round, waitingRows)
    stored = done.stored
    lastWriteAt = now()
    for (const key of done.left) passedOver.add(key)
    report.parts += round.length - done.left.length
    report.rows += done.rows
    report.files += done.paths.size
    report.written.set(source, new Set([...(report.written.get(source) ?? []), ...done.paths]))
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
  const limits = { maxItems: ROUND_PARTS, maxBytes: ROUND_BYTES }
  const [few = []] = cutIntoGroups(parts, ({ bytes }) => bytes, limits)
  const [round = []] = cutIntoGroups(few, ({ rows }) => rows, { ...limits, maxBytes: maxRows })
  return round
}

interface RoundResult {
  stored: StoredManifest
  /** Parts that stay where they are. */
  left: string[]
  rows: number
  /** Files that were written. */
  paths: ReadonlySet<string>
}

/** What goes into one file. */
interface Target {
  file: LakeFileKey
  buckets: number
  /** In the order of ids, each event once. */
  places: readonly number[]
}

async function publishRound(
  effects: PublishEffects,
  limits: Limits,
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
  { rowsAFile, roundFiles }: Limits,
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

/** Puts rows back as parts, and gives the keys of these. */
async function putRows(
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

interface ChangedFiles {
  /** By path. */
  entries: Map<string, ManifestFile>
  /** Files that were written. */
  paths: Set<string>
  /** Places whose file cannot be read. */
  stuck: number[]
}

async function changeFiles(
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
