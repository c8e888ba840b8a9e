/** What the cron finds out of each source every minute, and tells the object that keeps its windows. */

import { DEAD_PREFIX, SPILL_PREFIX } from '@millrace/schemas'
import type { Statements } from '@millrace/schemas/recompute'
import { type LakeBucket, listAll } from '../lake/bucket.ts'
import { listParts } from '../lake/parts.ts'
import { withTimeout } from '../timeout.ts'
import type { StageReport } from './health.ts'
import type { LiveObject, NoteReply } from './rpc.ts'

/** What the job works with. */
export interface HealthJobEffects {
  read: Statements['read']
  bucket: Pick<LakeBucket, 'list'>
  objectOf: (source: string) => Pick<LiveObject, 'note'>
  now: () => number
  log: (record: Record<string, unknown>) => void
  /** For how long heartbeats have not been in time. Default: there is no heartbeat, and nothing is said of it. */
  heartbeatLag?: (() => Promise<number | null>) | undefined
}

/** What was found out; `undefined` where it could not be. */
export interface PipelineFacts {
  /** Latest receipt of each source in ClickHouse, of the last quarter of an hour. */
  warehouse: Map<string, number> | undefined
  /** How far what is computed is behind. */
  computedLagMs: number | undefined
  /** Age of the oldest part that is not published, by source; 0 where there is none. */
  lakeLagMs: Map<string, number>
  deadLetters: number | undefined
  spilled: number | undefined
  /** Numbers of streams that never came, by source; see `delivery_gaps`. */
  gaps: Map<string, number> | undefined
  /** For how long heartbeats have not been in time; absent where there is no heartbeat. */
  heartbeatLagMs?: number | null | undefined
  /** What the objects know, by source; without those that did not answer. */
  live: Map<string, NoteReply>
}

/** Objects that are counted at most. */
const MAX_COUNTED = 1_000

/** How long ClickHouse may take. */
const READ_TIMEOUT_MS = 10_000

/** How long an object may take to listen. */
const NOTE_TIMEOUT_MS = 10_000

/** By when they were stored, not by when they happened: a browser may bring what is hours old. What ClickHouse alone refused is as good as stored. */
const LATEST = `SELECT source, toUnixTimestamp64Milli(max(received)) AS at
FROM (
  SELECT source, max(received_at) AS received FROM events
  WHERE inserted_at >= now() - INTERVAL 16 MINUTE GROUP BY source
  UNION ALL
  SELECT source, max(received_at) AS received FROM quarantine
  WHERE reason = 'not_storable' AND received_at >= now() - INTERVAL 15 MINUTE GROUP BY source
)
GROUP BY source`

/** Sources without anything computed yet have no lag that could be told. */
const COMPUTED = 'SELECT max(lag_ms) AS lag FROM freshness HAVING count() > 0'

/** What no drop that is declared explains; and not of streams that something came of lately, which may have the rest under way. */
const GAPS = `SELECT source, toString(sum(missing - least(missing, dropped))) AS missing_events FROM delivery_gaps
WHERE state = 'settled' AND last_received_at >= now() - INTERVAL 1 DAY GROUP BY source`

/**
 * Finds out how the stages are, and tells each source's object. What cannot be found out is told as unknown. Never rejects.
 *
 * @returns what was found out, for whoever else wants it
 */
export async function reportHealth(
  effects: HealthJobEffects,
  sources: readonly string[],
): Promise<PipelineFacts> {
  const facts = await findFacts(effects, sources)
  await Promise.all(sources.map((source) => tell(effects, source, facts)))
  return facts
}

async function findFacts(effects: HealthJobEffects, sources: readonly string[]): Promise<PipelineFacts> {
  const { read, bucket } = effects
  const lakeLagMs = new Map<string, number>()
  const [latest, computed, deadLetters, spilled, gaps, heartbeatLagMs] = await Promise.all([
    attempt(effects, 'warehouse', () => soon(read<{ source: string; at: string }>(LATEST))),
    attempt(effects, 'computed', () => soon(read<{ lag: string }>(COMPUTED))),
    attempt(effects, 'dead letters', () => count(bucket, DEAD_PREFIX)),
    attempt(effects, 'spill', () => count(bucket, SPILL_PREFIX)),
    attempt(effects, 'gaps', () => soon(read<{ source: string; missing_events: string }>(GAPS))),
    attempt(effects, 'heartbeat', async () => effects.heartbeatLag?.()),
    ...sources.map((source) =>
      attempt(effects, 'lake', async () => {
        const { parts } = await listParts(bucket, source, 1)
        lakeLagMs.set(source, Math.max(0, effects.now() - (parts[0]?.storedAt ?? effects.now())))
      }),
    ),
  ])
  const lag = computed?.[0]?.lag
  return {
    warehouse:
      latest === undefined ? undefined : new Map(latest.map(({ source, at }) => [source, Number(at)])),
    computedLagMs: lag === undefined ? undefined : Number(lag),
    gaps: gaps && new Map(gaps.map((row) => [row.source, Number(row.missing_events)])),
    ...{ lakeLagMs, deadLetters, spilled, heartbeatLagMs, live: new Map() },
  }
}

async function tell(
  { objectOf, now, log, heartbeatLag }: HealthJobEffects,
  source: string,
  { warehouse, heartbeatLagMs, computedLagMs, lakeLagMs, deadLetters, spilled, gaps, live }: PipelineFacts,
): Promise<void> {
  const stages: StageReport[] = [
    warehouse === undefined
      ? { stage: 'warehouse', lagMs: null }
      : { stage: 'warehouse', upTo: warehouse.get(source) ?? null },
    { stage: 'computed', lagMs: computedLagMs ?? null },
    { stage: 'lake', lagMs: lakeLagMs.get(source) ?? null },
    ...(heartbeatLag === undefined ? [] : [{ stage: 'heartbeat', lagMs: heartbeatLagMs ?? null }]),
  ]
  const note = {
    ...{ at: now(), stages, gaps: gaps === undefined ? null : (gaps.get(source) ?? 0) },
    ...{ deadLetters: deadLetters ?? null, spilled: spilled ?? null },
  }
  try {
    live.set(source, await withTimeout(objectOf(source).note(note), NOTE_TIMEOUT_MS))
  } catch (error) {
    log({ level: 'warn', event: 'live_not_told', source, error: String(error) })
  }
}

/** A ClickHouse that hangs must not keep what else there is to tell. */
function soon<T>(work: Promise<T>): Promise<T> {
  return withTimeout(work, READ_TIMEOUT_MS)
}

async function attempt<T>(
  { log }: HealthJobEffects,
  what: string,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    log({ level: 'warn', event: 'health_unknown', what, error: String(error) })
    return undefined
  }
}

async function count(bucket: Pick<LakeBucket, 'list'>, prefix: string): Promise<number> {
  let counted = 0
  for await (const _ of listAll(bucket, { prefix })) {
    counted += 1
    if (counted === MAX_COUNTED) break
  }
  return counted
}
