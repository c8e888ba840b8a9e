/** A buffer that grows, and the few ways to write to it that a block of ClickHouse's format Native is made of. */

const FIRST_SIZE = 256 * 1024

/** Most bytes that a UTF-16 unit becomes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3

/** Most bytes of a varint of 32 bits. */
const MAX_VARINT_BYTES = 5

/** Up to this length a loop over the units is faster than `TextEncoder`. */
const SHORT_TEXT = 64

const encoder = new TextEncoder()

/** Writes numbers in little-endian, and text as UTF-8 behind its length in bytes. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_SIZE)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** What was written so far; a view, valid until the next write. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A byte, 0 to 255. */
  writeByte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A whole number of 32 bits without sign. */
  writeUInt32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  /** A whole number of 64 bits with sign; exact up to 2^53. */
  writeInt64(value: number): void {
    this.#reserve(8)
    this.#view.setBigInt64(this.#length, BigInt(value), true)
    this.#length += 8
  }

  /** A whole number from 0 to 2^31 - 1, seven bits a byte, the lowest first. */
  writeVarint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** Text behind its length in bytes; a lone surrogate becomes U+FFFD. */
  writeText(text: string): void {
    this.#reserve(text.length * MAX_BYTES_PER_UNIT + MAX_VARINT_BYTES)
    if (text.length < SHORT_TEXT && this.#writeShortAscii(text)) return
    // The length stands before the bytes and is known after them: written where they will lie if they are ASCII, and
    // moved when their length takes a byte more than that.
    const lengthSize = sizeOfVarint(text.length)
    const start = this.#length + lengthSize
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start))
    const moved = sizeOfVarint(written) - lengthSize
    if (moved > 0) this.#bytes.copyWithin(start + moved, start, start + written)
    this.writeVarint(written)
    this.#length += written
  }

  /** Writes again what was written since `from`, a former {@link ByteWriter.length}, up to `to`. */
  writeAgain(from: number, to: number): void {
    const size = to - from
    this.#reserve(size)
    this.#bytes.copyWithin(this.#length, from, to)
    this.#length += size
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** Whether it could: nothing is written when the text is not ASCII. */
  #writeShortAscii(text: string): boolean {
    const start = this.#length + 1
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return false
      this.#bytes[start + i] = unit
    }
    this.#bytes[this.#length] = text.length
    this.#length = start + text.length
    return true
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

function sizeOfVarint(value: number): number {
  let size = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++
  return size
}
