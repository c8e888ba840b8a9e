/** Sets of sequence numbers as ranges, because almost all numbers of a stream stand beside each other. */

/** First and last number, both of them in it. */
export type Range = readonly [first: number, last: number]

/** Ranges in order that neither overlap nor touch. */
export type Ranges = readonly Range[]

/** Any ranges in any order as {@link Ranges}. */
export function joinRanges(ranges: readonly Range[]): Ranges {
  const joined: [number, number][] = []
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = joined.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else joined.push([first, last])
  }
  return joined
}

/** Single numbers as ranges. */
export function rangesOf(numbers: readonly number[]): Ranges {
  return joinRanges(numbers.map((number): Range => [number, number]))
}

/** How many numbers are in them. */
export function countOf(ranges: Ranges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

/** The numbers of the first that are not in the second. */
export function subtract(ranges: Ranges, others: Ranges): Ranges {
  const left: Range[] = []
  let next = 0
  for (const [first, last] of ranges) {
    let from = first
    while (next < others.length && (others[next]?.[1] ?? 0) < first) next += 1
    for (let i = next; i < others.length && from <= last; i += 1) {
      const [otherFirst, otherLast] = others[i] as Range
      if (otherFirst > last) break
      if (otherFirst > from) left.push([from, otherFirst - 1])
      from = Math.max(from, otherLast + 1)
    }
    if (from <= last) left.push([from, last])
  }
  return left
}

/** The numbers that are in both. */
export function intersect(ranges: Ranges, others: Ranges): Ranges {
  return subtract(ranges, subtract(ranges, others))
}
