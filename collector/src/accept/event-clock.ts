/** The time of one event by the clocks of its batch and route. */

import type { ParsedEvent, Route } from '@millrace/schemas'
import { MAX_AHEAD_MS, parseClientTime, resolveEventTime } from '@millrace/schemas'

/** Our clock and the sender's when the batch arrived, in milliseconds since 1970. */
export interface BatchClock {
  route: Route
  receivedAt: number
  sentAt?: number | undefined
}

/** Outcome of {@link readEventTime}; times in milliseconds since 1970. */
export type EventTime =
  | { ok: true; timestamp: number; originalTimestamp?: number }
  | { ok: false; path: 'timestamp' | 'originalTimestamp'; message: string }

/** Reads `originalTimestamp`, or else `timestamp`, and corrects it; without either it is the time of receipt. */
export function readEventTime(
  event: Pick<ParsedEvent, 'timestamp' | 'originalTimestamp'>,
  { route, receivedAt, sentAt }: BatchClock,
): EventTime {
  const path = event.originalTimestamp === undefined ? 'timestamp' : 'originalTimestamp'
  const given = event[path]
  if (given === undefined) return { ok: true, timestamp: receivedAt }
  const originalTimestamp = parseClientTime(given)
  if (originalTimestamp === undefined) {
    const message = `${path} must be an ISO 8601 time from 1970 to 2199, got ${JSON.stringify(given).slice(0, 60)}`
    return { ok: false, path, message }
  }
  // History carries the time it was recorded with: no client clock to correct, and no bound on its age.
  if (route === 'import') {
    const isPast = originalTimestamp <= receivedAt + MAX_AHEAD_MS
    return isPast
      ? { ok: true, timestamp: originalTimestamp, originalTimestamp }
      : { ok: false, path, message: `${path} of an imported event must not lie in the future` }
  }
  const resolved = resolveEventTime({ originalTimestamp, sentAt, receivedAt })
  return resolved.ok
    ? { ok: true, timestamp: resolved.timestamp, originalTimestamp }
    : { ok: false, path, message: resolved.message }
}
