/**
 * Numbers of streams that never came. A client of ours numbers its events, and whatever becomes of one here, its number is in
 * a receipt; so a number below the highest that is in none was lost on the way, or is still under way.
 *
 * What came is kept as sets of 65,536 numbers a row (`stream_parts`), so what a stream costs depends on how far its numbers go,
 * and not on how many requests brought them.
 */

import type { Statements } from '@millrace/schemas/recompute'

/** Ranges of missing numbers that are named, and sets of a stream with holes that they are looked for in. */
const MAX_RANGES = 100
const MAX_SETS = 16

/** Declarations of drops of one stream that are added up. */
const MAX_DROPS = 100_000

/** Sets of weeks before are not read: they are about to be deleted. */
const KEPT_FROM = 'toMonday(now() - INTERVAL 35 DAY)'

/**
 * For how many days after an upgrade from a release without books a stream is taken to have begun before it. What an earlier
 * collector took is in no receipt.
 */
const HEAD_DAYS = 20

/** Streams first heard in a week that begins before are not judged below the first number that came. */
const HEADS_KNOWN_FROM = `(SELECT max(up_to) + INTERVAL ${HEAD_DAYS} DAY FROM ledger_runs WHERE job = 'begun')`

/** Streams of which something came, or that a later page said the end of. */
const TOUCHED = `
SELECT source, stream FROM receipts
WHERE inserted_at >= {since:DateTime64(3, 'UTC')} AND route = 'batch' AND stream != ''
UNION DISTINCT
SELECT source, previous_stream AS stream FROM receipts
WHERE inserted_at >= {since:DateTime64(3, 'UTC')} AND route = 'batch' AND previous_stream != ''`

/**
 * Sets of those streams, put together: 65,536 numbers each. What a later page told stands in the first, whether it has numbers
 * or not.
 */
const SETS = `
SELECT p.source AS source, p.stream AS stream, p.block AS block, groupBitmapMergeState(p.came) AS numbers, groupBitmapMerge(p.came) AS size,
  max(p.highest) AS high, max(p.told) AS end, min(p.week) AS week, min(p.first_received_at) AS first, max(p.last_received_at) AS last
FROM stream_parts AS p
WHERE p.week >= ${KEPT_FROM} AND (p.source, p.stream) IN (${TOUCHED})
GROUP BY source, stream, block`

/** Streams that may lack some: below the highest are more numbers than came. */
const SUSPECTS = `
SELECT source, sipHash64(stream) FROM (${SETS}) GROUP BY source, stream HAVING greatest(max(high), max(end)) > sum(size)`

/** What was known of those before what is kept: how far they had come, and how they were first heard. */
const ENDS = `
SELECT source, stream_hash, maxIf(e.highest, e.week < ${KEPT_FROM}) AS before, min(e.week) AS began, min((e.week, e.lowest)).2 AS lowest
FROM stream_ends AS e
WHERE (source, stream_hash) IN (${SUSPECTS})
GROUP BY source, stream_hash`

/**
 * Each set beside what its whole stream is. Up to `floor` nothing is judged. Where nothing of a stream ever came, `lowest` is 0.
 */
const STREAMS = `
SELECT s.source AS source, s.stream AS stream, block, numbers, s.high AS high, first, last,
  max(s.high) OVER whole AS came_to, max(end) OVER whole AS told, greatest(came_to, told) > sum(size) OVER whole AS is_suspect,
  if(lowest = 0, min(week) OVER whole, began) >= ${HEADS_KNOWN_FROM} AS has_head,
  greatest(before, multiIf(has_head, 0, lowest = 0, told, lowest - 1)) AS floor
FROM (${SETS}) AS s
LEFT JOIN (${ENDS}) AS e ON s.source = e.source AND sipHash64(s.stream) = e.stream_hash
WINDOW whole AS (PARTITION BY source, stream)`

/** How many each set lacks above the number that the one before it ends with. */
const LACKS = `
SELECT source, stream, high, first, last, came_to, told, floor, is_suspect,
  toUInt64(greatest(floor, lagInFrame(high, 1, 0) OVER (PARTITION BY source, stream ORDER BY block ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))) AS below,
  bitmapSubsetInRange(numbers, below + 1, if(is_suspect, greatest(high, below), below) + 1) AS judged,
  if(is_suspect AND high > below, high - below - bitmapCardinality(judged), 0) AS lacks
FROM (${STREAMS})`

/** What lies between the numbers that came. */
const HOLES = `
SELECT source, stream, any(s.came_to) AS came_to, any(s.told) AS told, any(s.is_suspect) AS is_suspect, min(s.first) AS first, max(s.last) AS last,
  greatest(came_to, any(s.floor)) AS top, is_suspect AND told > top AS has_tail,
  sum(lacks) + if(has_tail, toUInt64(told) - top, 0) AS missing,
  arraySort(groupArrayArray(ranges)) AS holes,
  if(has_tail, arrayPushBack(holes, (toUInt32(top + 1), told)), holes) AS all_holes
FROM (
  SELECT *,
    sum(lacks > 0) OVER (PARTITION BY source, stream ORDER BY high ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS place,
    if(lacks > 0 AND place <= ${MAX_SETS}, arraySort(bitmapToArray(judged)), []) AS numbers,
    arraySlice(arrayFilter(hole -> hole.2 >= hole.1, arrayMap(
      (last, next) -> (toUInt32(last + 1), toUInt32(next - 1)), arrayPopBack(arrayPushFront(numbers, toUInt32(below))), numbers
    )), 1, ${MAX_RANGES}) AS ranges
  FROM (${LACKS})
) AS s
GROUP BY source, stream`

/** What clients say they dropped, for as long as their numbers are kept. */
const DROPS = `
SELECT source, stream, sumMap(map(toString(reason), toUInt64(count))) AS dropped_by FROM (
  SELECT source, stream, reason, count FROM stream_drops FINAL
  WHERE received_at >= ${KEPT_FROM} AND (source, stream) IN (${TOUCHED})
  LIMIT ${MAX_DROPS} BY source, stream
)
GROUP BY source, stream`

/** Only streams with something to tell have a row, and those that had one. */
const WRITE = `
INSERT INTO stream_gaps (source, stream, missing, missing_ranges, highest, tail, dropped, dropped_by, first_received_at, last_received_at)
SELECT h.source, h.stream, missing, CAST(arraySlice(all_holes, 1, ${MAX_RANGES}), 'Array(Tuple(from UInt32, to UInt32))'),
  greatest(came_to, told), if(told > 0, 'known', 'unknown'), arraySum(mapValues(dropped_by)) AS dropped, dropped_by, first, last
FROM (${HOLES}) AS h
LEFT JOIN (${DROPS}) AS d ON h.source = d.source AND h.stream = d.stream
WHERE missing > 0 OR dropped > 0 OR (h.source, h.stream) IN (
  SELECT source, stream FROM stream_gaps WHERE (source, stream) IN (${TOUCHED})
)`

/**
 * Computes the gaps of all streams that a receipt touched, and writes them, in one statement. A stream of which nothing came
 * is there too, once a later page of its tab has told its end.
 *
 * @param since ClickHouse's clock: receipts inserted before were seen
 */
export async function writeGaps({ run }: Pick<Statements, 'run'>, since: string): Promise<void> {
  await run(WRITE, { since })
}
