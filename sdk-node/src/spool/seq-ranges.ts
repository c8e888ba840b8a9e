/** A set of sequence numbers, kept as ranges that neither touch nor overlap. */

export interface SeqRange {
  firstSeq: number
  count: number
}

export interface SeqRanges {
  add(range: SeqRange): void
  has(seq: number): boolean
  /** How many of the numbers of a range are in the set. */
  countIn(range: SeqRange): number
  /** The numbers of a range that are not in the set, in order. */
  missingIn(range: SeqRange): SeqRange[]
}

/** An empty set. */
export function createSeqRanges(): SeqRanges {
  /** First and last numbers, in order. */
  const ranges: { first: number; last: number }[] = []

  /** Index of the first range that ends at or after `seq`. */
  function indexFrom(seq: number): number {
    let [low, high] = [0, ranges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ranges[middle]?.last ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  function missingIn({ firstSeq, count }: SeqRange): SeqRange[] {
    const missing: SeqRange[] = []
    const end = firstSeq + count
    let next = firstSeq
    for (let index = indexFrom(firstSeq); next < end; index += 1) {
      const { first, last } = ranges[index] ?? { first: end, last: end }
      if (first > next) missing.push({ firstSeq: next, count: Math.min(first, end) - next })
      next = Math.max(next, last + 1)
      if (first >= end) break
    }
    return missing
  }

  return {
    add({ firstSeq, count }) {
      if (count < 1) return
      let [first, last] = [firstSeq, firstSeq + count - 1]
      const from = indexFrom(first - 1)
      let to = from
      for (let range = ranges[to]; range !== undefined && range.first <= last + 1; range = ranges[++to]) {
        first = Math.min(first, range.first)
        last = Math.max(last, range.last)
      }
      ranges.splice(from, to - from, { first, last })
    },
    has(seq) {
      return (ranges[indexFrom(seq)]?.first ?? Infinity) <= seq
    },
    countIn(range) {
      return missingIn(range).reduce((count, gap) => count - gap.count, range.count)
    },
    missingIn,
  }
}
