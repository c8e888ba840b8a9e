/** Monitors of the kinds `books` and `gaps`: whether what was acknowledged is here, and whether what clients numbered came. */

import { type BooksMonitor, type GapsMonitor, parseDuration } from '@millrace/schemas/live'
import { column, sql, time } from '@millrace/schemas/sql'
import { type Ask, askOne } from './ask.ts'
import { type Asking, SETTLE_MS } from './counts.ts'
import { countText, durationText, numberText, shareText, shortText, timeText } from './describe.ts'
import type { Finding } from './result.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How far back the ledger looks for what it lacks. Source: `REACH_HOURS` of its job. */
const REACH_DAYS = 7
const REACH_MS = REACH_DAYS * 24 * HOUR_MS

/** The job of the ledger runs every minute; what it says when it is further behind is not judged by. */
const MAX_BEHIND_MS = 5 * MINUTE_MS

/** How long a stream must be silent until what it lacks is missing. Source: the view `delivery_gaps`. */
const OPEN_MS = 15 * MINUTE_MS

/** What the ledger says of the days that it looks back. */
export interface BooksFacts {
  missing: number
  /** Beginning of the first hour that misses some, milliseconds since 1970; 0 when none does. */
  missingSince: number
  /** On their way for too long, and where that is known. */
  stuck: number
  stuckSince: number
  spilled: number
  dead: number
}

/** Asks the ledger. */
export async function evaluateBooks(
  { olderThan = '30m', above = 0 }: BooksMonitor,
  { ask, now }: Pick<Asking, 'ask' | 'now'>,
): Promise<Finding> {
  const behind = await findBehind(ask)
  if (behind !== undefined) return behind
  const until = now - (parseDuration(olderThan) ?? 0) - HOUR_MS
  const from = Math.floor((now - REACH_MS) / HOUR_MS) * HOUR_MS
  const isStuck = sql`in_flight > 0 AND hour <= ${time(until)}`
  const row = await askOne<Record<keyof BooksFacts, number>>(
    ask,
    sql`
SELECT sum(l.missing) AS missing, toUnixTimestamp(minIf(hour, l.missing > 0)) * 1000 AS missingSince,
  sumIf(in_flight, ${isStuck}) AS stuck, toUnixTimestamp(minIf(hour, ${isStuck})) * 1000 AS stuckSince,
  sumIf(l.spilled, ${isStuck}) AS spilled, sumIf(l.dead, ${isStuck}) AS dead
FROM (SELECT * FROM ledger WHERE source = {source:String} AND hour >= ${time(from)}) AS l`,
  )
  const facts = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
  return judgeBooks(facts as unknown as BooksFacts, { above, olderThan })
}

/** Missing is worse than stuck, so it is told first; both where both are. */
export function judgeBooks(
  facts: BooksFacts,
  { above, olderThan }: { above: number; olderThan: string },
): Finding {
  const { missing, stuck } = facts
  const isStuck = stuck > above
  const limit = `the limit is ${numberText(above)} after ${durationText(parseDuration(olderThan) ?? 0)}`
  const told = [
    ...(missing > 0 ? [tellMissing(facts)] : []),
    ...(stuck > 0 ? [`${tellStuck(facts)}; ${limit}`] : []),
  ]
  if (told.length === 0) {
    return {
      state: 'ok',
      message: `every event that was acknowledged in the last ${REACH_DAYS} days is explained`,
      value: 0,
    }
  }
  return {
    state: missing > 0 || isStuck ? 'firing' : 'ok',
    message: told.join('. '),
    value: missing > 0 ? missing : stuck,
  }
}

function tellMissing({ missing, missingSince }: BooksFacts): string {
  const are = missing === 1 ? 'is' : 'are'
  return `${countText(missing)} that we acknowledged ${are} missing, since the hour of ${timeText(missingSince)}, and nothing explains it: see millrace books --by hour`
}

function tellStuck({ stuck, stuckSince, spilled, dead }: BooksFacts): string {
  const where = [
    ...(spilled > 0 ? [`${numberText(spilled)} in the spill: see millrace spill list`] : []),
    ...(dead > 0 ? [`${numberText(dead)} in dead letters: see millrace dead list`] : []),
  ]
  const place = where.length === 0 ? '' : ` (${where.join(', ')})`
  return `${countText(stuck)} received since the hour of ${timeText(stuckSince)} ${stuck === 1 ? 'is' : 'are'} still on ${stuck === 1 ? 'its' : 'their'} way${place}`
}

/** What streams lack that were heard last in a window. */
export interface GapFacts {
  /** Not declared as dropped. */
  missing: number
  streams: number
  /** The stream that lacks most, and the first numbers of it. */
  worst: string
  first: number
  last: number
  /** Numbered events that came in the window, whatever became of them. */
  came: number
}

/** Asks for the gaps of streams that have been silent for long enough, and where a share is judged for what came. */
export async function evaluateGaps(
  monitor: GapsMonitor,
  { ask, now }: Pick<Asking, 'ask' | 'now'>,
): Promise<Finding> {
  const behind = await findBehind(ask)
  if (behind !== undefined) return behind
  const to = now - OPEN_MS - SETTLE_MS
  const from = to - (parseDuration(monitor.window ?? '1h') ?? 0)
  const heard = (name: string) => sql`${column(name)} >= ${time(from)} AND ${column(name)} < ${time(to)}`
  const gaps = await askOne<Omit<GapFacts, 'came'>>(
    ask,
    sql`
SELECT sum(undeclared) AS missing, count() AS streams, argMax(stream, undeclared) AS worst,
  argMax(missing_ranges[1].1, undeclared) AS first, argMax(missing_ranges[1].2, undeclared) AS last
FROM (
  SELECT stream, missing_ranges, missing - least(missing, dropped) AS undeclared FROM delivery_gaps
  WHERE source = {source:String} AND ${heard('last_received_at')}
)
WHERE undeclared > 0`,
  )
  const [received] =
    monitor.aboveShare === undefined
      ? []
      : await ask<{ came: number }>(sql`
SELECT sum(arraySum(arrayMap((first, last) -> last - first + 1, seq_from, seq_to))) AS came FROM receipts FINAL
WHERE source = {source:String} AND route = 'batch' AND taken_at >= ${time(from)} AND ${heard('received_at')}`)
  const [missing, streams, first, last] = [gaps.missing, gaps.streams, gaps.first, gaps.last].map(Number)
  return judgeGaps(
    {
      missing: missing ?? 0,
      streams: streams ?? 0,
      worst: gaps.worst,
      first: first ?? 0,
      last: last ?? 0,
      came: Number(received?.came ?? 0),
    },
    monitor,
    `from ${timeText(from)} to ${timeText(to)}`,
  )
}

/** Too few events are no reason to fire by a share. */
export function judgeGaps(
  { missing, streams, worst, first, last, came }: GapFacts,
  { above, aboveShare, min = 20 }: Pick<GapsMonitor, 'above' | 'aboveShare' | 'min'>,
  when: string,
): Finding {
  const sent = came + missing
  const share = sent === 0 ? 0 : missing / sent
  const isFiring = aboveShare === undefined ? missing > (above ?? 0) : sent >= min && share > aboveShare
  const which = first === last ? numberText(first) : `${first} to ${last}`
  const worstText =
    missing === 0
      ? ''
      : `, most of stream ${shortText(worst)}, which begins to lack ${which}: see millrace books --gaps`
  const shareOf = aboveShare === undefined ? '' : ` (${shareText(share)} of ${numberText(sent)})`
  const limit = aboveShare === undefined ? numberText(above ?? 0) : shareText(aboveShare)
  const few =
    aboveShare !== undefined && sent < min ? `too few to judge, which takes ${min}` : `the limit is ${limit}`
  const message = `${countText(missing)}${shareOf} of ${countText(streams, 'stream')} heard last ${when} never came, and no client declared them${worstText}; ${few}`
  return { state: isFiring ? 'firing' : 'ok', message, value: aboveShare === undefined ? missing : share }
}

/** Whether the ledger is too far behind to judge by. */
async function findBehind(ask: Ask): Promise<Finding | undefined> {
  const [row] = await ask<{ lag: number }>(
    sql`SELECT dateDiff('millisecond', up_to, now64(3)) AS lag FROM ledger_runs FINAL WHERE job = 'ledger'`,
  )
  if (row === undefined)
    return { state: 'unknown', message: 'the job that keeps the books never ran', value: null }
  const lag = Number(row.lag)
  if (lag <= MAX_BEHIND_MS) return undefined
  return {
    state: 'unknown',
    message: `the job that keeps the books is ${durationText(lag)} behind`,
    value: null,
  }
}
