/** Which users are one person: follows the aliases around those in the work, and writes down whose person each now is. */

import type { Statements } from '../statements.ts'
import { type Alias, joinUsers } from './components.ts'
import { addWork, EVER, FOREVER, type Run, runParameters } from './work.ts'

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

/** Joins and parts users. That a user's person changes is written down before it does, as work of the kind `changed_user`. */
export async function recomputeUsers({ run, read }: Statements, current: Run): Promise<void> {
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
