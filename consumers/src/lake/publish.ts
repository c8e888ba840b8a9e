/**
 * Publishes what the sink has put to `parts/`: merges it into the files that readers glob, each event once. Each file is
 * replaced at once and only ever gains events, so a reader sees none twice and none vanish; a part is removed only when all
 * of its events are published, so a run that is cut off anywhere is repeated without harm.
 */

import { cutIntoGroups } from '@millrace/schemas'
import { hourPrefix } from '@millrace/schemas/lake'
import { ROWS_A_FILE } from './buckets.ts'
import { KEY_INTERVAL_MS } from './lease.ts'
import { readManifest, type StoredManifest } from './manifest-store.ts'
import { listPartSources, listParts, type Part } from './parts.ts'
import { type PublishEffects, publishRound, type RoundLimits } from './publish-round.ts'
import { sweepSource } from './sweep.ts'

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

interface Limits extends RoundLimits {
  endsAt: number
  maxWaitMs: number
  roundRows: number
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
