/** Conditions on one field, with the meaning that they have in questions (`docs/query.md`), of whatever the field reads. Pure. */

import { FILTER_OPS, type FilterOp, MAX_LIST_VALUES, MAX_VALUE_LENGTH } from './filter-ops.ts'

/** How a field reads what it is a field of. */
export interface FieldReader<Args extends unknown[]> {
  /** Whether its values are numbers, of which 0 is none. */
  isCount: boolean
  /** Its value as text; empty where there is none. */
  text: (...args: Args) => string
  /** Its value as a number, `undefined` where it is none; absent where it never is one. */
  number?: (...args: Args) => number | undefined
}

/** Whether it is meant. */
export type Condition<Args extends unknown[]> = (...args: Args) => boolean

/** Outcome of {@link buildCondition}. */
export type ConditionResult<Args extends unknown[]> =
  | { ok: true; condition: Condition<Args> }
  | { ok: false; message: string }

/** Whether a text is the name of something that can be said of a field. */
export function isFilterOp(op: string): op is FilterOp {
  return (FILTER_OPS as readonly string[]).includes(op)
}

/**
 * A condition on a field. What is wrong is told in words that follow the filter, such as `value must be a number, got "x"`.
 *
 * @param name of the field, for messages
 * @param values one, or several for `in` and `not_in`, none for `exists` and `not_exists`
 */
export function buildCondition<Args extends unknown[]>(
  field: FieldReader<Args>,
  name: string,
  op: FilterOp,
  values: readonly string[],
): ConditionResult<Args> {
  if (op === 'exists' || op === 'not_exists') {
    return values.length === 0
      ? { ok: true, condition: existence(field, op === 'exists') }
      : refuse(`must end with ${op}: it has no value`)
  }
  const isList = op === 'in' || op === 'not_in'
  if (isList && values.length > MAX_LIST_VALUES)
    return refuse(`value must be at most ${MAX_LIST_VALUES} in number`)
  if (values.some((one) => one.length > MAX_VALUE_LENGTH))
    return refuse(`value must be at most ${MAX_VALUE_LENGTH} characters long`)
  const [value] = values
  if (value === undefined) return refuse('value is missing')
  if (values.length > 1 && !isList) return refuse(`value must be a single one for ${op}`)
  const on = (holds: (text: string) => boolean): ConditionResult<Args> => ({
    ok: true,
    condition: (...args) => holds(field.text(...args)),
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

/**
 * Reads `field:op:value`, or `field:exists`; a list is by commas. What is wrong is told in words that follow the filter, such as
 * `op must be one of is, ...`.
 *
 * @param findField the field of a name, or what is wrong with the name
 */
export function parseFilterText<Args extends unknown[]>(
  text: string,
  findField: (name: string) => { ok: true; field: FieldReader<Args> } | { ok: false; message: string },
): ConditionResult<Args> {
  const [, name = '', op = '', value] = /^([^:]*):([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (name === '' || op === '')
    return refuse('must have a field, an op and mostly a value, such as country:is:DE')
  const found = findField(name)
  if (!found.ok) return refuse(`field ${found.message}, got ${JSON.stringify(name)}`)
  if (!isFilterOp(op)) return refuse(`op must be one of ${FILTER_OPS.join(', ')}, got ${JSON.stringify(op)}`)
  const isBare = op === 'exists' || op === 'not_exists'
  if (value === undefined && !isBare) return refuse(`value is missing: write ${name}:${op}:<value>`)
  const isList = op === 'in' || op === 'not_in'
  return buildCondition(found.field, name, op, value === undefined ? [] : isList ? value.split(',') : [value])
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

function comparison<Args extends unknown[]>(
  { number: read }: FieldReader<Args>,
  name: string,
  op: keyof typeof COMPARISONS,
  value: string,
): ConditionResult<Args> {
  if (read === undefined) return refuse(`op must not compare: ${name} is no number`)
  if (value.length > 40 || !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value))
    return refuse(`value must be a number, got ${JSON.stringify(value)}`)
  const limit = Number(value)
  const holds = COMPARISONS[op]
  return {
    ok: true,
    condition(...args) {
      const number = read(...args)
      return number !== undefined && holds(number, limit)
    },
  }
}

/** Empty text is none, and 0 is none in a column of numbers. */
function existence<Args extends unknown[]>(
  { isCount, text }: FieldReader<Args>,
  isWanted: boolean,
): Condition<Args> {
  const none = isCount ? '0' : ''
  return (...args) => (text(...args) !== none) === isWanted
}

function refuse(message: string): { ok: false; message: string } {
  return { ok: false, message }
}
