/** Over how many files an hour is spread. Decided once an hour, so that an event's bucket is its id's for good. Pure. */

import { hourPrefix, type Manifest } from '@millrace/schemas/lake'

/** Rows that a file is meant to have at most: some 10 MB, and 4 s of a Worker's time to write anew. */
export const ROWS_A_FILE = 250_000

/** Most files of an hour. */
const MAX_BUCKETS = 64

/** How many hours before are looked at. */
const LOOK_BACK_HOURS = 48

const HOUR_MS = 3_600_000

/** Buckets of an hour that has files already, or `undefined`. */
export function knownBuckets({ files, source }: Manifest, hour: number): number | undefined {
  const prefix = hourPrefix(source, hour)
  return files.find(({ path }) => path.startsWith(prefix))?.buckets
}

/**
 * Buckets for an hour without files: a power of two, for as many rows as the largest hour of the two days before had, or as
 * come now. Should it get more rows than that, its files are larger, and nothing else.
 *
 * @param rows how many rows come first
 */
export function chooseBuckets(
  { files, source }: Manifest,
  hour: number,
  rows: number,
  rowsAFile: number = ROWS_A_FILE,
): number {
  let largest = rows
  for (let back = 1; back <= LOOK_BACK_HOURS; back++) {
    const prefix = hourPrefix(source, hour - back * HOUR_MS)
    const of = files.filter(({ path }) => path.startsWith(prefix))
    largest = Math.max(
      largest,
      of.reduce((sum, file) => sum + file.rows, 0),
    )
  }
  let buckets = 1
  while (buckets < MAX_BUCKETS && largest > buckets * rowsAFile) buckets *= 2
  return buckets
}
