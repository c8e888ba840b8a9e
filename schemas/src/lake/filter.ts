/** Conditions on rows of the lake, as they are typed (`country:is:DE`), with the meaning that they have in questions. Pure. */

import { type Condition, parseFilterText } from '../conditions.ts'
import type { LakeBatch } from './columns.ts'
import { findLakeField } from './filter-field.ts'

/** Whether a row of a batch is meant. */
export type LakeCondition = Condition<[batch: LakeBatch, row: number]>

/** Outcome of {@link parseLakeFilter}. */
export type LakeFilterResult = { ok: true; condition: LakeCondition } | { ok: false; message: string }

/**
 * Reads `field:op:value`, or `field:exists`; a list is by commas. What is wrong is told in words that follow the filter, such as
 * `op must be one of is, ...`.
 */
export function parseLakeFilter(text: string): LakeFilterResult {
  return parseFilterText(text, findLakeField)
}

/** Places of the rows that fulfil all conditions, in order. */
export function chooseRows(batch: LakeBatch, conditions: readonly LakeCondition[]): number[] {
  const rows: number[] = []
  for (let row = 0; row < batch.count; row++) {
    if (conditions.every((condition) => condition(batch, row))) rows.push(row)
  }
  return rows
}
