/** How far the ledger is, and whose turn it is: the table `ledger_runs`. */

import type { Statements } from '@millrace/schemas/recompute'

/** An insert takes the time of its beginning and is seen at its end, so a run looks so far back before the one before. */
export const OVERLAP_SECONDS = 120

/** For how long a run that has begun and not ended keeps others from beginning; then it was cut off. */
const RUN_MINUTES = 6

/** A run. Times are ClickHouse's clock, as it writes them. */
export interface Run {
  now: string
  /** The same in seconds since 1970. */
  seconds: number
  /** Receipts inserted before were seen by the minutes of an earlier run. */
  since: string
  /** Receipts inserted before were seen by the gaps of an earlier run. */
  gapsSince: string
}

/** Where the part of that name has come to, less what is looked at twice. */
const sinceOf = (job: 'ledger' | 'gaps') => `
  (SELECT toString(greatest(max(up_to) - INTERVAL ${OVERLAP_SECONDS} SECOND, toDateTime64(0, 3, 'UTC'))) FROM ledger_runs WHERE job = '${job}')`

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

/** ClickHouse's Bool or UInt8. */
type Flag = number | boolean

interface Clock extends Pick<Run, 'now' | 'seconds' | 'since'> {
  gaps_since: string
  rests: Flag
  is_running: Flag
}

/**
 * Begins a run; `undefined` while another one is under way, or it is time to rest.
 *
 * @param restFactor for how many times as long as a run took there is none after it
 */
export async function beginRun({ read, run }: Statements, restFactor: number): Promise<Run | undefined> {
  const [clock] = await read<Clock>(CLOCK, { restFactor })
  if (clock === undefined) throw new Error('ClickHouse does not say what time it is')
  if (Number(clock.is_running) === 1 || (restFactor > 0 && Number(clock.rests) === 1)) return undefined
  const { now, seconds, since, gaps_since: gapsSince } = clock
  await run(MARK_BEGUN, { now })
  return { now, seconds: Number(seconds), since, gapsSince }
}

/** Says that a part has seen everything from before the run. @param minutes that it computed */
export async function markDone(
  { run }: Pick<Statements, 'run'>,
  job: 'ledger' | 'gaps',
  { now }: Run,
  minutes = 0,
): Promise<void> {
  await run(MARK, { job, now, minutes })
}

/** Says of a run that has failed that it is not under way, so that the next one may begin. Else the mark lapses by itself. */
export async function markFailed({ run }: Pick<Statements, 'run'>): Promise<void> {
  await run(MARK_BEGUN, { now: '1970-01-01 00:00:00.000' })
}
