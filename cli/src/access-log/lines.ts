/** Bytes cut into numbered lines, with memory for one line only. Knows nothing of what a line says. */

/**
 * Longest line in bytes that is kept whole. Web servers refuse request lines and header fields over 8 KiB (Apache's
 * `LimitRequestLine` 8,190; nginx's `large_client_header_buffers` 8k), and escaping makes at most four bytes of one.
 */
export const MAX_LINE_BYTES = 128 * 1024

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** One line of a file. */
export interface Line {
  /** Position in the file, from 1. */
  number: number
  /** Content without the line's end; of a line that is too long only the beginning. */
  bytes: Buffer
  isTooLong: boolean
}

/**
 * The lines of a stream of bytes, in order, as one array per chunk (an await per line would cost more than parsing it).
 * Lines end with LF or CRLF; the last one may have no end.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = MAX_LINE_BYTES }: { maxLineBytes?: number } = {},
): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0

  const toLine = (bytes: Buffer): Line => {
    number += 1
    const isTooLong = bytes.length > maxLineBytes
    const end = !isTooLong && bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
    return { number, bytes: bytes.subarray(0, Math.min(end, maxLineBytes)), isTooLong }
  }

  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const lines: Line[] = []
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      lines.push(toLine(bytes.subarray(start, end)))
      start = end + 1
    }
    // One byte more than the longest line is enough to know later that it was too long. CR needs a second one.
    rest = bytes.subarray(start, start + maxLineBytes + 2)
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [toLine(rest)]
}
