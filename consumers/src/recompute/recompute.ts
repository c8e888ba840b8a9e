/**
 * Keeps what is computed from events up to date: identities, sessions, roll-ups. Each run looks at what was inserted since
 * the one before, and computes anew, from the deduplicated events, whatever that touches. Nothing is ever added up on the
 * way in: so an event that comes twice, late, out of order or again changes nothing that it should not.
 */

import type { Statements } from './clickhouse.ts'
import { recomputeCorrections } from './corrections.ts'
import { recomputeIdentity } from './identity.ts'
import { type RollupOptions, recomputeRollups } from './rollups.ts'
import { recomputeSessions } from './sessions.ts'
import { collectWork, MARK_DONE, type Run, runParameters } from './work.ts'

/** What a run works with. */
export interface RecomputeEffects extends Statements {
  randomId: () => string
  sleep: (ms: number) => Promise<void>
  /** How long a run that has begun and not ended is waited for, in milliseconds; it may have been cut off. Default 120,000. */
  patienceMs?: number
  /** How far back each run looks behind the end of the one before, in seconds. Default {@link OVERLAP_SECONDS}. */
  overlapSeconds?: number
  log: (record: Record<string, unknown>) => void
}

/** Name of the job in `recompute_state`. */
const JOB = 'recompute'

/**
 * An insert takes the time of its beginning and is seen at its end, so a run looks back further than any insert takes.
 */
export const OVERLAP_SECONDS = 120

const PATIENCE_MS = 120_000

const POLL_MS = 500

/** What a run did. */
export interface RecomputeReport {
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
export async function recompute(effects: RecomputeEffects, options: RollupOptions): Promise<RecomputeReport> {
  const startedAt = Date.now()
  await waitForOthers(effects)
  const current = await begin(effects)
  await recomputeCorrections(effects, current)
  await collectWork(effects, current)
  await recomputeIdentity(effects, current)
  await recomputeSessions(effects, current)
  await recomputeRollups(effects, current, options)
  const report = { ...(await countWork(effects, current)), durationMs: Date.now() - startedAt }
  await end(effects, current, report)
  effects.log({ level: 'info', event: 'recomputed', ...report })
  return report
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

const CLOCK = `
SELECT
  toString(now64(3, 'UTC')) AS now,
  toString(greatest(
    (SELECT max(up_to) FROM recompute_state FINAL WHERE job = '${JOB}') - INTERVAL {overlapSeconds:UInt32} SECOND,
    toDateTime64(0, 3, 'UTC'))) AS since`

async function begin({
  run,
  read,
  randomId,
  overlapSeconds = OVERLAP_SECONDS,
}: RecomputeEffects): Promise<Run> {
  const [clock] = await read<{ now: string; since: string }>(CLOCK, { overlapSeconds })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  const current = { id: randomId(), ...clock }
  await run("INSERT INTO recompute_work (run, kind) SELECT {run:String}, 'begun'", runParameters(current))
  return current
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
SELECT '${JOB}', {now:DateTime64(3)}, {minutes:UInt64}, {sessions:UInt64}, {identities:UInt64}, {durationMs:UInt64}`,
    parameters,
  )
  await run(MARK_DONE, parameters)
}
