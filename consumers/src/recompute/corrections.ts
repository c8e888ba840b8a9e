/** Makes the rows of `corrected_events`: each event that a correction is about, as it is to be read now. */

import { parseClientTime } from '@millrace/schemas'
import type { Parameters, Statements } from '../statements.ts'
import { toDateTime } from '../warehouse/column-values.ts'
import { type Correction, type CorrectionState, stateOf } from './correction-state.ts'
import { addWork, HAS_CLIENT_SESSION, IS_NEW, type Run, runParameters } from './work.ts'

interface Target {
  source: string
  id: string
}

/** Events with a new correction, with a new retraction of a correction, and such that have only now arrived. */
const TARGETS = `
WITH fresh AS (SELECT source, target_id FROM corrections WHERE ${IS_NEW})
SELECT DISTINCT source, target_id AS id
FROM corrections
WHERE (source, target_id) IN fresh
   OR (source, message_id) IN fresh
   OR (source, message_id) IN (SELECT source, target_id FROM corrections WHERE (source, message_id) IN fresh)
   OR (source, target_id) IN (
     SELECT source, message_id FROM events WHERE ${IS_NEW} AND message_id IN (SELECT target_id FROM corrections))`

/** Corrections of ids, and whatever retracts those. */
const CORRECTIONS_OF = `
SELECT target_id AS targetId, message_id AS messageId, kind, changes, toString(timestamp) AS timestamp
FROM corrections FINAL WHERE source = {source:String} AND target_id IN {ids:Array(String)}`

/** The event as it is read until now: whatever follows from it is stale. */
const ROWS_BEFORE = `
SELECT * FROM (
  SELECT source, message_id, timestamp, session_id, user_id, anonymous_id, previous_id, type, placeholder_ids
  FROM events FINAL WHERE source = {source:String} AND message_id = {id:String}
  UNION ALL
  SELECT source, message_id, timestamp, session_id, user_id, anonymous_id, previous_id, type, placeholder_ids
  FROM corrected_events FINAL WHERE source = {source:String} AND message_id = {id:String}
)`

const AT = 'timestamp AS from_time, timestamp AS to_time'
const VISITOR = "if(bitTest(placeholder_ids, 1), if(bitTest(placeholder_ids, 0), '', user_id), anonymous_id)"

const WORK_BEFORE: readonly [kind: string, query: string][] = [
  [
    'minute',
    `SELECT source, '' AS id, toDateTime64(toStartOfMinute(timestamp), 3, 'UTC') AS from_time, from_time AS to_time, '' AS detail FROM (${ROWS_BEFORE})`,
  ],
  [
    'session',
    `SELECT source, session_id AS id, ${AT}, '' AS detail FROM (${ROWS_BEFORE}) WHERE ${HAS_CLIENT_SESSION}`,
  ],
  [
    'visitor',
    `SELECT source, ${VISITOR} AS id, ${AT}, '' AS detail FROM (${ROWS_BEFORE}) WHERE NOT ${HAS_CLIENT_SESSION} AND id != ''`,
  ],
  [
    'anonymous',
    `SELECT DISTINCT source, arrayJoin([anonymous_id, previous_id]) AS id, ${AT}, 'corrected' AS detail FROM (${ROWS_BEFORE}) WHERE id != ''`,
  ],
  [
    'user',
    `SELECT DISTINCT source, arrayJoin([user_id, previous_id]) AS id, ${AT}, '' AS detail FROM (${ROWS_BEFORE}) WHERE id != ''`,
  ],
]

/** Applies what was inserted since the last run, and adds what is stale because of it. Idempotent. */
export async function recomputeCorrections(statements: Statements, current: Run): Promise<void> {
  const { read, run } = statements
  const [any] = await read('SELECT 1 AS one FROM corrections LIMIT 1')
  if (any === undefined) return
  const targets = await read<Target>(TARGETS, runParameters(current))
  for (const target of targets) {
    const state = stateOf(target.id, await readCorrections(statements, target))
    const parameters = { ...runParameters(current), ...target }
    for (const [kind, query] of WORK_BEFORE) await run(addWork(kind, query), parameters)
    const { replace, values } = buildReplacement(state)
    await run(insertCorrected(replace, state), { ...parameters, ...values })
    for (const [kind, query] of WORK_BEFORE) await run(addWork(kind, query), parameters)
  }
}

async function readCorrections({ read }: Statements, { source, id }: Target): Promise<Correction[]> {
  const found = new Map<string, Correction>()
  let ids = [id]
  while (ids.length > 0) {
    const next = await read<Correction>(CORRECTIONS_OF, { source, ids })
    ids = next.map(({ messageId }) => messageId).filter((messageId) => !found.has(messageId))
    for (const correction of next) found.set(correction.messageId, correction)
  }
  return [...found.values()]
}

function insertCorrected(replace: readonly string[], { kind }: CorrectionState): string {
  const columns = [
    "{now:DateTime64(3, 'UTC')} AS inserted_at",
    "toUnixTimestamp64Milli({now:DateTime64(3, 'UTC')}) AS copy_rank",
    ...replace,
  ]
  return `
INSERT INTO corrected_events (* EXCEPT (is_retracted, is_restored), is_retracted, is_restored)
SELECT * REPLACE (${columns.join(', ')}), ${kind === 'retracted'}, ${kind === 'restored'}
FROM events FINAL WHERE source = {source:String} AND message_id = {id:String}`
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

const JSON_COLUMNS: Readonly<Record<string, number>> = { properties: 512, traits: 128 }

/** Columns that are replaced, and the parameters that they take their values from. Values of a wrong kind are passed over. */
function buildReplacement(state: CorrectionState): { replace: string[]; values: Parameters } {
  const replace: string[] = []
  const values: Parameters = {}
  if (state.kind !== 'corrected') return { replace, values }
  for (const [field, value] of Object.entries(state.changes)) {
    const column = Object.hasOwn(TEXT_COLUMNS, field) ? TEXT_COLUMNS[field] : undefined
    const paths = Object.hasOwn(JSON_COLUMNS, field) ? JSON_COLUMNS[field] : undefined
    if (column !== undefined && (typeof value === 'string' || typeof value === 'number')) {
      replace.push(`{new_${column}:String} AS ${column}`)
      values[`new_${column}`] = String(value)
    } else if (paths !== undefined && typeof value === 'object') {
      // Taken out before it is put in: a patch alone would merge what lies deeper.
      replace.push(
        `CAST(JSONMergePatch(toJSONString(${field}), {old_${field}:String}, {new_${field}:String}) AS JSON(max_dynamic_paths = ${paths})) AS ${field}`,
      )
      values[`old_${field}`] = JSON.stringify(
        Object.fromEntries(Object.keys(value ?? {}).map((key) => [key, null])),
      )
      values[`new_${field}`] = JSON.stringify(value)
    } else if (field === 'timestamp' && typeof value === 'string') {
      const time = parseClientTime(value)
      if (time === undefined) continue
      replace.push("{new_timestamp:DateTime64(3, 'UTC')} AS timestamp")
      values['new_timestamp'] = toDateTime(time)
    }
  }
  return { replace, values }
}
