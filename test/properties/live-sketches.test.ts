/** Sketches of live windows: within their bounds, whatever the order and company, and the same to the bit. */

import { DDSketch } from '@datadog/sketches-js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addNumber,
  createQuantiles,
  decodeQuantiles,
  encodeQuantiles,
  mergeQuantiles,
  type Quantiles,
  readQuantiles,
} from '../../consumers/src/live/measures/quantiles.ts'
import {
  addValue,
  createTop,
  encodeTop,
  MAX_COUNTERS,
  mergeTop,
  readTop,
} from '../../consumers/src/live/measures/top.ts'
import {
  addHash,
  countUniques,
  createUniques,
  decodeUniques,
  encodeUniques,
  hashValue,
  MAX_EXACT,
  mergeUniques,
} from '../../consumers/src/live/measures/uniques.ts'

/** Items cut into pieces, each of which is counted alone. */
const inPieces = <T>(item: fc.Arbitrary<T>, maxLength: number) =>
  fc.array(fc.array(item, { maxLength }), { maxLength: 8 })

const number = fc.oneof(
  fc.double({ min: -1e15, max: 1e15, noNaN: true }),
  fc.integer({ min: -50, max: 50 }),
  fc.constant(0),
)

const sketchOf = (numbers: readonly number[]): Quantiles => {
  const sketch = createQuantiles()
  for (const value of numbers) addNumber(sketch, value)
  return sketch
}

describe('quantiles', () => {
  it('are within 1 % of the value at that rank', () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (numbers, quantile) => {
          const ascending = [...numbers].sort((a, b) => a - b)
          const expected = ascending[Math.floor(quantile * (ascending.length - 1))] as number
          const [found] = readQuantiles(sketchOf(numbers), [quantile])
          expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(
            Math.abs(expected) * 0.01 * (1 + 1e-9) + 1e-9,
          )
        },
      ),
    )
  })

  it('are those of the library by the authors of DDSketch', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (numbers) => {
          const theirs = new DDSketch({ relativeAccuracy: 0.01 })
          for (const value of numbers) theirs.accept(value)
          for (const quantile of [0, 0.5, 0.95, 0.99, 1]) {
            const [found] = readQuantiles(sketchOf(numbers), [quantile])
            expect(found).toBeCloseTo(
              theirs.getValueAtQuantile(quantile),
              -Math.floor(Math.log10(found as number)) + 9,
            )
          }
        },
      ),
    )
  })

  it('are the same bits in whatever order and company', () => {
    fc.assert(
      fc.property(inPieces(number, 40), (pieces) => {
        const merged = createQuantiles()
        for (const piece of pieces) mergeQuantiles(merged, decodeQuantiles(encodeQuantiles(sketchOf(piece))))
        const backwards = createQuantiles()
        for (const piece of [...pieces].reverse()) mergeQuantiles(backwards, sketchOf([...piece].reverse()))
        const whole = encodeQuantiles(sketchOf(pieces.flat()))
        expect(encodeQuantiles(merged)).toEqual(whole)
        expect(JSON.stringify(encodeQuantiles(backwards))).toBe(JSON.stringify(whole))
      }),
    )
  })

  it('of nothing are none', () => {
    expect(readQuantiles(createQuantiles(), [0, 0.5, 1])).toEqual([null, null, null])
  })
})

const uniquesOf = (texts: Iterable<string>) => {
  const uniques = createUniques()
  for (const text of texts) addHash(uniques, hashValue(text))
  return uniques
}

const range = function* (from: number, to: number) {
  for (let i = from; i < to; i++) yield `visitor ${i}`
}

describe('uniques', () => {
  it.each([0, 1, 100, MAX_EXACT])('count %i exactly', (count) => {
    expect(countUniques(uniquesOf([...range(0, count), ...range(0, count)]))).toBe(count)
  })

  it.each([MAX_EXACT + 1, 1_000, 5_000, 10_000, 20_000, 100_000, 1_000_000])(
    'count %i within three standard errors',
    (count) => {
      const found = countUniques(uniquesOf(range(0, count)))
      expect(Math.abs(found - count) / count).toBeLessThan(3 * (1.04 / 64))
    },
  )

  it('have no bias: the mean of forty estimates is near the truth', () => {
    for (const count of [400, 3_000, 10_000, 30_000]) {
      const estimates = Array.from({ length: 40 }, (_, run) =>
        countUniques(uniquesOf(range(run * 1e6, run * 1e6 + count))),
      )
      const mean = estimates.reduce((sum, estimate) => sum + estimate, 0) / estimates.length
      // Three standard errors of a mean of forty.
      expect(Math.abs(mean - count) / count).toBeLessThan((3 * (1.04 / 64)) / Math.sqrt(40))
    }
  })

  it('are the same bits in whatever order and company', () => {
    fc.assert(
      fc.property(inPieces(fc.integer({ min: 0, max: 600 }).map(String), 150), (pieces) => {
        const merged = createUniques()
        for (const piece of pieces) mergeUniques(merged, decodeUniques(encodeUniques(uniquesOf(piece))))
        const backwards = createUniques()
        for (const piece of [...pieces].reverse()) mergeUniques(backwards, uniquesOf([...piece].reverse()))
        const whole = JSON.stringify(encodeUniques(uniquesOf(pieces.flat())))
        expect(JSON.stringify(encodeUniques(merged))).toBe(whole)
        expect(JSON.stringify(encodeUniques(backwards))).toBe(whole)
      }),
    )
  })
})

const topOf = (values: readonly string[]) => {
  const top = createTop()
  for (const value of values) addValue(top, value)
  return top
}

describe('top', () => {
  it('is exact and the same in whatever order while there are counters for all', () => {
    fc.assert(
      fc.property(inPieces(fc.integer({ min: 0, max: 300 }).map(String), 100), (pieces) => {
        const merged = createTop()
        for (const piece of [...pieces].reverse()) mergeTop(merged, topOf([...piece].reverse()))
        expect(encodeTop(merged)).toEqual(encodeTop(topOf(pieces.flat())))
        const counts = Map.groupBy(pieces.flat(), (value) => value)
        for (const { value, count, error } of readTop(merged, 1_000))
          expect([count, error]).toEqual([counts.get(value)?.length, 0])
      }),
    )
  })

  it('holds the truth between count less error and count, and nothing more frequent is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, parts) => {
        let state = seed
        const random = () => {
          state = (state * 48_271) % 2_147_483_647
          return state / 2_147_483_647
        }
        const values = Array.from({ length: 30_000 }, () => String(Math.floor(random() ** 4 * 20_000)))
        const merged = createTop()
        const size = Math.ceil(values.length / parts)
        for (let at = 0; at < values.length; at += size) mergeTop(merged, topOf(values.slice(at, at + size)))
        const truth = new Map<string, number>()
        for (const value of values) truth.set(value, (truth.get(value) ?? 0) + 1)
        expect(truth.size).toBeGreaterThan(2 * MAX_COUNTERS)
        for (const [value, { count, error }] of merged.counts) {
          const expected = truth.get(value) as number
          expect(count).toBeGreaterThanOrEqual(expected)
          expect(count - error).toBeLessThanOrEqual(expected)
        }
        for (const [value, expected] of truth)
          if (expected > merged.floor) expect(merged.counts.has(value)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })
})
