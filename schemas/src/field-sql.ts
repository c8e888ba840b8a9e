/** Fields of events as SQL, and conditions on them: what `stored-text.ts` and `conditions.ts` are to rows. Pure. */

import type { FilterOp } from './filter-ops.ts'
import { bind, type Sql, sql } from './sql-pieces.ts'
import { isPath } from './stored-text.ts'

/** How a field is read. */
export interface FieldSql {
  /** Whether its values are numbers, of which 0 is none. */
  isCount: boolean
  /** Its value as text; empty where there is none. */
  text: Sql
  /** Its value as a number, `NULL` where it is none; absent where it never is one. */
  number?: Sql
}

/** Objects whose paths are fields, as `properties.plan`, by the name of their column. */
const OBJECTS: ReadonlyMap<string, Sql> = new Map([
  ['properties', sql`properties`],
  ['traits', sql`traits`],
  ['context', sql`context`],
  ['lookups', sql`lookups`],
])

/** Largest number that is read from what people sent: sums are exact decimals, and a million million of these fit. */
const MAX_NUMBER = sql`1e15`

/** The field at a path such as `properties.plan`, which is a parameter too; `undefined` where the name is none. A dot in a key is `%2E`. */
export function findPathSql(name: string): FieldSql | undefined {
  const [object = '', ...steps] = name.split('.')
  const column = OBJECTS.get(object)
  if (column === undefined || !isPath(steps)) return undefined
  const value = sql`toString(getSubcolumn(${column}, ${bind('String', steps.join('.'))}))`
  return { isCount: false, text: sql`ifNull(${value}, '')`, number: readableNumberSql(value) }
}

/** The number that a text is, `NULL` where it is none or beyond what is read. */
export function readableNumberSql(text: Sql): Sql {
  const number = sql`toFloat64OrNull(${text})`
  return sql`if(abs(${number}) <= ${MAX_NUMBER}, ${number}, NULL)`
}

/** Whether an event has a field: empty text is none, and 0 is none in a column of numbers. */
export function existsSql({ isCount, text }: FieldSql): Sql {
  return isCount ? sql`(${text} != '0')` : sql`(${text} != '')`
}

/**
 * A condition that was checked.
 *
 * @param values one, or several for `in` and `not_in`, none for `exists` and `not_exists`
 */
export function conditionSql(field: FieldSql, op: FilterOp, values: readonly string[]): Sql {
  const { text, number = sql`NULL` } = field
  const value = bind('String', values[0] ?? '')
  switch (op) {
    case 'is':
      return sql`${text} = ${value}`
    case 'is_not':
      return sql`${text} != ${value}`
    case 'in':
      return sql`${text} IN ${bind('Array(String)', values)}`
    case 'not_in':
      return sql`${text} NOT IN ${bind('Array(String)', values)}`
    case 'contains':
      return sql`position(${text}, ${value}) > 0`
    case 'not_contains':
      return sql`position(${text}, ${value}) = 0`
    case 'starts_with':
      return sql`startsWith(${text}, ${value})`
    case 'ends_with':
      return sql`endsWith(${text}, ${value})`
    case 'exists':
      return existsSql(field)
    case 'not_exists':
      return sql`NOT ${existsSql(field)}`
    default:
      return compareSql(number, op, sql`${bind('Float64', Number(values[0]))}`)
  }
}

/** Compares two numbers; false where either is none. */
export function compareSql(left: Sql, op: 'gt' | 'gte' | 'lt' | 'lte', right: Sql): Sql {
  const condition = {
    gt: sql`${left} > ${right}`,
    gte: sql`${left} >= ${right}`,
    lt: sql`${left} < ${right}`,
    lte: sql`${left} <= ${right}`,
  }[op]
  return sql`ifNull(${condition}, false)`
}
