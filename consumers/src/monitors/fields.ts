/** The fields that monitors can name, as SQL, and conditions on them: as questions read them (`collector/src/query/fields.ts`). */

import { EVENT_FIELD_NAMES, filterValues, findEventField, type WindowFilter } from '@millrace/schemas/live'
import { all, bind, column, type Sql, sql, time } from '@millrace/schemas/sql'

/** A field of events. */
export interface Field {
  /** Its value as text; empty where there is none. */
  text: Sql
  /** Its value as a number, `NULL` where it is none. */
  number: Sql
  /** Whether an event has it: empty text is none, and 0 is none in a column of numbers. */
  exists: Sql
  /** The value as one that tells who or what: empty for the words that programs write where they know nobody. */
  key: Sql
}

const OBJECTS: ReadonlyMap<string, Sql> = new Map([
  ['properties', sql`properties`],
  ['traits', sql`traits`],
  ['context', sql`context`],
  ['lookups', sql`lookups`],
])

/** Ids of which the table knows whether they are such words, and the bit that says so. */
const KNOWN_IDS: ReadonlyMap<string, Sql> = new Map([
  ['user_id', sql`if(bitTest(placeholder_ids, 0), '', user_id)`],
  ['anonymous_id', sql`if(bitTest(placeholder_ids, 1), '', anonymous_id)`],
])

/** Longest key that is kept as it is, in bytes: most ids are shorter by far. */
const MAX_KEY_BYTES = 300

/**
 * A field by its name.
 *
 * @throws RangeError when there is none, which the check of the configuration has refused
 */
export function findField(name: string): Field {
  if (name === 'person_id') return textField(sql`person_id`)
  const found = findEventField(name)
  if (!found.ok) throw new RangeError(`there is no field ${name}`)
  if (EVENT_FIELD_NAMES.includes(name)) {
    const own = column(name)
    if (found.field.isCount) {
      const text = sql`toString(${own})`
      return { text, number: sql`toFloat64(${own})`, exists: sql`(${own} != 0)`, key: text }
    }
    return textField(sql`toString(${own})`, KNOWN_IDS.get(name))
  }
  const [object = '', ...steps] = name.split('.')
  return textField(
    sql`ifNull(toString(getSubcolumn(${OBJECTS.get(object) ?? sql`properties`}, ${bind('String', steps.join('.'))})), '')`,
  )
}

/** Numbers beyond 10¹⁵ are left out, as in questions: sums are exact decimals, and a million million of those fit. */
function textField(text: Sql, key = text): Field {
  const number = sql`toFloat64OrNull(${text})`
  return {
    text,
    number: sql`if(abs(${number}) <= 1e15, ${number}, NULL)`,
    exists: sql`(${text} != '')`,
    key: shortened(key),
  }
}

/** Keys are kept and sent, and properties may be as long as somebody likes: a long one is its beginning and a hash of all. */
function shortened(key: Sql): Sql {
  return sql`if(length(${key}) <= ${bind('UInt32', MAX_KEY_BYTES)}, ${key}, concat(substringUTF8(${key}, 1, 50), '…', lower(hex(cityHash64(${key})))))`
}

/** Conditions, with the meaning that they have in questions. */
export function conditionsOf(filters: readonly WindowFilter[] = []): Sql[] {
  return filters.map((filter) => {
    const field = findField(filter.field)
    const values = filterValues(filter)
    const value = bind('String', values[0] ?? '')
    switch (filter.op) {
      case 'is':
        return sql`${field.text} = ${value}`
      case 'is_not':
        return sql`${field.text} != ${value}`
      case 'in':
        return sql`${field.text} IN ${bind('Array(String)', values)}`
      case 'not_in':
        return sql`${field.text} NOT IN ${bind('Array(String)', values)}`
      case 'contains':
        return sql`position(${field.text}, ${value}) > 0`
      case 'not_contains':
        return sql`position(${field.text}, ${value}) = 0`
      case 'starts_with':
        return sql`startsWith(${field.text}, ${value})`
      case 'ends_with':
        return sql`endsWith(${field.text}, ${value})`
      case 'exists':
        return field.exists
      case 'not_exists':
        return sql`NOT ${field.exists}`
      default:
        return compare(field.number, filter.op, sql`${bind('Float64', Number(values[0]))}`)
    }
  })
}

/** Compares two numbers; false where either is none. */
export function compare(left: Sql, op: 'gt' | 'gte' | 'lt' | 'lte', right: Sql): Sql {
  const condition = {
    gt: sql`${left} > ${right}`,
    gte: sql`${left} >= ${right}`,
    lt: sql`${left} < ${right}`,
    lte: sql`${left} <= ${right}`,
  }[op]
  return sql`ifNull(${condition}, false)`
}

/** Times between which events are read, milliseconds since 1970. */
export interface Span {
  /** Inclusive. */
  from: number
  /** Exclusive. */
  to: number
}

/** Events of the source in the span, each once, as corrected. The source is bound where the statement is sent. */
export function fromEvents(span: Span, conditions: readonly Sql[] = []): Sql {
  return sql`FROM events_resolved WHERE source = {source:String} AND ${within(span)} AND ${all(conditions)}`
}

/** Whether the time of an event lies in the span. */
export function within({ from, to }: Span): Sql {
  return sql`timestamp >= ${time(from)} AND timestamp < ${time(to)}`
}
