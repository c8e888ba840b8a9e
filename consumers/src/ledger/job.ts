/** The job of every minute that keeps the books: the minutes and streams that new receipts touch are computed anew. */

import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from '../lake/bucket.ts'
import { createAttempts } from './attempts.ts'
import { findMinutes } from './find-minutes.ts'
import { writeGaps } from './gaps.ts'
import { countInFlight, findInFlight, type InFlightMinutes, NOTHING_KNOWN } from './in-flight.ts'
import { type KnownInFlight, minuteKey, type SourceMinute } from './minutes.ts'
import { beginRun, markDone, markFailed, OVERLAP_SECONDS, type Run } from './runs.ts'
import { sweepHour } from './sweep.ts'
import { writeAll } from './write-all.ts'

/** What a run works with. */
export interface LedgerEffects extends Statements {
  bucket: Pick<LakeBucket, 'list'>
  log: (record: Record<string, unknown>) => void
  /** For how many times as long as a run took there is none after it. Default {@link REST_FACTOR}. */
  restFactor?: number
}

/** Options of {@link keepBooks}. */
export interface LedgerOptions {
  /**
   * Sources that are looked at again later; what is deleted of one that is not configured any more goes by what was configured
   * when it was, which nobody knows.
   */
  sources: readonly string[]
  /** By source whose events are deleted, as ClickHouse writes times: events of days before this may be gone. */
  horizons: ReadonlyMap<string, string>
}

/** How far back events are looked up: their ids are kept a day longer, see `receipts`. */
const REACH_HOURS = 7 * 24

/** How far back minutes are counted, without looking their events up: receipts are kept five days longer. */
const OLD_HOURS = 30 * 24

/** Cloudflare keeps a message of a queue for four days unless it is told otherwise. What is on its way for longer is nowhere. */
const OVERDUE_DAYS = 5

/** A tenth of the time at most: the ledger must not crowd out what it watches. */
const REST_FACTOR = 9

/** A quiet source costs nothing: the statement about gaps takes a tenth of a second to plan alone. */
const ANY_NEW = "SELECT 1 AS one FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')} LIMIT 1"

const MISSING = `
SELECT source, toString(sum(missing)) AS events, toString(count()) AS minutes FROM ledger_minutes FINAL
WHERE missing > 0 AND minute >= now() - INTERVAL {reachHours:UInt32} HOUR GROUP BY source`

/**
 * One run; none while it rests after a long one. Runs may overlap, crash and repeat: each computes from what is there, and the
 * latest wins. No part of it keeps another from being done.
 *
 * @throws what ClickHouse or the bucket throws; the next run then does that part again
 */
export async function keepBooks(effects: LedgerEffects, options: LedgerOptions): Promise<void> {
  const run = await beginRun(effects, effects.restFactor ?? REST_FACTOR)
  if (run === undefined) return
  const { attempt, end } = createAttempts()
  const before = await attempt(() => findInFlight(effects, REACH_HOURS))
  // The bucket is asked only when there is something that may lie there.
  const known = before?.isAny ? await attempt(() => countInFlight(effects.bucket)) : NOTHING_KNOWN
  const compute = createCompute(effects, options, run)
  const computeKnown = (places: readonly SourceMinute[]) =>
    compute(known === undefined ? withoutOverdue(places, before) : places, known ?? NOTHING_KNOWN)
  const minutes = before && (await attempt(() => computeTouched(effects, run, before, computeKnown)))
  await attempt(() => sweepHour(effects, { sources: options.sources, reachHours: REACH_HOURS }, computeKnown))
  if (before?.isAny === false) await attempt(() => computeInFlight(effects, compute))
  const gaps = await attempt(() => computeGaps(effects, run.gapsSince))
  await attempt(() => tellMissing(effects))
  if (gaps === true) await attempt(() => markDone(effects, 'gaps', run))
  await attempt(() =>
    minutes === undefined ? markFailed(effects) : markDone(effects, 'ledger', run, minutes),
  )
  end()
}

type Compute = (places: readonly SourceMinute[], known: KnownInFlight) => Promise<void>

function createCompute(effects: LedgerEffects, { horizons }: LedgerOptions, { seconds }: Run): Compute {
  const overdueBefore = seconds - OVERDUE_DAYS * 86_400
  const limits = { horizons, overdueBefore, oldBefore: seconds - REACH_HOURS * 3_600 }
  return (places, known) => writeAll(effects, places, known, limits)
}

/** Where the bucket does not answer, what was found to be in no place stays so: each run looks for it again. */
function withoutOverdue(
  places: readonly SourceMinute[],
  before: InFlightMinutes | undefined,
): readonly SourceMinute[] {
  return places.filter((place) => !before?.overdue.has(minuteKey(place)))
}

/** Minutes that something came for, and those in flight that are due. @returns how many something came for */
async function computeTouched(
  effects: LedgerEffects,
  { since }: Run,
  { due }: InFlightMinutes,
  compute: (places: readonly SourceMinute[]) => Promise<void>,
): Promise<number> {
  const reach = { reachHours: REACH_HOURS, oldHours: OLD_HOURS, lateSeconds: OVERLAP_SECONDS }
  const touched = await findMinutes(effects, { since, ...reach })
  await compute([...touched, ...due])
  return touched.length
}

/** What is the first to be in flight for long: nobody has looked into the bucket yet. */
async function computeInFlight(effects: LedgerEffects, compute: Compute): Promise<void> {
  const { isAny, all } = await findInFlight(effects, REACH_HOURS)
  if (isAny) await compute(all, await countInFlight(effects.bucket))
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
