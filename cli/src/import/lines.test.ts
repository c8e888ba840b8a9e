import { describe, expect, it } from 'vitest'
import { type Line, readLines } from './lines.ts'

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function collect(
  text: string,
  { chunkSize = 1_000, maxLineBytes = 100 } = {},
): Promise<[number, string, boolean][]> {
  const found: Line[] = []
  for await (const lines of readLines(inChunks(Buffer.from(text), chunkSize), { maxLineBytes }))
    found.push(...lines)
  return found.map(({ number, bytes, isTooLong }) => [number, bytes.toString(), isTooLong])
}

describe('lines', () => {
  it.each([1, 2, 3, 5, 7, 1_000])('are the same whatever the chunks are (%i bytes)', async (chunkSize) => {
    expect(await collect('one\r\n\ncafé\nlast', { chunkSize })).toEqual([
      [1, 'one', false],
      [2, '', false],
      [3, 'café', false],
      [4, 'last', false],
    ])
  })

  it('of an empty file are none', async () => {
    expect(await collect('')).toEqual([])
  })

  it.each([1, 4, 9, 1_000])(
    'that are too long keep their number and beginning (%i bytes a chunk)',
    async (chunkSize) => {
      const text = `abcde\n${'x'.repeat(5)}\r\n${'y'.repeat(50)}\nz\n${'w'.repeat(6)}`
      expect(await collect(text, { chunkSize, maxLineBytes: 6 })).toEqual([
        [1, 'abcde', false],
        [2, 'xxxxx', false],
        [3, 'yyyyyy', true],
        [4, 'z', false],
        [5, 'wwwwww', false],
      ])
    },
  )

  it.each([1, 4, 9, 1_000])('know their bytes in the file (%i bytes a chunk)', async (chunkSize) => {
    const text = `ab\r\n${'y'.repeat(50)}\ncafé\n\nlast`
    const found: Line[] = []
    const chunks = inChunks(Buffer.from(text), chunkSize)
    const first = { number: 7, start: 100 }
    for await (const lines of readLines(chunks, { maxLineBytes: 6, first })) found.push(...lines)
    expect(found.map(({ number, start, end, hasEnd }) => [number, start, end, hasEnd])).toEqual([
      [7, 100, 104, true],
      [8, 104, 155, true],
      [9, 155, 161, true],
      [10, 161, 162, true],
      [11, 162, 166, false],
    ])
  })

  it('come in arrays that stay small, whatever a chunk has', async () => {
    const sizes: number[] = []
    for await (const lines of readLines(inChunks(Buffer.alloc(3_000, '\n'), 3_000))) sizes.push(lines.length)
    expect(sizes).toEqual([1_024, 1_024, 952])
  })
})
