/**
 * Deletes again what came of forgotten persons while a Worker did not know of them yet: events for half a minute after they
 * were forgotten, closed live windows for as long as the live object corrects them. Events are written as any are, so what
 * was computed of them goes too.
 */

import {
  type ErasedEvent,
  eraseRows,
  forgottenHashSql,
  NAMED_IDS,
  planWork,
  readPlaces,
  selectErased,
  withCorrections,
  writeWork,
} from '../erase/entry.ts'
import type { Statements } from './statements.ts'
import type { Run } from './work.ts'

/** Hashes of one statement; parameters may go in its address, and some take no more than 16 KB of that. */
const CHUNK_SIZE = 50

/** Ids of one statement, each of up to 256 characters, which an address may take three times as long. */
const ID_CHUNK_SIZE = 10

/** A refused event knows when it was received, not when it was inserted; a message is retried for a day at most, then re-driven by hand. */
const RETRY_DAYS = 7

const SOURCES = '(SELECT source FROM forgotten)'
const hash = forgottenHashSql

const LIVE_VALUES =
  'arrayConcat(key, arrayFlatten(mapValues(mapApply((name, list) -> (name, arrayMap(top -> top.value, list)), tops))))'

/** Forgotten ids that something names that came since the last run. */
const NAMED_SINCE = `
SELECT DISTINCT source, hash
FROM (
  SELECT source, arrayJoin([${hash('user', 'user_id')}, ${hash('anonymous', 'anonymous_id')}, ${hash('user', 'previous_id')}, ${hash('anonymous', 'previous_id')}, ${hash('message', 'message_id')}]) AS hash
  FROM events WHERE inserted_at > {since:DateTime64(3, 'UTC')} AND source IN ${SOURCES}
  UNION ALL
  SELECT source, arrayJoin(arrayFlatten(arrayMap(id -> [${hash('user', 'id')}, ${hash('anonymous', 'id')}], ${NAMED_IDS}))) AS hash
  FROM quarantine WHERE received_at > {since:DateTime64(3, 'UTC')} - INTERVAL ${RETRY_DAYS} DAY AND source IN ${SOURCES}
  UNION ALL
  SELECT source, arrayJoin(arrayFlatten(arrayMap(id -> [${hash('user', 'id')}, ${hash('anonymous', 'id')}], ${LIVE_VALUES}))) AS hash
  FROM live_windows WHERE inserted_at > {since:DateTime64(3, 'UTC')} AND source IN ${SOURCES}
)
WHERE (source, hash) IN (SELECT source, id_hash FROM forgotten)`

const HASHES = '{hashes:Array(String)}'
const isErased = (expression: string) =>
  `(${hash('user', expression)} IN ${HASHES} OR ${hash('anonymous', expression)} IN ${HASHES})`

const EVENTS_SINCE = selectErased(
  'events',
  `inserted_at > {since:DateTime64(3, 'UTC')} AND (
    ${hash('user', 'user_id')} IN ${HASHES} OR ${hash('anonymous', 'anonymous_id')} IN ${HASHES}
    OR ${isErased('previous_id')} OR ${hash('message', 'message_id')} IN ${HASHES}
  )`,
  isErased,
)

/**
 * To be called at the beginning of a run, before its work is collected: what follows is added to that. Costs one small query
 * while nobody is forgotten, and may be cut off and repeated anywhere.
 *
 * @returns how many events were deleted
 */
export async function sweepForgotten(
  statements: Statements,
  run: Pick<Run, 'id' | 'since'>,
): Promise<number> {
  const [any] = await statements.read('SELECT 1 FROM forgotten LIMIT 1')
  if (any === undefined) return 0
  const named = await statements.read<{ source: string; hash: string }>(NAMED_SINCE, { since: run.since })
  let swept = 0
  for (const [source, rows] of Map.groupBy(named, (row) => row.source)) {
    const hashes = rows.map((row) => row.hash)
    swept += await sweepSource(statements, run, source, hashes)
  }
  return swept
}

async function sweepSource(
  statements: Statements,
  { id, since }: Pick<Run, 'id' | 'since'>,
  source: string,
  hashes: readonly string[],
): Promise<number> {
  const slipped: ErasedEvent[] = []
  for (let at = 0; at < hashes.length; at += CHUNK_SIZE) {
    const parameters = { source, since, hashes: hashes.slice(at, at + CHUNK_SIZE) }
    slipped.push(...(await statements.read<ErasedEvent>(EVENTS_SINCE, parameters)))
  }
  const events = await withCorrections(statements, source, slipped, ID_CHUNK_SIZE)
  const { rows, sessions } = await planWork(statements, source, events, ID_CHUNK_SIZE)
  await writeWork(statements, { run: id, source, chunkSize: ID_CHUNK_SIZE }, rows)
  const places = await readPlaces(statements)
  const erased = await eraseRows(statements, places, {
    source,
    ids: hashes,
    events,
    sessions,
    chunkSize: CHUNK_SIZE,
  })
  return erased['events'] ?? 0
}
