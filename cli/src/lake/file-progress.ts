/** How far a run over files of the lake is, on standard error. */

import { createMeter, formatMegabytes, type Meter, type ProgressStream } from '../meter.ts'

/** How far it is. */
export interface FilesDone {
  files: number
  totalFiles: number
  bytes: number
  totalBytes: number
}

/** Tells it. */
export type FileProgress = Meter<FilesDone>

/** A bar when `stream` is a terminal, otherwise a line every 10 s. */
export function createFileProgress({
  stream,
  now,
}: {
  stream: ProgressStream
  now?: () => number
}): FileProgress {
  return createMeter<FilesDone>({
    stream,
    hasEnd: true,
    format: '{percentage}% of {size} | {files} of {totalFiles} files | {eta_formatted} left',
    bar: ({ files, totalFiles, bytes, totalBytes }) => ({
      value: bytes,
      total: totalBytes,
      words: { files, totalFiles, size: formatMegabytes(totalBytes) },
    }),
    line: ({ files, totalFiles, bytes, totalBytes }) =>
      `${files} of ${totalFiles} files, ${formatMegabytes(bytes)} of ${formatMegabytes(totalBytes)}`,
    ...(now === undefined ? {} : { now }),
  })
}
