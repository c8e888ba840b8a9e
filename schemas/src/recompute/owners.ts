/**
 * Whose an anonymous id is: the user's that was last seen with it, before that the first one's; so a device that two people
 * share keeps them apart.
 */

import type { Statements } from './statements.ts'
import { addWork, EVER, FOREVER, IS_NEW, type Run, readKinds, runParameters, workIds } from './work.ts'

/** Anonymous ids that were ever seen with users whose person changed, or are theirs by a correction. */
const ANONYMOUS_OF_USERS = `
SELECT DISTINCT source, id, ${EVER} AS from_time, ${EVER} AS to_time, 'user' AS detail
FROM (
  SELECT source, anonymous_id AS id FROM identity_pairs WHERE (source, user_id) IN ${workIds('changed_user')}
  UNION ALL
  SELECT source, anonymous_id AS id FROM identities FINAL
  WHERE anonymous_id != '' AND (source, user_id) IN ${workIds('changed_user')}
)`

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
    WHERE e.timestamp < i.evidence_at OR (e.message_id = i.evidence_id) != (e.timestamp = i.evidence_at)
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

/**
 * Computes the owners of the anonymous ids in the work, and of those that users had whose person changed. Times in which an id
 * has another owner now become work of the kind `changed_owner`. The dictionary of users must be current.
 */
export async function recomputeOwners(statements: Statements, current: Run): Promise<void> {
  const { run } = statements
  const parameters = runParameters(current)
  await run(addWork('anonymous', ANONYMOUS_OF_USERS), parameters)
  await run(addWork('owned', ANONYMOUS_TO_COMPUTE), parameters)
  if (!(await readKinds(statements, current)).has('owned')) return
  await run(addWork('owner', OWNERS_BEFORE), parameters)
  await run(INSERT_OWNERS, parameters)
  await run(BURY_OWNERS, parameters)
  await run(addWork('changed_owner', CHANGED_OWNERS), parameters)
}
