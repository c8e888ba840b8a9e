/** Which rows of the quarantine a command is about: as typed, and as a condition in SQL. */

import { UsageError } from '../command-world.ts'

/** Which rows; everything but the source may be left open. */
export interface QuarantineFilter {
  source: string
  reason?: string | undefined
  /** Name of a `track` event, or one of the other types. */
  event?: string | undefined
  /** Received at or after; milliseconds since 1970. */
  since?: number | undefined
  /** Received before; milliseconds since 1970. */
  until?: number | undefined
}

/** Condition over `quarantine`; its parameters are those of {@link filterParameters}. */
export const FILTER_SQL = `source = {source:String}
  AND ({reason:String} = '' OR reason = {reason:String})
  AND ({event:String} = '' OR event = {event:String})
  AND received_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
  AND received_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')`

/** After every time that an event may have. */
const END_OF_TIME = Date.UTC(2200, 0, 1)

/** Values for the placeholders of {@link FILTER_SQL}. */
export function filterParameters(filter: QuarantineFilter): Record<string, string | number> {
  const { source, reason = '', event = '', since = 0, until = END_OF_TIME } = filter
  return { source, reason, event, since, until }
}

const MS_PER_UNIT: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/

/**
 * Milliseconds since 1970 of a time as people type it: ISO 8601, UTC when it names no zone, or how long ago: `90m`, `24h`,
 * `7d`.
 *
 * @param option names the option in the message, for example `--since`
 * @throws UsageError when it is neither
 */
export function parseTime(text: string, option: string, now: number): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * (MS_PER_UNIT[unit] ?? 0)
  const hasZone = !text.includes('T') || /(Z|[+-]\d{2}:\d{2})$/.test(text)
  const isTime = ISO_8601.test(text) && isDay(text.slice(0, 10))
  const time = isTime ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new UsageError(
    `${option} must be a time such as 2026-11-21, 2026-11-21T10:00Z or 24h, got ${JSON.stringify(text)}`,
  )
}

/** Whether there is such a day: `Date.parse` takes February 30 for March 2. */
function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
