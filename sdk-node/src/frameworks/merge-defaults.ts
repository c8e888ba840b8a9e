/** Puts one set of defaults over another. */

import type { Defaults } from '../event-arguments.ts'

/** The inner over the outer; `context` and `integrations` key by key, what is `undefined` changes nothing. New objects. */
export function mergeDefaults(outer: Defaults | undefined, inner: Defaults): Defaults {
  const merged: Record<string, unknown> = { ...outer }
  for (const [key, value] of Object.entries(inner)) {
    if (value === undefined) continue
    merged[key] = isObject(value) && isObject(merged[key]) ? { ...merged[key], ...value } : value
  }
  return merged
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
