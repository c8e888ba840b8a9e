/** Conditions on rows of the lake, as they are typed (`country:is:DE`), with the meaning that they have in questions. Pure. */

import { FILTER_OPS, type FilterOp, MAX_LIST_VALUES, MAX_VALUE_LENGTH } from '../filter-ops.ts'
import type { LakeBatch } from './columns.ts'
import { findLakeField, type LakeField } from './filter-field.ts'

/** Whether a row of a batch is meant. */
export type LakeCondition = (batch: LakeBatch, row: number) => boolean

/** Outcome of {@link parseLakeFilter}. */
export type LakeFilterResult = { ok: true; condition: LakeCondition } | { ok: false; message: string }

/**
 * Reads `field:op:value`, or `field:exists`; a list is by commas. What is wrong is told in words that follow the filter, such as
 * `op must be one of is, ...`.
 */
export function parseLakeFilter(text: string): LakeFilterResult {
  const [, name = '', op = '', value] = /^([^:]*):([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (name === '' || op === '')
    return refuse('must have a field, an op and mostly a value, such as country:is:DE')
  const found = findLakeField(name)
  if (!found.ok) return refuse(`field ${found.message}, got ${JSON.stringify(name)}`)
  if (!isOp(op)) return refuse(`op must be one of ${FILTER_OPS.join(', ')}, got ${JSON.stringify(op)}`)
  if (op === 'exists' || op === 'not_exists') {
    return value === undefined
      ? { ok: true, condition: existence(found.field, op === 'exists') }
      : refuse(`must end with ${op}: it has no value`)
  }
  if (value === undefined) return refuse(`value is missing: write ${name}:${op}:<value>`)
  return withValue(found.field, name, op, value)
}

/** Places of the rows that fulfil all conditions, in order. */
export function chooseRows(batch: LakeBatch, conditions: readonly LakeCondition[]): number[] {
  const rows: number[] = []
  for (let row = 0; row < batch.count; row++) {
    if (conditions.every((condition) => condition(batch, row))) rows.push(row)
  }
  return rows
}

function isOp(op: string): op is FilterOp {
  return (FILTER_OPS as readonly string[]).includes(op)
}

function withValue(
  field: LakeField,
  name: string,
  op: Exclude<FilterOp, 'exists' | 'not_exists'>,
  value: string,
): LakeFilterResult {
  const values = value.split(',')
  const isList = op === 'in' || op === 'not_in'
  if (isList && values.length > MAX_LIST_VALUES)
    return refuse(`value must be at most ${MAX_LIST_VALUES} in number`)
  if ((isList ? values : [value]).some((one) => one.length > MAX_VALUE_LENGTH))
    return refuse(`value must be at most ${MAX_VALUE_LENGTH} characters long`)
  const on = (holds: (text: string) => boolean): LakeFilterResult => ({
    ok: true,
    condition: (batch, row) => holds(field.text(batch, row)),
  })
  switch (op) {
    case 'is':
      return on((text) => text === value)
    case 'is_not':
      return on((text) => text !== value)
    case 'in':
    case 'not_in': {
      const set = new Set(values)
      return on((text) => set.has(text) === (op === 'in'))
    }
    case 'contains':
    case 'not_contains':
    case 'starts_with':
    case 'ends_with':
      return value === '' ? refuse('value must not be empty') : on(SEARCHES[op](value))
    default:
      return comparison(field, name, op, value)
  }
}

const SEARCHES = {
  contains: (value: string) => (text: string) => text.includes(value),
  not_contains: (value: string) => (text: string) => !text.includes(value),
  starts_with: (value: string) => (text: string) => text.startsWith(value),
  ends_with: (value: string) => (text: string) => text.endsWith(value),
}

const COMPARISONS = {
  gt: (number: number, limit: number) => number > limit,
  gte: (number: number, limit: number) => number >= limit,
  lt: (number: number, limit: number) => number < limit,
  lte: (number: number, limit: number) => number <= limit,
}

function comparison(
  { number: read }: LakeField,
  name: string,
  op: keyof typeof COMPARISONS,
  value: string,
): LakeFilterResult {
  if (read === undefined) return refuse(`op must not compare: ${name} is no number`)
  if (value.length > 40 || !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value))
    return refuse(`value must be a number, got ${JSON.stringify(value)}`)
  const limit = Number(value)
  const holds = COMPARISONS[op]
  return {
    ok: true,
    condition(batch, row) {
      const number = read(batch, row)
      return number !== undefined && holds(number, limit)
    },
  }
}

/** Empty text is none, and 0 is none in a column of numbers. */
function existence({ isCount, text }: LakeField, isWanted: boolean): LakeCondition {
  const none = isCount ? '0' : ''
  return (batch, row) => (text(batch, row) !== none) === isWanted
}

function refuse(message: string): LakeFilterResult {
  return { ok: false, message }
}
