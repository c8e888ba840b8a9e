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
    const { others, moved } = planUsers(source, ids, known, joinUsers(aliases))
    for (const chunk of chunksOf(others)) {
      for (const sql of [CHANGED_USERS, LOG_MERGES, WRITE_USERS])
        await run(`${sql}\n${chunk}`, runParameters(current))
    }
    for (const chunk of chunksOf(moved)) await run(`${WRITE_USERS}\n${chunk}`, runParameters(current))
  }
}

/** Lines of users who are another person now, and of those whom another alias says to be the same, or one that has moved. */
function planUsers(
  source: string,
  ids: readonly string[],
  known: readonly KnownUser[],
  after: ReturnType<typeof joinUsers>,
): { others: string[]; moved: string[] } {
  const before = new Map(known.map((user) => [user.userId, user]))
  const [others, moved]: [string[], string[]] = [[], []]
  for (const id of ids) {
    const [was, joined] = [before.get(id), after.get(id)]
    const { messageId = '', timestamp = '1970-01-01 00:00:00.000' } = joined?.evidence ?? {}
    const line = JSON.stringify({
      source,
      user: id,
      before: was?.personId ?? id,
      after: joined?.personId ?? id,
      evidence: messageId,
      evidence_at: timestamp,
      is_deleted: joined === undefined ? 1 : 0,
    })
    if ((was?.personId ?? id) !== (joined?.personId ?? id)) others.push(line)
    else if (was !== undefined && joined !== undefined) {
      if (was.evidenceId !== messageId || was.evidenceAt !== timestamp) moved.push(line)
    }
  }
  return { others, moved }
}

function chunksOf(lines: readonly string[]): string[] {
  const chunks: string[] = []
  for (let at = 0; at < lines.length; at += CHUNK_SIZE)
    chunks.push(lines.slice(at, at + CHUNK_SIZE).join('\n'))
  return chunks
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
