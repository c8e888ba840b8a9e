/** Lays results into buckets of time: the SQL that says which one a row is in, and the list that has no gaps. */

import { bind, type Sql, sql } from '@millrace/schemas/sql'
import type { Cell } from './question.ts'
import { alignRange, type Mistake, type Range } from './range.ts'
import { defaultInterval, type Interval, listBuckets } from './time.ts'

/** Most buckets of an answer. */
export const MAX_BUCKETS = 1_500

/** The interval, the default for the span where none is given, and the range from the beginning of its first bucket. */
export function settleBuckets(
  range: Range,
  interval: Interval = defaultInterval(range.to - range.from),
): { ok: true; interval: Interval; range: Range } | Mistake {
  const aligned = alignRange(range, interval)
  if (bucketsOf(aligned, interval).length <= MAX_BUCKETS) return { ok: true, interval, range: aligned }
  const message = `must be longer, or the range shorter: an answer has at most ${MAX_BUCKETS} buckets, got ${interval}`
  return { ok: false, path: 'interval', message }
}

/** All buckets of a range, in order, as answers name them. */
export function bucketsOf({ from, to, timeZone }: Range, interval: Interval): string[] {
  return listBuckets(from, to, interval, timeZone, MAX_BUCKETS)
}

/** The bucket of a time: seconds since 1970 of minutes and hours, first day of the others. {@link bucketName} names it. */
export function bucketSql(time: Sql, interval: Interval, timeZone: string): Sql {
  const zone = bind('String', timeZone)
  switch (interval) {
    case 'minute':
      return sql`toUnixTimestamp(toStartOfMinute(${time}))`
    case 'hour':
      return sql`toUnixTimestamp(toStartOfHour(${time}, ${zone}))`
    case 'day':
      return sql`toDate(${time}, ${zone})`
    case 'week':
      return sql`toMonday(${time}, ${zone})`
    case 'month':
      return sql`toStartOfMonth(${time}, ${zone})`
  }
}

/** A bucket of {@link bucketSql} as answers name it. */
export function bucketName(bucket: Cell | undefined): string {
  if (typeof bucket !== 'number') return String(bucket)
  return `${new Date(bucket * 1_000).toISOString().slice(0, 19)}Z`
}

/** Values by bucket, laid onto all buckets. */
export function fillBuckets<Value>(
  buckets: readonly string[],
  values: ReadonlyMap<string, Value>,
  empty: Value,
): Value[] {
  return buckets.map((bucket) => values.get(bucket) ?? empty)
}
