/**
 * The ledger of an hour: what collectors say they took, against what is here. A receipt names all requests of its book before
 * it, so a number that is not here is in flight; and each accepted copy of an event is looked up in the table of events.
 */

import { TupleParam } from '@clickhouse/client-web'
import type { Parameters, Statements } from '@millrace/schemas/recompute'

/** An hour of a source, in seconds since 1970. */
export interface SourceHour {
  source: string
  hour: number
}

/** Of what is in flight, what lies where it can be counted: events by source and hour, see {@link hourKey}. */
export interface KnownInFlight {
  spilled: ReadonlyMap<string, number>
  dead: ReadonlyMap<string, number>
}

/** Key of an hour of a source. */
export function hourKey(source: string, hour: number): string {
  return `${source} ${hour}`
}

/** How long a book is written in, in hours: 6, see `BOOK_MS` of the collector, and one to spare. */
const BOOK_HOURS = 7

/**
 * Hours whose receipts have changed: those of the receipts that came, and later ones of their books, because what was in flight
 * is found missing by the receipt after it. Also those with something in flight or missing, which is looked for again.
 */
const TOUCHED = `
SELECT source, toString(toUnixTimestamp(hour)) AS begin FROM (
  SELECT DISTINCT r.source AS source, toStartOfHour(r.taken_at) AS hour
  FROM receipts AS r
  INNER JOIN (
    SELECT source, book, min(toStartOfHour(taken_at)) AS since FROM receipts
    WHERE inserted_at >= {since:DateTime64(3, 'UTC')} GROUP BY source, book
  ) AS new ON r.source = new.source AND r.book = new.book
  WHERE r.taken_at >= new.since AND r.taken_at >= (SELECT min(taken_at) FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')}) - INTERVAL 1 HOUR
  UNION DISTINCT
  SELECT source, hour FROM ledger_hours FINAL
  WHERE (in_flight > 0 OR missing > 0) AND hour >= now() - INTERVAL {reachHours:UInt32} HOUR
)
WHERE hour >= now() - INTERVAL {reachHours:UInt32} HOUR
ORDER BY source, hour`

/** Hours to compute anew. @param since ClickHouse's clock: receipts inserted before were seen */
export async function findHours(
  { read }: Pick<Statements, 'read'>,
  since: string,
  reachHours: number,
): Promise<SourceHour[]> {
  const rows = await read<{ source: string; begin: string }>(TOUCHED, { since, reachHours })
  return rows.map(({ source, begin }) => ({ source, hour: Number(begin) }))
}

/** Whether a receipt is of the hours that are computed: the first is a prefix of the sorting key. */
const IS_WANTED = `taken_at >= toDateTime({from:UInt32}) AND taken_at < toDateTime({to:UInt32})
  AND (source, toUnixTimestamp(toStartOfHour(taken_at))) IN {places:Array(Tuple(String, UInt32))}`

/** Receipts of the books that these hours have, one row a request. */
const REQUESTS = `
SELECT source, book, number, any(taken_at) AS taken, toUnixTimestamp(toStartOfHour(taken)) AS hour,
  any(own_accepted) AS own_a, any(own_quarantined) AS own_q, any(own_filtered) AS own_f,
  any(before_accepted) AS before_a, any(before_quarantined) AS before_q, any(before_filtered) AS before_f,
  sum(accepted + repeated + forgotten) AS here, sum(repeated) AS repeats, sum(forgotten) AS forgots,
  any(settled) AS known_below, any(refused_requests) AS requests, any(refused_events) AS events,
  any(arrayZip(failed, failed_accepted, failed_quarantined, failed_filtered)) AS failures
FROM receipts FINAL
WHERE taken_at >= toDateTime({from:UInt32}) - INTERVAL ${BOOK_HOURS} HOUR
  AND taken_at < toDateTime({to:UInt32}) + INTERVAL ${BOOK_HOURS} HOUR
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
const CLAIMS = `
SELECT source, hour,
  sum(own_a) AS own_accepted, sum(own_q) AS own_quarantined, sum(own_f) AS own_filtered,
  sum(greatest(toInt64(own_a) - toInt64(here), 0)) AS parts_missing,
  sum(repeats) AS repeated, sum(forgots) AS forgotten,
  sumIf(toInt64(before_a) - toInt64(last_a) - arraySum(f -> f.2, lost), is_gap) AS gap_accepted,
  sumIf(toInt64(before_q) - toInt64(last_q) - arraySum(f -> f.3, lost), is_gap) AS gap_quarantined,
  sumIf(toInt64(before_f) - toInt64(last_f) - arraySum(f -> f.4, lost), is_gap) AS gap_filtered,
  sumMap(refusals) AS refused_requests,
  sum(arraySum(mapValues(refused))) AS refused_events
FROM (
  SELECT *,
    number > last_number + 1 AND number <= settled_below AS is_gap,
    arrayFilter(f -> f.1 > last_number AND f.1 < number, book_failures) AS lost,
    mapApply((code, count) -> (code, toUInt64(count) - toUInt64(last_requests[code])), requests) AS refusals,
    mapApply((code, count) -> (code, toUInt64(count) - toUInt64(last_events[code])), events) AS refused
  FROM (${FOLLOWED})
)
WHERE (source, hour) IN {places:Array(Tuple(String, UInt32))}
GROUP BY source, hour`

/** Every accepted copy that is here, with the hour of its key in the table of events. */
const COPIES = `
SELECT source, toUnixTimestamp(toStartOfHour(taken_at)) AS hour, received_at, id, at_hour
FROM (SELECT source, taken_at, received_at, ids, hours FROM receipts FINAL WHERE ${IS_WANTED})
ARRAY JOIN ids AS id, hours AS at_hour`

const KEY_HOURS = `
SELECT DISTINCT source, toDateTime(arrayJoin(hours), 'UTC') FROM receipts WHERE ${IS_WANTED}`

/**
 * What became of the copies. An event is stored by the copy that its row is of, which is the one received first; every other
 * copy is a duplicate. What ClickHouse refused is in the quarantine; what was erased since is among the omitted; and what is
 * older than the source keeps its events went as it should.
 */
const FOUND = `
SELECT c.source AS source, hour,
  uniqExactIf((c.id, c.at_hour), is_here AND e.received = c.received_at) + countIf(NOT is_here AND is_expired) AS stored,
  countIf(is_here) + countIf(NOT is_here AND is_expired) - stored AS duplicates,
  countIf(NOT is_here AND NOT is_expired AND refused_id != '') AS not_storable,
  countIf(NOT is_here AND NOT is_expired AND refused_id = '' AND erased_id != '') AS erased,
  countIf(NOT is_here AND NOT is_expired AND refused_id = '' AND erased_id = '') AS missing
FROM (
  SELECT c.source AS source, c.hour AS hour, c.id AS id, c.at_hour AS at_hour, c.received_at AS received_at,
    c.at_hour < {horizons:Map(String, UInt32)}[c.source] AS is_expired
  FROM (${COPIES}) AS c
) AS c
LEFT JOIN (
  SELECT source, message_id AS stored_id, toUnixTimestamp(toStartOfHour(original_timestamp)) AS stored_hour, received_at AS received, 1 AS is_here
  FROM events FINAL
  WHERE (source, toStartOfHour(original_timestamp)) IN (${KEY_HOURS})
) AS e ON c.source = e.source AND c.id = e.stored_id AND c.at_hour = e.stored_hour
LEFT JOIN (
  SELECT DISTINCT source, message_id AS refused_id FROM quarantine
  WHERE reason = 'not_storable' AND source IN {sources:Array(String)}
) AS q ON c.source = q.source AND c.id = refused_id
LEFT JOIN (
  SELECT DISTINCT source, message_id AS erased_id FROM omitted
  WHERE reason = 'forgotten' AND source IN {sources:Array(String)}
) AS o ON c.source = o.source AND c.id = erased_id
GROUP BY source, hour`

const WRITE = `
INSERT INTO ledger_hours (source, hour, received, accepted, quarantined, filtered, refused, refused_requests,
  stored, duplicates, not_storable, forgotten, in_flight, missing, spilled, dead)
SELECT source, toDateTime(hour),
  total_accepted + total_quarantined + total_filtered + refused_events,
  toUInt64(own_accepted + gap_accepted) AS total_accepted,
  toUInt64(own_quarantined + gap_quarantined) AS total_quarantined,
  toUInt64(own_filtered + gap_filtered) AS total_filtered,
  refused_events, mapFilter((code, count) -> count > 0, refused_requests),
  f.stored, f.duplicates + repeated, f.not_storable, claims.forgotten + f.erased,
  toUInt64(parts_missing + gap_accepted) AS flying, f.missing,
  least(flying, {spilled:Map(String, UInt64)}[concat(source, ' ', toString(hour))]),
  least(flying, {dead:Map(String, UInt64)}[concat(source, ' ', toString(hour))])
FROM (${CLAIMS}) AS claims
LEFT JOIN (${FOUND}) AS f USING (source, hour)`

/**
 * Computes hours and writes them, in one statement.
 *
 * @param horizons of sources whose events are deleted: what lies before this, in seconds since 1970, may be gone
 */
export async function writeHours(
  { run }: Pick<Statements, 'run'>,
  places: readonly SourceHour[],
  known: KnownInFlight,
  horizons: ReadonlyMap<string, number>,
): Promise<void> {
  const hours = places.map(({ hour }) => hour)
  const parameters: Parameters = {
    places: places.map(({ source, hour }) => new TupleParam([source, hour])),
    sources: [...new Set(places.map(({ source }) => source))],
    ...{ from: Math.min(...hours), to: Math.max(...hours) + 3_600 },
    ...{ horizons, spilled: known.spilled, dead: known.dead },
  }
  await run(WRITE, parameters)
}
