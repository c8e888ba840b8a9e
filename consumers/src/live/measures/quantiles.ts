/**
 * Quantiles by DDSketch: each value counts in the bucket whose bounds are 2 % apart, so that any quantile is within 1 % of the
 * value at that rank. Order and grouping of what is added change nothing, to the bit: there are only counts. Source: Masson,
 * Rim and Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", sections 2 and 4.
 *
 * Not Datadog's library: its sum is a double, which depends on the order, and it can only be stored with a package that it does
 * not name. `test/properties/live-sketches.test.ts` compares the two.
 */

/** Relative error, as the roll-ups have it. */
const ACCURACY = 0.01
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
const LOG_GAMMA = Math.log(GAMMA)

/** What is nearer to 0 counts as 0; with the largest number that is read (1e15) that bounds the buckets: some 2,800. */
const MIN_ABSOLUTE = 1e-9

/** Counts by bucket; negative values by the bucket of their absolute value. */
export interface Quantiles {
  positive: Map<number, number>
  negative: Map<number, number>
  zero: number
}

/** As JSON: pairs of bucket and count, one after the other, in ascending order of buckets. */
export interface EncodedQuantiles {
  p?: number[]
  n?: number[]
  z?: number
}

export function createQuantiles(): Quantiles {
  return { positive: new Map(), negative: new Map(), zero: 0 }
}

/** Adds a number. */
export function addNumber(sketch: Quantiles, value: number): void {
  const absolute = Math.abs(value)
  if (absolute < MIN_ABSOLUTE) sketch.zero += 1
  else add(value > 0 ? sketch.positive : sketch.negative, Math.ceil(Math.log(absolute) / LOG_GAMMA), 1)
}

/** Adds all of another; that one stays as it is. */
export function mergeQuantiles(into: Quantiles, { positive, negative, zero }: Quantiles): void {
  for (const [bucket, count] of positive) add(into.positive, bucket, count)
  for (const [bucket, count] of negative) add(into.negative, bucket, count)
  into.zero += zero
}

/**
 * Values at these quantiles, each from 0 (the smallest) to 1 (the largest), `null` where there is no value at all. The rank is
 * the one that ClickHouse's `quantileDD` takes: `q × (count − 1)`, rounded down.
 */
export function readQuantiles(sketch: Quantiles, quantiles: readonly number[]): (number | null)[] {
  const ascending = [
    ...sorted(sketch.negative)
      .reverse()
      .map(([bucket, count]): [number, number] => [-middle(bucket), count]),
    ...(sketch.zero > 0 ? [[0, sketch.zero] as [number, number]] : []),
    ...sorted(sketch.positive).map(([bucket, count]): [number, number] => [middle(bucket), count]),
  ]
  const total = ascending.reduce((sum, [, count]) => sum + count, 0)
  return quantiles.map((quantile) => {
    const rank = Math.floor(quantile * (total - 1))
    let passed = 0
    for (const [value, count] of ascending) {
      passed += count
      if (passed > rank) return value
    }
    return null
  })
}

/** Numbers that were added. */
export function countNumbers({ positive, negative, zero }: Quantiles): number {
  let total = zero
  for (const count of positive.values()) total += count
  for (const count of negative.values()) total += count
  return total
}

export function encodeQuantiles({ positive, negative, zero }: Quantiles): EncodedQuantiles {
  return {
    ...(positive.size === 0 ? {} : { p: sorted(positive).flat() }),
    ...(negative.size === 0 ? {} : { n: sorted(negative).flat() }),
    ...(zero === 0 ? {} : { z: zero }),
  }
}

export function decodeQuantiles({ p = [], n = [], z = 0 }: EncodedQuantiles): Quantiles {
  return { positive: pairs(p), negative: pairs(n), zero: z }
}

/** The number whose distance to both bounds of the bucket is the same share of them. */
function middle(bucket: number): number {
  return (2 * GAMMA ** bucket) / (GAMMA + 1)
}

function add(counts: Map<number, number>, bucket: number, count: number): void {
  counts.set(bucket, (counts.get(bucket) ?? 0) + count)
}

function sorted(counts: ReadonlyMap<number, number>): [number, number][] {
  return [...counts].sort(([a], [b]) => a - b)
}

function pairs(flat: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (let i = 0; i + 1 < flat.length; i += 2) counts.set(flat[i] as number, flat[i + 1] as number)
  return counts
}
