/**
 * Keeps what is computed from events up to date: identities, sessions, roll-ups. Each run looks at what was inserted since
 * the one before, and computes anew, from the deduplicated events, whatever that touches. Nothing is ever added up on the
 * way in: so an event that comes twice, late, out of order or again changes nothing that it should not.
 */

import { recomputeCorrections } from './corrections.ts'
import { recomputeIdentity } from './identity.ts'
import { type RecomputeOptions, recomputeRollups } from './rollups.ts'
import { recomputeSessions } from './sessions.ts'
import type { Statements } from './statements.ts'
import { sweepForgotten } from './sweep-forgotten.ts'
import { collectWork, MARK_DONE, type Run, runParameters } from './work.ts'

/** What a run works with. */
export interface RecomputeEffects extends Statements {
  randomId: () => string
  sleep: (ms: number) => Promise<void>
  /** How long a run that has begun and not ended is waited for, in milliseconds; it may have been cut off. Default 120,000. */
  patienceMs?: number
  /** How far back each run looks behind the beginning of the one before, in seconds. Default {@link OVERLAP_SECONDS}. */
  overlapSeconds?: number
  /** Default {@link MAX_EVENTS}. */
  maxEvents?: number
  log: (record: Record<string, unknown>) => void
}

/** Name of the job in `recompute_state`. */
const JOB = 'recompute'

/**
 * An insert takes the time of its beginning and is seen at its end, so a run looks back further than any insert takes: from
 * when the one before began.
 */
export const OVERLAP_SECONDS = 120

const PATIENCE_MS = 120_000

const POLL_MS = 500

/**
 * New rows after which a run ends at the next full second of their inserts, and another one goes on: a first run over years of
 * events must fit ClickHouse's memory and a cron handler's 15 minutes.
 */
export const MAX_EVENTS = 500_000

/** What a run did. */
export interface RecomputeReport {
  /** There is more to do: run again. */
  isBehind: boolean
  /** Windows of a minute that were computed. */
  minutes: number
  sessions: number
  /** Anonymous ids whose owner was computed. */
  identities: number
  /** Milliseconds from its beginning to its end. */
  durationMs: number
}

/**
 * One run. Runs may overlap, crash and repeat: what they write carries the time of their beginning, the latest of which
 * wins, and what a run that was cut off had begun is finished by the next.
 *
 * @throws what ClickHouse throws; the next run then does it all
 */
export async function recompute(
  effects: RecomputeEffects,
  options: RecomputeOptions,
): Promise<RecomputeReport> {
  const startedAt = Date.now()
  await waitForOthers(effects)
  const current = await begin(effects, options)
  await sweepForgotten(effects, current)
  await recomputeCorrections(effects, current)
  await collectWork(effects, current)
  await recomputeIdentity(effects, current)
  await recomputeSessions(effects, current)
  await recomputeRollups(effects, current, options)
  const counts = await countWork(effects, current)
  const report = { isBehind: current.until < current.now, ...counts, durationMs: Date.now() - startedAt }
  await end(effects, current, report)
  effects.log({ level: 'info', event: 'recomputed', ...report })
  return report
}

/** How long runs follow each other when there is much to do. */
const CATCH_UP_MS = 5 * 60_000

/** Runs until all is done, or five minutes have passed. Throws as {@link recompute}. */
export async function recomputeAll(effects: RecomputeEffects, options: RecomputeOptions): Promise<void> {
  const startedAt = Date.now()
  let report = await recompute(effects, options)
  while (report.isBehind && Date.now() - startedAt < CATCH_UP_MS) report = await recompute(effects, options)
}

/** Another run under way would compute the same beside this one. */
async function waitForOthers({ read, sleep, patienceMs = PATIENCE_MS }: RecomputeEffects): Promise<void> {
  const query = `
SELECT count() AS running FROM recompute_work
WHERE kind = 'begun' AND at > now64(3) - INTERVAL {patienceMs:UInt32} MILLISECOND
  AND run NOT IN (SELECT run FROM recompute_work WHERE kind = 'done')`
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += POLL_MS) {
    const [row] = await read<{ running: string }>(query, { patienceMs })
    if (Number(row?.running ?? 0) === 0) return
    await sleep(POLL_MS)
  }
}

/** `done`: up to when all that was seen is computed. `since`: what was inserted before was also seen, whatever it took. */
const CLOCK = `
SELECT
  toString(now64(3, 'UTC')) AS now,
  toString(max(up_to)) AS done,
  toString(greatest(
    least(max(up_to), max(finished_at - toIntervalMillisecond(duration_ms)) - INTERVAL {overlapSeconds:UInt32} SECOND),
    toDateTime64(0, 3, 'UTC'))) AS since
FROM recompute_state FINAL
WHERE job = '${JOB}'`

async function begin(effects: RecomputeEffects, { cluster }: RecomputeOptions): Promise<Run> {
  const { run, read, randomId, overlapSeconds = OVERLAP_SECONDS } = effects
  const [clock] = await read<{ now: string; done: string; since: string }>(CLOCK, { overlapSeconds })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  const { now, done, since } = clock
  const until = (await findEnd(effects, done)) ?? now
  const current = { id: randomId(), now, since, until, cluster }
  await run("INSERT INTO recompute_work (run, kind) SELECT {run:String}, 'begun'", runParameters(current))
  return current
}

/**
 * The end of the second in which so many rows have been inserted that more would be too much for one run. What a run looks
 * at again does not count: it would never come further where that alone is too much.
 */
async function findEnd(
  { read, maxEvents = MAX_EVENTS }: RecomputeEffects,
  done: string,
): Promise<string | undefined> {
  const [row] = await read<{ until: string }>(
    `
SELECT toString(toDateTime64(second + INTERVAL 1 SECOND, 3, 'UTC')) AS until
FROM (
  SELECT second, sum(rows) OVER (ORDER BY second) AS total, max(second) OVER () AS last
  FROM (SELECT toStartOfSecond(inserted_at) AS second, count() AS rows FROM events WHERE inserted_at > {done:DateTime64(3, 'UTC')} GROUP BY second)
)
WHERE total >= {maxEvents:UInt64} AND second < last
ORDER BY second LIMIT 1`,
    { done, maxEvents },
  )
  return row?.until
}

async function countWork({ read }: RecomputeEffects, current: Run) {
  const [row] = await read<{ minutes: string; sessions: string; identities: string }>(
    `SELECT
  uniqExactIf((source, from_time), kind = 'minute') AS minutes,
  uniqExactIf((source, id), kind IN ('session_range', 'visitor_range')) AS sessions,
  uniqExactIf((source, id), kind = 'owned') AS identities
FROM recompute_work WHERE run = {run:String}`,
    runParameters(current),
  )
  return {
    minutes: Number(row?.minutes ?? 0),
    sessions: Number(row?.sessions ?? 0),
    identities: Number(row?.identities ?? 0),
  }
}

async function end({ run }: RecomputeEffects, current: Run, report: RecomputeReport): Promise<void> {
  const parameters = { ...runParameters(current), ...report }
  await run(
    `INSERT INTO recompute_state (job, up_to, minutes, sessions, identities, duration_ms)
SELECT '${JOB}', least({now:DateTime64(3, 'UTC')}, {until:DateTime64(3, 'UTC')}), {minutes:UInt64}, {sessions:UInt64}, {identities:UInt64}, {durationMs:UInt64}`,
    parameters,
  )
  await run(MARK_DONE, parameters)
}
