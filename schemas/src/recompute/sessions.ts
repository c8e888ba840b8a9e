/**
 * Sessions, computed anew for the sessions and visitors in the work. A session is the client's own where its events carry
 * an id; the other events of a visitor are cut where more than 30 minutes pass without one, and where a campaign begins.
 */

import type { Statements } from './statements.ts'
import { addWork, HAS_CLIENT_SESSION, type Run, readKinds, runParameters, workIds } from './work.ts'

/** Longest pause within a session, as in Google Analytics and our own SDK; a longer one ends it. */
export const SESSION_GAP_SECONDS = 1_800

/** Events that a plugin of the SDK records by itself: they say nothing about whether a visitor did something. */
export const PASSIVE_EVENTS = ['Page Engaged', 'Web Vital'] as const

/**
 * Times between which the events of a visitor must be read: those in the work, and every chain of known sessions that comes
 * within a pause of them. Chains do not overlap, so what lies outside stays as it is.
 */
const VISITOR_RANGES = `
SELECT w.source AS source, w.id AS id, least(w.low, if(s.id = '', w.low, s.low)) AS from_time, greatest(w.high, if(s.id = '', w.high, s.high)) AS to_time, 'range' AS detail
FROM (
  SELECT source, id, min(from_time) AS low, max(to_time) AS high
  FROM recompute_work WHERE run = {run:String} AND kind = 'visitor' GROUP BY source, id
) AS w
LEFT JOIN (
  SELECT s.source AS source, s.visitor_id AS id, min(s.chain_from) AS low, max(s.chain_to) AS high
  FROM (SELECT source, visitor_id, chain_from, chain_to FROM sessions FINAL WHERE (source, visitor_id) IN ${workIds('visitor')} AND NOT is_client_session) AS s
  INNER JOIN (
    SELECT source, id, min(from_time) AS low, max(to_time) AS high
    FROM recompute_work WHERE run = {run:String} AND kind = 'visitor' GROUP BY source, id
  ) AS t ON s.source = t.source AND s.visitor_id = t.id
  WHERE s.chain_from <= t.high + INTERVAL ${SESSION_GAP_SECONDS} SECOND AND s.chain_to >= t.low - INTERVAL ${SESSION_GAP_SECONDS} SECOND
  GROUP BY source, id
) AS s ON w.source = s.source AND w.id = s.id`

const SESSION_RANGES = `
SELECT source, id, min(low) AS from_time, max(high) AS to_time, 'range' AS detail
FROM (
  SELECT source, id, from_time AS low, to_time AS high FROM recompute_work WHERE run = {run:String} AND kind = 'session'
  UNION ALL
  SELECT source, session_id AS id, started_at AS low, ended_at AS high
  FROM sessions FINAL WHERE (source, session_id) IN ${workIds('session')} AND is_client_session
)
GROUP BY source, id`

/** Hours with something to read, so that days between an early and a late event are not. */
function hoursOf(kind: string): string {
  return `(SELECT arrayJoin(arrayMap(i -> toStartOfHour(from_time) + INTERVAL i HOUR, range(toUInt64(dateDiff('hour', toStartOfHour(from_time), toStartOfHour(to_time)) + 1))))
FROM recompute_work WHERE run = {run:String} AND kind = '${kind}')`
}

/** Longest that one event can have a page be looked at; what says more is no measurement. */
const MAX_VISIBLE_MS = 86_400_000

/** What a session is made of. `ord` puts events of one millisecond into an order that is always the same. */
const FIELDS = `
    e.source AS source,
    e.visitor_id AS visitor_id,
    e.person_id AS person_id,
    if(bitTest(e.placeholder_ids, 0), '', e.user_id) AS known_user,
    e.session_index AS session_index,
    e.timestamp AS timestamp,
    (e.timestamp, e.stream, e.seq, e.message_id) AS ord,
    e.type IN ('page', 'screen') AS is_view,
    if(e.type = 'screen', e.name, e.page_path) AS view,
    if(e.type = 'page', e.page_url, '') AS view_url,
    e.type = 'track' AND e.event NOT IN (${PASSIVE_EVENTS.map((name) => `'${name}'`).join(', ')}) AS is_act,
    if(e.event = 'Page Engaged' AND ifNull(toFloat64OrNull(toString(e.properties.visibleMs)) AS visible, 0) BETWEEN 0 AND ${MAX_VISIBLE_MS}, toUInt64(round(assumeNotNull(visible))), 0) AS visible_ms,
    e.referrer_class AS referrer_class,
    e.referrer_name AS referrer_name,
    (e.campaign_source, e.campaign_medium, e.campaign_name, e.campaign_term, e.campaign_content, e.campaign_id, e.click_id_type, e.click_id) AS campaign,
    campaign != ('', '', '', '', '', '', '', '') AS has_campaign,
    (e.timestamp, NOT has_campaign, e.stream, e.seq, e.message_id) AS place,
    e.country AS country, e.region AS region, e.city AS city,
    e.device_type AS device_type, e.browser_name AS browser_name, e.os_name AS os_name,
    e.is_bot AS is_bot`

/** The fields of a session from its events; `first(x)` is of the first event that has it. */
function aggregate(sessionId: string, isClient: boolean, chain: { from: string; to: string }): string {
  const first = (field: string) => `argMinIf(${field}, ord, ${field} != '')`
  const campaign = (part: number) => `tupleElement(argMinIf(campaign, ord, has_campaign), ${part})`
  return `
    source,
    ${sessionId} AS session_id,
    argMin(visitor_id, ord) AS visitor_id,
    argMax(person_id, ord) AS person_id,
    argMaxIf(known_user, ord, known_user != '') AS user_id,
    ${isClient} AS is_client_session,
    max(session_index) AS session_index,
    min(timestamp) AS started_at,
    max(timestamp) AS ended_at,
    dateDiff('millisecond', min(timestamp), max(timestamp)) / 1000 AS duration_seconds,
    sum(visible_ms) / 1000 AS engaged_seconds,
    count() AS events,
    countIf(is_view) AS page_views,
    page_views <= 1 AND countIf(is_act) = 0 AS is_bounce,
    argMinIf(view, ord, is_view) AS entry_page,
    argMaxIf(view, ord, is_view) AS exit_page,
    argMinIf(view_url, ord, is_view) AS entry_url,
    ${first('referrer_class')} AS referrer_class,
    argMinIf(referrer_name, ord, e.referrer_class != '') AS referrer_name,
    ${campaign(1)} AS campaign_source,
    ${campaign(2)} AS campaign_medium,
    ${campaign(3)} AS campaign_name,
    ${campaign(4)} AS campaign_term,
    ${campaign(5)} AS campaign_content,
    ${campaign(6)} AS campaign_id,
    ${campaign(7)} AS click_id_type,
    ${first('country')} AS country,
    argMinIf(region, ord, e.country != '') AS region,
    argMinIf(city, ord, e.country != '') AS city,
    ${first('device_type')} AS device_type,
    ${first('browser_name')} AS browser_name,
    ${first('os_name')} AS os_name,
    max(is_bot) AS is_bot,
    ${chain.from} AS chain_from,
    ${chain.to} AS chain_to,
    {now:DateTime64(3, 'UTC')} AS computed_at`
}

const COLUMNS = `source, session_id, visitor_id, person_id, user_id, is_client_session, session_index, started_at, ended_at,
  duration_seconds, engaged_seconds, events, page_views, is_bounce, entry_page, exit_page, entry_url, referrer_class,
  referrer_name, campaign_source, campaign_medium, campaign_name, campaign_term, campaign_content, campaign_id,
  click_id_type, country, region, city, device_type, browser_name, os_name, is_bot, chain_from, chain_to, computed_at`

/** Events of a kind of range, with `key` the session or visitor that the range is of. */
function eventsIn(kind: string, key: string, condition: string): string {
  return `
  SELECT ${FIELDS}, ${key} AS key
  FROM events_resolved AS e
  INNER JOIN (SELECT source, id, from_time, to_time FROM recompute_work WHERE run = {run:String} AND kind = '${kind}') AS w
  ON e.source = w.source AND ${key} = w.id
  WHERE toStartOfHour(e.timestamp) IN ${hoursOf(kind)}
    AND (e.source, ${key}) IN ${workIds(kind)}
    AND e.timestamp >= w.from_time AND e.timestamp <= w.to_time AND ${condition}`
}

const INSERT_CLIENT_SESSIONS = `
INSERT INTO sessions (${COLUMNS})
SELECT ${aggregate('key', true, { from: 'min(timestamp)', to: 'max(timestamp)' })}
FROM (${eventsIn('session_range', 'e.session_id', HAS_CLIENT_SESSION.replaceAll('session_id', 'e.session_id'))}) AS e
GROUP BY source, key`

// What has a campaign comes first in its millisecond, and a session begins with a millisecond: so that an event's session is
// known by its time alone.
const ORDER = 'PARTITION BY source, key ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND'
const IN_CHAIN = 'PARTITION BY source, key, chain ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND'

const INSERT_GAP_SESSIONS = `
INSERT INTO sessions (${COLUMNS})
SELECT ${aggregate('lower(hex(sipHash128(key, argMin(tupleElement(ord, 4), ord))))', false, { from: 'any(chain_low)', to: 'any(chain_high)' })}
FROM (
  SELECT *, sum(is_start) OVER (${ORDER} CURRENT ROW) AS session_number
  FROM (
    SELECT *,
      is_gap OR (is_first_of_millisecond AND has_campaign AND campaign_before != toString(campaign)) AS is_start,
      min(timestamp) OVER (PARTITION BY source, key, chain) AS chain_low,
      max(timestamp) OVER (PARTITION BY source, key, chain) AS chain_high
    FROM (
      SELECT *, ifNull(anyLast(if(has_campaign, toString(campaign), NULL)) OVER (${IN_CHAIN} 1 PRECEDING), '') AS campaign_before
      FROM (
        SELECT *, sum(is_gap) OVER (${ORDER} CURRENT ROW) AS chain
        FROM (
          SELECT *,
            row_number() OVER (${ORDER} CURRENT ROW) = 1
              OR dateDiff('millisecond', lagInFrame(timestamp) OVER (${ORDER} CURRENT ROW), timestamp) > ${SESSION_GAP_SECONDS * 1_000} AS is_gap,
            is_gap OR lagInFrame(timestamp) OVER (${ORDER} CURRENT ROW) != timestamp AS is_first_of_millisecond
          FROM (${eventsIn('visitor_range', 'e.visitor_id', `NOT ${HAS_CLIENT_SESSION.replaceAll('session_id', 'e.session_id')}`)})
        )
      )
    )
  )
) AS e
GROUP BY source, key, session_number`

/** Sessions that the work is about, as they are known now. */
const KNOWN_IN_WORK = `
  FROM sessions AS s FINAL
  INNER JOIN (SELECT source, id, from_time, to_time FROM recompute_work WHERE run = {run:String} AND kind = '@range') AS w
  ON s.source = w.source AND s.@key = w.id
  WHERE (s.source, s.@key) IN @ids AND s.is_client_session = @client AND s.started_at <= w.to_time AND s.ended_at >= w.from_time`

function knownInWork(kind: 'session' | 'visitor'): string {
  return KNOWN_IN_WORK.replaceAll('@range', `${kind}_range`)
    .replaceAll('@key', kind === 'session' ? 'session_id' : 'visitor_id')
    .replaceAll('@ids', workIds(`${kind}_range`))
    .replaceAll('@client', String(kind === 'session'))
}

/** A session that was known and was not written by this run is no more. */
function bury(kind: 'session' | 'visitor'): string {
  return `INSERT INTO sessions (source, session_id, visitor_id, started_at, ended_at, computed_at, is_deleted)
SELECT s.source, s.session_id, s.visitor_id, s.started_at, s.ended_at, {now:DateTime64(3, 'UTC')}, 1
${knownInWork(kind)} AND s.computed_at < {now:DateTime64(3, 'UTC')}`
}

const KNOWN_GAP_SESSIONS = `
SELECT s.source AS source, s.session_id AS id, s.started_at AS from_time, s.ended_at AS to_time, s.visitor_id AS detail
${knownInWork('visitor')}`

/**
 * A session without the client's id is named by its first event. Where names came or went, the minutes of their events count
 * another session now.
 */
const MINUTES_OF_RENAMED = `
SELECT source, '' AS id, toDateTime64(minute, 3, 'UTC') AS from_time, from_time AS to_time, '' AS detail
FROM (
  SELECT DISTINCT e.source AS source, toStartOfMinute(e.timestamp) AS minute
  FROM events_resolved AS e
  INNER JOIN (
    SELECT source, visitor, min(low) AS low, max(high) AS high
    FROM (
      SELECT source, id, detail AS visitor, from_time AS low, to_time AS high, 1 AS was, 0 AS is
      FROM recompute_work WHERE run = {run:String} AND kind = 'known'
      UNION ALL
      SELECT s.source AS source, s.session_id AS id, s.visitor_id AS visitor, s.started_at AS low, s.ended_at AS high, 0 AS was, 1 AS is
      ${knownInWork('visitor')}
    )
    GROUP BY source, id, visitor HAVING sum(was) != sum(is)
  ) AS r ON e.source = r.source AND e.visitor_id = r.visitor
  WHERE toStartOfHour(e.timestamp) IN ${hoursOf('visitor_range')}
    AND (e.source, e.visitor_id) IN ${workIds('visitor_range')}
    AND e.timestamp >= r.low AND e.timestamp <= r.high
)`

/** Computes the sessions of the work, and adds the minutes whose counts follow from them. Idempotent. */
export async function recomputeSessions(statements: Statements, current: Run): Promise<void> {
  const { run } = statements
  const parameters = runParameters(current)
  const kinds = await readKinds(statements, current)
  const [hasSessions, hasVisitors] = [kinds.has('session'), kinds.has('visitor')]
  if (hasSessions) await run(addWork('session_range', SESSION_RANGES), parameters)
  if (hasVisitors) {
    await run(addWork('visitor_range', VISITOR_RANGES), parameters)
    await run(addWork('known', KNOWN_GAP_SESSIONS), parameters)
  }
  if (hasSessions) {
    await run(INSERT_CLIENT_SESSIONS, parameters)
    await run(bury('session'), parameters)
  }
  if (hasVisitors) {
    await run(INSERT_GAP_SESSIONS, parameters)
    await run(bury('visitor'), parameters)
    await run(addWork('minute', MINUTES_OF_RENAMED), parameters)
  }
}
