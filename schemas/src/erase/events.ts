/** The events that are to be erased: enough of them to find their rows, and what is to be computed anew without them. */

import { forgottenHashSql } from '../forgotten.ts'
import { LAKE_HOUR_SQL } from '../lake/object-key.ts'
import { type EraseStatements, inChunks } from './statements.ts'

/** One row of an event; an event that was corrected, or that came twice, has several. */
export interface ErasedEvent {
  message: string
  /** `forgottenHash('message', message)`. */
  hash: string
  /** Hour of the client's clock, `2026-11-22 10:00:00`: with it the row is found by the sorting key. */
  hour: string
  /** Its time in milliseconds since 1970, as text. */
  at: string
  /** Beginning of its hour in the lake, in seconds since 1970, as text. */
  lakeHour: string
  /** Whether its client said when it happened: `1`, else `0`. */
  hasClock: string
  /** `cityHash64(source, message_id)` as text. */
  key: string
  /** The client's session, empty where it has none. */
  session: string
  /** Whose sessions it counts to without one; empty for an id that is erased itself, which has no other events. */
  visitor: string
  /** Device that has other events too, empty likewise. */
  device: string
}

const HAS_SESSION = "(session_id != '' AND lower(session_id) NOT IN ('null', 'undefined'))"
const VISITOR = "if(bitTest(placeholder_ids, 1), if(bitTest(placeholder_ids, 0), '', user_id), anonymous_id)"

/**
 * A query of {@link ErasedEvent}s.
 *
 * @param table `events`, `corrected_events` or `events_resolved`
 * @param isErased SQL that says whether an id, of a user or of a device, is erased itself
 */
export function selectErased(
  table: string,
  condition: string,
  isErased: (expression: string) => string,
): string {
  return `
SELECT DISTINCT
  message_id AS message,
  ${forgottenHashSql('message', 'message_id')} AS hash,
  toString(toStartOfHour(original_timestamp)) AS hour,
  toString(toUnixTimestamp64Milli(timestamp)) AS at,
  toString(${LAKE_HOUR_SQL}) AS lakeHour,
  toString(toUnixTimestamp64Milli(original_timestamp) != 0) AS hasClock,
  toString(cityHash64(source, message_id)) AS key,
  if(${HAS_SESSION}, session_id, '') AS session,
  if(${HAS_SESSION} OR ${isErased(VISITOR)}, '', ${VISITOR}) AS visitor,
  if(bitTest(placeholder_ids, 1) OR ${isErased('anonymous_id')}, '', anonymous_id) AS device
FROM ${table}
WHERE source = {source:String} AND (${condition})`
}

const CORRECTIONS_OF = selectErased(
  'events',
  `event IN ('$correct', '$retract') AND message_id IN (
    SELECT message_id FROM corrections WHERE source = {source:String} AND target_id IN {messages:Array(String)}
  )`,
  () => '0',
)

/** The events together with their corrections, what retracts those, and so on. */
export async function withCorrections(
  { read }: EraseStatements,
  source: string,
  events: readonly ErasedEvent[],
  chunkSize: number,
): Promise<ErasedEvent[]> {
  const all = [...events]
  const seen = new Set<string>()
  let next = new Set(events.map(({ message }) => message))
  while (next.size > 0) {
    const targets = [...next].filter((message) => !seen.has(message))
    next = new Set()
    for (const messages of inChunks(targets, chunkSize)) {
      for (const message of messages) seen.add(message)
      for (const row of await read<ErasedEvent>(CORRECTIONS_OF, { source, messages })) {
        all.push(row)
        next.add(row.message)
      }
    }
  }
  return all
}
