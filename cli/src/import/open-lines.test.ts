import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Line } from './lines.ts'
import { hashFirstLine, type KnownInput, OtherInputError, openLines, positionOf } from './open-lines.ts'
import type { InputSource } from './source.ts'

const TEXT = 'first\nsecond\r\nthird\n'

/** A text as a file or as standard input; `reads` are the bytes at which reading began. */
function sourceOf(text: string, { isSeekable = true, reads = [] as number[] } = {}): InputSource {
  return {
    name: 'text',
    totalBytes: undefined,
    isSeekable,
    bytesRead: () => 0,
    read(fromByte = 0) {
      reads.push(fromByte)
      return Readable.from([Buffer.from(text).subarray(fromByte)])
    },
    cancel() {},
  }
}

async function linesOf(source: InputSource, known?: KnownInput): Promise<Line[]> {
  const found: Line[] = []
  for await (const lines of (await openLines(source, known)).lines) found.push(...lines)
  return found
}

async function knownAfter(number: number, text = TEXT): Promise<KnownInput> {
  const lines = await linesOf(sourceOf(text))
  const [first, last] = [lines[0] as Line, lines[number - 1] as Line]
  return { firstLine: hashFirstLine(first.bytes), position: positionOf(last) }
}

describe('lines of an input', () => {
  it('are all of them, with the first one apart, when nothing is known', async () => {
    const { firstLine, lines } = await openLines(sourceOf(TEXT))
    expect(firstLine?.toString()).toBe('first')
    const found = []
    for await (const chunk of lines)
      found.push(...chunk.map(({ number, start, end }) => [number, start, end]))
    expect(found).toEqual([
      [1, 0, 6],
      [2, 6, 14],
      [3, 14, 20],
    ])
  })

  it.each([true, false])('begin after the known position (seekable: %s)', async (isSeekable) => {
    const source = sourceOf(`${TEXT}fourth\n`, { isSeekable })
    const lines = await linesOf(source, await knownAfter(2))
    expect(lines.map(({ number, start, bytes }) => [number, start, bytes.toString()])).toEqual([
      [3, 14, 'third'],
      [4, 20, 'fourth'],
    ])
  })

  it('of a file are not read again from its beginning', async () => {
    const reads: number[] = []
    await linesOf(sourceOf(TEXT, { reads }), await knownAfter(3))
    expect(reads).toEqual([0, 14])
  })

  it.each([true, false])('of another input are refused (seekable: %s)', async (isSeekable) => {
    const known = await knownAfter(2)
    for (const [text, message] of [
      ['other\nsecond\r\nthird\n', 'its first line is not the one'],
      ['first\nsekund\r\nthird\n', 'its line 2 is not the one that was read before'],
      ['first\nxsecond\r\nthird\n', 'its line 2 is not the one that was read before'],
      ['first\nsec', 'it is shorter than when it was read up to line 2'],
      ['first\n', 'it is shorter than when it was read up to line 2'],
      ['', 'its first line is not the one'],
    ] as const) {
      const opening = linesOf(sourceOf(text, { isSeekable }), known)
      await expect(opening, text).rejects.toThrow(OtherInputError)
      await expect(linesOf(sourceOf(text, { isSeekable }), known)).rejects.toThrow(message)
    }
  })
})
