/** Conditions that a question puts on rows: their schema, and the SQL of each. */

import { type FilterOp, MAX_FILTERS, MAX_LIST_VALUES, MAX_VALUE_LENGTH } from '@millrace/schemas'
import { conditionSql, type Sql } from '@millrace/schemas/sql'
import { z } from 'zod'
import type { FindField } from './fields.ts'
import { describeUnknownField } from './unknown-field.ts'

/** A condition on one field. */
export interface Filter {
  field: string
  op: FilterOp
  /** Text; a number for `gt`, `gte`, `lt`, `lte`; a list of texts for `in` and `not_in`; none for `exists`, `not_exists`. */
  value?: string | number | string[] | undefined
}

const text = z.union([z.string().max(MAX_VALUE_LENGTH), z.number(), z.boolean()]).transform(String)
const number = z.union(
  [
    z.number(),
    z
      .string()
      .max(40)
      .regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/)
      .transform(Number),
  ],
  { error: 'must be a number' },
)
const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',') : value),
  z.array(text).min(1).max(MAX_LIST_VALUES),
)

const FILTER_RULE =
  'must have a field, an op and mostly a value, such as country:is:DE in a query string, or an object'

/** A field by its name, or an issue that lists those that there are and says which was perhaps meant. */
export function fieldSchema(findField: FindField, names: readonly string[], hasPaths: boolean) {
  const rule = `must be the name of a field, such as ${hasPaths ? 'page_path' : 'entry_page'}`
  return z
    .string({ error: ({ input }) => (typeof input === 'string' ? undefined : rule) })
    .max(256)
    .superRefine((name, context) => {
      if (findField(name) !== undefined) return
      const { message, hint } = describeUnknownField(name, names, hasPaths)
      context.addIssue({ code: 'custom', message, params: { hint } })
    })
}

/** Filters on the fields that `findField` knows; default none. */
export function filtersSchema(findField: FindField, names: readonly string[], hasPaths: boolean) {
  const field = fieldSchema(findField, names, hasPaths)
  const of = <Op extends FilterOp, Value extends z.ZodType>(ops: readonly [Op, ...Op[]], value: Value) =>
    z.strictObject({ field, op: z.enum(ops), value })
  const filter = z.discriminatedUnion(
    'op',
    [
      of(['is', 'is_not'], text),
      of(['in', 'not_in'], list),
      of(['contains', 'not_contains', 'starts_with', 'ends_with'], z.string().min(1).max(MAX_VALUE_LENGTH)),
      of(['gt', 'gte', 'lt', 'lte'], number),
      z.strictObject({ field, op: z.enum(['exists', 'not_exists']) }),
    ],
    { error: ({ input }) => (typeof input === 'object' ? undefined : FILTER_RULE) },
  )
  const checked = filter.superRefine(({ field: name, op }, context) => {
    const found = findField(name)
    if (found === undefined || !COMPARISONS.has(op) || found.number !== undefined) return
    context.addIssue({ code: 'custom', path: ['op'], message: `must not compare: ${name} is no number` })
  })
  return z.array(checked).max(MAX_FILTERS).default([])
}

const COMPARISONS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte'])

/** Conditions of filters that were checked. */
export function filterConditions(filters: readonly Filter[], findField: FindField): Sql[] {
  return filters.map(({ field: name, op, value = [] }) => {
    const field = findField(name)
    // The schema refuses what is no field.
    if (field === undefined) throw new RangeError(`there is no field ${name}`)
    const values = (Array.isArray(value) ? value : [value]).map(String)
    return conditionSql({ ...field, isCount: field.kind === 'number' }, op, values)
  })
}
