/** A JSON Schema as a Markdown list of fields. */

import { nameOfRef, type Schema } from './openapi.ts'
import { explain } from './words.ts'

/** Shapes that have a heading of their own: links to it, by the name in the description. */
export type Shapes = ReadonlyMap<string, string>

/** How deep objects within objects are told of. */
const MAX_DEPTH = 3

/** The fields of an object, one an item. */
export function listFields(path: string, schema: Schema, shapes: Shapes, depth = 0): string {
  const required = new Set(schema.required)
  const items = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const facts = [typeOf(field, shapes), ...(required.has(name) ? ['required'] : []), ...limitsOf(field)]
    const about = explain(path, name, field.description)
    const head = `${'  '.repeat(depth)}- **\`${name}\`** (${facts.join(', ')})${about === '' ? '' : `: ${about}`}`
    const inner = innerOf(field)
    const below =
      inner === undefined || depth + 1 >= MAX_DEPTH ? '' : listFields(path, inner, shapes, depth + 1)
    return below === '' ? head : `${head}\n${below}`
  })
  return items.join('\n')
}

/** One parameter, as {@link listFields} has fields. */
export function describeField(
  path: string,
  name: string,
  schema: Schema,
  about: string,
  more: readonly string[],
): string {
  const facts = [typeOf(schema, new Map()), ...more, ...limitsOf(schema)]
  const text = explain(path, name, about)
  return `- **\`${name}\`** (${facts.join(', ')})${text === '' ? '' : `: ${text}`}`
}

/** The type in words. */
export function typeOf(schema: Schema, shapes: Shapes): string {
  if (schema.$ref !== undefined) return linkTo(nameOfRef(schema.$ref), shapes)
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return orList(schema.enum.map((value) => `\`${String(value)}\``))
  if (isFilter(schema)) return '[filter](../query.md#what-questions-have-in-common)'
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return orList([...new Set(choices.map((choice) => typeOf(choice, shapes)))])
  if (schema.allOf?.[0] !== undefined) return typeOf(schema.allOf[0], shapes)
  if (schema.type === 'array')
    return schema.items === undefined ? 'list' : `list of ${typeOf(schema.items, shapes)}`
  const types = [schema.type ?? 'any'].flat().map((type) => WORDS[type] ?? type)
  return orList(types)
}

function orList(words: readonly string[]): string {
  const last = words.slice(-2).join(' or ')
  return [...words.slice(0, -2), last].join(', ')
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  boolean: '`true` or `false`',
  any: 'anything',
}

function linkTo(name: string, shapes: Shapes): string {
  return shapes.get(name) ?? name
}

/** A filter has five forms, one for each kind of operator; `docs/query.md` tells them. */
function isFilter({ oneOf }: Schema): boolean {
  return oneOf?.every(({ properties }) => properties?.['op'] !== undefined) ?? false
}

function limitsOf(schema: Schema): string[] {
  const { minimum, maximum, maxLength, minItems, maxItems, format } = schema
  const least = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  return [
    ...(format === 'date-time' ? ['ISO 8601'] : []),
    ...range(least, most, ''),
    ...range(minItems, maxItems, ' items'),
    ...range(undefined, maxLength, ' characters'),
    ...(schema.default === undefined || isEmptyList(schema.default)
      ? []
      : [`default \`${String(schema.default)}\``]),
  ]
}

function range(least: number | undefined, most: number | undefined, unit: string): string[] {
  const text = (value: number) => value.toLocaleString('en')
  if (least !== undefined && most !== undefined) return [`${text(least)} to ${text(most)}${unit}`]
  if (most !== undefined) return [`at most ${text(most)}${unit}`]
  return least === undefined ? [] : [`at least ${text(least)}${unit}`]
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** The object whose fields are told of below: the field itself, or the items of a list. */
function innerOf(schema: Schema): Schema | undefined {
  if (schema.properties !== undefined) return schema
  const items = schema.items
  return items?.properties === undefined || isFilter(items) ? undefined : items
}
