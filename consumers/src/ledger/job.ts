/** The job of every minute that keeps the books: the minutes and streams that new receipts touch are computed anew. */

import type { Statements } from '@millrace/schemas/recompute'
import type { LakeBucket } from '../lake/bucket.ts'
import { writeGaps } from './gaps.ts'
import { countInFlight } from './in-flight.ts'
import { findMinutes, type KnownInFlight, type SourceMinute, writeMinutes } from './minutes.ts'
import type { LedgerOptions } from './options.ts'

/** What a run works with. */
export interface LedgerEffects extends Statements {
  bucket: Pick<LakeBucket, 'list'>
  log: (record: Record<string, unknown>) => void
  /** For how many times as long as a run took there is none after it. Default {@link REST_FACTOR}. */
  restFactor?: number
}

/** How far back minutes are computed anew: ids are kept a day longer, see `receipts`. */
const REACH_HOURS = 7 * 24

/** An insert takes the time of its beginning and is seen at its end, so a run looks so far back before the one before. */
const OVERLAP_SECONDS = 120

/** Minutes of one statement, which go in its address, and seconds that they may lie apart: it reads what is between. */
const MINUTES_A_STATEMENT = 100
const SPAN_SECONDS = 3_600

/** For how long a run that has begun and not ended keeps others from beginning; then it was cut off. */
const RUN_MINUTES = 6

/** A tenth of the time at most: the ledger must not crowd out what it watches. */
const REST_FACTOR = 9

const CLOCK = `
SELECT toString(now64(3, 'UTC')) AS now,
  (SELECT max(up_to) FROM ledger_runs FINAL WHERE job = 'running') > greatest(max(finished_at), now64(3) - INTERVAL ${RUN_MINUTES} MINUTE) AS is_running,
  max(finished_at) + toIntervalMillisecond(argMax(duration_ms, finished_at) * {restFactor:UInt32}) > now64(3) AS rests,
  toString(greatest(max(up_to) - INTERVAL {overlap:UInt32} SECOND, toDateTime64(0, 3, 'UTC'))) AS since
FROM ledger_runs FINAL WHERE job = 'ledger'`

const MARK_BEGUN = `
INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'running', {now:DateTime64(3, 'UTC')}, 0, 0`

/** Each of the hours within reach is looked at again twice a day: so a loss in a quiet hour shows too. */
const SWEEP_MINUTES = 5

const SWEEP_IS_DUE = `
SELECT 1 AS one WHERE (SELECT max(up_to) FROM ledger_runs WHERE job = 'swept') < now64(3) - INTERVAL ${SWEEP_MINUTES} MINUTE`

/** Minutes that can be computed anew. */
const IS_KEPT = `minute >= now() - INTERVAL {reachHours:UInt32} HOUR AND toUnixTimestamp(minute) >= {floors:Map(String, UInt32)}[source]`

/** Minutes of the hour that was looked at longest ago. */
const SWEPT = `
SELECT source, toString(toUnixTimestamp(minute)) AS begin FROM ledger_minutes FINAL
WHERE ${IS_KEPT} AND checked_at < now64(3) - INTERVAL 1 HOUR AND toStartOfHour(minute) = (
  SELECT argMin(hour, checked) FROM (
    SELECT toStartOfHour(minute) AS hour, min(checked_at) AS checked FROM ledger_minutes FINAL WHERE ${IS_KEPT} GROUP BY hour
  )
)`

const MARK_SWEPT = "INSERT INTO ledger_runs (job, up_to, minutes, duration_ms) SELECT 'swept', now64(3), 0, 0"

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

/** ClickHouse's Bool or UInt8. */
type Flag = number | boolean

const NOTHING_KNOWN: KnownInFlight = { spilled: new Map(), dead: new Map() }

/**
 * One run; none while it rests after a long one. Runs may overlap, crash and repeat: each computes from what is there, and the
 * latest wins.
 *
 * @throws what ClickHouse or the bucket throws; the next run then does it all
 */
export async function keepBooks(effects: LedgerEffects, options: LedgerOptions): Promise<void> {
  const { read, run, restFactor = REST_FACTOR } = effects
  const [clock] = await read<{ now: string; since: string; rests: Flag; is_running: Flag }>(CLOCK, {
    overlap: OVERLAP_SECONDS,
    restFactor,
  })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  if (Number(clock.is_running) === 1 || (restFactor > 0 && Number(clock.rests) === 1)) return
  await run(MARK_BEGUN, { now: clock.now })
  try {
    const minutes = await computeAll(effects, options, clock.since)
    await run(MARK, { now: clock.now, minutes })
  } catch (error) {
    // So that the next run need not take this one for one under way. Where that fails too, the mark lapses by itself.
    await run(MARK_BEGUN, { now: '1970-01-01 00:00:00.000' }).catch(() => {})
    throw error
  }
}

/** @returns how many minutes were computed */
async function computeAll(effects: LedgerEffects, options: LedgerOptions, since: string): Promise<number> {
  const { read, bucket, log } = effects
  const reach = { since, reachHours: REACH_HOURS, lateSeconds: OVERLAP_SECONDS }
  const touched = await findMinutes(effects, reach)
  await writeAll(effects, touched, NOTHING_KNOWN, options)
  await sweep(effects, options)
  const [any] = await read(ANY_NEW, { since })
  if (any !== undefined) await writeGaps(effects, since)
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
  return touched.length
}

/** Looks at an hour again of which nothing came, because what is stored may vanish. */
async function sweep(effects: LedgerEffects, options: LedgerOptions): Promise<void> {
  const { read, run } = effects
  const [due] = await read(SWEEP_IS_DUE)
  if (due === undefined) return
  const rows = await read<{ source: string; begin: string }>(SWEPT, {
    reachHours: REACH_HOURS,
    floors: options.floors,
  })
  const minutes = rows.map(({ source, begin }) => ({ source, minute: Number(begin) }))
  await writeAll(effects, minutes, NOTHING_KNOWN, options)
  await run(MARK_SWEPT)
}

async function writeAll(
  effects: LedgerEffects,
  places: readonly SourceMinute[],
  known: KnownInFlight,
  { horizons, floors }: LedgerOptions,
): Promise<void> {
  const kept = places.filter(({ source, minute }) => minute >= (floors.get(source) ?? 0))
  const errors: unknown[] = []
  for (const some of cutByTime(kept)) {
    try {
      await writeMinutes(effects, some, known, horizons)
    } catch (error) {
      // The others are computed all the same; the next run finds these again.
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** In order of time, and no statement over more than is near: one old minute would have it read all since. */
function cutByTime(places: readonly SourceMinute[]): SourceMinute[][] {
  const chunks: SourceMinute[][] = []
  for (const place of [...places].sort((a, b) => a.minute - b.minute)) {
    const last = chunks.at(-1)
    const first = last?.[0]
    const fits = first !== undefined && place.minute - first.minute < SPAN_SECONDS
    if (last !== undefined && fits && last.length < MINUTES_A_STATEMENT) last.push(place)
    else chunks.push([place])
  }
  return chunks
}
