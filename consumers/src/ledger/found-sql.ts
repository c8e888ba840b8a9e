/** What is here: each accepted copy of an event is looked up in the table of events. */

import { IS_WANTED, REPLAY_SECONDS } from './place-sql.ts'

/** Every accepted copy that is here, with the hour of its key in the table of events. */
const COPIES = `
SELECT source, toUnixTimestamp(toStartOfMinute(taken_at)) AS minute, taken_at, received_at, id, at_hour, at_day, has(not_storable, id) AS is_refused
FROM (SELECT source, taken_at, received_at, ids, hours, days, not_storable FROM receipts FINAL WHERE ${IS_WANTED})
ARRAY JOIN ids AS id, hours AS at_hour, days AS at_day`

const KEY_HOURS = `
SELECT DISTINCT source, toDateTime(arrayJoin(hours), 'UTC') FROM receipts WHERE ${IS_WANTED}`

/** When each copy was first replayed: of several replays the first stores it, and the row of the event is the same for all. */
const FIRST_REPLAYS = `
SELECT source, id AS replayed_id, received_at AS replayed_of, min(taken_at) AS first_taken FROM receipts
ARRAY JOIN ids AS id
WHERE taken_at >= now64(3) - INTERVAL 8 DAY AND taken_at > received_at + INTERVAL ${REPLAY_SECONDS} SECOND AND source IN {sources:Array(String)}
GROUP BY source, id, received_at`

/** Who was forgotten since has left a trace of each event. It is looked for only where not all is found. */
const ERASED = `
LEFT JOIN (
  SELECT DISTINCT source, message_id AS erased_id FROM omitted
  WHERE reason = 'forgotten' AND source IN {sources:Array(String)} AND message_id IN (SELECT arrayJoin(ids) FROM receipts WHERE ${IS_WANTED})
) AS o ON c.source = o.source AND c.id = erased_id`

/**
 * What became of the copies. An event is stored by the copy that its row is of, which is the one received first; every other
 * copy is a duplicate. What ClickHouse refused its receipt says; what was erased since is among the omitted; and what is older
 * than the source keeps its events went as it should.
 */
export function buildFound(withErased: boolean): string {
  const isErased = withErased ? "erased_id != ''" : '0'
  return `
SELECT c.source AS source, minute,
  uniqExactIf((c.id, c.at_hour), is_here AND is_first) + countIf(NOT is_here AND is_expired) AS stored,
  countIf(is_here) + countIf(NOT is_here AND is_expired) - stored AS duplicates,
  countIf(is_lost AND is_refused) AS not_storable,
  countIf(is_lost AND NOT is_refused AND ${isErased}) AS erased,
  countIf(is_lost AND NOT is_refused AND NOT ${isErased}) AS missing
FROM (
  SELECT c.source AS source, c.minute AS minute, c.id AS id, c.at_hour AS at_hour, c.is_refused AS is_refused, e.is_here AS is_here,
    e.received = c.received_at AND (r.replayed_id = '' OR r.first_taken = c.taken_at) AS is_first,
    toDateTime64(toUInt32(c.at_day) * 86400, 3, 'UTC') < {horizons:Map(String, DateTime64(3, 'UTC'))}[c.source] AND NOT is_refused AS is_expired,
    NOT is_here AND NOT is_expired AS is_lost
  FROM (${COPIES}) AS c
  LEFT JOIN (
    SELECT source, message_id AS stored_id, toUnixTimestamp(toStartOfHour(original_timestamp)) AS stored_hour, received_at AS received, 1 AS is_here
    FROM events FINAL
    WHERE (source, toStartOfHour(original_timestamp)) IN (${KEY_HOURS})
      AND message_id IN (SELECT arrayJoin(ids) FROM receipts WHERE ${IS_WANTED})
  ) AS e ON c.source = e.source AND c.id = e.stored_id AND c.at_hour = e.stored_hour
  LEFT JOIN (${FIRST_REPLAYS}) AS r ON c.source = r.source AND c.id = r.replayed_id AND c.received_at = r.replayed_of
) AS c
${withErased ? ERASED : ''}
GROUP BY source, minute`
}
