/**
 * Whose an id is. A user is a person, unless an alias joined it to another one. An anonymous id belongs to the user that was
 * last seen with it, before that to the first one; so a device that two people share keeps them apart.
 */

import type { Statements } from './clickhouse.ts'
import { type Alias, joinUsers } from './components.ts'
import { addWork, EVER, FOREVER, IS_NEW, type Run, runParameters, workIds } from './work.ts'

/** Users at most that are read at once while the aliases around them are followed. */
const FRONTIER_SIZE = 1_000

interface UserId {
  source: string
  id: string
}

/** An alias counts unless it was retracted, and once its `previousId` is known as a user; else it is an anonymous id. */
const ALIASES_AROUND = `
SELECT previous_id AS previousId, user_id AS userId, message_id AS messageId, toString(timestamp) AS timestamp
FROM identity_aliases FINAL
WHERE source = {source:String}
  AND (previous_id IN {ids:Array(String)} OR user_id IN {ids:Array(String)})
  AND message_id NOT IN (SELECT message_id FROM corrected_events FINAL WHERE source = {source:String} AND NOT is_restored)
  AND previous_id IN (
    SELECT user_id FROM events
    WHERE source = {source:String}
      AND user_id IN (SELECT previous_id FROM identity_aliases WHERE source = {source:String} AND (previous_id IN {ids:Array(String)} OR user_id IN {ids:Array(String)}))
  )`

interface KnownUser {
  userId: string
  personId: string
}

const KNOWN_USERS = `
SELECT user_id AS userId, person_id AS personId
FROM identities FINAL
WHERE source = {source:String} AND anonymous_id = '' AND (user_id IN {ids:Array(String)} OR person_id IN {ids:Array(String)})`

/** Joins and parts users. That a user's person changes is written down before it does. */
async function recomputeUsers({ run, read }: Statements, current: Run): Promise<void> {
  const touched = await read<UserId>(
    `SELECT DISTINCT source, id FROM recompute_work WHERE run = {run:String} AND kind = 'user'`,
    runParameters(current),
  )
  const bySource = Map.groupBy(touched, ({ source }) => source)
  for (const [source, users] of bySource) {
    const { ids, aliases, known } = await readAround(
      read,
      source,
      users.map(({ id }) => id),
    )
    const before = new Map(known.map(({ userId, personId }) => [userId, personId]))
    const after = joinUsers(aliases)
    const differing = ids.filter((id) => (before.get(id) ?? id) !== (after.get(id)?.personId ?? id))
    for (const id of differing) {
      const joined = after.get(id)
      const parameters = {
        ...runParameters(current),
        source,
        user: id,
        before: before.get(id) ?? id,
        after: joined?.personId ?? id,
        evidence: joined?.evidence.messageId ?? '',
        evidenceAt: joined?.evidence.timestamp ?? '1970-01-01 00:00:00.000',
        isDeleted: joined === undefined ? 1 : 0,
      }
      await run(addWork('changed_user', CHANGED_USER), parameters)
      await run(LOG_MERGE, parameters)
      await run(WRITE_USER, parameters)
    }
  }
}

const CHANGED_USER = `SELECT {source:String} AS source, {user:String} AS id, ${EVER} AS from_time, ${EVER} AS to_time, '' AS detail`

const WRITE_USER = `
INSERT INTO identities (source, anonymous_id, user_id, person_id, valid_from, valid_to, evidence_id, evidence_type, evidence_at, computed_at, is_deleted)
SELECT {source:String}, '', {user:String}, {after:String}, ${EVER}, ${FOREVER}, {evidence:String}, 'alias', {evidenceAt:DateTime64(3, 'UTC')}, {now:DateTime64(3, 'UTC')}, {isDeleted:UInt8}`

const LOG_MERGE = `
INSERT INTO identity_merges (source, user_id, person_before, person_after, evidence_id, at)
SELECT {source:String}, {user:String}, {before:String}, {after:String}, {evidence:String}, {now:DateTime64(3, 'UTC')}`

/** Follows the aliases from some users until no new user comes; what was joined before is followed too, as it may part. */
async function readAround(read: Statements['read'], source: string, start: readonly string[]) {
  const ids = new Set(start)
  const aliases = new Map<string, Alias>()
  const known = new Map<string, KnownUser>()
  let frontier = [...start]
  while (frontier.length > 0) {
    const next = new Set<string>()
    for (let at = 0; at < frontier.length; at += FRONTIER_SIZE) {
      const parameters = { source, ids: frontier.slice(at, at + FRONTIER_SIZE) }
      for (const alias of await read<Alias>(ALIASES_AROUND, parameters)) {
        aliases.set(alias.messageId, alias)
        next.add(alias.previousId).add(alias.userId)
      }
      for (const user of await read<KnownUser>(KNOWN_USERS, parameters)) {
        known.set(user.userId, user)
        next.add(user.userId).add(user.personId)
      }
    }
    frontier = [...next].filter((id) => !ids.has(id))
    for (const id of frontier) ids.add(id)
  }
  return { ids: [...ids], aliases: [...aliases.values()], known: [...known.values()] }
}

/** Anonymous ids that were ever seen with users whose person changed. */
const ANONYMOUS_OF_USERS = `
SELECT DISTINCT source, anonymous_id AS id, ${EVER} AS from_time, ${EVER} AS to_time, 'user' AS detail
FROM identity_pairs
WHERE (source, user_id) IN ${workIds('changed_user')}`

/**
 * Ids of the work whose owners may be others now: those that more than one user had, those whose only user is not the one
 * that is written down, those with an earlier event than is written down, and those that something else says so of.
 */
const ANONYMOUS_TO_COMPUTE = `
SELECT DISTINCT source, id, ${EVER} AS from_time, ${EVER} AS to_time, '' AS detail
FROM recompute_work AS w
WHERE run = {run:String} AND kind = 'anonymous' AND (
  w.detail != ''
  OR (source, id) IN (
    SELECT p.source, p.anonymous_id
    FROM (
      SELECT source, anonymous_id, groupUniqArray(user_id) AS users
      FROM identity_pairs WHERE (source, anonymous_id) IN ${workIds('anonymous')} GROUP BY source, anonymous_id
    ) AS p
    LEFT JOIN (
      SELECT source, anonymous_id, groupUniqArray(user_id) AS users
      FROM identities FINAL WHERE (source, anonymous_id) IN ${workIds('anonymous')} GROUP BY source, anonymous_id
    ) AS i ON p.source = i.source AND p.anonymous_id = i.anonymous_id
    WHERE length(p.users) > 1 OR p.users != i.users
  )
  OR (source, id) IN (
    SELECT i.source, i.anonymous_id
    FROM (SELECT source, anonymous_id, evidence_id, evidence_at FROM identities FINAL WHERE (source, anonymous_id) IN ${workIds('anonymous')}) AS i
    INNER JOIN (
      SELECT source, message_id, timestamp, arrayJoin([anonymous_id, previous_id]) AS id
      FROM events WHERE ${IS_NEW} AND NOT bitTest(placeholder_ids, 0)
    ) AS e ON e.source = i.source AND e.id = i.anonymous_id
    WHERE e.timestamp < i.evidence_at OR (e.message_id = i.evidence_id AND e.timestamp != i.evidence_at)
  )
)`

const OWNERS_BEFORE = `
SELECT source, anonymous_id AS id, valid_from AS from_time, valid_to AS to_time, person_id AS detail
FROM identities FINAL WHERE (source, anonymous_id) IN ${workIds('owned')}`

/** Every event that carries two ids says that the one is the other's at its time; the later of two at once wins. */
const INSERT_OWNERS = `
INSERT INTO identities (source, anonymous_id, user_id, person_id, valid_from, valid_to, evidence_id, evidence_type, evidence_at, computed_at)
SELECT source, id, user_id, dictGetOrDefault(concat(currentDatabase(), '.person_of_user'), 'person_id', (source, user_id), user_id),
  valid_from, valid_to, message_id, type, timestamp, {now:DateTime64(3, 'UTC')}
FROM (
  SELECT *,
    if(row_number() OVER by_id = 1, ${EVER}, timestamp) AS valid_from,
    leadInFrame(timestamp, 1, ${FOREVER}) OVER (PARTITION BY source, id ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS valid_to
  FROM (
    SELECT *, lagInFrame(user_id) OVER by_id AS user_before, row_number() OVER by_id AS number
    FROM (
      SELECT source, id, user_id, timestamp, message_id, type, (timestamp, stream, seq, message_id) AS ord
      FROM events_resolved
      ARRAY JOIN [if(bitTest(placeholder_ids, 1), '', anonymous_id), if(type != 'alias' OR bitTest(placeholder_ids, 2), '', previous_id)] AS id
      WHERE NOT bitTest(placeholder_ids, 0) AND id != '' AND (source, id) IN ${workIds('owned')}
        AND (anonymous_id IN (SELECT id FROM ${workIds('owned')}) OR previous_id IN (SELECT id FROM ${workIds('owned')}))
    )
    WINDOW by_id AS (PARTITION BY source, id ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  )
  WHERE number = 1 OR user_before != user_id
  WINDOW by_id AS (PARTITION BY source, id ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE valid_from < valid_to`

const BURY_OWNERS = `
INSERT INTO identities (source, anonymous_id, user_id, person_id, valid_from, valid_to, computed_at, is_deleted)
SELECT source, anonymous_id, user_id, person_id, valid_from, valid_to, {now:DateTime64(3, 'UTC')}, 1
FROM identities FINAL
WHERE (source, anonymous_id) IN ${workIds('owned')} AND computed_at < {now:DateTime64(3, 'UTC')}`

/** Times in which an anonymous id has another owner than before this run. */
const CHANGED_OWNERS = `
SELECT source, id, from_time, to_time, '' AS detail
FROM (
  SELECT source, id, from_time, to_time, detail AS person, -1 AS was
  FROM recompute_work WHERE run = {run:String} AND kind = 'owner'
  UNION ALL
  SELECT source, anonymous_id, valid_from, valid_to, person_id, 1
  FROM identities FINAL WHERE (source, anonymous_id) IN ${workIds('owned')}
)
GROUP BY source, id, from_time, to_time, person HAVING sum(was) != 0`

/** Events whose person is another one now: of an anonymous id in those times, and of a user that was joined or parted. */
const EVENTS_OF_OTHERS = `
SELECT e.source AS source, e.timestamp AS timestamp, e.session_id AS session_id, e.visitor_id AS visitor_id
FROM events_resolved AS e
INNER JOIN (SELECT source, id, from_time, to_time FROM recompute_work WHERE run = {run:String} AND kind = 'changed_owner') AS c
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
FROM (${EVENTS_OF_OTHERS}) WHERE session_id != '' GROUP BY source, session_id`

const VISITORS_OF_OTHERS = `
SELECT source, visitor_id AS id, min(timestamp) AS from_time, max(timestamp) AS to_time, '' AS detail
FROM (${EVENTS_OF_OTHERS}) WHERE session_id = '' AND visitor_id != '' GROUP BY source, visitor_id`

const STALE_USERS = `
SELECT count() AS stale
FROM (SELECT source, id FROM recompute_work WHERE run = {run:String} AND kind = 'changed_user') AS c
LEFT JOIN (SELECT source, user_id, person_id FROM identities FINAL WHERE anonymous_id = '') AS i
ON c.source = i.source AND c.id = i.user_id
WHERE dictGetOrDefault(concat(currentDatabase(), '.person_of_user'), 'person_id', (c.source, c.id), '') != i.person_id`

const STALE_OWNERS = `
SELECT count() AS stale
FROM identities FINAL
WHERE (source, anonymous_id) IN ${workIds('changed_owner')}
  AND dictGetOrDefault(concat(currentDatabase(), '.person_of_anonymous'), 'person_id', (source, anonymous_id), toUnixTimestamp64Milli(valid_from), '') != person_id`

const MAX_RELOADS = 10

interface Reload {
  dictionary: string
  /** Kind of the work that makes it stale. */
  kind: string
  /** Counts the ids of that work that the dictionary still has otherwise. */
  staleQuery: string
}

/** A reload may give what an update that was already under way has read, so it is repeated until nothing is stale. */
async function reload({ run, read }: Statements, current: Run, what: Reload): Promise<void> {
  const { dictionary, kind, staleQuery } = what
  const parameters = runParameters(current)
  const [work] = await read<{ changed: string }>(
    `SELECT count() AS changed FROM recompute_work WHERE run = {run:String} AND kind = '${kind}'`,
    parameters,
  )
  if (Number(work?.changed) === 0) return
  for (let count = 0; count < MAX_RELOADS; count++) {
    await run(`SYSTEM RELOAD DICTIONARY ${dictionary}${current.onCluster}`)
    const [row] = await read<{ stale: string }>(staleQuery, parameters)
    if (Number(row?.stale) === 0) return
  }
  throw new Error(`the dictionary ${dictionary} is still stale after ${MAX_RELOADS} reloads`)
}

/**
 * Computes the owners of the ids in the work, and adds the minutes and sessions of events whose person is another one now.
 * Idempotent.
 */
export async function recomputeIdentity(statements: Statements, current: Run): Promise<void> {
  const { run } = statements
  const parameters = runParameters(current)
  await recomputeUsers(statements, current)
  await run(addWork('anonymous', ANONYMOUS_OF_USERS), parameters)
  await reload(statements, current, {
    dictionary: 'person_of_user',
    kind: 'changed_user',
    staleQuery: STALE_USERS,
  })
  await run(addWork('owned', ANONYMOUS_TO_COMPUTE), parameters)
  await run(addWork('owner', OWNERS_BEFORE), parameters)
  await run(INSERT_OWNERS, parameters)
  await run(BURY_OWNERS, parameters)
  await run(addWork('changed_owner', CHANGED_OWNERS), parameters)
  await reload(statements, current, {
    dictionary: 'person_of_anonymous',
    kind: 'changed_owner',
    staleQuery: STALE_OWNERS,
  })
  await run(addWork('minute', MINUTES_OF_OTHERS), parameters)
  await run(addWork('session', SESSIONS_OF_OTHERS), parameters)
  await run(addWork('visitor', VISITORS_OF_OTHERS), parameters)
}
