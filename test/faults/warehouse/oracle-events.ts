/** Rows of `events` as the oracle of the tables sees them: each event once, whatever copies there are. */

import type { JsonObject } from '@millrace/schemas'
import type { Row } from '@millrace/schemas/native'
import type { OracleEvent } from '../../support/oracle/events.ts'

/** Each event once: of several copies the one that was received first, of those at once the one inserted last. */
export function distinctRows(rows: readonly Row[]): OracleEvent[] {
  return firstCopies(rows).map(readRow)
}

/** The row of each event that counts. */
export function firstCopies(rows: readonly Row[]): Row[] {
  const first = new Map<string, Row>()
  for (const row of rows) {
    const id = String(row['message_id'])
    const known = first.get(id)
    if (known === undefined || Number(row['received_at']) <= Number(known['received_at'])) first.set(id, row)
  }
  return [...first.values()]
}

function readRow(row: Row): OracleEvent {
  const text = (column: string) => String(row[column] ?? '')
  const properties = (row['properties'] ?? {}) as JsonObject
  const revenue = Number(properties['revenue'] ?? Number.NaN)
  const type = text('type')
  return {
    source: text('source'),
    id: text('message_id'),
    type,
    event: text('event'),
    at: Number(row['timestamp']),
    stream: text('stream'),
    seq: Number(row['seq'] ?? 0),
    userId: known(text('user_id')),
    anonymousId: known(text('anonymous_id')),
    previousId: known(text('previous_id')),
    sessionId: text('session_id'),
    sessionIndex: Number(row['session_index'] ?? 0),
    view: type === 'screen' ? text('name') : text('page_path'),
    campaign: ['campaign_source', 'campaign_medium', 'campaign_name', 'click_id_type', 'click_id'].map(text),
    country: text('country'),
    visibleMs: text('event') === 'Page Engaged' ? Number(properties['visibleMs'] ?? 0) : 0,
    revenue: Number.isFinite(revenue) ? revenue : undefined,
  }
}

/** Words for nobody that the clients of the simulation use. */
const PLACEHOLDERS = new Set(['null', 'undefined', 'anonymous', '0'])

function known(id: string): string {
  return PLACEHOLDERS.has(id.trim().toLowerCase()) ? '' : id
}
