/** Lays out what is known of one event for the inspector: its fields, what the edge added, and its receipt. Pure. */

import type { TailEvent } from '@millrace/schemas/live'
import type { JsonValue } from '@millrace/schemas/wire'
import { formatMoment, formatSpan } from './format.ts'
import { nameReason } from './reasons.ts'

/** Who said the value of a field. */
export type Origin = 'client' | 'edge' | 'either'

/** A field and its value as text. */
export interface InspectedField {
  name: string
  value: string
}

/** Fields that belong together. */
export interface InspectedGroup {
  title: string
  /** What there is to know about all of them. */
  note?: string
  fields: InspectedField[]
}

/** Columns that the edge alone fills. */
const BY_EDGE: ReadonlySet<string> = new Set([
  'continent',
  'asn',
  'as_organization',
  'browser_name',
  'browser_version',
  'is_bot',
  'bot_name',
  'referrer_class',
  'referrer_name',
  'click_id_type',
  'click_id',
  'plan_version',
  'violations',
  'lookups',
  'lookup_versions',
  'is_anonymized',
  'received_at',
  'route',
])

/** Columns that the edge fills where the client's context does not. */
const BY_EITHER: ReadonlySet<string> = new Set([
  'ip',
  'country',
  'region',
  'city',
  'time_zone',
  'user_agent',
  'device_type',
  'device_brand',
  'device_model',
  'os_name',
  'os_version',
  'gpc',
  'campaign_source',
  'campaign_medium',
  'campaign_name',
  'campaign_term',
  'campaign_content',
  'campaign_id',
  'message_id',
  'batch_id',
  'timestamp',
])

/** Columns that the receipt or a group of their own tells. */
const ELSEWHERE: ReadonlySet<string> = new Set(['source', 'violations', 'properties', 'traits', 'context'])

/** Who said the value of a column. */
export function originOf(column: string): Origin {
  return BY_EDGE.has(column) ? 'edge' : BY_EITHER.has(column) ? 'either' : 'client'
}

/** Groups in the order they are shown; those without fields are left out. */
export function inspect(event: TailEvent): InspectedGroup[] {
  const row = event.row ?? {}
  const columns = Object.entries(row).filter(([name]) => !ELSEWHERE.has(name))
  const of = (origin: Origin) =>
    columns.filter(([name]) => originOf(name) === origin).flatMap(([name, value]) => flatten(name, value))
  const groups: InspectedGroup[] = [
    { title: 'Receipt', fields: receipt(event) },
    { title: 'Properties', fields: flatten('', row['properties'] ?? {}) },
    { title: 'Traits', fields: flatten('', row['traits'] ?? {}) },
    { title: 'Sent by the client', fields: of('client') },
    { title: 'Added at the edge', note: 'Found out by the collector.', fields: of('edge') },
    {
      title: 'From the client, else from the edge',
      note: 'The collector fills these in where the event’s own context does not say them.',
      fields: of('either'),
    },
    { title: 'Context', fields: flatten('', row['context'] ?? {}) },
  ]
  return groups.filter(({ fields }) => fields.length > 0)
}

/** The event as JSON, to be copied. */
export function toJson(event: TailEvent): string {
  return JSON.stringify(event, null, 2)
}

/** What became of an event, in a sentence. */
export function tellStatus({ status, reason }: TailEvent): string {
  const why = reason === undefined || reason === '' ? '' : `: ${lowerFirst(nameReason(reason))}`
  switch (status) {
    case 'accepted':
      return 'Accepted and counted'
    case 'quarantined':
      return `Refused, kept in quarantine${why}`
    case 'filtered':
      return `Left out${why}`
    case 'duplicate':
      return `A copy of one that was counted already${why}`
  }
}

function receipt(event: TailEvent): InspectedField[] {
  const { messageId, batchId, index, timestamp, receivedAt, reason, path, message } = event
  const fields: [string, string | undefined][] = [
    ['status', event.status],
    ['reason', reason],
    ['path', path],
    ['message', message],
    ['message id', messageId],
    ['batch id', batchId],
    ['place in the batch', index === undefined ? undefined : String(index)],
    ['happened at', timestamp > 0 ? formatMoment(timestamp) : undefined],
    ['received at', formatMoment(receivedAt)],
    ['on its way for', timestamp > 0 ? formatSpan(receivedAt - timestamp) : undefined],
  ]
  return fields.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]))
}

/** Leaves of a value by their paths. */
function flatten(path: string, value: JsonValue): InspectedField[] {
  if (typeof value !== 'object' || value === null) return [{ name: path, value: String(value) }]
  const entries = Object.entries(value)
  if (entries.length === 0)
    return path === '' ? [] : [{ name: path, value: Array.isArray(value) ? '[]' : '{}' }]
  return entries.flatMap(([key, inner]) => flatten(path === '' ? key : `${path}.${key}`, inner))
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`
}
