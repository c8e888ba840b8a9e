/** How far an import is, on standard error. */

import type { ImportFormat } from './import/format.ts'
import type { ImportProgress } from './import/run.ts'
import {
  createMeter,
  formatCount,
  formatMegabytes,
  formatRate,
  type Meter,
  type ProgressStream,
} from './meter.ts'

/** Shows how far an import is. */
export type Progress = Meter<ImportProgress>

/** Options of {@link createProgress}. */
export interface ProgressOptions {
  stream: ProgressStream
  totalBytes: number | undefined
  words: ImportFormat['words']
  /** Where this run begins: rate and time left are its own. Default 0. */
  first?: { bytes: number; records: number }
  /** Milliseconds. */
  now?: () => number
}

/** A bar when `stream` is a terminal and the size is known, otherwise a line every 10 s, the first after 10 s. */
export function createProgress({
  stream,
  totalBytes = 0,
  words,
  first = { bytes: 0, records: 0 },
  now,
}: ProgressOptions): Progress {
  const rate = (records: number, elapsedMs: number) => formatRate(records - first.records, elapsedMs)
  return createMeter<ImportProgress>({
    stream,
    hasEnd: totalBytes > 0,
    format: `{percentage}% of {size} | {speed} ${words.records}/s | {left} left`,
    bar: ({ bytesRead, records }, elapsedMs) => ({
      value: bytesRead,
      total: totalBytes,
      words: {
        size: formatMegabytes(totalBytes),
        speed: rate(records, elapsedMs),
        left: formatLeft(bytesRead, totalBytes, first.bytes, elapsedMs),
      },
    }),
    line({ bytesRead, records, events }, elapsedMs) {
      const size = totalBytes === 0 ? '' : ` of ${formatMegabytes(totalBytes)}`
      const left =
        totalBytes === 0 ? '' : `, ${formatLeft(bytesRead, totalBytes, first.bytes, elapsedMs)} left`
      const counts = `${formatCount(records)} ${words.records}, ${formatCount(events)} ${words.events}`
      return `${formatMegabytes(bytesRead)}${size}, ${counts}, ${rate(records, elapsedMs)} ${words.records}/s${left}`
    },
    ...(now === undefined ? {} : { now }),
  })
}

/** At the pace so far. */
function formatLeft(bytesRead: number, totalBytes: number, firstByte: number, elapsedMs: number): string {
  const done = bytesRead - firstByte
  if (done <= 0) return '?'
  const seconds = Math.ceil(((Math.max(totalBytes - bytesRead, 0) / done) * elapsedMs) / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}
