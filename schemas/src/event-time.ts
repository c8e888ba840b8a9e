/** When an event happened: reads a client's clock and corrects it by ours. */

const HOUR_MS = 60 * 60 * 1000

/** Furthest a live event may lie before it was sent. History goes through the import route, which has no such bound. */
export const MAX_LIVE_AGE_MS = 400 * 24 * HOUR_MS

/** How far a client's clock may run ahead of the clock that sent the batch before the two cannot belong together. */
export const MAX_AHEAD_MS = 24 * HOUR_MS

/** Earliest and latest time that is read at all; inside ClickHouse's `DateTime64(3)`. */
const EARLIEST_MS = Date.UTC(1970, 0, 1)
const LATEST_MS = Date.UTC(2200, 0, 1)

/** Date, time of day, hours and minutes of the zone. */
const ISO_8601 =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(?:[Zz]|([+-]\d{2}):?(\d{2})?)?)?$/

/** What `Date.prototype.toISOString` writes, up to the 28th of a month: all that match are real dates. */
const CANONICAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/**
 * Milliseconds since 1970 of a client's time, or `undefined` when it is no time.
 *
 * Text must be ISO 8601 (a missing zone means UTC), as the Segment specification asks; a number is milliseconds since
 * 1970, as `Date.now()` gives it.
 */
export function parseClientTime(value: unknown): number | undefined {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? parseIso(value) : Number.NaN
  return time >= EARLIEST_MS && time < LATEST_MS ? Math.trunc(time) : undefined
}

/** What {@link resolveEventTime} starts from; all in milliseconds since 1970. */
export interface EventClocks {
  /** Client's clock when it happened; absent when the client did not say. */
  originalTimestamp?: number | undefined
  /** Client's clock when this attempt was sent. */
  sentAt?: number | undefined
  /** Our clock when the request arrived. */
  receivedAt: number
}

/**
 * The corrected time of a live event: `receivedAt − (sentAt − originalTimestamp)`, so that a wrong client clock cancels
 * out, and never later than `receivedAt`. Without `sentAt` the client's clock is taken as it is.
 *
 * @returns the time, or the reason in words when the clocks cannot be true
 */
export function resolveEventTime({
  originalTimestamp,
  sentAt,
  receivedAt,
}: EventClocks): { ok: true; timestamp: number } | { ok: false; message: string } {
  if (originalTimestamp === undefined) return { ok: true, timestamp: receivedAt }
  const age = (sentAt ?? receivedAt) - originalTimestamp
  const than = sentAt === undefined ? 'was received' : 'was sent'
  if (age > MAX_LIVE_AGE_MS) {
    const rule = `a live event may be at most ${days(MAX_LIVE_AGE_MS)} days old, send history to /v1/import`
    return { ok: false, message: `happened ${days(age)} days before it ${than}; ${rule}` }
  }
  if (age < -MAX_AHEAD_MS) {
    const rule = `its clock may be at most ${MAX_AHEAD_MS / HOUR_MS} hours ahead`
    return { ok: false, message: `happened ${Math.ceil(-age / HOUR_MS)} hours after it ${than}; ${rule}` }
  }
  return { ok: true, timestamp: Math.min(receivedAt - age, receivedAt) }
}

function parseIso(text: string): number {
  // What `toISOString` writes, as nearly every client does.
  if (CANONICAL.test(text)) return Date.parse(text)
  const match = ISO_8601.exec(text)
  if (match === null) return Number.NaN
  const [, date = '', time = '00:00', zoneHours, zoneMinutes = '00'] = match
  if (!isCalendarDate(date)) return Number.NaN
  const zone = zoneHours === undefined ? 'Z' : `${zoneHours}:${zoneMinutes}`
  return Date.parse(`${date}T${time.replace(',', '.')}${zone}`)
}

/** `Date` takes February 30 for March 2; up to the 28th it takes every date for itself. */
function isCalendarDate(date: string): boolean {
  if (date.slice(8) <= '28') return !Number.isNaN(Date.parse(date))
  const midnight = Date.parse(`${date}T00:00Z`)
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date)
}

/** Rounded up, so that what is over a limit never looks like the limit itself. */
function days(ms: number): number {
  return Math.ceil(ms / (24 * HOUR_MS))
}
