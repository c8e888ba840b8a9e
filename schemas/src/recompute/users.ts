/** Which users are one person: follows the aliases around those in the work, and writes down whose person each now is. */

import { type Alias, joinUsers } from './components.ts'
import { chunkIds } from './id-chunks.ts'
import type { Statements } from './statements.ts'
import { EVER, FOREVER, type Run, runParameters } from './work.ts'

interface UserId {
  source: string
  id: string
}

/** Aliases around some ids, as corrected. */
const ALIASES = `
SELECT * FROM (
  SELECT previous_id, user_id, message_id, timestamp
  FROM identity_aliases FINAL
  WHERE source = {source:String}
    AND message_id NOT IN (SELECT message_id FROM corrected_events FINAL WHERE source = {source:String} AND NOT is_restored)
  UNION ALL
  SELECT previous_id, user_id, message_id, timestamp
  FROM corrected_events FINAL
  WHERE source = {source:String} AND type = 'alias' AND NOT is_retracted AND NOT is_restored
    AND previous_id != user_id AND NOT bitTest(placeholder_ids, 0) AND NOT bitTest(placeholder_ids, 2)
)
WHERE previous_id IN {ids:Array(String)} OR user_id IN {ids:Array(String)}`

/** An alias counts once its `previousId` is known as a user; else that is an anonymous id. */
const ALIASES_OF_USERS = `
SELECT previous_id AS previousId, user_id AS userId, message_id AS messageId, toString(timestamp) AS timestamp
FROM (${ALIASES})
WHERE previous_id IN (
  SELECT user_id FROM events_resolved
  WHERE source = {source:String} AND user_id IN (SELECT previous_id FROM (${ALIASES}))
)`

interface KnownUser {
  userId: string
  personId: string
  evidenceId: string
  evidenceAt: string
}

const KNOWN_USERS = `
SELECT user_id AS userId, person_id AS personId, evidence_id AS evidenceId, toString(evidence_at) AS evidenceAt
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
    const before = new Map(known.map((user) => [user.userId, user]))
    const after = joinUsers(aliases)
    const personBefore = (id: string) => before.get(id)?.personId ?? id
    const personAfter = (id: string) => after.get(id)?.personId ?? id
    const describe = (id: string) => {
      const joined = after.get(id)
      return JSON.stringify({
        source,
        user: id,
        before: personBefore(id),
        after: personAfter(id),
        evidence: joined?.evidence.messageId ?? '',
        evidence_at: joined?.evidence.timestamp ?? '1970-01-01 00:00:00.000',
        is_deleted: joined === undefined ? 1 : 0,
      })
    }
    const lines = ids.filter((id) => personBefore(id) !== personAfter(id)).map(describe)
    for (let at = 0; at < lines.length; at += CHUNK_SIZE) {
      const data = lines.slice(at, at + CHUNK_SIZE).join('\n')
      for (const sql of [CHANGED_USERS, LOG_MERGES, WRITE_USERS]) {
        await run(`${sql}\n${data}`, runParameters(current))
      }
    }
    // The alias that says so may be another one, or have moved, and all stay who they are.
    const moved = ids.filter((id) => {
      const [was, joined] = [before.get(id), after.get(id)?.evidence]
      if (was === undefined || joined === undefined || personBefore(id) !== personAfter(id)) return false
      return was.evidenceId !== joined.messageId || was.evidenceAt !== joined.timestamp
    })
    for (let at = 0; at < moved.length; at += CHUNK_SIZE) {
      const data = moved
        .slice(at, at + CHUNK_SIZE)
        .map(describe)
        .join('\n')
      await run(`${WRITE_USERS}\n${data}`, runParameters(current))
    }
  }
}

/** Users of one statement. */
const CHUNK_SIZE = 5_000

const DATA = `
FROM input('source String, user String, before String, after String, evidence String, evidence_at DateTime64(3, \\'UTC\\'), is_deleted UInt8')
FORMAT JSONEachRow`

const CHANGED_USERS = `
INSERT INTO recompute_work (run, kind, source, id)
SELECT {run:String}, 'changed_user', source, user ${DATA}`

const WRITE_USERS = `
INSERT INTO identities (source, anonymous_id, user_id, person_id, valid_from, valid_to, evidence_id, evidence_type, evidence_at, computed_at, is_deleted)
SELECT source, '', user, after, ${EVER}, ${FOREVER}, evidence, 'alias', evidence_at, {now:DateTime64(3, 'UTC')}, is_deleted ${DATA}`

const LOG_MERGES = `
INSERT INTO identity_merges (source, user_id, person_before, person_after, evidence_id, at)
SELECT source, user, before, after, evidence, {now:DateTime64(3, 'UTC')} ${DATA}`

/** Follows the aliases from some users until no new user comes; what was joined before is followed too, as it may part. */
async function readAround(read: Statements['read'], source: string, start: readonly string[]) {
  const ids = new Set(start)
  const aliases = new Map<string, Alias>()
  const known = new Map<string, KnownUser>()
  let frontier = [...start]
  while (frontier.length > 0) {
    const next = new Set<string>()
    for (const chunk of chunkIds(frontier)) {
      const parameters = { source, ids: chunk }
      for (const alias of await read<Alias>(ALIASES_OF_USERS, parameters)) {
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
