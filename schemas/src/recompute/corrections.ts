/**
 * Makes the rows of `corrected_events`: each event that a correction is about, as it is to be read now. Thousands are made by
 * the same few statements as one.
 */

import { parseClientTime } from '../event-time.ts'
import { type Correction, type CorrectionState, stateOf } from './correction-state.ts'
import { toDateTime } from './date-time.ts'
import { chunkIds } from './id-chunks.ts'
import type { Statements } from './statements.ts'
import { addWork, HAS_CLIENT_SESSION, IS_NEW, NO_TIME, type Run, runParameters, workIds } from './work.ts'

interface Target {
  source: string
  id: string
}

/** Events with a new correction, and such that have only now arrived. The event may itself be a correction. */
const NEW_TARGETS = `
SELECT DISTINCT source, target_id AS id, ${NO_TIME}
FROM corrections
WHERE ${IS_NEW}
   OR (source, target_id) IN (
     SELECT source, message_id FROM events WHERE ${IS_NEW} AND message_id IN (SELECT target_id FROM corrections))`

/** What the corrections among them are about, which is not among them yet. */
const TARGETS_OF_TARGETS = `
SELECT DISTINCT source, target_id AS id, ${NO_TIME}
FROM corrections
WHERE (source, message_id) IN ${workIds('target')} AND (source, target_id) NOT IN ${workIds('target')}`

/** Where the targets that are known lie in the table of events: this alone reads the ids of all. */
const PLACES = `
SELECT DISTINCT source, message_id AS id, toDateTime64(toStartOfHour(original_timestamp), 3, 'UTC') AS from_time, from_time AS to_time, '' AS detail
FROM events
WHERE (source, message_id) IN ${workIds('target')} AND event NOT IN ('$correct', '$retract')`

const IN_PLACES = `(source, toStartOfHour(original_timestamp), message_id) IN (
  SELECT source, toStartOfHour(from_time), id FROM recompute_work WHERE run = {run:String} AND kind = 'place')`

/** Corrections of ids, and whatever retracts those. */
const CORRECTIONS_OF = `
SELECT target_id AS targetId, message_id AS messageId, kind, changes, toString(timestamp) AS timestamp
FROM corrections FINAL WHERE source = {source:String} AND target_id IN {ids:Array(String)}`

/** The events as they are read until now: whatever follows from them is stale. */
const ROWS = `
SELECT * FROM (
  SELECT source, message_id, timestamp, session_id, user_id, anonymous_id, previous_id, type, placeholder_ids
  FROM events FINAL WHERE ${IN_PLACES}
  UNION ALL
  SELECT source, message_id, timestamp, session_id, user_id, anonymous_id, previous_id, type, placeholder_ids
  FROM corrected_events FINAL WHERE (source, message_id) IN ${workIds('place')}
)`

const AT = 'timestamp AS from_time, timestamp AS to_time'
const VISITOR = "if(bitTest(placeholder_ids, 1), if(bitTest(placeholder_ids, 0), '', user_id), anonymous_id)"

const WORK_OF_ROWS: readonly [kind: string, query: string][] = [
  [
    'minute',
    `SELECT DISTINCT source, '' AS id, toDateTime64(toStartOfMinute(timestamp), 3, 'UTC') AS from_time, from_time AS to_time, '' AS detail FROM (${ROWS})`,
  ],
  [
    'session',
    `SELECT source, session_id AS id, min(timestamp) AS from_time, max(timestamp) AS to_time, '' AS detail FROM (${ROWS}) WHERE ${HAS_CLIENT_SESSION} GROUP BY source, id`,
  ],
  [
    'visitor',
    `SELECT source, ${VISITOR} AS id, ${AT}, '' AS detail FROM (${ROWS}) WHERE NOT ${HAS_CLIENT_SESSION} AND id != ''`,
  ],
  [
    'anonymous',
    `SELECT DISTINCT source, arrayJoin([anonymous_id, previous_id]) AS id, ${NO_TIME.replace("''", "'corrected'")} FROM (${ROWS}) WHERE id != ''`,
  ],
  [
    'user',
    `SELECT DISTINCT source, arrayJoin([user_id, previous_id]) AS id, ${NO_TIME} FROM (${ROWS}) WHERE id != ''`,
  ],
]

/** Events that one statement makes rows of. */
const CHUNK_SIZE = 2_000

/** Applies what was inserted since the last run, and adds what is stale because of it. Idempotent. */
export async function recomputeCorrections(statements: Statements, current: Run): Promise<void> {
  const { read, run } = statements
  const [any] = await read('SELECT 1 AS one FROM corrections LIMIT 1')
  if (any === undefined) return
  const parameters = runParameters(current)
  await run(addWork('target', NEW_TARGETS), parameters)
  let count = await countTargets(statements, current)
  if (count === 0) return
  for (let before = 0; count > before; ) {
    await run(addWork('target', TARGETS_OF_TARGETS), parameters)
    before = count
    count = await countTargets(statements, current)
  }
  await run(addWork('place', PLACES), parameters)
  const targets = await read<Target>(workIds('place').slice(1, -1), parameters)
  if (targets.length === 0) return
  for (const [kind, query] of WORK_OF_ROWS) await run(addWork(kind, query), parameters)
  for (const [source, ofSource] of Map.groupBy(targets, (target) => target.source)) {
    for (let at = 0; at < ofSource.length; at += CHUNK_SIZE) {
      const ids = ofSource.slice(at, at + CHUNK_SIZE).map(({ id }) => id)
      await insertCorrected(statements, current, source, ids)
    }
  }
  for (const [kind, query] of WORK_OF_ROWS) await run(addWork(kind, query), parameters)
}

async function countTargets({ read }: Statements, current: Run): Promise<number> {
  const [row] = await read<{ count: string }>(
    `SELECT uniqExact(source, id) AS count FROM ${workIds('target')}`,
    runParameters(current),
  )
  return Number(row?.count ?? 0)
}

/** Makes the rows of some events. What they become goes in as data: it names people, so it may not be kept anywhere else. */
async function insertCorrected(
  statements: Statements,
  current: Run,
  source: string,
  ids: readonly string[],
): Promise<void> {
  const byTarget = await readCorrections(statements, source, ids)
  const lines = ids.map((id) => {
    const detail = JSON.stringify(describeState(stateOf(id, closureOf(id, byTarget))))
    return JSON.stringify({ source, id, detail })
  })
  await statements.run(`${INSERT_CORRECTED}\n${lines.join('\n')}`, runParameters(current))
}

/** The corrections of some events and, however long the chain is, what corrects those; by what they are about. */
async function readCorrections({ read }: Statements, source: string, start: readonly string[]) {
  const found = new Map<string, Correction>()
  let ids = [...start]
  while (ids.length > 0) {
    const next: string[] = []
    for (const chunk of chunkIds(ids)) {
      for (const correction of await read<Correction>(CORRECTIONS_OF, { source, ids: chunk })) {
        if (!found.has(correction.messageId)) next.push(correction.messageId)
        found.set(correction.messageId, correction)
      }
    }
    ids = next
  }
  return Map.groupBy(found.values(), ({ targetId }) => targetId)
}

/** Of those the ones that say something about one event. */
function closureOf(targetId: string, byTarget: ReadonlyMap<string, readonly Correction[]>): Correction[] {
  const found = new Map<string, Correction>()
  const open = [targetId]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const correction of byTarget.get(id) ?? []) {
      if (found.has(correction.messageId)) continue
      found.set(correction.messageId, correction)
      open.push(correction.messageId)
    }
  }
  return [...found.values()]
}

/** Columns of fields that are text. */
const TEXT_COLUMNS: Readonly<Record<string, string>> = {
  event: 'event',
  name: 'name',
  category: 'category',
  userId: 'user_id',
  anonymousId: 'anonymous_id',
  groupId: 'group_id',
}

/** Columns of fields that are objects, and how many paths have a column of their own in each. */
const JSON_COLUMNS: Readonly<Record<string, number>> = { properties: 512, traits: 128 }

/** Columns that the properties of a `page` event are put into as well. */
const PAGE_COLUMNS = ['url', 'path', 'search', 'referrer', 'title'].map((name) => `page_${name}`)

/** A state as {@link INSERT_CORRECTED} reads it. */
interface DescribedState {
  kind: CorrectionState['kind']
  /** By column. */
  texts?: Record<string, string>
  /** By column, as JSON text: what is put in, and the same keys with `null`. */
  objects?: Record<string, { old: string; new: string }>
  timestamp?: string
}

/** Values of a wrong kind are passed over. */
function describeState(state: CorrectionState): DescribedState {
  if (state.kind !== 'corrected') return { kind: state.kind }
  const texts: Record<string, string> = {}
  const objects: Record<string, { old: string; new: string }> = {}
  let timestamp: string | undefined
  for (const [field, value] of Object.entries(state.changes)) {
    const column = Object.hasOwn(TEXT_COLUMNS, field) ? TEXT_COLUMNS[field] : undefined
    if (column !== undefined && (typeof value === 'string' || typeof value === 'number')) {
      texts[column] = String(value)
    } else if (Object.hasOwn(JSON_COLUMNS, field) && typeof value === 'object') {
      const none = Object.fromEntries(Object.keys(value ?? {}).map((key) => [key, null]))
      objects[field] = { old: JSON.stringify(none), new: JSON.stringify(value) }
    } else if (field === 'timestamp' && typeof value === 'string') {
      const time = parseClientTime(value)
      if (time !== undefined) timestamp = toDateTime(time)
    }
  }
  return { kind: state.kind, texts, objects, ...(timestamp === undefined ? {} : { timestamp }) }
}

const REPLACED = [
  "{now:DateTime64(3, 'UTC')} AS inserted_at",
  "toUnixTimestamp64Milli({now:DateTime64(3, 'UTC')}) AS copy_rank",
  "if(JSONHas(s.detail, 'timestamp'), toDateTime64OrZero(JSONExtractString(s.detail, 'timestamp'), 3, 'UTC'), e.timestamp) AS timestamp",
  ...Object.values(TEXT_COLUMNS).map(
    (column) =>
      `if(JSONHas(s.detail, 'texts', '${column}'), JSONExtractString(s.detail, 'texts', '${column}'), toString(e.${column})) AS ${column}`,
  ),
  ...PAGE_COLUMNS.map((column) => {
    const found = `JSONExtractString(s.detail, 'objects', 'properties', 'new')`
    const key = column.slice('page_'.length)
    return `if(e.type = 'page' AND JSONHas(${found}, '${key}'), JSONExtractString(${found}, '${key}'), e.${column}) AS ${column}`
  }),
  // Taken out before it is put in: a patch alone would merge what lies deeper.
  ...Object.entries(JSON_COLUMNS).map(([column, paths]) => {
    const text = (part: string) => `JSONExtractString(s.detail, 'objects', '${column}', '${part}')`
    const patched = `JSONMergePatch(toJSONString(e.${column}), ${text('old')}, ${text('new')})`
    return `if(JSONHas(s.detail, 'objects', '${column}'), CAST(${patched} AS JSON(max_dynamic_paths = ${paths})), e.${column}) AS ${column}`
  }),
]

const INSERT_CORRECTED = `
INSERT INTO corrected_events (* EXCEPT (is_retracted, is_restored), is_retracted, is_restored)
SELECT e.* REPLACE (${REPLACED.join(', ')}),
  JSONExtractString(s.detail, 'kind') = 'retracted', JSONExtractString(s.detail, 'kind') = 'restored'
FROM input('source String, id String, detail String') AS s
INNER JOIN (SELECT * FROM events FINAL WHERE ${IN_PLACES}) AS e ON e.source = s.source AND e.message_id = s.id
FORMAT JSONEachRow`
