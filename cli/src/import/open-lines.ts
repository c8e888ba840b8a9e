/** The lines of an input from where an earlier run stopped, and the proof that it is the same input. */

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Line, readLines } from './lines.ts'
import type { InputSource } from './source.ts'

/** Up to where everything is settled: the last line of it. */
export interface Position {
  /** Number of the line, from 1. */
  line: number
  /** Byte at which the line begins, and the one after its end. */
  start: number
  byte: number
  /** CRC-32 of the line's content, to know the place again. */
  checksum: number
}

/** What an earlier run knows of its input. */
export interface KnownInput {
  /** SHA-256 of the first line, in hexadecimal. */
  firstLine: string
  position: Position
}

/** An input that is open. */
export interface OpenedLines {
  /** Content of the first line of all, also when reading begins later; absent of an empty input. */
  firstLine: Buffer | undefined
  /** Lines after the known position, an array a chunk. */
  lines: AsyncIterable<readonly Line[]>
}

/** The input is not the one that an earlier run read. The message says why. */
export class OtherInputError extends Error {}

/** The position of a line. */
export function positionOf({ number, start, end, bytes }: Line): Position {
  return { line: number, start, byte: end, checksum: crc32(bytes) }
}

/** What a first line is known by. */
export function hashFirstLine(firstLine: Uint8Array): string {
  return createHash('sha256').update(firstLine).digest('hex')
}

/**
 * Opens an input. A plain file is read from the last settled line on, others from their beginning. The last settled line is
 * read again and compared: two files with one header are told apart by it.
 *
 * @throws OtherInputError, also while the lines are read, when the first or the last settled line is another, or not there.
 */
export async function openLines(source: InputSource, known?: KnownInput): Promise<OpenedLines> {
  const fromStart = readLines(source.read())
  const { value: head = [] } = await fromStart.next()
  const firstLine = head[0]?.bytes
  if (known === undefined) return { firstLine, lines: chain(head, fromStart) }
  if (firstLine === undefined || hashFirstLine(firstLine) !== known.firstLine) {
    throw new OtherInputError('its first line is not the one of the file that the offset file is of')
  }
  const { position } = known
  if (!source.isSeekable) return { firstLine, lines: skipTo(position, chain(head, fromStart)) }
  await fromStart.return(undefined)
  const first = { number: position.line, start: position.start }
  return { firstLine, lines: skipTo(position, readLines(source.read(position.start), { first })) }
}

async function* chain(head: Line[], rest: AsyncIterable<Line[]>): AsyncGenerator<Line[]> {
  if (head.length > 0) yield head
  yield* rest
}

/** Leaves out all lines up to the position. */
async function* skipTo(position: Position, lines: AsyncIterable<Line[]>): AsyncGenerator<Line[]> {
  let isThere = false
  for await (const chunk of lines) {
    if (isThere) {
      yield chunk
      continue
    }
    const index = chunk.findIndex(({ start }) => start >= position.start)
    if (index === -1) continue
    requireSame(chunk[index] as Line, position)
    isThere = true
    if (index + 1 < chunk.length) yield chunk.slice(index + 1)
  }
  if (!isThere) {
    throw new OtherInputError(`it is shorter than when it was read up to line ${position.line}`)
  }
}

function requireSame(line: Line, { line: number, start, byte, checksum }: Position): void {
  if (line.start === start && line.end === byte && crc32(line.bytes) === checksum) return
  const isShorter = !line.hasEnd && line.end < byte
  throw new OtherInputError(
    isShorter
      ? `it is shorter than when it was read up to line ${number}`
      : `its line ${number} is not the one that was read before`,
  )
}
