/** How far a replay is, on standard error. */

import { createMeter, formatCount, formatRate, type Meter, type ProgressStream } from '../meter.ts'

/** How far it is. */
export interface ReplayPosition {
  /** Rows of the files that are read so far, also of those that were not inserted. */
  rows: number
  files: number
}

/** Shows it. */
export type ReplayProgress = Meter<ReplayPosition>

/** A bar when `stream` is a terminal and there is something to do, otherwise a line every 10 s. */
export function createReplayProgress(
  stream: ProgressStream,
  total: ReplayPosition,
  now?: () => number,
): ReplayProgress {
  return createMeter<ReplayPosition>({
    stream,
    hasEnd: total.rows > 0,
    format: '{percentage}% of {total} rows | {speed} rows/s | {eta_formatted} left',
    first: { rows: 0, files: 0 },
    bar: ({ rows }, elapsedMs) => ({
      value: rows,
      total: total.rows,
      words: { speed: formatRate(rows, elapsedMs) },
    }),
    line({ rows, files }, elapsedMs) {
      const leftMs = rows === 0 ? 0 : (elapsedMs / rows) * Math.max(0, total.rows - rows)
      return `${formatCount(rows)} of ${formatCount(total.rows)} rows, ${files} of ${total.files} files, ${formatRate(rows, elapsedMs)} rows/s, about ${Math.ceil(leftMs / 1_000)} s left`
    },
    ...(now === undefined ? {} : { now }),
  })
}
