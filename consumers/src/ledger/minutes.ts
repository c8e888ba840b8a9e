/**
 * The ledger of a minute: what collectors say they took, against what is here. A receipt names all requests of its book before
 * it, so a number that is not here is in flight; and each accepted copy of an event is looked up in the table of events.
 */

import { TupleParam } from '@clickhouse/client-web'
import type { Parameters, Statements } from '@millrace/schemas/recompute'

/** A minute of a source, in seconds since 1970. */
export interface SourceMinute {
  source: string
  minute: number
}

/** Of what is in flight, what lies where it can be counted: events by source and minute, see {@link minuteKey}. */
export interface KnownInFlight {
  spilled: ReadonlyMap<string, number>
  dead: ReadonlyMap<string, number>
}

/** Key of a minute of a source. */
export function minuteKey({ source, minute }: SourceMinute): string {
  return `${source} ${minute}`
}

/** How long a book is written in, in hours: 6, see `BOOK_MS` of the collector, and one to spare. */
const BOOK_HOURS = 7

/** What is replayed keeps its time of receipt, so a copy is one of those when it was taken so much later. */
const REPLAY_SECONDS = 10

/** Requests of the books of new receipts: `is_new` those that came, `after_new` those that follow one that came. */
const REQUESTS_OF_NEW = `
SELECT source, at, number, newest >= {since:DateTime64(3, 'UTC')} AS is_new,
  lagInFrame(newest) OVER one >= {since:DateTime64(3, 'UTC')} AS after_new,
  number > lagInFrame(number, 1, 0) OVER one + 1 AS is_gap
FROM (
  SELECT source, book, number, toStartOfMinute(min(taken_at)) AS at, max(inserted_at) AS newest
  FROM receipts
  WHERE number > 0 AND (source, book) IN (SELECT source, book FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')})
    AND taken_at >= (SELECT min(taken_at) FROM receipts WHERE inserted_at >= {since:DateTime64(3, 'UTC')}) - INTERVAL ${BOOK_HOURS} HOUR
  GROUP BY source, book, number
)
WINDOW one AS (PARTITION BY source, book ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`

/**
 * Minutes that new receipts change: their own; that of the request after each in its book, which says what was before it; and
 * those with a gap in such a book, because a later receipt may say that it is settled. Also those in which something was
 * missing, which is looked for again; what is in flight is computed by itself, with what lies in the bucket.
 */
const TOUCHED = `
SELECT source, toString(toUnixTimestamp(at)) AS begin FROM (
  SELECT source, at FROM (${REQUESTS_OF_NEW}) WHERE is_new OR after_new OR is_gap
  UNION DISTINCT
  SELECT source, minute AS at FROM ledger_minutes FINAL WHERE missing > 0
)
WHERE at >= now() - INTERVAL {reachHours:UInt32} HOUR
ORDER BY at, source`

/** Whether a receipt came so late, or is of so long ago, that another copy of its events may have been counted before. */
const IS_LATE = `number > 0 AND inserted_at >= {since:DateTime64(3, 'UTC')}
  AND (inserted_at > taken_at + INTERVAL {lateSeconds:UInt32} SECOND OR taken_at > received_at + INTERVAL ${REPLAY_SECONDS} SECOND)`

const ANY_LATE = `SELECT 1 AS one FROM receipts WHERE ${IS_LATE} LIMIT 1`

/** Minutes of other copies of what came late: which of them stores the event may be another one now. */
const TOUCHED_BY_LATE = `
SELECT DISTINCT source, toString(toUnixTimestamp(toStartOfMinute(taken_at))) AS begin FROM receipts
ARRAY JOIN ids AS id
WHERE number > 0 AND taken_at >= (SELECT min(least(received_at, taken_at)) FROM receipts WHERE ${IS_LATE})
  AND taken_at >= now64(3) - INTERVAL {reachHours:UInt32} HOUR
  AND (source, id) IN (SELECT source, arrayJoin(ids) FROM receipts WHERE ${IS_LATE})`

/**
 * Minutes to compute anew, by time.
 *
 * @param since ClickHouse's clock: receipts inserted before were seen
 */
export async function findMinutes(
  { read }: Pick<Statements, 'read'>,
  { since, reachHours, lateSeconds }: { since: string; reachHours: number; lateSeconds: number },
): Promise<SourceMinute[]> {
  const parameters = { since, reachHours, lateSeconds }
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

// To the millisecond: compared with a DateTime, what is of the last second would be left out.
const FROM = "toDateTime64({from:UInt32}, 3, 'UTC')"
const TO = "toDateTime64({to:UInt32}, 3, 'UTC')"

/** Whether a receipt is of the minutes that are computed; number 0 has no place in the books. */
const IS_WANTED = `number > 0 AND taken_at >= ${FROM} AND taken_at < ${TO}
  AND (source, toUnixTimestamp(toStartOfMinute(taken_at))) IN {places:Array(Tuple(String, UInt32))}`

/** Receipts of the books that these minutes have, one row a request. */
const REQUESTS = `
SELECT source, book, number, min(taken_at) AS taken, toUnixTimestamp(toStartOfMinute(taken)) AS minute,
  any(own_accepted) AS own_a, any(own_quarantined) AS own_q, any(own_filtered) AS own_f,
  any(before_accepted) AS before_a, any(before_quarantined) AS before_q, any(before_filtered) AS before_f,
  sum(accepted + repeated + forgotten) AS here, sum(quarantined) AS here_q, sum(filtered) AS here_f, sum(repeated) AS repeats, sum(forgotten) AS forgots,
  any(settled) AS known_below, any(refused_requests) AS requests, any(refused_events) AS events,
  any(arrayZip(failed, failed_accepted, failed_quarantined, failed_filtered)) AS failures
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
const CLAIMS = `
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

/** Every accepted copy that is here, with the hour of its key in the table of events. */
const COPIES = `
SELECT source, toUnixTimestamp(toStartOfMinute(taken_at)) AS minute, taken_at, received_at, id, at_hour
FROM (SELECT source, taken_at, received_at, ids, hours FROM receipts FINAL WHERE ${IS_WANTED})
ARRAY JOIN ids AS id, hours AS at_hour`

const KEY_HOURS = `
SELECT DISTINCT source, toDateTime(arrayJoin(hours), 'UTC') FROM receipts WHERE ${IS_WANTED}`

/** When each event was first replayed: of several replays the first stores it, and the row of the event is the same for all. */
const FIRST_REPLAYS = `
SELECT source, id AS replayed_id, min(taken_at) AS first_taken FROM receipts
ARRAY JOIN ids AS id
WHERE taken_at >= now64(3) - INTERVAL 8 DAY AND taken_at > received_at + INTERVAL ${REPLAY_SECONDS} SECOND AND source IN {sources:Array(String)}
GROUP BY source, id`

/** Joins that say what else may have become of an event. They read whole tables, so they are left out where all is found. */
const OTHER_FATES = `
LEFT JOIN (
  SELECT DISTINCT source, message_id AS refused_id FROM quarantine
  WHERE source IN {sources:Array(String)}
) AS q ON c.source = q.source AND c.id = refused_id
LEFT JOIN (
  SELECT DISTINCT source, message_id AS erased_id FROM omitted
  WHERE reason = 'forgotten' AND source IN {sources:Array(String)}
) AS o ON c.source = o.source AND c.id = erased_id`

/**
 * What became of the copies. An event is stored by the copy that its row is of, which is the one received first; every other
 * copy is a duplicate. What ClickHouse refused is in the quarantine, though maybe under what an earlier copy was refused for; what was erased since is among the omitted; and what is
 * older than the source keeps its events went as it should.
 */
function buildFound(withFates: boolean): string {
  const isRefused = withFates ? "refused_id != ''" : '0'
  const isErased = withFates ? "erased_id != ''" : '0'
  return `
SELECT c.source AS source, minute,
  uniqExactIf((c.id, c.at_hour), is_here AND is_first) + countIf(NOT is_here AND is_expired) AS stored,
  countIf(is_here) + countIf(NOT is_here AND is_expired) - stored AS duplicates,
  countIf(is_lost AND ${isRefused}) AS not_storable,
  countIf(is_lost AND NOT ${isRefused} AND ${isErased}) AS erased,
  countIf(is_lost AND NOT ${isRefused} AND NOT ${isErased}) AS missing
FROM (
  SELECT c.source AS source, c.minute AS minute, c.id AS id, c.at_hour AS at_hour, e.is_here AS is_here,
    e.received = c.received_at AND (r.replayed_id = '' OR r.first_taken = c.taken_at) AS is_first,
    c.at_hour < {horizons:Map(String, UInt32)}[c.source] AS is_expired,
    NOT is_here AND NOT is_expired AS is_lost
  FROM (${COPIES}) AS c
  LEFT JOIN (
    SELECT source, message_id AS stored_id, toUnixTimestamp(toStartOfHour(original_timestamp)) AS stored_hour, received_at AS received, 1 AS is_here
    FROM events FINAL
    WHERE (source, toStartOfHour(original_timestamp)) IN (${KEY_HOURS})
      AND message_id IN (SELECT arrayJoin(ids) FROM receipts WHERE ${IS_WANTED})
  ) AS e ON c.source = e.source AND c.id = e.stored_id AND c.at_hour = e.stored_hour
  LEFT JOIN (${FIRST_REPLAYS}) AS r ON c.source = r.source AND c.id = r.replayed_id
) AS c
${withFates ? OTHER_FATES : ''}
GROUP BY source, minute`
}

function buildWrite(withFates: boolean): string {
  return `
INSERT INTO ledger_minutes (source, minute, received, accepted, quarantined, filtered, refused, refused_requests,
  stored, duplicates, not_storable, forgotten, in_flight, missing, spilled, dead)
SELECT source, toDateTime(minute),
  total_accepted + total_quarantined + total_filtered + refused_events,
  toUInt64(own_accepted + gap_accepted) AS total_accepted,
  toUInt64(own_quarantined + gap_quarantined) AS total_quarantined,
  toUInt64(own_filtered + gap_filtered) AS total_filtered,
  refused_events, mapFilter((code, count) -> count > 0, refused_requests),
  f.stored, f.duplicates + repeated, f.not_storable, claims.forgotten + f.erased,
  toUInt64(parts_missing + gap_accepted) AS flying, f.missing,
  least(flying, {spilled:Map(String, UInt64)}[concat(source, ' ', toString(minute))]),
  least(flying, {dead:Map(String, UInt64)}[concat(source, ' ', toString(minute))])
FROM (${CLAIMS}) AS claims
LEFT JOIN (${buildFound(withFates)}) AS f USING (source, minute)
${withFates ? '' : 'WHERE f.missing = 0'}`
}

const WRITE_FOUND = buildWrite(false)
const WRITE_ANY = buildWrite(true)

/** Minutes that were written since. */
const WRITTEN = `
SELECT source, toString(toUnixTimestamp(minute)) AS begin FROM ledger_minutes
WHERE minute >= toDateTime({from:UInt32}) AND minute < toDateTime({to:UInt32})
  AND source IN {sources:Array(String)} AND checked_at >= {startedAt:DateTime64(3, 'UTC')}`

/**
 * Computes minutes and writes them. First those of which every event is found; the others, of which there is mostly none, then
 * with what else may have become of an event: so that none is ever called missing before it was looked for everywhere.
 *
 * @param horizons of sources whose events are deleted: what lies before this, in seconds since 1970, may be gone
 */
export async function writeMinutes(
  { run, read }: Statements,
  places: readonly SourceMinute[],
  known: KnownInFlight,
  horizons: ReadonlyMap<string, number>,
): Promise<void> {
  const [clock] = await read<{ now: string }>("SELECT toString(now64(3, 'UTC')) AS now")
  const all = { horizons, ...placeParameters(places, known) }
  await run(WRITE_FOUND, all)
  const rows = await read<{ source: string; begin: string }>(WRITTEN, {
    ...all,
    startedAt: clock?.now ?? '',
  })
  const written = new Set(rows.map(({ source, begin }) => minuteKey({ source, minute: Number(begin) })))
  const left = places.filter((place) => !written.has(minuteKey(place)))
  if (left.length > 0) await run(WRITE_ANY, { horizons, ...placeParameters(left, known) })
}

/** They go in the address, so there is nothing in it that is of no use. */
function placeParameters(places: readonly SourceMinute[], { spilled, dead }: KnownInFlight): Parameters {
  const minutes = places.map(({ minute }) => minute)
  const keys = places.map(minuteKey)
  const pick = (counts: ReadonlyMap<string, number>) =>
    new Map(keys.flatMap((key) => (counts.has(key) ? [[key, counts.get(key) ?? 0] as const] : [])))
  return {
    spilled: pick(spilled),
    dead: pick(dead),
    places: places.map(({ source, minute }) => new TupleParam([source, minute])),
    sources: [...new Set(places.map(({ source }) => source))],
    from: Math.min(...minutes),
    to: Math.max(...minutes) + 60,
  }
}
