/** Minutes of sources, which is what the ledger is computed by, and what it takes to compute them. */

/** A minute of a source, in seconds since 1970. */
export interface SourceMinute {
  source: string
  minute: number
}

/** Of what is in flight, what lies where it can be counted: events by source and minute, see {@link minuteKey}. */
export interface KnownInFlight {
  spilled: ReadonlyMap<string, number>
  dead: ReadonlyMap<string, number>
  /** Whether that is all there is, so that what is not among it is in a queue, or nowhere. */
  isWhole: boolean
}

/** What else it takes to judge a minute. */
export interface MinuteLimits {
  /** By source whose events are deleted, as ClickHouse writes times: events of days before this may be gone. */
  horizons: ReadonlyMap<string, string>
  /** What was taken before this and is in flight is in no queue any more; seconds since 1970. */
  overdueBefore: number
}

/** Key of a minute of a source. */
export function minuteKey({ source, minute }: SourceMinute): string {
  return `${source} ${minute}`
}
