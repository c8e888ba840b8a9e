/** From an envelope to rows of ClickHouse: which field goes to which column, and nothing of HTTP or retries. */

import type { Envelope, EnvelopeEvent, JsonObject, JsonValue, QuarantinedEvent } from '@millrace/schemas'

/** A row of `millrace.events`; see `schemas/migrations` for what each column means. Columns left out take their default. */
export type EventRow = Record<string, JsonValue>

/** A row of `millrace.quarantine`. */
export type QuarantineRow = Record<string, JsonValue>

/** Parts of the context that have columns of their own, and so are not repeated in the column `context`. */
const TYPED_CONTEXT = new Set(['page', 'userAgent', 'locale', 'library'])

/** Columns of `context.page`. */
const PAGE_KEYS = new Set(['url', 'path', 'search', 'referrer', 'title'])

/** One row for each accepted event, in order. The same envelope always gives the same rows. */
export function buildEventRows(envelope: Envelope): EventRow[] {
  return envelope.events.map((event, index) => buildEventRow(envelope, event, index))
}

/** One row for each refused event, in order. */
export function buildQuarantineRows(envelope: Envelope): QuarantineRow[] {
  return envelope.quarantined.map((event) => buildQuarantineRow(envelope, event))
}

function buildEventRow(envelope: Envelope, event: EnvelopeEvent, index: number): EventRow {
  const context: JsonObject = { ...envelope.context, ...event.context }
  const properties = event.properties ?? {}
  const page = asObject(context['page'])
  const library = asObject(context['library'])
  // Segment's `page()` puts the page's address into properties, and that is the more particular of the two.
  const pageField = (key: string) => {
    const own = event.type === 'page' ? asText(properties[key]) : ''
    return own === '' ? asText(page[key]) : own
  }
  const isFirstOfPage = envelope.part === 0 && index === 0
  return {
    source: envelope.source,
    message_id: event.messageId,
    type: event.type,
    event: event.event ?? event.type,
    name: event.name ?? '',
    category: event.category ?? '',
    timestamp: toDateTime(event.timestamp),
    original_timestamp: toDateTime(event.originalTimestamp ?? 0),
    sent_at: envelope.sentAt === undefined ? null : toDateTime(envelope.sentAt),
    received_at: toDateTime(envelope.receivedAt),
    user_id: event.userId ?? '',
    anonymous_id: event.anonymousId ?? '',
    group_id: event.groupId ?? '',
    previous_id: event.previousId ?? '',
    stream: envelope.stream ?? '',
    seq: event.seq ?? 0,
    batch_id: envelope.batchId,
    previous_stream: isFirstOfPage ? (envelope.previous?.stream ?? '') : '',
    previous_seq: isFirstOfPage ? (envelope.previous?.lastSeq ?? 0) : 0,
    route: envelope.route,
    page_url: pageField('url'),
    page_path: pageField('path'),
    page_search: pageField('search'),
    page_referrer: pageField('referrer'),
    page_title: pageField('title'),
    user_agent: asText(context['userAgent']) || (envelope.userAgent ?? ''),
    locale: asText(context['locale']),
    library_name: asText(library['name']),
    library_version: asText(library['version']),
    properties,
    traits: event.traits ?? {},
    context: withoutTyped(context),
    integrations: { ...envelope.integrations, ...event.integrations },
  }
}

function buildQuarantineRow(envelope: Envelope, event: QuarantinedEvent): QuarantineRow {
  return {
    source: envelope.source,
    message_id: event.messageId,
    reason: event.reason,
    path: event.path,
    message: event.message,
    raw: event.raw,
    raw_bytes: event.rawBytes,
    received_at: toDateTime(envelope.receivedAt),
    stream: envelope.stream ?? '',
    seq: event.seq ?? 0,
    batch_id: envelope.batchId,
    batch_index: event.index,
    route: envelope.route,
    user_agent: envelope.userAgent ?? '',
  }
}

/** Context without what has a column; parts of the typed objects that have none stay, so nothing is lost. */
function withoutTyped(context: JsonObject): JsonObject {
  const rest: JsonObject = {}
  for (const [key, value] of Object.entries(context)) {
    if (!TYPED_CONTEXT.has(key)) rest[key] = value
    else if (key === 'page') keepRest(rest, key, value, PAGE_KEYS)
    else if (key === 'library') keepRest(rest, key, value, LIBRARY_KEYS)
    else if (typeof value !== 'string') rest[key] = value
  }
  return rest
}

const LIBRARY_KEYS = new Set(['name', 'version'])

/** Keeps what is no text under a typed key, and every key without a column. */
function keepRest(rest: JsonObject, key: string, value: JsonValue, typed: ReadonlySet<string>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    rest[key] = value
    return
  }
  const left = Object.entries(value).filter(([name, field]) => !typed.has(name) || typeof field !== 'string')
  if (left.length > 0) rest[key] = Object.fromEntries(left)
}

function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** `DateTime64(3)` reads ISO 8601 with its zone. */
function toDateTime(ms: number): string {
  return new Date(ms).toISOString()
}
