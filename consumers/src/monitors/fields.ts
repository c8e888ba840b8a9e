/** The fields that monitors can name, as SQL, and what they read of events. */

import { filterValues, findEventField, type WindowFilter } from '@millrace/schemas/live'
import {
  all,
  bind,
  column,
  conditionSql,
  existsSql,
  type FieldSql,
  findPathSql,
  readableNumberSql,
  type Sql,
  sql,
  time,
} from '@millrace/schemas/sql'

/** A field of events. */
export interface Field extends FieldSql {
  number: Sql
  /** Whether an event has it. */
  exists: Sql
  /** The value as one that tells who or what: empty for the words that programs write where they know nobody. */
  key: Sql
}

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
  const path = findPathSql(name)
  if (path !== undefined) return textField(path.text)
  const own = column(name)
  const text = sql`toString(${own})`
  if (!found.field.isCount) return textField(text, KNOWN_IDS.get(name))
  const field = { isCount: true, text, number: sql`toFloat64(${own})` }
  return { ...field, exists: existsSql(field), key: text }
}

function textField(text: Sql, key = text): Field {
  const field = { isCount: false, text, number: readableNumberSql(text) }
  return { ...field, exists: existsSql(field), key: shortened(key) }
}

/** Keys are kept and sent, and properties may be as long as somebody likes: a long one is its beginning and a hash of all. */
function shortened(key: Sql): Sql {
  return sql`if(length(${key}) <= ${bind('UInt32', MAX_KEY_BYTES)}, ${key}, concat(substringUTF8(${key}, 1, 50), '…', lower(hex(cityHash64(${key})))))`
}

/** Conditions, with the meaning that they have in questions. */
export function conditionsOf(filters: readonly WindowFilter[] = []): Sql[] {
  return filters.map((filter) => conditionSql(findField(filter.field), filter.op, filterValues(filter)))
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
