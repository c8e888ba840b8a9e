/** What a condition can say of a field: the same in questions and of rows of the lake. See `docs/query.md`. */

/** What can be said of a field. */
export const FILTER_OPS = [
  'is',
  'is_not',
  'in',
  'not_in',
  'contains',
  'not_contains',
  'starts_with',
  'ends_with',
  'gt',
  'gte',
  'lt',
  'lte',
  'exists',
  'not_exists',
] as const

/** One of {@link FILTER_OPS}. */
export type FilterOp = (typeof FILTER_OPS)[number]

/** Most conditions of a question or step, most values of a list, and longest value in UTF-16 units. */
export const MAX_FILTERS = 20
export const MAX_LIST_VALUES = 100
export const MAX_VALUE_LENGTH = 1_000
