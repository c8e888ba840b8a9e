/** What is in the quarantine, counted. */

import { REASONS } from '@millrace/schemas'
import type { QueryRows } from '../clickhouse.ts'
import { printable } from '../printable.ts'
import { FILTER_SQL, filterParameters, type QuarantineFilter } from './filter.ts'

/** Refused events of one name, for one reason, at one place in them. */
export interface QuarantineGroup {
  event: string
  reason: string
  path: string
  count: number
  /** Of these, stored by now under the same id: replayed, or sent again rightly. */
  stored: number
  /** ISO 8601. */
  firstSeen: string
  lastSeen: string
  /** Id of the latest, for `quarantine show`. */
  example: string
}

/** Most groups that are told; a hostile client may make as many names as it likes. */
const MAX_GROUPS = 500

const QUERY = `
SELECT
  event,
  reason,
  path,
  toUInt32(count()) AS count,
  toUInt32(countIf(message_id IN (
    SELECT message_id FROM events
    WHERE source = {source:String} AND message_id IN (SELECT message_id FROM quarantine WHERE ${FILTER_SQL})
  ))) AS stored,
  formatDateTime(min(received_at), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS firstSeen,
  formatDateTime(max(received_at), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS lastSeen,
  argMax(message_id, received_at) AS example
FROM quarantine FINAL
WHERE ${FILTER_SQL}
GROUP BY event, reason, path
ORDER BY count DESC, event, reason, path
LIMIT {limit:UInt32}`

/** Groups, the largest first. At most 500. */
export function listQuarantine(query: QueryRows, filter: QuarantineFilter): Promise<QuarantineGroup[]> {
  return query<QuarantineGroup>(QUERY, { ...filterParameters(filter), limit: MAX_GROUPS })
}

/** Longest name and path in the table. */
const MAX_CELL_LENGTH = 48

const HEADINGS = ['refused', 'stored', 'event', 'reason', 'path', 'first seen', 'last seen', 'example id']

/** The groups as a table for people, ending with a newline. */
export function formatList(groups: readonly QuarantineGroup[], filter: QuarantineFilter): string {
  if (groups.length === 0) return describeNothing(filter)
  const rows = groups.map((group) => [
    group.count.toLocaleString('en-US'),
    group.stored === 0 ? '' : group.stored.toLocaleString('en-US'),
    shorten(group.event) || '(no name)',
    group.reason,
    shorten(group.path),
    group.firstSeen,
    group.lastSeen,
    printable(group.example),
  ])
  const more = groups.length === MAX_GROUPS ? `these are the ${MAX_GROUPS} largest\n` : ''
  return `${formatTable([HEADINGS, ...rows])}${more}`
}

/** A reason is not refused when it is typed: the collector may be newer than the command. */
function describeNothing({ source, reason, event, since, until }: QuarantineFilter): string {
  const isWhole = [reason, event, since, until].every((value) => value === undefined)
  if (isWhole) return `the quarantine of ${source} is empty\n`
  const isKnown = reason === undefined || REASONS.some((known) => known === reason)
  const hint = isKnown
    ? ''
    : `${printable(reason)} is no reason that is known; these are: ${REASONS.join(', ')}\n`
  return `nothing in the quarantine of ${source} is like that\n${hint}`
}

/** Columns as wide as their widest cell; the two counts are set to the right. */
function formatTable(rows: readonly string[][]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

function shorten(text: string): string {
  const safe = printable(text)
  return safe.length > MAX_CELL_LENGTH ? `${safe.slice(0, MAX_CELL_LENGTH - 1)}…` : safe
}
