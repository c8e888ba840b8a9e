/** Times of questions: what can be written, time zones, and the buckets that results are laid into. */

/** The buckets that there are. */
export const INTERVALS = ['minute', 'hour', 'day', 'week', 'month'] as const

/** One of {@link INTERVALS}. Weeks begin on Monday. */
export type Interval = (typeof INTERVALS)[number]

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const MS_PER_UNIT: Record<string, number> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS }

/** Oldest and newest time that can be asked for, milliseconds since 1970. */
const MIN_TIME = 0
const MAX_TIME = Date.UTC(2100, 0, 1)

/** A duration such as `30m`, `24h`, `7d` or `4w` in milliseconds; `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  const durationMs = Number(count) * (MS_PER_UNIT[unit] ?? Number.NaN)
  return durationMs > 0 ? durationMs : undefined
}

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/

/**
 * A moment in milliseconds since 1970: ISO 8601, in the time zone where it names none (a date is the beginning of the day).
 * `undefined` when it is none, or not from 1970 to 2099.
 */
export function parseMoment(text: string, timeZone: string): number | undefined {
  if (!ISO_8601.test(text) || !isDay(text.slice(0, 10))) return undefined
  const hasZone = /(Z|[+-]\d{2}:\d{2})$/.test(text) && text.includes('T')
  const asUtc = Date.parse(hasZone ? text : `${text}${text.includes('T') ? '' : 'T00:00'}Z`)
  const time = hasZone ? asUtc : fromWallClock(asUtc, timeZone)
  return time >= MIN_TIME && time < MAX_TIME ? time : undefined
}

/** Whether there is such a day: `Date.parse` takes February 30 for March 2. */
function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** The name of a time zone as ClickHouse knows it; `undefined` when it is none. */
export function parseTimeZone(text: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(text)) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    // No zone has that name.
    return undefined
  }
}

/** Milliseconds by which the zone's clocks are ahead of UTC at that moment. */
export function zoneOffset(time: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(time)
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value)
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return wall - Math.floor(time / 1_000) * 1_000
}

/** The moment at which the zone's clocks show `wall`, given as if it were UTC */
function fromWallClock(wall: number, timeZone: string): number {
  if (Number.isNaN(wall)) return Number.NaN
  const guess = wall - zoneOffset(wall, timeZone)
  return wall - zoneOffset(guess, timeZone)
}

/** Whether hours of the zone begin with those of UTC, everywhere between the two moments. */
export function hasWholeHours(from: number, to: number, timeZone: string): boolean {
  if (timeZone === 'UTC') return true
  for (let time = from; time <= to + 30 * DAY_MS; time += 30 * DAY_MS) {
    if (zoneOffset(Math.min(time, to), timeZone) % HOUR_MS !== 0) return false
  }
  return true
}

/** The beginning of the bucket that a moment is in. */
export function bucketStart(time: number, interval: Interval, timeZone: string): number {
  if (interval === 'minute') return Math.floor(time / MINUTE_MS) * MINUTE_MS
  const offset = zoneOffset(time, timeZone)
  if (interval === 'hour') return Math.floor((time + offset) / HOUR_MS) * HOUR_MS - offset
  return fromWallClock(Date.parse(dateOf(time, interval, timeZone)), timeZone)
}

/**
 * Buckets from the one that `from` is in to the last one that begins before `to`, as results name them: minutes and hours
 * by their beginning in ISO 8601, others by their first day in the time zone, `2026-11-22`.
 *
 * @param max most that are listed; one more tells that there are more
 */
export function listBuckets(
  from: number,
  to: number,
  interval: Interval,
  timeZone: string,
  max: number,
): string[] {
  const buckets: string[] = []
  if (interval === 'minute' || interval === 'hour') {
    const step = interval === 'minute' ? MINUTE_MS : HOUR_MS
    for (let time = bucketStart(from, interval, timeZone); time < to && buckets.length <= max; time += step) {
      buckets.push(`${new Date(time).toISOString().slice(0, 19)}Z`)
    }
    return buckets
  }
  const last = dateOf(to - 1, interval, timeZone)
  for (
    let day = dateOf(from, interval, timeZone);
    day <= last && buckets.length <= max;
    day = nextDay(day, interval)
  ) {
    buckets.push(day)
  }
  return buckets
}

/** First day of the bucket of days that a moment is in. */
function dateOf(time: number, interval: Interval, timeZone: string): string {
  const wall = new Date(time + zoneOffset(time, timeZone))
  if (interval === 'month') wall.setUTCDate(1)
  if (interval === 'week') wall.setUTCDate(wall.getUTCDate() - ((wall.getUTCDay() + 6) % 7))
  return wall.toISOString().slice(0, 10)
}

function nextDay(day: string, interval: Interval): string {
  const date = new Date(day)
  if (interval === 'month') date.setUTCMonth(date.getUTCMonth() + 1)
  else date.setUTCDate(date.getUTCDate() + (interval === 'week' ? 7 : 1))
  return date.toISOString().slice(0, 10)
}

/** Longest spans for which each bucket is the default, shortest first. */
const DEFAULTS: readonly [maxSpanMs: number, Interval][] = [
  [2 * HOUR_MS, 'minute'],
  [3 * DAY_MS, 'hour'],
  [120 * DAY_MS, 'day'],
  [730 * DAY_MS, 'week'],
]

/** A bucket that gives a readable number of them. */
export function defaultInterval(spanMs: number): Interval {
  return DEFAULTS.find(([maxSpanMs]) => spanMs <= maxSpanMs)?.[1] ?? 'month'
}
