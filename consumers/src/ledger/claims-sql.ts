/**
 * What collectors say they took: a receipt names all requests of its book before it, so a number that is not here is in flight,
 * unless it failed.
 */

import { BOOK_HOURS, FROM, IS_WANTED, TO } from './place-sql.ts'

/** Receipts of the books that these minutes have, one row a request. The end of a book may have been told more than once. */
const REQUESTS = `
SELECT source, book, number, min(taken_at) AS taken, toUnixTimestamp(toStartOfMinute(taken)) AS minute,
  any(own_accepted) AS own_a, any(own_quarantined) AS own_q, any(own_filtered) AS own_f,
  any(before_accepted) AS before_a, any(before_quarantined) AS before_q, any(before_filtered) AS before_f,
  sum(accepted + repeated + forgotten) AS here, sum(quarantined) AS here_q, sum(filtered) AS here_f, sum(repeated) AS repeats, sum(forgotten) AS forgots,
  max(settled) AS known_below, maxMap(refused_requests) AS requests, maxMap(refused_events) AS events,
  groupUniqArrayArray(arrayZip(failed, failed_accepted, failed_quarantined, failed_filtered)) AS failures
FROM receipts FINAL
WHERE number > 0 AND taken_at >= ${FROM} - INTERVAL ${BOOK_HOURS} HOUR AND taken_at < ${TO} + INTERVAL ${BOOK_HOURS} HOUR
  AND (source, book) IN (SELECT source, book FROM receipts WHERE ${IS_WANTED})
GROUP BY source, book, number`

/** With what the request before it in the book says, and all that is known of the whole book. */
const FOLLOWED = `
SELECT *,
  lagInFrame(number, 1, 0) OVER one AS last_number,
  lagInFrame(before_a + own_a, 1, 0) OVER one AS last_a,
  lagInFrame(before_q + own_q, 1, 0) OVER one AS last_q,
  lagInFrame(before_f + own_f, 1, 0) OVER one AS last_f,
  lagInFrame(requests) OVER one AS last_requests,
  lagInFrame(events) OVER one AS last_events,
  max(known_below) OVER (PARTITION BY source, book) AS settled_below,
  groupUniqArrayArray(failures) OVER (PARTITION BY source, book) AS book_failures
FROM (${REQUESTS})
WINDOW one AS (PARTITION BY source, book ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`

/**
 * Requests that are not here, between one that is and the one before it: those that were settled by then, less those that
 * failed. Their counts are the difference of what the two say.
 */
export const CLAIMS = `
SELECT source, minute,
  sum(if(is_owed, own_a, here)) AS own_accepted, sum(if(is_owed, own_q, here_q)) AS own_quarantined,
  sum(if(is_owed, own_f, here_f)) AS own_filtered,
  sumIf(greatest(toInt64(own_a) - toInt64(here), 0), is_owed) AS parts_missing,
  sum(repeats) AS repeated, sum(forgots) AS forgotten,
  sumIf(toInt64(before_a) - toInt64(last_a) - arraySum(f -> f.2, lost), is_gap) AS gap_accepted,
  sumIf(toInt64(before_q) - toInt64(last_q) - arraySum(f -> f.3, lost), is_gap) AS gap_quarantined,
  sumIf(toInt64(before_f) - toInt64(last_f) - arraySum(f -> f.4, lost), is_gap) AS gap_filtered,
  sumMap(refusals) AS refused_requests,
  sum(arraySum(mapValues(refused))) AS refused_events
FROM (
  SELECT *,
    number > last_number + 1 AND number <= settled_below AS is_gap,
    -- Of a request that nobody was told is stored, what landed counts, and the rest is owed to nobody.
    (number < settled_below OR here >= own_a) AND NOT arrayExists(f -> f.1 = number, book_failures) AS is_owed,
    arrayFilter(f -> f.1 > last_number AND f.1 < number, book_failures) AS lost,
    mapApply((code, count) -> (code, toUInt64(greatest(toInt64(count) - toInt64(last_requests[code]), 0))), requests) AS refusals,
    mapApply((code, count) -> (code, toUInt64(greatest(toInt64(count) - toInt64(last_events[code]), 0))), events) AS refused
  FROM (${FOLLOWED})
)
WHERE (source, minute) IN {places:Array(Tuple(String, UInt32))}
GROUP BY source, minute`
