/** The job of every minute that keeps the books: the minutes and streams that new receipts touch are computed anew. */

import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from '../lake/bucket.ts'
import { findMinutes } from './find-minutes.ts'
import { writeGaps } from './gaps.ts'
import { countInFlight, findInFlight, NOTHING_KNOWN } from './in-flight.ts'
import type { LedgerOptions } from './options.ts'
import { sweepHour } from './sweep.ts'
import { type RunLimits, writeAll } from './write-all.ts'

/** What a run works with. */
export interface LedgerEffects extends Statements {
  bucket: Pick<LakeBucket, 'list'>
  log: (record: Record<string, unknown>) => void
  /** For how many times as long as a run took there is none after it. Default {@link REST_FACTOR}. */
  restFactor?: number
}

/** How far back events are looked up: their ids are kept a day longer, see `receipts`. */
const REACH_HOURS = 7 * 24

/** How far back minutes are counted, without looking their events up: receipts are kept five days longer. */
const OLD_HOURS = 30 * 24

/** Cloudflare keeps a message of a queue for four days unless it is told otherwise. What is on its way for longer is nowhere. */
const OVERDUE_DAYS = 5

/** An insert takes the time of its beginning and is seen at its end, so a run looks so far back before the one before. */
const OVERLAP_SECONDS = 120

/** For how long a run that has begun and not ended keeps others from beginning; then it was cut off. */
const RUN_MINUTES = 6

/** A tenth of the time at most: the ledger must not crowd out what it watches. */
const REST_FACTOR = 9

/** Where the part of that name has come to, less what is looked at twice. */
const sinceOf = (job: 'ledger' | 'gaps') => `
  (SELECT toString(greatest(max(up_to) - INTERVAL {overlap:UInt32} SECOND, toDateTime64(0, 3, 'UTC'))) FROM ledger_runs WHERE job = '${job}')`

const CLOCK = `
SELECT toString(now64(3, 'UTC')) AS now, toUnixTimestamp(now()) AS seconds,
  (SELECT max(up_to) FROM ledger_runs FINAL WHERE job = 'running') > greatest(max(finished_at), now64(3) - INTERVAL ${RUN_MINUTES} MINUTE) AS is_running,
  max(finished_at) + toIntervalMillisecond(argMax(duration_ms, finished_at) * {restFactor:UInt32}) > now64(3) AS rests,
  ${sinceOf('ledger')} AS since,
  ${sinceOf('gaps')} AS gaps_since
FROM ledger_runs FINAL WHERE job = 'ledger'`

const MARK_BEGUN = `
INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'running', {now:DateTime64(3, 'UTC')}, 0, 0`

const MARK = `
INSERT INTO ledger_runs (job, up_to, minutes, duration_ms)
SELECT {job:String}, {now:DateTime64(3, 'UTC')}, {minutes:UInt64}, dateDiff('millisecond', {now:DateTime64(3, 'UTC')}, now64(3))`

/** A quiet source costs nothing: the statement about gaps takes a tenth of a second to plan alone. */
const ANY_NEW = "SELECT 1 AS one FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')} LIMIT 1"

const MISSING = `
SELECT source, toString(sum(missing)) AS events, toString(count()) AS minutes FROM ledger_minutes FINAL
WHERE missing > 0 AND minute >= now() - INTERVAL {reachHours:UInt32} HOUR GROUP BY source`

/** ClickHouse's Bool or UInt8. */
type Flag = number | boolean

interface Clock {
  now: string
  seconds: number
  since: string
  gaps_since: string
  rests: Flag
  is_running: Flag
}

/**
 * One run; none while it rests after a long one. Runs may overlap, crash and repeat: each computes from what is there, and the
 * latest wins. No part of it keeps another from being done.
 *
 * @throws the first that ClickHouse or the bucket throws; the next run then does that part again
 */
export async function keepBooks(effects: LedgerEffects, options: LedgerOptions): Promise<void> {
  const { read, run, restFactor = REST_FACTOR } = effects
  const [clock] = await read<Clock>(CLOCK, { overlap: OVERLAP_SECONDS, restFactor })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  if (Number(clock.is_running) === 1 || (restFactor > 0 && Number(clock.rests) === 1)) return
  await run(MARK_BEGUN, { now: clock.now })
  const errors: unknown[] = []
  const attempt: Attempt = async (work) => {
    try {
      return await work()
    } catch (error) {
      errors.push(error)
      return undefined
    }
  }
  const minutes = await attempt(() => computeMinutes(effects, options, clock, attempt))
  await attempt(() => sweep(effects, options, limitsOf(options, clock)))
  const gaps = await attempt(() => computeGaps(effects, clock.gaps_since))
  await attempt(() => tellMissing(effects))
  await attempt(async () => {
    if (gaps === true) await run(MARK, { job: 'gaps', now: clock.now, minutes: 0 })
    if (minutes !== undefined) await run(MARK, { job: 'ledger', now: clock.now, minutes })
    // So that the next run need not take this one for one under way. Where that fails too, the mark lapses by itself.
    else await run(MARK_BEGUN, { now: '1970-01-01 00:00:00.000' })
  })
  if (errors.length > 0) throw errors[0]
}

/** Gives nothing where work fails, so that what does not need it goes on; the error is kept. */
type Attempt = <T>(work: () => Promise<T>) => Promise<T | undefined>

/** @returns how many minutes were computed */
async function computeMinutes(
  effects: LedgerEffects,
  options: LedgerOptions,
  clock: Clock,
  attempt: Attempt,
): Promise<number> {
  const reach = {
    ...{ since: clock.since, reachHours: REACH_HOURS, oldHours: OLD_HOURS },
    lateSeconds: OVERLAP_SECONDS,
  }
  const limits = limitsOf(options, clock)
  const lookIntoBucket = () => attempt(() => countInFlight(effects.bucket))
  // The bucket is asked only when there is something that may lie there.
  const before = await findInFlight(effects, REACH_HOURS)
  const known = (before.isAny ? await lookIntoBucket() : undefined) ?? NOTHING_KNOWN
  const touched = await findMinutes(effects, reach)
  await writeAll(effects, [...touched, ...before.due], known, limits)
  if (before.isAny) return touched.length
  const after = await findInFlight(effects, REACH_HOURS)
  const found = after.isAny ? await lookIntoBucket() : undefined
  if (found !== undefined) await writeAll(effects, after.all, found, limits)
  return touched.length
}

/** @returns true once there is nothing left to do */
async function computeGaps(effects: LedgerEffects, since: string): Promise<true> {
  const [any] = await effects.read(ANY_NEW, { since })
  if (any !== undefined) await writeGaps(effects, since)
  return true
}

async function tellMissing({ read, log }: LedgerEffects): Promise<void> {
  const missing = await read<{ source: string; events: string; minutes: string }>(MISSING, {
    reachHours: REACH_HOURS,
  })
  for (const { source, events, minutes } of missing) {
    log({ level: 'error', event: 'ledger_missing', source, events: Number(events), minutes: Number(minutes) })
  }
}

async function sweep(effects: LedgerEffects, { sources }: LedgerOptions, limits: RunLimits): Promise<void> {
  await sweepHour(effects, { sources, reachHours: REACH_HOURS }, async (places) => {
    await writeAll(effects, places, NOTHING_KNOWN, limits)
  })
}

function limitsOf({ horizons }: LedgerOptions, { seconds }: Clock): RunLimits {
  const now = Number(seconds)
  const overdueBefore = now - OVERDUE_DAYS * 86_400
  return { horizons, overdueBefore, oldBefore: now - REACH_HOURS * 3_600 }
}
