/** Looks at minutes again of which nothing came, an hour at a time and round the clock: because what is stored may vanish. */

import type { Statements } from '@millrace/schemas/recompute'
import type { SourceMinute } from './minutes.ts'

/** Each of the hours of a week is looked at again about twice a day. */
const SWEEP_MINUTES = 5

const IS_DUE = `
SELECT 1 AS one WHERE (SELECT max(up_to) FROM ledger_runs WHERE job = 'swept') < now64(3) - INTERVAL ${SWEEP_MINUTES} MINUTE`

const IS_WANTED = `
minute >= now() - INTERVAL {reachHours:UInt32} HOUR AND source IN {sources:Array(String)}`

/** The hour after the last, or the first; 0 when there is none. */
const NEXT_HOUR = `
SELECT toString(toUnixTimestamp(if(maxOrNull(hour) > last, minIf(hour, hour > last), min(hour)))) AS next FROM (
  SELECT DISTINCT toStartOfHour(minute) AS hour, (SELECT toDateTime(argMax(up_to, finished_at)) FROM ledger_runs WHERE job = 'swept_hour') AS last
  FROM ledger_minutes WHERE ${IS_WANTED}
) GROUP BY last`

const MINUTES = `
SELECT source, toString(toUnixTimestamp(minute)) AS begin FROM ledger_minutes FINAL
WHERE ${IS_WANTED} AND toStartOfHour(minute) = toDateTime({hour:UInt32}) AND checked_at < now64(3) - INTERVAL 1 HOUR`

const MARK = `
INSERT INTO ledger_runs (job, up_to, minutes, duration_ms)
SELECT 'swept', now64(3), 0, 0 UNION ALL SELECT 'swept_hour', toDateTime64({hour:UInt32}, 3, 'UTC'), 0, 0`

/**
 * Has the minutes of the next hour computed, when it is time.
 *
 * @param range `sources`: those that are looked at; `reachHours`: how far back
 */
export async function sweepHour(
  { read, run }: Statements,
  range: { sources: readonly string[]; reachHours: number },
  compute: (places: readonly SourceMinute[]) => Promise<void>,
): Promise<void> {
  const [due] = await read(IS_DUE)
  if (due === undefined) return
  const [found] = await read<{ next: string }>(NEXT_HOUR, { ...range })
  const hour = Number(found?.next ?? 0)
  const rows = await read<{ source: string; begin: string }>(MINUTES, { ...range, hour })
  // First: an hour that cannot be computed must not keep the others from being looked at.
  await run(MARK, { hour })
  await compute(rows.map(({ source, begin }) => ({ source, minute: Number(begin) })))
}
