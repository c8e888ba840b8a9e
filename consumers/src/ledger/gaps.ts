/**
 * Numbers of streams that never came. A client of ours numbers its events, and whatever becomes of one here, its number is in
 * a receipt; so a number below the highest that is in none was lost on the way, or is still under way.
 */

import type { Statements } from '@millrace/schemas/recompute'

/** Ranges of missing numbers that are named. */
const MAX_RANGES = 100

/** Streams of which something came, or that a later page said the end of. */
const TOUCHED = `
SELECT source, stream FROM receipts
WHERE inserted_at >= {since:DateTime64(3, 'UTC')} AND route = 'batch' AND stream != ''
UNION DISTINCT
SELECT source, previous_stream AS stream FROM receipts
WHERE inserted_at >= {since:DateTime64(3, 'UTC')} AND route = 'batch' AND previous_stream != ''`

/** All that is known of those streams: a copy of a batch says the same. */
const PARTS = `
SELECT source, stream, told, seq_from, seq_to, drop_ids, drop_reasons, drop_counts, received_at FROM stream_parts
WHERE (source, stream) IN (${TOUCHED})`

/** Ranges of numbers that came, each with the highest number before it. */
const RANGES = `
SELECT source, stream, seq_start, seq_end,
  max(seq_end) OVER (PARTITION BY source, stream ORDER BY seq_start, seq_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
FROM (SELECT DISTINCT source, stream, seq_start, seq_end FROM (${PARTS}) ARRAY JOIN seq_from AS seq_start, seq_to AS seq_end)`

/** What came of each stream, and what lies between. */
const HOLES = `
SELECT source, stream, max(seq_end) AS came,
  arraySort(groupArrayIf((before + 1, seq_start - 1), seq_start > before + 1)) AS holes
FROM (${RANGES})
GROUP BY source, stream`

/** When something of each stream, or what told its end, was received; and the end that later pages told. */
const ENDS = `
SELECT source, stream, max(p.told) AS told, min(received_at) AS first, max(received_at) AS last
FROM (${PARTS}) AS p
GROUP BY source, stream`

/** What clients say they dropped, by the event that says so, which may have come more than once. */
const DROPS = `
SELECT source, stream, sumMap(map(reason, toUInt64(count))) AS dropped_by FROM (
  SELECT DISTINCT source, stream, id, reason, count FROM (${PARTS})
  ARRAY JOIN drop_ids AS id, drop_reasons AS reason, drop_counts AS count
)
GROUP BY source, stream`

/**
 * After how many days the beginning of a stream is not judged any more: receipts go after 35, and a process may number its events
 * for longer.
 */
const HEAD_DAYS = 20

/** How long after the first receipt a collector of the release before may still take events. */
const DEPLOY_HOURS = 1

/**
 * Where there were events before there were books, streams that began before all collectors wrote receipts are not judged: what
 * an earlier collector took is in none.
 */
const IS_JUDGED = `(
  (SELECT count() FROM ledger_runs WHERE job = 'begun') = 0
  OR first >= (SELECT min(taken_at) + INTERVAL ${DEPLOY_HOURS} HOUR FROM receipts)
)`

/** Only streams with something to tell have a row, and those that had one. */
const WRITE = `
INSERT INTO stream_gaps (source, stream, missing, missing_ranges, highest, tail, dropped, dropped_by, first_received_at, last_received_at)
SELECT source, stream,
  arraySum(hole -> toUInt64(hole.2) - hole.1 + 1, all_holes) AS missing,
  CAST(arraySlice(all_holes, 1, ${MAX_RANGES}), 'Array(Tuple(from UInt32, to UInt32))'),
  greatest(came, told), if(told > 0, 'known', 'unknown'),
  arraySum(mapValues(dropped_by)) AS dropped, dropped_by, first, last
FROM (
  SELECT e.source AS source, e.stream AS stream, h.came AS came, e.told AS told, d.dropped_by AS dropped_by, e.first AS first, e.last AS last,
    arrayFilter(hole -> hole.1 > 1 OR e.first >= now64(3) - INTERVAL ${HEAD_DAYS} DAY, h.holes) AS judged,
    if(e.told > h.came, arrayPushBack(judged, (toUInt64(h.came) + 1, toInt64(e.told))), judged) AS all_holes
  FROM (${ENDS}) AS e
  LEFT JOIN (${HOLES}) AS h ON e.source = h.source AND e.stream = h.stream
  LEFT JOIN (${DROPS}) AS d ON e.source = d.source AND e.stream = d.stream
)
WHERE ${IS_JUDGED}
  AND (missing > 0 OR dropped > 0 OR (source, stream) IN (SELECT source, stream FROM stream_gaps))`

/**
 * Computes the gaps of all streams that a receipt touched, and writes them, in one statement. A stream of which nothing came
 * is there too, once a later page of its tab has told its end.
 *
 * @param since ClickHouse's clock: receipts inserted before were seen
 */
export async function writeGaps({ run }: Pick<Statements, 'run'>, since: string): Promise<void> {
  await run(WRITE, { since })
}
