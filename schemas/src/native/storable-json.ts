/**
 * Makes a JSON object one that ClickHouse's `JSON` type takes and gives back unchanged. Almost every object is that
 * already, and is then given back as it is, without a copy.
 */

import type { JsonObject, JsonValue } from '../wire.ts'

/** First whole numbers that ClickHouse's parser refuses when they are written with all their digits. */
const UNSIGNED_LIMIT = 2 ** 64
const SIGNED_LIMIT = -(2 ** 63)

/** From here on JavaScript itself writes the exponent. */
const EXPONENT_LIMIT = 1e21

/**
 * The object, with two things changed where they occur:
 * - whole numbers outside 64 bits are written with an exponent (`1e+20`), which ClickHouse reads as a float;
 * - a `%` in a key before `2E` or `25` becomes `%25`, because a dot in a key is stored as `%2E` and two different keys
 *   must not become one.
 *
 * The result is for `JSON.stringify` only: a changed number is an object to everybody else.
 */
export function toStorableJson(object: JsonObject): JsonObject {
  return convertObject(object)
}

function convert(value: JsonValue): JsonValue {
  if (typeof value === 'number') return needsExponent(value) ? writeExponent(value) : value
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? convertArray(value) : convertObject(value)
}

function convertArray(items: JsonValue[]): JsonValue[] {
  const converted = items.map(convert)
  return converted.some((item, index) => item !== items[index]) ? converted : items
}

function convertObject(object: JsonObject): JsonObject {
  let isChanged = false
  const entries = Object.entries(object).map(([key, value]): [string, JsonValue] => {
    const entry: [string, JsonValue] = [escapeKey(key), convert(value)]
    isChanged ||= entry[0] !== key || entry[1] !== value
    return entry
  })
  // Not by assignment: a key `__proto__` would be lost.
  return isChanged ? Object.fromEntries(entries) : object
}

function escapeKey(key: string): string {
  return key.includes('%2') ? key.replace(/%(?=2E|25)/g, '%25') : key
}

function needsExponent(value: number): boolean {
  return (value >= UNSIGNED_LIMIT || value <= SIGNED_LIMIT) && Math.abs(value) < EXPONENT_LIMIT
}

/** ECMAScript 2025's raw JSON text, which is not in TypeScript's library yet. */
function writeExponent(value: number): JsonValue {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => JsonValue }
  return rawJSON(value.toExponential())
}
