/** The job of every minute that keeps the books: the minutes and streams that new receipts touch are computed anew. */

import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from '../lake/bucket.ts'
import { writeGaps } from './gaps.ts'
import { countInFlight } from './in-flight.ts'
import { findMinutes, type KnownInFlight, type SourceMinute, writeMinutes } from './minutes.ts'

/** What a run works with. */
export interface LedgerEffects extends Statements {
  bucket: Pick<LakeBucket, 'list'>
  log: (record: Record<string, unknown>) => void
  /** For how many times as long as a run took there is none after it. Default {@link REST_FACTOR}. */
  restFactor?: number
}

/** Options from the configuration: of sources whose events are deleted, since when they are whole, as ClickHouse reads a time. */
export interface LedgerOptions {
  horizons: ReadonlyMap<string, string>
}

/** How far back minutes are computed anew: ids are kept a day longer, see `receipts`. */
const REACH_HOURS = 7 * 24

/** An insert takes the time of its beginning and is seen at its end, so a run looks so far back before the one before. */
const OVERLAP_SECONDS = 120

/** Minutes of one statement: they are looked up in the table of events together, and go in its address. */
const MINUTES_A_STATEMENT = 100

/** A tenth of the time at most: the ledger must not crowd out what it watches. */
const REST_FACTOR = 9

/** Retention goes by the corrected time and minutes by receipt: so far from its end an event may be gone. */
const HORIZON_SECONDS = 2 * 24 * 3_600

const CLOCK = `
SELECT toString(now64(3, 'UTC')) AS now,
  max(finished_at) + toIntervalMillisecond(argMax(duration_ms, finished_at) * {restFactor:UInt32}) > now64(3) AS rests,
  toString(greatest(max(up_to) - INTERVAL {overlap:UInt32} SECOND, toDateTime64(0, 3, 'UTC'))) AS since
FROM ledger_runs FINAL WHERE job = 'ledger'`

const MARK = `
INSERT INTO ledger_runs (job, up_to, minutes, duration_ms)
SELECT 'ledger', {now:DateTime64(3, 'UTC')}, {minutes:UInt64}, dateDiff('millisecond', {now:DateTime64(3, 'UTC')}, now64(3))`

/** A quiet source costs nothing: the statement about gaps takes a tenth of a second to plan alone. */
const ANY_NEW = "SELECT 1 AS one FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')} LIMIT 1"

const IN_FLIGHT = `
SELECT source, toString(toUnixTimestamp(minute)) AS begin FROM ledger_minutes FINAL
WHERE in_flight > 0 AND minute >= now() - INTERVAL {reachHours:UInt32} HOUR`

const MISSING = `
SELECT source, toString(sum(missing)) AS events, toString(count()) AS minutes FROM ledger_minutes FINAL
WHERE missing > 0 AND minute >= now() - INTERVAL {reachHours:UInt32} HOUR GROUP BY source`

const NOTHING_KNOWN: KnownInFlight = { spilled: new Map(), dead: new Map() }

/**
 * One run; none while it rests after a long one. Runs may overlap, crash and repeat: each computes from what is there, and the
 * latest wins.
 *
 * @throws what ClickHouse or the bucket throws; the next run then does it all
 */
export async function keepBooks(effects: LedgerEffects, options: LedgerOptions): Promise<void> {
  const { read, run, bucket, log, restFactor = REST_FACTOR } = effects
  const [clock] = await read<{ now: string; since: string; rests: number | boolean }>(CLOCK, {
    overlap: OVERLAP_SECONDS,
    restFactor,
  })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  if (Number(clock.rests) === 1) return
  const touched = await findMinutes(effects, clock.since, REACH_HOURS)
  await writeAll(effects, touched, NOTHING_KNOWN, options)
  const [any] = await read(ANY_NEW, { since: clock.since })
  if (any !== undefined) await writeGaps(effects, clock.since)
  const flying = await read<{ source: string; begin: string }>(IN_FLIGHT, { reachHours: REACH_HOURS })
  if (flying.length > 0) {
    // The bucket is asked only when there is something that may lie there.
    const minutes = flying.map(({ source, begin }) => ({ source, minute: Number(begin) }))
    await writeAll(effects, minutes, await countInFlight(bucket), options)
  }
  const missing = await read<{ source: string; events: string; minutes: string }>(MISSING, {
    reachHours: REACH_HOURS,
  })
  for (const { source, events, minutes } of missing) {
    log({ level: 'error', event: 'ledger_missing', source, events: Number(events), minutes: Number(minutes) })
  }
  await run(MARK, { now: clock.now, minutes: touched.length })
}

async function writeAll(
  effects: LedgerEffects,
  places: readonly SourceMinute[],
  known: KnownInFlight,
  options: LedgerOptions,
): Promise<void> {
  const horizons = new Map(
    [...options.horizons].map(([source, time]) => [source, Date.parse(`${time}Z`) / 1_000 + HORIZON_SECONDS]),
  )
  // By time, so that the minutes of a statement lie together.
  const ordered = [...places].sort((a, b) => a.minute - b.minute)
  for (let start = 0; start < ordered.length; start += MINUTES_A_STATEMENT) {
    await writeMinutes(effects, ordered.slice(start, start + MINUTES_A_STATEMENT), known, horizons)
  }
}
