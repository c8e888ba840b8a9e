/** Durations of which only the distribution is kept, so that those of many processes and minutes add up. */

/** How many durations fell into each bucket; keys are numbers of buckets. What processes send each other. */
export type HistogramCounts = Record<number, number>

/** A distribution of milliseconds. Its quantiles are off by at most 1 %. */
export interface Histogram {
  add: (durationMs: number) => void
  merge: (counts: HistogramCounts) => void
  /** What was added since the last time; forgets it. */
  take: () => HistogramCounts
  /** How many there are. */
  count: () => number
  /** The q-th quantile in milliseconds, q from 0 to 1; NaN when there are none. */
  quantile: (q: number) => number
}

/** Each bucket is so many times the one before. */
const GROWTH = 1.02

/** What is shorter counts as this; the clock of a process knows no less. */
const MIN_MS = 0.1

/** Creates an empty one. */
export function createHistogram(): Histogram {
  let buckets = new Map<number, number>()
  let total = 0
  const note = (bucket: number, count: number) => {
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + count)
    total += count
  }
  return {
    add: (durationMs) => note(Math.round(Math.log(Math.max(MIN_MS, durationMs)) / Math.log(GROWTH)), 1),
    merge(counts) {
      for (const [bucket, count] of Object.entries(counts)) note(Number(bucket), count)
    },
    take() {
      const counts = Object.fromEntries(buckets)
      buckets = new Map()
      total = 0
      return counts
    },
    count: () => total,
    quantile(q) {
      let before = 0
      for (const [bucket, count] of [...buckets].sort(([a], [b]) => a - b)) {
        before += count
        if (before > q * (total - 1)) return GROWTH ** bucket
      }
      return Number.NaN
    },
  }
}
