/** How far an import is, on standard error. */

import type { ImportProgress } from './access-log/import.ts'
import { createMeter, formatMegabytes, formatRate, type Meter, type ProgressStream } from './meter.ts'

export type Progress = Meter<ImportProgress>

/** A bar when `stream` is a terminal and the size is known, otherwise a line every 10 s, the first after 10 s. */
export function createProgress({
  stream,
  totalBytes = 0,
  now,
}: {
  stream: ProgressStream
  totalBytes: number | undefined
  now?: () => number
}): Progress {
  return createMeter<ImportProgress>({
    stream,
    hasEnd: totalBytes > 0,
    format: '{percentage}% of {size} | {speed} lines/s | {eta_formatted} left',
    bar: ({ bytesRead, lines }, elapsedMs) => ({
      value: bytesRead,
      total: totalBytes,
      words: { size: formatMegabytes(totalBytes), speed: formatRate(lines, elapsedMs) },
    }),
    line({ bytesRead, totalBytes: of, lines, pageViews }, elapsedMs) {
      const size = of === undefined ? '' : ` of ${formatMegabytes(of)}`
      return `${formatMegabytes(bytesRead)}${size}, ${lines} lines, ${pageViews} page views, ${formatRate(lines, elapsedMs)} lines/s`
    },
    ...(now === undefined ? {} : { now }),
  })
}
