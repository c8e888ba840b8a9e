/** Whose events are: users first, then anonymous ids, and then what is stale because the person of an event is another one now. */

import { reloadOwners, reloadUsers } from './dictionaries.ts'
import { recomputeOwners } from './owners.ts'
import type { Statements } from './statements.ts'
import { recomputeUsers } from './users.ts'
import { addWork, HAS_CLIENT_SESSION, type Run, readKinds, runParameters, workIds } from './work.ts'

/** Times of an id that are looked at apart; an id with more of them, a device of many people, is looked at from the first to the last. */
const MAX_TIMES = 100

const CHANGED_TIMES = `
SELECT source, id, tupleElement(part, 1) AS from_time, tupleElement(part, 2) AS to_time
FROM (
  SELECT source, id, if(count() > ${MAX_TIMES}, [(min(from_time), max(to_time))], groupUniqArray(${MAX_TIMES})((from_time, to_time))) AS parts
  FROM recompute_work WHERE run = {run:String} AND kind = 'changed_owner' GROUP BY source, id
)
ARRAY JOIN parts AS part`

/** Events whose person is another one now: of an anonymous id in those times, and of a user that was joined or parted. */
const EVENTS_OF_OTHERS = `
SELECT e.source AS source, e.timestamp AS timestamp, e.session_id AS session_id, e.visitor_id AS visitor_id
FROM events_resolved AS e
INNER JOIN (${CHANGED_TIMES}) AS c
ON e.source = c.source AND e.anonymous_id = c.id
WHERE e.anonymous_id IN (SELECT id FROM ${workIds('changed_owner')})
  AND bitTest(e.placeholder_ids, 0) AND e.timestamp >= c.from_time AND e.timestamp < c.to_time
UNION ALL
SELECT source, timestamp, session_id, visitor_id FROM events_resolved
WHERE user_id IN (SELECT id FROM ${workIds('changed_user')}) AND (source, user_id) IN ${workIds('changed_user')}`

const MINUTES_OF_OTHERS = `
SELECT source, '' AS id, toDateTime64(minute, 3, 'UTC') AS from_time, from_time AS to_time, '' AS detail
FROM (SELECT DISTINCT source, toStartOfMinute(timestamp) AS minute FROM (${EVENTS_OF_OTHERS}))`

const SESSIONS_OF_OTHERS = `
SELECT source, session_id AS id, min(timestamp) AS from_time, max(timestamp) AS to_time, '' AS detail
FROM (${EVENTS_OF_OTHERS}) WHERE ${HAS_CLIENT_SESSION} GROUP BY source, session_id`

const VISITORS_OF_OTHERS = `
SELECT source, visitor_id AS id, min(timestamp) AS from_time, max(timestamp) AS to_time, '' AS detail
FROM (${EVENTS_OF_OTHERS}) WHERE NOT ${HAS_CLIENT_SESSION} AND visitor_id != '' GROUP BY source, visitor_id`

/** Computes the persons of the ids in the work, and adds the minutes and sessions of events that have another one now. Idempotent. */
export async function recomputeIdentity(statements: Statements, current: Run): Promise<void> {
  const { run } = statements
  if ((await readKinds(statements, current)).has('user')) await recomputeUsers(statements, current)
  let kinds = await readKinds(statements, current)
  if (kinds.has('changed_user')) await reloadUsers(statements, current)
  if (kinds.has('changed_user') || kinds.has('anonymous')) await recomputeOwners(statements, current)
  kinds = await readKinds(statements, current)
  if (kinds.has('changed_owner')) await reloadOwners(statements, current)
  if (!kinds.has('changed_owner') && !kinds.has('changed_user')) return
  const parameters = runParameters(current)
  await run(addWork('minute', MINUTES_OF_OTHERS), parameters)
  await run(addWork('session', SESSIONS_OF_OTHERS), parameters)
  await run(addWork('visitor', VISITORS_OF_OTHERS), parameters)
}
