/** From an envelope to rows of ClickHouse: which field goes to which column, and nothing of HTTP or retries. */

import type { Envelope, EnvelopeEvent, JsonObject, OmittedEvent, QuarantinedEvent } from '@millrace/schemas'
import { encodeJson } from '@millrace/schemas'
import { asText, type Row, toTuples } from './column-values.ts'
import { buildContextColumns } from './context-columns.ts'
import { buildFactColumns } from './fact-columns.ts'

/** A row of `millrace.events`; see `docs/data-dictionary.md` for what each column means. */
export type EventRow = Row

/** A row of `millrace.quarantine`. */
export type QuarantineRow = Row

/** A row of `millrace.omitted`. */
export type OmittedRow = Row

/** One row for each accepted event, in order. The same envelope always gives the same rows. */
export function buildEventRows(envelope: Envelope): EventRow[] {
  const head = { ...buildHeadColumns(envelope), sent_at: envelope.sentAt ?? null }
  const firstHead = { ...head, ...previousColumns(envelope, true) }
  const nextHead = { ...head, ...previousColumns(envelope, false) }
  const readContext = createContextReader(envelope)
  return envelope.events.map((event, index) =>
    buildEventRow(envelope, index === 0 ? firstHead : nextHead, event, readContext(event)),
  )
}

/** One row for each refused event, in order. */
export function buildQuarantineRows(envelope: Envelope): QuarantineRow[] {
  if (envelope.quarantined.length === 0) return []
  const isFirst = envelope.events.length === 0
  const shared = {
    ...buildHeadColumns(envelope),
    sent_at: envelope.sentAt ?? null,
    user_agent: envelope.userAgent ?? '',
    context: textOf(envelope.context),
    integrations: textOf(envelope.integrations),
    request: textOf(envelope.request),
  }
  return envelope.quarantined.map((event, index) => ({
    ...shared,
    ...previousColumns(envelope, isFirst && index === 0),
    ...buildQuarantineRow(event),
  }))
}

/** One row for each event that was left out on purpose, in order. */
export function buildOmittedRows(envelope: Envelope): OmittedRow[] {
  if (envelope.omitted.length === 0) return []
  const isFirst = envelope.events.length + envelope.quarantined.length === 0
  const head = buildHeadColumns(envelope)
  return envelope.omitted.map((event, index) => ({
    ...head,
    ...previousColumns(envelope, isFirst && index === 0),
    ...buildOmittedRow(event),
  }))
}

/** Columns that all tables have and all events of a batch share. */
function buildHeadColumns({ source, route, receivedAt, batchId, stream }: Envelope): Row {
  return { source, route, received_at: receivedAt, batch_id: batchId, stream: stream ?? '' }
}

/** The end of the page before goes on the first row of a batch, once. */
function previousColumns({ part, previous }: Envelope, isFirst: boolean): Row {
  const end = part === 0 && isFirst ? previous : undefined
  return { previous_stream: end?.stream ?? '', previous_seq: end?.lastSeq ?? 0 }
}

interface EventContext {
  merged: JsonObject
  columns: Row
}

/** A function that gives each event's context; what all events share is read once. */
function createContextReader({ context = {}, userAgent }: Envelope): (event: EnvelopeEvent) => EventContext {
  const read = (merged: JsonObject) => ({ merged, columns: buildContextColumns(merged, userAgent) })
  let shared: EventContext | undefined
  return ({ context: own }) => {
    if (own !== undefined) return read({ ...context, ...own })
    shared ??= read(context)
    return shared
  }
}

/** Each column is copied once, into the one object that is the row: this is where most of the time goes. */
function buildEventRow(
  envelope: Envelope,
  head: Row,
  event: EnvelopeEvent,
  { merged, columns }: EventContext,
): Row {
  const properties = event.properties ?? {}
  return {
    ...head,
    message_id: event.messageId,
    type: event.type,
    event: event.event ?? event.type,
    name: event.name ?? '',
    category: event.category ?? '',
    timestamp: event.timestamp,
    original_timestamp: event.originalTimestamp ?? 0,
    user_id: event.userId ?? '',
    anonymous_id: event.anonymousId ?? '',
    group_id: event.groupId ?? '',
    previous_id: event.previousId ?? '',
    seq: event.seq ?? 0,
    ...columns,
    ...(event.type === 'page' ? pagePropertyColumns(properties) : {}),
    ...buildFactColumns(merged, event.facts, envelope.request),
    properties,
    traits: event.traits ?? {},
    integrations: { ...envelope.integrations, ...event.integrations },
    extra: event.extra ?? {},
  }
}

const PAGE_PROPERTIES = ['url', 'path', 'search', 'referrer', 'title'] as const

/** Segment's `page()` puts the page's address into properties, and that is the more particular of the two. */
function pagePropertyColumns(properties: JsonObject): Row {
  const columns: Row = {}
  for (const name of PAGE_PROPERTIES) {
    const value = asText(properties[name])
    if (value !== '') columns[`page_${name}`] = value
  }
  return columns
}

function buildQuarantineRow(event: QuarantinedEvent): Row {
  return {
    message_id: event.messageId,
    type: event.type ?? '',
    event: event.event ?? event.type ?? '',
    reason: event.reason,
    path: event.path,
    message: event.message,
    violations: toTuples(event.violations),
    plan_version: event.planVersion ?? '',
    anonymous_id: event.anonymousId ?? '',
    client_anonymous_id: event.clientAnonymousId ?? '',
    raw: event.raw,
    raw_bytes: event.rawBytes,
    seq: event.seq ?? 0,
    batch_index: event.index,
  }
}

/**
 * Without its place in the batch. That is in the table's sorting key, and a client that cuts its events anew on a retry would
 * otherwise have each of them left out twice.
 */
function buildOmittedRow({ messageId, status, reason, seq }: OmittedEvent): Row {
  return { message_id: messageId, status, reason, seq: seq ?? 0, batch_id: '', batch_index: 0 }
}

function textOf(value: object | undefined): string {
  return value === undefined ? '' : encodeJson(value)
}
