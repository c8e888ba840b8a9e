/** Bytes cut into numbered lines, with memory for one line only. Knows nothing of what a line says. */

/**
 * Longest line in bytes that is kept whole. Web servers refuse request lines and header fields over 8 KiB (Apache's
 * `LimitRequestLine` 8,190; nginx's `large_client_header_buffers` 8k), and escaping makes at most four bytes of one. An
 * event may have 32 KiB, of which escapes (`\u00e9`) make at most three times as much.
 */
export const MAX_LINE_BYTES = 128 * 1024

/** Most lines in an array: a chunk may be nothing but their ends. */
const MAX_LINES = 1_024

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** One line of a file. */
export interface Line {
  /** Position in the file, from 1. */
  number: number
  /** Byte of the (uncompressed) file at which it begins. */
  start: number
  /** Byte after its end, the newline included. */
  end: number
  /** Content without the line's end; of a line that is too long only the beginning. */
  bytes: Buffer
  isTooLong: boolean
  /** False for a last line that has no newline: it may not be whole yet. */
  hasEnd: boolean
}

/** Where reading begins when it is not the beginning of the file. */
export interface LinesOptions {
  maxLineBytes?: number
  /** Number and byte of the first line. Default: 1 and 0. */
  first?: { number: number; start: number }
}

/**
 * The lines of a stream of bytes, in order, as arrays of what a chunk has (an await per line would cost more than parsing
 * it), at most 1,024.
 * Lines end with LF or CRLF; the last one may have no end.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = MAX_LINE_BYTES, first = { number: 1, start: 0 } }: LinesOptions = {},
): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0)
  let { number, start } = first
  /** Bytes of the line at hand that were let go, because it is too long. */
  let lostBytes = 0

  const toLine = (bytes: Buffer, hasEnd: boolean): Line => {
    const isTooLong = bytes.length + lostBytes > maxLineBytes
    const contentEnd = !isTooLong && bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
    const content = bytes.subarray(0, Math.min(contentEnd, maxLineBytes))
    const end = start + bytes.length + lostBytes + (hasEnd ? 1 : 0)
    const line: Line = { number, start, end, bytes: content, isTooLong, hasEnd }
    number += 1
    start = end
    lostBytes = 0
    return line
  }

  for await (const chunk of chunks) {
    // In the middle of a line that is too long already: to look for its end costs no copies.
    if (rest.length > maxLineBytes && chunk.indexOf(NEWLINE) === -1) {
      lostBytes += chunk.length
      continue
    }
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let lines: Line[] = []
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      lines.push(toLine(bytes.subarray(from, end), true))
      from = end + 1
      if (lines.length < MAX_LINES) continue
      yield lines
      lines = []
    }
    // One byte more than the longest line is enough to know later that it was too long. CR needs a second one.
    rest = bytes.subarray(from, from + maxLineBytes + 2)
    lostBytes += bytes.length - from - rest.length
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [toLine(rest, false)]
}
