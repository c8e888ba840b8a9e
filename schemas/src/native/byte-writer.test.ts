import { describe, expect, it } from 'vitest'
import { ByteWriter } from './byte-writer.ts'

const bytesOf = (write: (writer: ByteWriter) => void) => {
  const writer = new ByteWriter()
  write(writer)
  return [...writer.bytes()]
}

/** What a varint of the length, and then the bytes, ought to be. */
function encodeText(text: string): number[] {
  const bytes = new TextEncoder().encode(text)
  const length: number[] = []
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) return [...length, ...bytes]
  }
}

describe('a byte writer', () => {
  it.each([
    [0, [0]],
    [127, [127]],
    [128, [128, 1]],
    [16_383, [255, 127]],
    [16_384, [128, 128, 1]],
    [2 ** 31 - 1, [255, 255, 255, 255, 7]],
  ])('writes the varint %d', (value, bytes) => {
    expect(bytesOf((writer) => writer.writeVarint(value))).toEqual(bytes)
  })

  it('writes numbers with the lowest byte first', () => {
    expect(bytesOf((writer) => writer.writeUInt32(0xfffefdfc))).toEqual([0xfc, 0xfd, 0xfe, 0xff])
    expect(bytesOf((writer) => writer.writeInt64(-2))).toEqual([0xfe, ...Array(7).fill(0xff)])
    expect(bytesOf((writer) => writer.writeInt64(1_763_600_000_000))).toEqual([
      0, 100, 192, 158, 154, 1, 0, 0,
    ])
  })

  it.each(['', 'a', 'ü', '€', '😀', '\ud800', 'a\0b'])('writes the text %j behind its length', (text) => {
    expect(bytesOf((writer) => writer.writeText(text))).toEqual(encodeText(text))
  })

  it.each([63, 64, 65, 126, 127, 128, 16_382, 16_383, 16_384])(
    'writes texts of %d units whose length in bytes is another',
    (length) => {
      for (const unit of ['x', 'ü', '€']) {
        for (const text of [unit.repeat(length), `${'x'.repeat(length - 1)}${unit}`]) {
          expect(bytesOf((writer) => writer.writeText(text))).toEqual(encodeText(text))
        }
      }
    },
  )

  it('keeps what it has when it grows, and writes it again', () => {
    const long = 'x'.repeat(300_000)
    const writer = new ByteWriter()
    writer.writeText('first')
    const from = writer.length
    writer.writeText(long)
    writer.writeAgain(from, writer.length)
    const text = encodeText(long)
    expect(writer.bytes()).toEqual(new Uint8Array([...encodeText('first'), ...text, ...text]))
  })
})
