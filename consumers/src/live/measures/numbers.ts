/** Sums, averages, and the smallest and largest of numbers: exact, so that their order changes nothing. */

/** A sum of numbers, each rounded to a millionth, and how many there were. Sums in ClickHouse's roll-ups are the same. */
export interface Sum {
  count: number
  micros: bigint
}

/** Millionths in one. */
const MICRO = 1e6

export function createSum(): Sum {
  return { count: 0, micros: 0n }
}

/** Adds a number; halves of a millionth go to the even one, as ClickHouse's `round` has it. */
export function addToSum(sum: Sum, value: number): void {
  sum.count += 1
  sum.micros += BigInt(roundToEven(value * MICRO))
}

export function mergeSum(into: Sum, { count, micros }: Sum): void {
  into.count += count
  into.micros += micros
}

/** The sum as the nearest number. */
export function readSum({ micros }: Sum): number {
  return Number(formatSum(micros))
}

/** The average; `null` of nothing. */
export function readAverage(sum: Sum): number | null {
  return sum.count === 0 ? null : readSum(sum) / sum.count
}

/** A sum of millionths as a decimal text: `-12.34`. */
export function formatSum(micros: bigint): string {
  const digits = String(micros < 0n ? -micros : micros).padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0+$/, '')
  return `${micros < 0n ? '-' : ''}${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`
}

function roundToEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
