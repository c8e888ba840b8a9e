/** The earliest and the latest of many times, with memory for two. Pure. */

/** Two times, ISO 8601 in UTC, both of them included. */
export interface TimeSpan {
  earliest: string
  latest: string
}

/** A span that grows. */
export interface GrowingSpan {
  /** Takes a time in: ISO 8601 in UTC as `Date.toISOString` writes it, which is in order as text. */
  add(time: string): void
  /** Absent until there is a time. */
  span(): TimeSpan | undefined
}

/** A span of nothing yet. */
export function createTimeSpan(): GrowingSpan {
  let span: TimeSpan | undefined
  return {
    add(time) {
      span ??= { earliest: time, latest: time }
      if (time < span.earliest) span.earliest = time
      else if (time > span.latest) span.latest = time
    },
    span: () => (span === undefined ? undefined : { ...span }),
  }
}

/** `2015-05-17 10:05 to 2015-05-20 21:05 UTC`. */
export function formatTimeSpan({ earliest, latest }: TimeSpan): string {
  return `${formatMinute(earliest)} to ${formatMinute(latest)} UTC`
}

function formatMinute(time: string): string {
  return time.slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' ')
}
