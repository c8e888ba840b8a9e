/** Looks at JSON values whose kind is not known. */

import type { JsonObject } from '@millrace/schemas'

/** Whether a value is a JSON object: no array, and not `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value, when it is a JSON object. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}
