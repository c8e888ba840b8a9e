/**
 * Framing of records in a spool file: one line each, found and checked without regard to what comes before or after.
 *
 *     \n<crc32, 8 hex digits> <number> <length of the text in bytes> <text>
 *
 * The checksum is over everything behind it and its space. The line break leads: a record that begins after a torn one is
 * found, and a record is recovered when its own bytes are intact, whatever happened to all others. Texts are JSON, which
 * has no raw line breaks, so that no text can pass for a record.
 */

import { crc32 } from './crc32.ts'

/** Longest text of a record, in bytes; bounds what a garbled length makes a reader hold. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024

/** Most bytes of a record around its text: line break, checksum, two numbers of up to 16 digits, three spaces. */
export const FRAME_BYTES = 1 + 8 + 1 + 16 + 1 + 16 + 1

const LINE_BREAK = 0x0a
const SPACE = 0x20
const HEX = Buffer.from('0123456789abcdef')

/**
 * Writes a record to `target` and returns where it ends. There must be room for `textBytes` and {@link FRAME_BYTES}.
 * `textBytes` is the length of the text in UTF-8.
 */
export function encodeRecord(
  target: Buffer,
  start: number,
  { number, text, textBytes }: { number: number; text: string; textBytes: number },
): number {
  const checked = start + 10
  target[start] = LINE_BREAK
  const textStart = checked + target.write(`${number} ${textBytes} `, checked, 'latin1')
  const end = textStart + target.write(text, textStart, 'utf8')
  let crc = crc32(target.subarray(checked, end))
  for (let index = start + 8; index > start; index -= 1) {
    target[index] = HEX[crc & 15] ?? 0
    crc >>>= 4
  }
  target[start + 9] = SPACE
  return end
}

/** Where an intact record lies in `buffer`. */
export interface Frame {
  number: number
  textStart: number
  end: number
}

/**
 * The record whose line break is at `start`, if it is intact. Otherwise `undefined`, or how many bytes must be in the
 * buffer before that can be said: a record that has only begun, of a file or of a chunk.
 */
export function decodeFrame(
  buffer: Buffer,
  start: number,
  filled: number,
): Frame | { needs: number } | undefined {
  if (filled < start + FRAME_BYTES && !hasHeader(buffer, start, filled)) return { needs: start + FRAME_BYTES }
  const crc = parseHex(buffer, start + 1)
  if (crc === undefined || buffer[start + 9] !== SPACE) return undefined
  const number = parseNumber(buffer, start + 10, filled)
  if (number === undefined) return undefined
  const length = parseNumber(buffer, number.end, filled)
  if (length === undefined || length.value > MAX_TEXT_BYTES) return undefined
  const end = length.end + length.value
  if (end > filled) return { needs: end }
  if (crc32(buffer.subarray(start + 10, end)) !== crc) return undefined
  return { number: number.value, textStart: length.end, end }
}

/** Whether the third space, behind which the text begins, is there. */
function hasHeader(buffer: Buffer, start: number, filled: number): boolean {
  let spaces = 0
  for (let index = start + 1; index < filled; index += 1) {
    if (buffer[index] === SPACE && ++spaces === 3) return true
  }
  return false
}

function parseHex(buffer: Buffer, start: number): number | undefined {
  let value = 0
  for (let index = start; index < start + 8; index += 1) {
    const digit = hexDigit(buffer[index] ?? 0)
    if (digit === undefined) return undefined
    value = value * 16 + digit
  }
  return value
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : undefined
}

/** Up to 16 decimal digits and the space after them; `end` is behind the space. */
function parseNumber(
  buffer: Buffer,
  start: number,
  filled: number,
): { value: number; end: number } | undefined {
  let value = 0
  for (let index = start; index < filled && index <= start + 16; index += 1) {
    const code = buffer[index] ?? 0
    if (code === SPACE) return index > start ? { value, end: index + 1 } : undefined
    if (code < 0x30 || code > 0x39) return undefined
    value = value * 10 + code - 0x30
  }
  return undefined
}
