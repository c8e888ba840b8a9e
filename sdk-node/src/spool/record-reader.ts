/** Reads records from a file or from memory one after the other, in chunks. Leaves to others what the texts mean. */

import { decodeFrame } from './record.ts'

/** Fills `target` from `offset` with up to `length` bytes from `position`; how many, 0 at the end. May throw. */
export type ReadBytes = (target: Buffer, offset: number, length: number, position: number) => number

/** An intact record: `start` and `end` are its place in the file. The text is decoded when it is asked for, before `next`. */
export interface ReadRecord {
  number: number
  start: number
  end: number
  textBytes: number
  text(): string
}

export interface RecordReader {
  /** Goes to a place in the file; garbage from there on is passed over. */
  seek(position: number): void
  /** The next intact record; `undefined` at the end. Throws what reading throws. */
  next(): ReadRecord | undefined
  /** Whether bytes were passed over that belong to no intact record, since the last record or `seek`. */
  hasSkipped(): boolean
  /** Lets go of the buffer until the next `seek`. */
  release(): void
}

/** Bytes read at once. A batch of 100 events of 300 bytes fits. */
const CHUNK_BYTES = 64 * 1024

const LINE_BREAK = 0x0a

/** A reader from the beginning. One record at a time is held, in a buffer as large as the longest. */
export function createRecordReader(read: ReadBytes): RecordReader {
  let buffer = Buffer.alloc(0)
  /** Place in the file of the buffer's first byte. */
  let base = 0
  let at = 0
  let filled = 0
  let hasSkipped = false

  /** Makes at least `needed` bytes from `at` available; `false` when the file has fewer. */
  function fill(needed: number): boolean {
    if (filled - at >= needed) return true
    if (needed > buffer.length || at > 0) moveToFront(needed)
    while (filled < needed) {
      const count = read(buffer, filled, buffer.length - filled, base + filled)
      if (count === 0) return false
      filled += count
    }
    return true
  }

  function moveToFront(needed: number): void {
    const target = needed > buffer.length ? Buffer.allocUnsafeSlow(Math.max(needed, CHUNK_BYTES)) : buffer
    buffer.copy(target, 0, at, filled)
    buffer = target
    base += at
    filled -= at
    at = 0
  }

  /** Goes to the next line break, from `at` on; `false` at the end of the file. */
  function findLineBreak(): boolean {
    for (;;) {
      if (!fill(1)) return false
      const found = buffer.subarray(at, filled).indexOf(LINE_BREAK)
      if (found !== 0) hasSkipped = true
      at = found === -1 ? filled : at + found
      if (found !== -1) return true
    }
  }

  function next(): ReadRecord | undefined {
    hasSkipped = false
    while (findLineBreak()) {
      let frame = decodeFrame(buffer, at, filled)
      while (frame !== undefined && 'needs' in frame) {
        const needed = frame.needs - at
        const isThere = fill(needed)
        frame = decodeFrame(buffer, at, filled)
        if (!isThere && frame !== undefined && 'needs' in frame) frame = undefined
      }
      if (frame === undefined) {
        hasSkipped = true
        at += 1
        continue
      }
      const { number, textStart, end } = frame
      const [from, start] = [buffer, base + at]
      at = end
      return {
        number,
        start,
        end: base + end,
        textBytes: end - textStart,
        text: () => from.toString('utf8', textStart, end),
      }
    }
    return undefined
  }

  return {
    seek(position) {
      // What is in the buffer may be old: a file that is written to is read again.
      base = position
      at = 0
      filled = 0
      hasSkipped = false
    },
    next,
    hasSkipped: () => hasSkipped,
    release() {
      buffer = Buffer.alloc(0)
      at = 0
      filled = 0
    },
  }
}
