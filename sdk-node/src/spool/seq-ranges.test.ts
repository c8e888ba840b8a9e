import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSeqRanges } from './seq-ranges.ts'

const ranges = fc.record({
  firstSeq: fc.integer({ min: 1, max: 60 }),
  count: fc.integer({ min: 1, max: 12 }),
})

function numbersOf({ firstSeq, count }: { firstSeq: number; count: number }): number[] {
  return Array.from({ length: count }, (_, index) => firstSeq + index)
}

describe('ranges of sequence numbers', () => {
  it('say the same as a plain set', () => {
    fc.assert(
      fc.property(fc.array(ranges), ranges, (added, asked) => {
        const set = new Set(added.flatMap(numbersOf))
        const found = createSeqRanges()
        for (const range of added) found.add(range)
        for (let seq = 0; seq < 80; seq += 1) expect(found.has(seq)).toBe(set.has(seq))
        const missing = numbersOf(asked).filter((seq) => !set.has(seq))
        expect(found.missingIn(asked).flatMap(numbersOf)).toEqual(missing)
        expect(found.countIn(asked)).toBe(asked.count - missing.length)
      }),
    )
  })
})
