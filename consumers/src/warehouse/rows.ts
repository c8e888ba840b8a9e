/** From an envelope to rows of ClickHouse: which field goes to which column, and nothing of HTTP or retries. */

import type { Envelope, EnvelopeEvent, JsonObject, JsonValue, QuarantinedEvent } from '@millrace/schemas'
import { toStorableJson } from './storable-json.ts'

/** A row of `millrace.events`; see `schemas/migrations` for what each column means. Columns left out take their default. */
export type EventRow = Record<string, JsonValue>

/** A row of `millrace.quarantine`. */
export type QuarantineRow = Record<string, JsonValue>

/**
 * Parts of the context that have columns of their own, and so are not repeated in the column `context`: text as it is, or
 * an object with these keys.
 */
const TYPED_CONTEXT: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['page', new Set(['url', 'path', 'search', 'referrer', 'title'])],
  ['library', new Set(['name', 'version'])],
  ['userAgent', new Set<string>()],
  ['locale', new Set<string>()],
])

/** One row for each accepted event, in order. The same envelope always gives the same rows. */
export function buildEventRows(envelope: Envelope): EventRow[] {
  return envelope.events.map((event, index) => buildEventRow(envelope, event, index))
}

/** One row for each refused event, in order. */
export function buildQuarantineRows(envelope: Envelope): QuarantineRow[] {
  const isAlone = envelope.events.length === 0
  return envelope.quarantined.map((event, index) => ({
    ...buildQuarantineRow(envelope, event),
    ...previousColumns(envelope, isAlone && index === 0),
  }))
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
    ...previousColumns(envelope, index === 0),
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
    properties: toStorableJson(properties),
    traits: toStorableJson(event.traits ?? {}),
    context: toStorableJson(withoutTyped(context)),
    integrations: toStorableJson({ ...envelope.integrations, ...event.integrations }),
  }
}

/** The end of the page before goes on the first row of a batch, once. */
function previousColumns({ part, previous }: Envelope, isFirst: boolean): Record<string, JsonValue> {
  const end = part === 0 && isFirst ? previous : undefined
  return { previous_stream: end?.stream ?? '', previous_seq: end?.lastSeq ?? 0 }
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
  const rest = Object.entries(context).flatMap(([key, value]): [string, JsonValue][] => {
    const typedKeys = TYPED_CONTEXT.get(key)
    if (typedKeys === undefined) return [[key, value]]
    if (typeof value === 'string') return typedKeys.size === 0 ? [] : [[key, value]]
    const left = withoutTypedKeys(value, typedKeys)
    return left === undefined ? [] : [[key, left]]
  })
  return Object.fromEntries(rest)
}

/** Keeps every key without a column, and what is no text under a key that has one. */
function withoutTypedKeys(value: JsonValue, typed: ReadonlySet<string>): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const left = Object.entries(value).filter(([name, field]) => !typed.has(name) || typeof field !== 'string')
  return left.length === 0 && typed.size > 0 ? undefined : Object.fromEntries(left)
}

function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** As `DateTime64(3, 'UTC')` reads it: `2026-01-02 03:04:05.678`. */
function toDateTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}
