/** Finds the minutes that new receipts change. */

import type { Statements } from '@millrace/schemas/recompute'
import { minuteKey, type SourceMinute } from './minutes.ts'
import { BOOK_HOURS, REPLAY_SECONDS } from './place-sql.ts'

/** Requests of the books of new receipts: `is_new` those that came, `after_new` those that follow one that came. */
const REQUESTS_OF_NEW = `
SELECT source, at, number, is_part, newest >= {since:DateTime64(3, 'UTC')} AS is_new,
  lagInFrame(newest) OVER one >= {since:DateTime64(3, 'UTC')} AS after_new,
  number > lagInFrame(number, 1, 0) OVER one + 1 AS is_gap
FROM (
  SELECT source, book, number, toStartOfMinute(min(taken_at)) AS at, max(inserted_at) AS newest,
    arraySum(p -> p.2, groupUniqArray((part, accepted + repeated + forgotten))) < any(own_accepted) AS is_part
  FROM receipts
  WHERE number > 0 AND (source, book) IN (SELECT source, book FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')})
    AND taken_at >= (SELECT min(taken_at) FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')}) - INTERVAL ${BOOK_HOURS} HOUR
  GROUP BY source, book, number
)
WINDOW one AS (PARTITION BY source, book ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`

/**
 * Minutes that new receipts change: their own; that of the request after each in its book, which says what was before it; and
 * those with a gap in such a book, or a request of which only a part is here, because a later receipt may say that it is
 * settled. Also those in which something was missing, which is looked for again.
 */
const TOUCHED = `
SELECT source, toString(toUnixTimestamp(at)) AS begin FROM (
  SELECT source, at FROM (${REQUESTS_OF_NEW}) WHERE (is_new OR after_new OR is_gap OR is_part) AND at >= now() - INTERVAL {oldHours:UInt32} HOUR
  UNION DISTINCT
  SELECT source, minute AS at FROM ledger_minutes FINAL WHERE missing > 0 AND minute >= now() - INTERVAL {reachHours:UInt32} HOUR
)
ORDER BY at, source`

/** Whether a receipt came so late, or is of so long ago, that another copy of its events may have been counted before. */
const IS_LATE = `number > 0 AND notEmpty(ids) AND inserted_at >= {since:DateTime64(3, 'UTC')}
  AND (inserted_at > taken_at + INTERVAL {lateSeconds:UInt32} SECOND OR taken_at > received_at + INTERVAL ${REPLAY_SECONDS} SECOND)`

const ANY_LATE = `SELECT 1 AS one FROM receipts WHERE ${IS_LATE} LIMIT 1`

/** Minutes of other copies of what came late: which of them stores the event may be another one now. */
const TOUCHED_BY_LATE = `
SELECT DISTINCT source, toString(toUnixTimestamp(toStartOfMinute(taken_at))) AS begin FROM receipts
ARRAY JOIN ids AS id
WHERE number > 0 AND source IN (SELECT source FROM receipts WHERE ${IS_LATE})
  AND taken_at >= (SELECT min(least(received_at, taken_at)) FROM receipts WHERE ${IS_LATE})
  AND taken_at >= now64(3) - INTERVAL {reachHours:UInt32} HOUR
  AND (source, id) IN (SELECT source, arrayJoin(ids) FROM receipts WHERE ${IS_LATE})`

/**
 * Minutes to compute anew, by time.
 *
 * @param parameters `since`: ClickHouse's clock, receipts inserted before were seen; `reachHours`: how far back events are looked
 *   up; `oldHours`: how far back minutes are counted at all
 */
export async function findMinutes(
  { read }: Pick<Statements, 'read'>,
  parameters: { since: string; reachHours: number; oldHours: number; lateSeconds: number },
): Promise<SourceMinute[]> {
  const rows = await read<{ source: string; begin: string }>(TOUCHED, parameters)
  const [anyLate] = await read(ANY_LATE, parameters)
  if (anyLate !== undefined) {
    rows.push(...(await read<{ source: string; begin: string }>(TOUCHED_BY_LATE, parameters)))
  }
  const found = rows.map(({ source, begin }) => ({ source, minute: Number(begin) }))
  return [...new Map(found.map((place) => [minuteKey(place), place])).values()].sort(
    (a, b) => a.minute - b.minute,
  )
}
