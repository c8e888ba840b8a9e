/** Lines of this measurement's result: which table, row and column a number belongs to. */

import { type Aim, type Measured, quantile } from '../measure.ts'

/** A number and its place. */
export interface NodeMeasured extends Measured {
  table: string
  row: string
  column: string
  /** What the table shows in the number's place, such as `1,000/1,000`. */
  shown?: string
  /** All that is known of each repetition. */
  outcomes?: readonly object[]
}

/** Where a number belongs, and what it should be. */
export interface Place {
  table: string
  row: string
  column: string
  unit: string
  aim?: Aim | undefined
}

/** A line of the median of samples. */
export function describeMedian(
  place: Place,
  samples: number[],
  more: Partial<NodeMeasured> = {},
): NodeMeasured {
  return describeValue(place, quantile(samples, 0.5), { samples, ...more })
}

/** A line of one number. */
export function describeValue(
  { aim, ...place }: Place,
  value: number,
  more: Partial<NodeMeasured> = {},
): NodeMeasured {
  const name = `${place.table}: ${place.row}: ${place.column}`
  return { name, ...place, value, ...(aim === undefined ? {} : { aim }), ...more }
}

/** A line for what could not be measured. */
export function describeFailure(table: string, row: string, why: string): NodeMeasured {
  return describeValue({ table, row, column: 'failed', unit: 'times' }, 1, { shown: why })
}

/** First line of what was thrown. */
export function firstLineOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
}
