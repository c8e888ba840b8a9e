/** The time as text, for events that do not say when they happened. */

/**
 * A clock that tells ISO 8601 in UTC, of a clock in milliseconds since the epoch. Events of the same millisecond share the
 * text, because writing it costs as much as an event's other fields together.
 */
export function createIsoClock(now: () => number): () => string {
  let lastMs = Number.NaN
  let text = ''
  return () => {
    const timeMs = now()
    if (timeMs !== lastMs) {
      text = new Date(timeMs).toISOString()
      lastMs = timeMs
    }
    return text
  }
}
