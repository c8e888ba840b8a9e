/** Values as ClickHouse's columns take them, and JSON of unknown shape read without a throw. */

import type { JsonObject, JsonValue, Violation } from '@millrace/schemas'

export type { Row } from '@millrace/schemas/native'

/** The value when it is an object, otherwise one without keys. */
export function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

/** The value when it is text, otherwise the empty text, which is how a column says that it does not know. */
export function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** First number that a `UInt32` does not hold; ClickHouse would wrap it around and say nothing. */
const UINT32_LIMIT = 2 ** 32

/** The value when it is a whole number that a `UInt32` holds, otherwise `undefined`. */
export function asUInt32(value: JsonValue | undefined): number | undefined {
  const isHeld = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < UINT32_LIMIT
  return isHeld ? value : undefined
}

/** As the tuples of a column `violations` are named. */
export function toTuples(violations: readonly Violation[] = []): JsonObject[] {
  return violations.map(({ path, rule, found, message }) => ({ path, rule, found, message }))
}
