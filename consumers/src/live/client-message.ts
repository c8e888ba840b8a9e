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

const UNREADABLE =
  'a message must be JSON: {"type":"ack","version":"…"} or {"type":"tail","filters":["country:is:DE"]}'

/** Longest message, in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 20_000

const STATUSES: readonly string[] = TAIL_STATUSES

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

/** A message as it came, or what is wrong with it. */
export function parseClientMessage(message: string | ArrayBuffer): ClientMessage | { problem: string } {
  if (typeof message !== 'string' || message.length > MAX_MESSAGE_LENGTH) return { problem: UNREADABLE }
  let said: Partial<Record<string, unknown>> | null
  try {
    said = JSON.parse(message)
  } catch {
    // Not JSON is the answer.
    return { problem: UNREADABLE }
  }
  if (said?.['type'] === 'ack' && typeof said['version'] === 'string')
    return { type: 'ack', version: said['version'] }
  if (said?.['type'] !== 'tail') return { problem: UNREADABLE }
  const { filters, statuses = [...TAIL_STATUSES] } = said
  if (filters === null) return { type: 'tail', filters }
  if (!isTexts(filters) || !isTexts(statuses)) return { problem: UNREADABLE }
  const problem = findProblem(filters, statuses)
  if (problem !== undefined) return { problem }
  return { type: 'tail', filters, statuses: [...new Set(statuses)] as TailEvent['status'][] }
}

/** Which events a message asks for; `null` for none any more. */
export function readWatch(message: Extract<ClientMessage, { type: 'tail' }>): Watch | null {
  if (message.filters === null) return null
  const { filters, statuses } = message
  return { filters, ...(statuses === undefined ? {} : { statuses }) }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function findProblem(filters: readonly string[], statuses: readonly string[]): string | undefined {
  if (filters.length > MAX_WATCH_FILTERS || filters.join('').length > MAX_WATCH_FILTERS_LENGTH)
    return `there may be at most ${MAX_WATCH_FILTERS} filters, with at most ${MAX_WATCH_FILTERS_LENGTH} characters in all`
  for (const filter of filters) {
    const parsed = parseFilterText(filter, findEventField)
    if (!parsed.ok) return `filter ${JSON.stringify(filter)} ${parsed.message}`
  }
  const wrong = statuses.find((status) => !STATUSES.includes(status))
  return wrong === undefined
    ? undefined
    : `a status must be one of ${TAIL_STATUSES.join(', ')}, got ${JSON.stringify(wrong.slice(0, 40))}`
}
