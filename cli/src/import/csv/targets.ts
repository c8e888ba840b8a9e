/** Where in an event a cell goes. Pure. */

import type { JsonObject, JsonValue } from '@millrace/schemas/wire'

/** Keys from the event down: `['properties', 'total']`. */
export type Target = readonly string[]

const FIELDS: ReadonlySet<string> = new Set([
  'type',
  'event',
  'name',
  'category',
  'userId',
  'anonymousId',
  'messageId',
  'groupId',
  'previousId',
  'timestamp',
])

const OBJECTS: ReadonlySet<string> = new Set(['properties', 'traits', 'context', 'integrations'])

/** Fields whose names are seldom something else: a column of that name needs no mapping. */
const TELLING: ReadonlySet<string> = new Set([
  'type',
  'event',
  'userId',
  'anonymousId',
  'messageId',
  'timestamp',
])

/** `userId`, `properties.total`, `context.page.url`; nothing when it is no place in an event. */
export function parseTarget(text: string): Target | undefined {
  const [first = '', ...rest] = text.split('.')
  if (rest.length === 0) return FIELDS.has(first) || OBJECTS.has(first) ? [first] : undefined
  return OBJECTS.has(first) && !rest.includes('') ? [first, ...rest] : undefined
}

/** The target that a column's own name says. */
export function targetOfName(column: string): Target | undefined {
  const target = parseTarget(column)
  const [first = ''] = target ?? []
  return TELLING.has(first) || OBJECTS.has(first) ? target : undefined
}

/** Whether the target is `properties`, `traits`, `context` or `integrations` as a whole. */
export function isWholeObject(target: Target): boolean {
  return target.length === 1 && OBJECTS.has(target[0] ?? '')
}

/** Whether one of two targets is in the other; two objects as a whole and their fields go together. */
export function isWithin(inner: Target, outer: Target): boolean {
  return (
    !isWholeObject(outer) && outer.length < inner.length && outer.every((key, index) => inner[index] === key)
  )
}

/** Puts a value there. A whole object is added to what is there, and what is there wins. */
export function putValue(event: JsonObject, target: Target, value: JsonValue): void {
  let at = event
  for (const key of target.slice(0, -1)) at = childOf(at, key)
  const last = target.at(-1) ?? ''
  if (!isWholeObject(target) || !isObject(value)) {
    define(at, last, value)
    return
  }
  const whole = childOf(at, last)
  for (const [key, inner] of Object.entries(value)) if (!Object.hasOwn(whole, key)) define(whole, key, inner)
}

function childOf(object: JsonObject, key: string): JsonObject {
  const found = Object.hasOwn(object, key) ? object[key] : undefined
  if (isObject(found)) return found
  const child: JsonObject = {}
  define(object, key, child)
  return child
}

/** Not by assignment: a key `__proto__` would become the prototype. */
function define(object: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
