import type { ManifestFile } from '@millrace/schemas/lake'
import { fileKey } from '@millrace/schemas/lake'
import { describe, expect, it } from 'vitest'
import { describeGaps, findGaps, rangeOfFiles } from './hours.ts'

const HOUR = 3_600_000
const DAY = Date.UTC(2026, 10, 21)

const file = (hour: number, bucket = 0) =>
  ({ path: fileKey({ source: 'shop', hour: DAY + hour * HOUR, bucket }) }) as ManifestFile
const range = (from: number, to: number) => ({ from: DAY + from * HOUR, to: DAY + to * HOUR })

describe('gaps', () => {
  it.each<[string, ManifestFile[], [number, number], [number, number][]]>([
    ['none', [file(1), file(2, 3)], [1, 3], []],
    ['between', [file(1), file(4)], [1, 5], [[2, 4]]],
    [
      'at both ends',
      [file(3)],
      [2, 5],
      [
        [2, 3],
        [4, 5],
      ],
    ],
    ['of all', [], [4, 7], [[4, 7]]],
    ['in an hour that is asked for in part', [file(1)], [1.5, 2.5], [[2, 3]]],
  ])('are found: %s', (_, files, [from, to], expected) => {
    expect(findGaps(files, range(from, to))).toEqual(expected.map(([start, end]) => range(start, end)))
  })

  it.each<[[number, number][], string | undefined]>([
    [[], undefined],
    [[[4, 5]], 'the lake has nothing for 1 hour: 2026-11-21 04:00 – 05:00'],
    [[[4, 7]], 'the lake has nothing for 3 hours: 2026-11-21 04:00 – 07:00'],
    [[[23, 25]], 'the lake has nothing for 2 hours: 2026-11-21 23:00 – 2026-11-22 01:00'],
    [
      [0, 2, 4, 6, 8, 10, 12].map((hour) => [hour, hour + 1]),
      'the lake has nothing for 7 hours: 2026-11-21 00:00 – 01:00, 2026-11-21 02:00 – 03:00, 2026-11-21 04:00 – 05:00, 2026-11-21 06:00 – 07:00, 2026-11-21 08:00 – 09:00 and 2 more stretches',
    ],
  ])('are told: %j', (gaps, words) => {
    expect(describeGaps(gaps.map(([from, to]) => range(from, to)))).toBe(words)
  })
})

describe('the range of files', () => {
  it('is from the first hour to the end of the last', () => {
    expect(rangeOfFiles([file(5), file(2), file(3)])).toEqual(range(2, 6))
  })

  it('is none of no files', () => {
    expect(rangeOfFiles([])).toBeUndefined()
  })
})
