/** Everything that the quarantine knows of one event. */

import type { QueryRows } from '../clickhouse.ts'
import { printable } from '../printable.ts'

interface Violation {
  path: string
  rule: string
  found: string
  message: string
}

/** A row of `quarantine` without its machinery, and whether the event is stored by now. */
export interface QuarantinedRow {
  message_id: string
  type: string
  event: string
  reason: string
  path: string
  message: string
  violations: Violation[]
  plan_version: string
  received_at: string
  sent_at: string | null
  route: string
  stream: string
  seq: number
  batch_id: string
  batch_index: number
  user_agent: string
  request: string
  context: string
  integrations: string
  raw: string
  raw_bytes: number
  is_stored: number
}

const QUERY = `
SELECT
  * EXCEPT (copy_rank, previous_stream, previous_seq),
  message_id IN (
    SELECT message_id FROM events WHERE source = {source:String} AND message_id = {id:String}
  ) AS is_stored
FROM quarantine FINAL
WHERE source = {source:String} AND message_id = {id:String}`

/** The row of one event, or `undefined` when the quarantine has none of that id. */
export async function findQuarantined(
  query: QueryRows,
  source: string,
  id: string,
): Promise<QuarantinedRow | undefined> {
  const [row] = await query<QuarantinedRow>(QUERY, { source, id })
  return row
}

/** The row as text for people, ending with a newline; what a terminal would obey in it is made visible. */
export function formatEvent(row: QuarantinedRow): string {
  const where = row.path === '' ? '' : ` at ${row.path}`
  const fields: [string, string][] = [
    ['event', [row.event, row.type === row.event ? '' : row.type].filter(Boolean).join(', ')],
    ['refused', `${row.reason}${where}: ${row.message}`],
    ['plan version', row.plan_version],
    ['received', toIso(row.received_at)],
    ['sent', row.sent_at === null ? '' : `${toIso(row.sent_at)} by the client's clock`],
    ['route', row.route],
    ['place', row.stream === '' ? '' : `${row.seq} in the stream ${row.stream}`],
    ['batch', `${row.batch_id}, position ${row.batch_index}`],
    ['user agent', row.user_agent],
    ['stored', Number(row.is_stored) === 1 ? 'yes, under the same id' : 'no'],
  ]
  const lines = [
    row.message_id,
    ...fields.filter(([, value]) => value !== '').map(([name, value]) => `  ${name.padEnd(12)}  ${value}`),
    ...row.violations.map(
      ({ path, rule, message }) => `  violation     ${path === '' ? '' : `${path}: `}${message} (${rule})`,
    ),
    ...section(rawTitle(row), row.raw, cutNote(row)),
    ...section("the batch's context", row.context),
    ...section("the batch's integrations", row.integrations),
    ...section('the request', row.request),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function section(title: string, json: string, note = ''): string[] {
  return json === '' ? [] : ['', `${title}${note}:`, ...prettyJson(json).split('\n')]
}

/** What ClickHouse alone refused had passed the collector, so it is kept as the rules of the source made it. */
function rawTitle({ reason }: QuarantinedRow): string {
  return reason === 'not_storable' ? 'event as it was to be stored' : 'event as it arrived'
}

function cutNote({ raw, raw_bytes }: QuarantinedRow): string {
  const kept = Buffer.byteLength(raw)
  return kept < raw_bytes ? `, the first ${kept} of ${raw_bytes} bytes` : ''
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // Cut, or never JSON at all: shown as it is.
    return text
  }
}

function toIso(time: string): string {
  return `${time.replace(' ', 'T')}Z`
}
