/** How far an import is, on standard error: a bar on a terminal, a line now and then elsewhere. */

import cliProgress from 'cli-progress'
import type { ImportProgress } from './access-log/import.ts'
import { printable } from './printable.ts'

/** Milliseconds between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 10_000

const BYTES_PER_MB = 1_000_000

/** Where progress goes: standard error, or a stream of a test. */
export type ProgressStream = NodeJS.WritableStream & { isTTY?: boolean }

export interface Progress {
  update(progress: ImportProgress): void
  /** Writes a sentence without tearing the bar apart; what a terminal would obey in it is made visible. */
  note(message: string): void
  /** Takes the bar away. */
  stop(): void
}

/** A bar when `stream` is a terminal and the size is known, otherwise a line every 10 s, the first after 10 s. */
export function createProgress({
  stream,
  totalBytes,
  now = () => performance.now(),
}: {
  stream: ProgressStream
  totalBytes: number | undefined
  now?: () => number
}): Progress {
  return stream.isTTY === true && totalBytes !== undefined && totalBytes > 0
    ? createBar(stream, totalBytes, now)
    : createLines(stream, now)
}

function createBar(stream: ProgressStream, totalBytes: number, now: () => number): Progress {
  const startedAt = now()
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}% of {size} | {speed} lines/s | {eta_formatted} left',
    barsize: 30,
    hideCursor: false,
    clearOnComplete: true,
    etaBuffer: 50,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  })
  bar.start(totalBytes, 0, { size: megabytes(totalBytes), speed: '0' })
  return {
    update({ bytesRead, lines }) {
      bar.update(bytesRead, { speed: speed(lines, now() - startedAt) })
    },
    note(message) {
      // Back to the line's start and clear it; the bar draws itself anew on its next tick.
      stream.write(`\r\u001b[K${printable(message)}\n`)
    },
    stop: () => bar.stop(),
  }
}

function createLines(stream: ProgressStream, now: () => number): Progress {
  const startedAt = now()
  let nextAt = startedAt + LINE_INTERVAL_MS
  return {
    update({ bytesRead, totalBytes, lines, pageViews }) {
      if (now() < nextAt) return
      nextAt = now() + LINE_INTERVAL_MS
      const size = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`
      stream.write(
        `${megabytes(bytesRead)}${size}, ${lines} lines, ${pageViews} page views, ${speed(lines, now() - startedAt)} lines/s\n`,
      )
    },
    note(message) {
      stream.write(`${printable(message)}\n`)
    },
    stop() {},
  }
}

function speed(lines: number, elapsedMs: number): string {
  return Math.round(lines / Math.max(elapsedMs / 1_000, 0.001)).toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / BYTES_PER_MB).toFixed(1)} MB`
}
