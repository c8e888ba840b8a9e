/** How far a replay is, on standard error: a bar on a terminal, a line now and then elsewhere. */

import cliProgress from 'cli-progress'
import { printable } from '../printable.ts'
import type { ProgressStream } from '../progress.ts'

/** Milliseconds between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 10_000

/** How far it is. */
export interface ReplayPosition {
  /** Rows of the files that are read so far, also of those that were not inserted. */
  rows: number
  files: number
}

/** Shows it. */
export interface ReplayProgress {
  update: (position: ReplayPosition) => void
  /** Writes a sentence without tearing the bar apart. */
  note: (message: string) => void
  /** Takes the bar away. */
  stop: () => void
}

/** A bar when `stream` is a terminal and there is something to do, otherwise a line every 10 s. */
export function createReplayProgress(
  stream: ProgressStream,
  total: ReplayPosition,
  now: () => number = () => performance.now(),
): ReplayProgress {
  return stream.isTTY === true && total.rows > 0
    ? createBar(stream, total, now)
    : createLines(stream, total, now)
}

function createBar(stream: ProgressStream, total: ReplayPosition, now: () => number): ReplayProgress {
  const startedAt = now()
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}% of {total} rows | {speed} rows/s | {eta_formatted} left',
    barsize: 30,
    hideCursor: false,
    clearOnComplete: true,
    etaBuffer: 50,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  })
  bar.start(total.rows, 0, { speed: '0' })
  return {
    update({ rows }) {
      bar.update(rows, { speed: speedOf(rows, now() - startedAt) })
    },
    note(message) {
      // Back to the line's start and clear it; the bar draws itself anew on its next tick.
      stream.write(`\r\u001b[K${printable(message)}\n`)
    },
    stop: () => bar.stop(),
  }
}

function createLines(stream: ProgressStream, total: ReplayPosition, now: () => number): ReplayProgress {
  const startedAt = now()
  let nextAt = startedAt + LINE_INTERVAL_MS
  return {
    update({ rows, files }) {
      if (now() < nextAt) return
      nextAt = now() + LINE_INTERVAL_MS
      const elapsedMs = now() - startedAt
      const leftMs = rows === 0 ? 0 : (elapsedMs / rows) * Math.max(0, total.rows - rows)
      stream.write(
        `${count(rows)} of ${count(total.rows)} rows, ${files} of ${total.files} files, ${speedOf(rows, elapsedMs)} rows/s, about ${Math.ceil(leftMs / 1_000)} s left\n`,
      )
    },
    note(message) {
      stream.write(`${printable(message)}\n`)
    },
    stop() {},
  }
}

function speedOf(rows: number, elapsedMs: number): string {
  return count(Math.round(rows / Math.max(elapsedMs / 1_000, 0.001)))
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
