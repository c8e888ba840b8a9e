/** How far a run over files of the lake is, on standard error: a bar on a terminal, a line now and then elsewhere. */

import cliProgress from 'cli-progress'
import { printable } from '../printable.ts'
import type { ProgressStream } from '../progress.ts'

/** How far it is. */
export interface FilesDone {
  files: number
  totalFiles: number
  bytes: number
  totalBytes: number
}

/** Tells it. */
export interface FileProgress {
  update: (done: FilesDone) => void
  /** Writes a sentence without tearing the bar apart; what a terminal would obey in it is made visible. */
  note: (message: string) => void
  /** Takes the bar away. */
  stop: () => void
}

/** Milliseconds between two lines where there is no terminal; the first comes after as long. */
const LINE_INTERVAL_MS = 10_000

const BYTES_PER_MB = 1_000_000

/** A bar when `stream` is a terminal, otherwise a line every 10 s. */
export function createFileProgress({
  stream,
  now = () => performance.now(),
}: {
  stream: ProgressStream
  now?: () => number
}): FileProgress {
  return stream.isTTY === true ? createBar(stream) : createLines(stream, now)
}

function createBar(stream: ProgressStream): FileProgress {
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}% of {size} | {files} of {totalFiles} files | {eta_formatted} left',
    barsize: 30,
    hideCursor: false,
    clearOnComplete: true,
    etaBuffer: 50,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  })
  let isStarted = false
  return {
    update({ files, totalFiles, bytes, totalBytes }) {
      const words = { files, totalFiles, size: megabytes(totalBytes) }
      if (!isStarted) bar.start(totalBytes, bytes, words)
      else bar.update(bytes, words)
      isStarted = true
      bar.setTotal(totalBytes)
    },
    note(message) {
      // Back to the line's start and clear it; the bar draws itself anew on its next tick.
      stream.write(`\r\u001b[K${printable(message)}\n`)
    },
    stop() {
      if (isStarted) bar.stop()
    },
  }
}

function createLines(stream: ProgressStream, now: () => number): FileProgress {
  let nextAt = now() + LINE_INTERVAL_MS
  return {
    update({ files, totalFiles, bytes, totalBytes }) {
      if (now() < nextAt) return
      nextAt = now() + LINE_INTERVAL_MS
      stream.write(`${files} of ${totalFiles} files, ${megabytes(bytes)} of ${megabytes(totalBytes)}\n`)
    },
    note(message) {
      stream.write(`${printable(message)}\n`)
    },
    stop() {},
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / BYTES_PER_MB).toFixed(1)} MB`
}
