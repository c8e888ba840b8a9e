/** Counts what arrived of one run: how much of it, how often, and what the server would still see double. */

import type { FoundEvent } from './find-events.ts'

/** A request that reached the recorder. */
export interface RecordedRequest {
  /** When its body was complete, in ms since the epoch with fractions. */
  at: number
  method: string
  /** With its query. */
  path: string
  /** `collect` is what carries events; the others are what SDKs ask for before, and CORS preflights. */
  kind: 'collect' | 'settings' | 'preflight'
  /** Status it was answered with; 0 for no answer. */
  status: number
  /** Of the body as it came, still compressed. */
  bodyBytes: number
  /** Of the request line and headers as HTTP/1.1 has them. */
  headerBytes: number
  contentEncoding: string | undefined
  events: FoundEvent[]
}

/** What arrived of a run. Only requests that were answered with a 2xx count as arrived. */
export interface Tally {
  /** Different events. */
  unique: number
  /** Events in all requests taken, repeats included. */
  deliveries: number
  /** Events that stay double after the server's dedupe: each beyond the first under another key, or under none. */
  netDuplicates: number
  /** Requests that carried events of the run, whatever their answer. */
  requests: number
  /** Of those requests: bodies as they came. */
  bodyBytes: number
  headerBytes: number
  /** When the last event that had not come before arrived, in ms since the epoch; undefined when none did. */
  lastUniqueAt: number | undefined
}

/**
 * Counts a run.
 *
 * @param requests in the order of their arrival
 * @param until leaves out what came later, in ms since the epoch; default: nothing
 */
export function tallyRun(
  requests: readonly RecordedRequest[],
  run: string,
  until = Number.POSITIVE_INFINITY,
): Tally {
  const tally = createTally()
  const keysOf = new Map<number, Set<string>>()
  for (const request of requests) {
    const events = request.events.filter((event) => event.run === run)
    if (events.length === 0 || request.at > until) continue
    tally.requests += 1
    tally.bodyBytes += request.bodyBytes
    tally.headerBytes += request.headerBytes
    if (request.status < 200 || request.status > 299) continue
    for (const { i, key } of events) {
      tally.deliveries += 1
      const keys = keysOf.get(i) ?? new Set()
      if (keys.size === 0) tally.lastUniqueAt = request.at
      // Without a key each delivery is another event to the server.
      keysOf.set(i, keys.add(key ?? `delivery ${tally.deliveries}`))
    }
  }
  const kept = [...keysOf.values()].reduce((sum, keys) => sum + keys.size, 0)
  return { ...tally, unique: keysOf.size, netDuplicates: kept - keysOf.size }
}

function createTally(): Tally {
  return {
    unique: 0,
    deliveries: 0,
    netDuplicates: 0,
    requests: 0,
    bodyBytes: 0,
    headerBytes: 0,
    lastUniqueAt: undefined,
  }
}
