/**
 * Fields of lookup tables, found by another field of the event: `lookup_today.products(properties.product_id).category` as
 * the table is now, `lookup_then.…` as it was at the time of the event.
 */

import { bind, join, readableNumberSql, type Sql, sql } from '@millrace/schemas/sql'
import type { Field, FindField } from './fields.ts'
import { lookupRow } from './relations.ts'

/** Dictionary, table, field that has the key, path in the row. */
const LOOKUP = /^(lookup_today|lookup_then)\.([a-z0-9_-]{1,64})\(([^()]+)\)\.([^()]{1,200})$/

/** Most steps of the path in a row. */
const MAX_STEPS = 16

/** Finds such a field; its key is a field that `findKey` knows. `undefined` when it is none. */
export function findLookupField(name: string, findKey: FindField): Field | undefined {
  const [, dictionary, table = '', keyName = '', path = ''] = LOOKUP.exec(name) ?? []
  const key = findKey(keyName)
  const steps = path.split('.')
  if (key === undefined || steps.length > MAX_STEPS || steps.includes('')) return undefined
  const row = lookupRow(dictionary === 'lookup_then', table, key.text)
  const text = sql`JSONExtractString(${row}, ${join(steps.map(pieceOf), sql`, `)})`
  return { name, kind: 'json', text, number: readableNumberSql(text) }
}

function pieceOf(step: string): Sql {
  return sql`${bind('String', step)}`
}
