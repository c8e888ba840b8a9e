/**
 * What a run has to compute anew, written down in the table `recompute_work` before anything is changed: so that a run
 * that is cut off is finished by the next one, and so that no list ever passes through this Worker.
 *
 * Kinds of work, and what their columns hold:
 * - `minute`: a minute whose counts are stale.
 * - `session`: a client's session (`id`), with the times between which its events lie.
 * - `visitor`: a visitor (`id`) whose events without a session of the client's lie between these times.
 * - `anonymous`: an anonymous id whose owners may have changed.
 * - `owner`: whose such an id was before (`detail`), and from when to when.
 * - `user`: a user id whose aliases may have changed.
 * - `known`: a session (`id`) of a visitor (`detail`) in the work, as it was before.
 * - `moved`: a message (`id`, the key of `arrivals`) whose copies lie in several minutes.
 * - `session_range`, `visitor_range`, `owned`, `changed_owner`, `changed_user`: what follows from those.
 * - `target`: an event (`id`) that a correction is about. `place`: the hour (`from_time`) of the client's clock that it lies
 *   in.
 * - `adopted`: a run (`id`) that was cut off and is taken over. `begun`, `done`: the run itself.
 */

import type { Parameters, Statements } from './statements.ts'

/** One run of the recomputation. */
export interface Run {
  id: string
  /** ClickHouse's clock when it began, `2026-11-22 10:00:00.000`: the version of all rows that it writes. */
  now: string
  /** What was inserted after this is looked at, */
  since: string
  /** and not after this. */
  until: string
  /** Name of the cluster for what must be done on every server; absent for one server. */
  cluster: string | undefined
}

/** What statements need of a run. */
export function runParameters({ id, now, since, until }: Run): Parameters {
  return { run: id, now, since, until }
}

/** Statement that adds work: the query gives `source, id, from_time, to_time, detail`. */
export function addWork(kind: string, query: string): string {
  return `INSERT INTO recompute_work (run, kind, source, id, from_time, to_time, detail)
SELECT {run:String}, '${kind}', source, id, from_time, to_time, detail FROM (${query})`
}

/** Time from which an id's first owner has it: all of before too. As in the migration. */
export const EVER = "toDateTime64(0, 3, 'UTC')"

/** Until further notice. */
export const FOREVER = "toDateTime64('2200-01-01 00:00:00', 3, 'UTC')"

/** Of work that is about no time. */
export const NO_TIME =
  "toDateTime64(0, 3, 'UTC') AS from_time, toDateTime64(0, 3, 'UTC') AS to_time, '' AS detail"

/** A session that the client counts: an id that is not one of the words for nothing. */
export const HAS_CLIENT_SESSION = "(session_id != '' AND lower(session_id) NOT IN ('null', 'undefined'))"

/** Rows that a run looks at. */
export const IS_NEW =
  "(inserted_at > {since:DateTime64(3, 'UTC')} AND inserted_at <= {until:DateTime64(3, 'UTC')})"

/** Keys of new messages. One set, not two joined by OR: so the primary index of `arrivals` finds them. */
const NEW_KEYS = `
  SELECT cityHash64(source, message_id) FROM events WHERE ${IS_NEW}
  UNION ALL
  SELECT cityHash64(source, message_id) FROM corrected_events WHERE ${IS_NEW}`

/** Every minute that a copy of a message ever lay in. The message may have left the one for the other. */
const MINUTES_OF_NEW = `
SELECT source, '' AS id, toDateTime64(minute, 3, 'UTC') AS from_time, from_time AS to_time, '' AS detail
FROM (
  SELECT DISTINCT source, minute FROM arrivals
  WHERE key IN (${NEW_KEYS})
)`

/** Messages with copies in several minutes, and from the first of these to the end of the last. */
const MOVED = `
SELECT source, toString(key) AS id, toDateTime64(min(minute), 3, 'UTC') AS from_time,
  toDateTime64(max(minute), 3, 'UTC') + INTERVAL 59999 MILLISECOND AS to_time, '' AS detail
FROM arrivals
WHERE key IN (${NEW_KEYS})
GROUP BY source, key HAVING min(minute) != max(minute)`

function newEvents(table: string): string {
  return `
  SELECT
    source,
    cityHash64(source, message_id) AS key,
    if(bitTest(placeholder_ids, 1), if(bitTest(placeholder_ids, 0), '', user_id), anonymous_id) AS visitor,
    if(${HAS_CLIENT_SESSION}, session_id, '') AS client_session,
    timestamp
  FROM ${table}
  WHERE ${IS_NEW} AND event NOT IN ('$correct', '$retract')`
}

/** Sessions and visitors of new events, between the times of these and of their other copies. */
const VISITS_OF_NEW = `
INSERT INTO recompute_work (run, kind, source, id, from_time, to_time)
SELECT {run:String}, if(e.client_session = '', 'visitor', 'session') AS kind, e.source AS source,
  if(e.client_session = '', e.visitor, e.client_session) AS id,
  min(least(e.timestamp, if(m.id = '', e.timestamp, m.from_time))),
  max(greatest(e.timestamp, if(m.id = '', e.timestamp, m.to_time)))
FROM (${newEvents('events')} UNION ALL ${newEvents('corrected_events')}) AS e
LEFT JOIN (
  SELECT source, id, from_time, to_time FROM recompute_work WHERE run = {run:String} AND kind = 'moved'
) AS m ON e.source = m.source AND toString(e.key) = m.id
GROUP BY kind, source, id HAVING id != ''`

/** Ids that a new event says something about: its own with its user's, and what an alias joins. */
const ANONYMOUS_OF_NEW = `
SELECT DISTINCT source, id, ${NO_TIME}
FROM (
  SELECT source, arrayJoin([if(bitTest(placeholder_ids, 1), '', anonymous_id), if(type != 'alias' OR bitTest(placeholder_ids, 2), '', previous_id)]) AS id
  FROM events WHERE ${IS_NEW} AND NOT bitTest(placeholder_ids, 0)
  UNION ALL
  SELECT source, arrayJoin([if(bitTest(placeholder_ids, 1), '', anonymous_id), if(type != 'alias' OR bitTest(placeholder_ids, 2), '', previous_id)]) AS id
  FROM corrected_events WHERE ${IS_NEW} AND NOT bitTest(placeholder_ids, 0)
)
WHERE id != ''`

/** Users of new aliases; and users of new events that an alias names, since only a known user is joined. */
const USERS_OF_NEW = `
SELECT DISTINCT source, id, ${NO_TIME}
FROM (
  SELECT source, arrayJoin([user_id, previous_id]) AS id FROM events WHERE ${IS_NEW} AND type = 'alias'
  UNION ALL
  SELECT source, arrayJoin([user_id, previous_id]) AS id FROM corrected_events WHERE ${IS_NEW} AND type = 'alias'
  UNION ALL
  SELECT source, user_id AS id FROM events
  WHERE ${IS_NEW} AND user_id != '' AND (source, user_id) IN (SELECT source, previous_id FROM identity_aliases)
)
WHERE id != ''`

/** Runs that never ended. What they had begun is taken over. */
const LEFT_BEHIND = `
SELECT DISTINCT source, run AS id, ${NO_TIME}
FROM recompute_work
WHERE run != {run:String} AND run NOT IN (SELECT run FROM recompute_work WHERE kind = 'done')`

/**
 * Their work as it stands. Of ids whose owners they may have written already nobody knows any more what those were before,
 * so all of the ids' events are looked at again.
 */
const TAKE_OVER = `
INSERT INTO recompute_work (run, kind, source, id, from_time, to_time, detail)
SELECT DISTINCT {run:String}, if(kind = 'owned', 'changed_owner', kind), source, id,
  from_time, if(kind = 'owned', ${FOREVER}, to_time), detail
FROM recompute_work
WHERE run IN (SELECT id FROM recompute_work WHERE run = {run:String} AND kind = 'adopted')
  AND kind IN ('minute', 'session', 'visitor', 'anonymous', 'user', 'known', 'owned', 'changed_owner', 'changed_user')`

/** Marks the run and those that it took over as done. */
export const MARK_DONE = `
INSERT INTO recompute_work (run, kind)
SELECT arrayJoin(arrayPushFront(groupArray(id), {run:String})), 'done'
FROM recompute_work WHERE run = {run:String} AND kind = 'adopted'`

const ANY_NEW = `
SELECT 1 AS one FROM (
  SELECT 1 FROM events WHERE ${IS_NEW} LIMIT 1
  UNION ALL
  SELECT 1 FROM corrected_events WHERE ${IS_NEW} LIMIT 1
)`

/** Writes down all that follows from what was inserted since the last run, and what runs that were cut off left behind. */
export async function collectWork({ run, read }: Statements, current: Run): Promise<void> {
  const parameters = runParameters(current)
  await run(addWork('adopted', LEFT_BEHIND), parameters)
  await run(TAKE_OVER, parameters)
  const [any] = await read(ANY_NEW, parameters)
  if (any === undefined) return
  await run(addWork('minute', MINUTES_OF_NEW), parameters)
  await run(addWork('moved', MOVED), parameters)
  await run(VISITS_OF_NEW, parameters)
  await run(addWork('anonymous', ANONYMOUS_OF_NEW), parameters)
  await run(addWork('user', USERS_OF_NEW), parameters)
}

/**
 * Kinds that a run has work of by now. A statement about another kind finds nothing, but to plan it alone takes ClickHouse up
 * to a fifth of a second: so it is left out.
 */
export async function readKinds({ read }: Statements, current: Run): Promise<ReadonlySet<string>> {
  const rows = await read<{ kind: string }>(
    'SELECT DISTINCT kind FROM recompute_work WHERE run = {run:String}',
    runParameters(current),
  )
  return new Set(rows.map(({ kind }) => kind))
}

/** Query of the ids of one kind of work, `source` and `id`. */
export function workIds(kind: string): string {
  return `(SELECT source, id FROM recompute_work WHERE run = {run:String} AND kind = '${kind}')`
}
