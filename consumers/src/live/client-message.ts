/** What one who watches asks for: in the address, and in messages of a WebSocket. Pure. */

import {
  type ClientMessage,
  findEventField,
  MAX_WATCH_FILTERS,
  MAX_WATCH_FILTERS_LENGTH,
  parseFilterText,
  TAIL_STATUSES,
  type TailEvent,
} from '@millrace/schemas/live'
import type { Watch } from './rpc.ts'
import type { WatchOptions } from './watchers.ts'

/** What is answered to a message that cannot be read. */
export const UNREADABLE =
  'a message must be JSON: {"type":"ack","version":"…"} or {"type":"tail","filters":["country:is:DE"]}'

/** Longest message, in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 20_000

const STATUSES: readonly unknown[] = TAIL_STATUSES

/** The options of an address, which the collector checked. */
export function readWatchOptions(search: URLSearchParams, lastEventId: string | null): WatchOptions {
  const since = search.get('since') ?? lastEventId
  const statuses = [...new Set(search.getAll('status') as TailEvent['status'][])]
  return {
    ...(since === null ? {} : { since }),
    watch: { filters: search.getAll('filter'), ...(statuses.length === 0 ? {} : { statuses }) },
    isEventsOnly: search.get('only') === 'events',
  }
}

/** A message as it came; `undefined` for what is none. */
export function parseClientMessage(message: string | ArrayBuffer): ClientMessage | undefined {
  if (typeof message !== 'string' || message.length > MAX_MESSAGE_LENGTH) return undefined
  let said: Partial<Record<string, unknown>> | null
  try {
    said = JSON.parse(message)
  } catch {
    // Not JSON is the answer: the caller says so.
    return undefined
  }
  if (said?.['type'] === 'ack' && typeof said['version'] === 'string')
    return { type: 'ack', version: said['version'] }
  if (said?.['type'] !== 'tail') return undefined
  const { filters, statuses = [...STATUSES] } = said
  if (filters === null) return { type: 'tail', filters }
  // The two together fit an attachment of 16 KB.
  const isReadable =
    Array.isArray(filters) &&
    filters.length <= MAX_WATCH_FILTERS &&
    filters.every((filter) => typeof filter === 'string' && parseFilterText(filter, findEventField).ok) &&
    filters.join('').length <= MAX_WATCH_FILTERS_LENGTH &&
    Array.isArray(statuses) &&
    statuses.every((status) => STATUSES.includes(status))
  return isReadable ? { type: 'tail', filters, statuses: [...new Set(statuses)] } : undefined
}

/** Which events a message asks for; `null` for none any more. */
export function readWatch(message: Extract<ClientMessage, { type: 'tail' }>): Watch | null {
  if (message.filters === null) return null
  const { filters, statuses } = message
  return { filters, ...(statuses === undefined ? {} : { statuses }) }
}
