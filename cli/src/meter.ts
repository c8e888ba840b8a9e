/** How far something is, on standard error: a bar on a terminal, a line now and then elsewhere. Knows not what is counted. */

import cliProgress from 'cli-progress'
import { printable } from './printable.ts'

/** Milliseconds between two lines where there is no terminal; the first comes after as long. */
const LINE_INTERVAL_MS = 10_000

/** Where progress goes: standard error, or a stream of a test. */
export type ProgressStream = NodeJS.WritableStream & { isTTY?: boolean }

/** Shows how far it is. */
export interface Meter<Position> {
  update: (position: Position) => void
  /** Writes a sentence without tearing the bar apart; what a terminal would obey in it is made visible. */
  note: (message: string) => void
  /** Takes the bar away. */
  stop: () => void
}

/** What a bar shows of a position. */
export interface BarView {
  value: number
  total: number
  /** Values of what the bar's format names. */
  words: Record<string, string | number>
}

/** Options of {@link createMeter}. */
export interface MeterOptions<Position> {
  stream: ProgressStream
  /** Whether there may be a bar: on a terminal, and only where the end is known. */
  hasEnd: boolean
  /** What follows the bar, as `cli-progress` has it. */
  format: string
  /** Shown at once; default nothing until the first update. */
  first?: Position
  bar: (position: Position, elapsedMs: number) => BarView
  line: (position: Position, elapsedMs: number) => string
  now?: () => number
}

/** A bar where there may be one, otherwise a line every 10 s. */
export function createMeter<Position>(options: MeterOptions<Position>): Meter<Position> {
  return options.stream.isTTY === true && options.hasEnd ? createBar(options) : createLines(options)
}

function createBar<Position>({
  stream,
  format,
  first,
  bar: view,
  now = () => performance.now(),
}: MeterOptions<Position>): Meter<Position> {
  const startedAt = now()
  const bar = new cliProgress.SingleBar({
    stream,
    format: `{bar} ${format}`,
    barsize: 30,
    hideCursor: false,
    clearOnComplete: true,
    etaBuffer: 50,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  })
  let isStarted = false
  const update = (position: Position) => {
    const { value, total, words } = view(position, now() - startedAt)
    if (isStarted) bar.update(value, words)
    else bar.start(total, value, words)
    isStarted = true
    bar.setTotal(total)
  }
  if (first !== undefined) update(first)
  return {
    update,
    note(message) {
      // Back to the line's start and clear it; the bar draws itself anew on its next tick.
      stream.write(`\r\u001b[K${printable(message)}\n`)
    },
    stop() {
      if (isStarted) bar.stop()
    },
  }
}

function createLines<Position>({
  stream,
  line,
  now = () => performance.now(),
}: MeterOptions<Position>): Meter<Position> {
  const startedAt = now()
  let nextAt = startedAt + LINE_INTERVAL_MS
  return {
    update(position) {
      if (now() < nextAt) return
      nextAt = now() + LINE_INTERVAL_MS
      stream.write(`${line(position, now() - startedAt)}\n`)
    },
    note(message) {
      stream.write(`${printable(message)}\n`)
    },
    stop() {},
  }
}

/** How many a second, for people. */
export function formatRate(count: number, elapsedMs: number): string {
  return formatCount(Math.round(count / Math.max(elapsedMs / 1_000, 0.001)))
}

/** A number with its thousands apart. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US')
}

const BYTES_PER_MB = 1_000_000

/** Bytes as `12.3 MB`. */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / BYTES_PER_MB).toFixed(1)} MB`
}
