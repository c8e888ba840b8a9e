/** What a client's context says in columns of its own, and the rest of it. */

import type { JsonObject, JsonValue } from '@millrace/schemas'
import { asObject, asText, asUInt32, type Row } from './column-values.ts'

/**
 * Parts of the context that have columns of their own, and so are not repeated in the column `context`: text as it is, or
 * an object with these keys, whose values are text, or whole numbers where {@link COUNTED} says so. The column holds what
 * the client said, whatever the edge found out: see `fact-columns.ts`.
 */
const TYPED_CONTEXT: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['page', new Set(['url', 'path', 'search', 'referrer', 'title'])],
  ['library', new Set(['name', 'version'])],
  ['campaign', new Set(['source', 'medium', 'name', 'term', 'content', 'id'])],
  ['location', new Set(['country', 'region', 'city'])],
  ['device', new Set(['type', 'manufacturer', 'model'])],
  ['os', new Set(['name', 'version'])],
  ['session', new Set(['id', 'index'])],
  ['userAgent', new Set<string>()],
  ['locale', new Set<string>()],
  ['timezone', new Set<string>()],
  // The collector reads it into the facts, under the source's IP policy. What it was before must not be stored beside that.
  ['ip', new Set<string>()],
])

/** Keys of {@link TYPED_CONTEXT} whose columns are numbers. */
const COUNTED: ReadonlySet<string> = new Set(['index'])

/** Columns that depend on the context alone; the `page_*` ones a `page` event's properties may replace. */
export function buildContextColumns(context: JsonObject, userAgent: string | undefined): Row {
  const page = asObject(context['page'])
  const library = asObject(context['library'])
  const session = asObject(context['session'])
  return {
    page_url: asText(page['url']),
    page_path: asText(page['path']),
    page_search: asText(page['search']),
    page_referrer: asText(page['referrer']),
    page_title: asText(page['title']),
    user_agent: asText(context['userAgent']) || (userAgent ?? ''),
    locale: asText(context['locale']),
    library_name: asText(library['name']),
    library_version: asText(library['version']),
    session_id: asText(session['id']),
    session_index: asUInt32(session['index']) ?? 0,
    context: withoutTyped(context),
  }
}

/** Context without what has a column; parts of the typed objects that have none stay, so nothing is lost. */
function withoutTyped(context: JsonObject): JsonObject {
  const rest: [string, JsonValue][] = []
  for (const key of Object.keys(context)) {
    const value = context[key] ?? null
    const typedKeys = TYPED_CONTEXT.get(key)
    if (typedKeys === undefined) {
      rest.push([key, value])
    } else if (typeof value === 'string') {
      if (typedKeys.size > 0) rest.push([key, value])
    } else {
      const left = withoutTypedKeys(value, typedKeys)
      if (left !== undefined) rest.push([key, left])
    }
  }
  // Not by assignment: a key `__proto__` would be lost.
  return Object.fromEntries(rest)
}

/** Keeps every key without a column, and what its column does not hold under a key that has one. */
function withoutTypedKeys(value: JsonValue, typed: ReadonlySet<string>): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || typed.size === 0) return value
  const isLeft = (name: string) => !typed.has(name) || !isHeld(name, value[name])
  // Almost always nothing is, and then nothing is copied.
  const left = Object.keys(value).filter(isLeft)
  if (left.length === 0) return undefined
  return Object.fromEntries(left.map((name) => [name, value[name] ?? null]))
}

function isHeld(name: string, value: JsonValue | undefined): boolean {
  return COUNTED.has(name) ? asUInt32(value) !== undefined : typeof value === 'string'
}
