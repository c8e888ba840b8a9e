/** Over how many files an hour is spread. Decided once an hour, so that an event's bucket is its id's for good. Pure. */

import { type Manifest, parseFileKey } from '@millrace/schemas/lake'

/** Rows that a file is meant to have at most: some 10 MB, and 4 s of a Worker's time to write anew. */
export const ROWS_A_FILE = 250_000

/** Most files of an hour. */
const MAX_BUCKETS = 64

/** How many hours before are looked at. */
const LOOK_BACK_HOURS = 48

const HOUR_MS = 3_600_000

/** What a manifest says of an hour. */
export interface PublishedHour {
  rows: number
  buckets: number
}

/** The hours of a manifest, by their beginning in milliseconds since 1970. */
export function indexHours({ files }: Manifest): Map<number, PublishedHour> {
  const hours = new Map<number, PublishedHour>()
  for (const { path, rows, buckets } of files) {
    const hour = parseFileKey(path)?.hour ?? 0
    hours.set(hour, { rows: rows + (hours.get(hour)?.rows ?? 0), buckets })
  }
  return hours
}

/**
 * Buckets for an hour without files: a power of two, for as many rows as the largest hour of the two days before had, or as
 * come now. Should it get more rows than that, its files are larger, and nothing else.
 *
 * @param rows how many rows come first
 */
export function chooseBuckets(
  hours: ReadonlyMap<number, PublishedHour>,
  hour: number,
  rows: number,
  rowsAFile: number = ROWS_A_FILE,
): number {
  let largest = rows
  for (let back = 1; back <= LOOK_BACK_HOURS; back++) {
    largest = Math.max(largest, hours.get(hour - back * HOUR_MS)?.rows ?? 0)
  }
  let buckets = 1
  while (buckets < MAX_BUCKETS && largest > buckets * rowsAFile) buckets *= 2
  return buckets
}
