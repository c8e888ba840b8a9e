/** How far the stages of the pipeline are behind, and monitors of the kind `freshness`. */

import { type FreshnessMonitor, parseDuration } from '@millrace/schemas/live'
import { sql, time } from '@millrace/schemas/sql'
import { type Ask, askOne } from './ask.ts'
import { durationText } from './describe.ts'
import type { Finding } from './result.ts'

/** What ClickHouse does not know of a source. */
export interface SourceFacts {
  /**
   * Receipts of accepted events as the live object knows them, milliseconds since 1970, ascending: the latest, and before it as
   * many as is convenient, such as one of every minute. With the latest alone a warehouse that is behind shows late.
   */
  receipts: readonly number[]
  /** How far the live windows are behind what is received; `null` when that is not known. */
  liveLagMs: number | null
  /** Likewise of the lake. */
  lakeLagMs: number | null
  /** Keys that monitors fire for until now, by the name of the monitor. Default none. */
  firing?: Readonly<Record<string, readonly string[]>>
}

/** The latest receipt that the warehouse has, of the last day; 0 when it has none. */
export type SavedUntil = number

/** How far back the warehouse is asked for what it has. */
const HORIZON_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Clocks of the Worker and of ClickHouse may differ by so much. */
const CLOCK_SLACK_MS = 5 * 60_000

const STAGES = {
  received: 'the last event was received',
  live: 'the live windows are behind by',
  warehouse: 'the warehouse is behind by',
  computed: 'sessions, roll-ups and persons are behind by',
  lake: 'the lake is behind by',
} as const

/**
 * Asks how far the warehouse is: what it stored, and what it refused for its content, which is as good as stored. Asks of the
 * last hour first, which suffices for a source that has much.
 */
export async function readSavedUntil(ask: Ask, now: number): Promise<SavedUntil> {
  const saved = await readSavedSince(ask, now - HOUR_MS)
  return saved === 0 ? readSavedSince(ask, now - HORIZON_MS) : saved
}

async function readSavedSince(ask: Ask, since: number): Promise<SavedUntil> {
  const { saved } = await askOne<{ saved: number }>(
    ask,
    sql`
SELECT toUnixTimestamp64Milli(max(received)) AS saved
FROM (
  SELECT max(received_at) AS received FROM events
  WHERE source = {source:String} AND inserted_at >= ${time(since - CLOCK_SLACK_MS)}
  UNION ALL
  SELECT max(received_at) AS received FROM quarantine
  WHERE source = {source:String} AND reason = 'not_storable' AND received_at >= ${time(since)}
)`,
  )
  return Number(saved)
}

/** How long the oldest event that is known to be missing in the warehouse has been; 0 when none is, `null` when nothing is known. */
export function warehouseLag(
  receipts: readonly number[],
  savedUntil: SavedUntil,
  now: number,
): number | null {
  if (receipts.length === 0) return null
  const missing = receipts.find((at) => at > savedUntil && at > now - HORIZON_MS)
  return missing === undefined ? 0 : Math.max(0, now - missing)
}

/** What a freshness monitor is judged by. */
export interface FreshnessView {
  facts: SourceFacts | undefined
  /** `undefined`: ClickHouse did not answer. */
  savedUntil: SavedUntil | undefined
  ask: Ask
  now: number
}

/** Judges a stage. What is not known is `unknown`. */
export async function evaluateFreshness(
  { stage, olderThan }: FreshnessMonitor,
  view: FreshnessView,
): Promise<Finding> {
  const lag = await lagOf(stage, view)
  if (lag === null) return { state: 'unknown', message: `how far ${stage} is, is not known`, value: null }
  const limit = parseDuration(olderThan) ?? 0
  const ago = stage === 'received' ? ' ago' : ''
  const message = `${STAGES[stage]} ${durationText(lag)}${ago}; the limit is ${durationText(limit)}`
  return { state: lag > limit ? 'firing' : 'ok', message, value: lag / 1_000 }
}

async function lagOf(
  stage: FreshnessMonitor['stage'],
  { facts, savedUntil, ask, now }: FreshnessView,
): Promise<number | null> {
  switch (stage) {
    case 'received': {
      const latest = Math.max(facts?.receipts.at(-1) ?? 0, savedUntil ?? 0)
      return latest === 0 ? null : Math.max(0, now - latest)
    }
    case 'live':
      return facts?.liveLagMs ?? null
    case 'lake':
      return facts?.lakeLagMs ?? null
    case 'warehouse':
      return savedUntil === undefined ? null : warehouseLag(facts?.receipts ?? [], savedUntil, now)
    default: {
      const [row] = await ask<{ lag: number }>(
        sql`SELECT lag_ms AS lag FROM freshness WHERE job = 'recompute'`,
      )
      return row === undefined ? null : Number(row.lag)
    }
  }
}
