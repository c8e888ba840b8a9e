/** The fields of an event as rows of a table: read from its JSON Schema, so that what zod writes is what people read. */

/** The part of JSON Schema 2020-12 that zod writes and a table shows. */
export interface JsonSchema {
  $ref?: string
  $defs?: Record<string, JsonSchema>
  /** zod writes several where a value is of one of them. */
  type?: string | string[]
  format?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  propertyNames?: JsonSchema
  items?: JsonSchema | boolean
  prefixItems?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  pattern?: string
}

/** One field, as text that is not escaped yet. */
export interface FieldRow {
  /** Dotted; `*` stands for any item of an array, or any other name. */
  path: string
  type: string
  isRequired: boolean
  /** Values that are allowed: texts as they are, others as JSON. Empty when the limits say it all. */
  values: string[]
  /** For example `at least 0`, `at most 20 characters`. */
  limits: string[]
  /** Regular expressions that it matches. */
  patterns: string[]
  description: string
}

/** Below this, fields are not told one by one: a schema that contains itself has no end. */
const MAX_DEPTH = 8

/** All fields of an object schema, each before those inside it. */
export function listFieldRows(schema: JsonSchema): FieldRow[] {
  return rowsInside(schema, [], schema, 0)
}

function rowsInside(schema: JsonSchema, path: string[], root: JsonSchema, depth: number): FieldRow[] {
  const node = follow(schema, root)
  if (depth > MAX_DEPTH) return []
  const inside = (part: JsonSchema, name: string, isRequired: boolean) =>
    rowsOf(part, [...path, name], isRequired, root, depth + 1)
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, part]) =>
    inside(part, name, node.required?.includes(name) === true),
  )
  const { additionalProperties: others, items } = node
  const parts = [...(node.allOf ?? []), ...branchesOf(node)].flatMap((part) =>
    rowsInside(part, path, root, depth + 1),
  )
  return mergeRows([
    ...fields,
    ...(typeof others === 'object' && Object.keys(others).length > 0 ? inside(others, '*', false) : []),
    ...(node.prefixItems ?? []).flatMap((part, index) =>
      inside(part, String(index), index < (node.minItems ?? 0)),
    ),
    // An item that is no object is told in the type of its array.
    ...(typeof items === 'object' ? rowsInside(items, [...path, '*'], root, depth + 1) : []),
    ...parts,
  ])
}

function rowsOf(
  schema: JsonSchema,
  path: string[],
  isRequired: boolean,
  root: JsonSchema,
  depth: number,
): FieldRow[] {
  const node = follow(schema, root)
  const parts = [node, ...(node.allOf ?? []), ...branchesOf(node)].map((part) => follow(part, root))
  const row = {
    path: path.join('.'),
    type: describeType(node, root, 0),
    isRequired,
    values: [node, ...branchesOf(node)].flatMap(listValues),
    limits: parts.flatMap(describeLimits),
    // The pattern of a format says nothing to a person that its name does not.
    patterns: parts.flatMap((part) => (part.format === undefined ? told(part.pattern, String) : [])),
    description: schema.description ?? node.description ?? '',
  }
  return [row, ...rowsInside(node, path, root, depth)]
}

/** Branches of a union may name the same field: it is told once, and required when all rows say so. */
function mergeRows(rows: readonly FieldRow[]): FieldRow[] {
  const merged = new Map<string, FieldRow>()
  for (const row of rows) {
    const known = merged.get(row.path)
    merged.set(row.path, known === undefined ? row : mergeTwo(known, row))
  }
  return [...merged.values()]
}

function mergeTwo(one: FieldRow, other: FieldRow): FieldRow {
  const union = (a: string[], b: string[]) => [...new Set([...a, ...b])]
  return {
    path: one.path,
    type: union(one.type.split(' or '), other.type.split(' or ')).join(' or '),
    isRequired: one.isRequired && other.isRequired,
    values: union(one.values, other.values),
    limits: union(one.limits, other.limits),
    patterns: union(one.patterns, other.patterns),
    description: one.description === '' ? other.description : one.description,
  }
}

function follow(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema
  if (schema.$ref === '#') return root
  const name = schema.$ref.replace('#/$defs/', '').replaceAll('~1', '/').replaceAll('~0', '~')
  return root.$defs?.[name] ?? schema
}

function branchesOf({ anyOf = [], oneOf = [] }: JsonSchema): JsonSchema[] {
  return [...anyOf, ...oneOf]
}

function describeType(schema: JsonSchema, root: JsonSchema, depth: number): string {
  const node = follow(schema, root)
  const branches = branchesOf(node)
  if (branches.length > 0 && depth < MAX_DEPTH) {
    return [...new Set(branches.map((branch) => describeType(branch, root, depth + 1)))].join(' or ')
  }
  const [part] = node.allOf ?? []
  if (node.type === undefined && part !== undefined && depth < MAX_DEPTH)
    return describeType(part, root, depth + 1)
  const types = node.type === undefined ? [typeOfValues(node)] : [node.type].flat()
  const named = types.map((type) => (type === 'array' ? describeArray(node, root, depth) : type))
  return node.format === undefined ? named.join(' or ') : `${named.join(' or ')} (${node.format})`
}

function describeArray({ items, prefixItems }: JsonSchema, root: JsonSchema, depth: number): string {
  if (prefixItems !== undefined) return 'tuple'
  if (typeof items !== 'object' || depth >= MAX_DEPTH) return 'array'
  const type = describeType(items, root, depth + 1)
  return type === 'any' ? 'array' : `array of ${type}`
}

function typeOfValues(node: JsonSchema): string {
  const values = 'const' in node ? [node.const] : (node.enum ?? [])
  const types = new Set(values.map((value) => (value === null ? 'null' : typeof value)))
  return types.size === 0 ? 'any' : [...types].join(' or ')
}

function listValues(node: JsonSchema): string[] {
  const values = 'const' in node ? [node.const] : (node.enum ?? [])
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
}

function describeLimits(node: JsonSchema): string[] {
  const safe = (limit: number | undefined) =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined
  return [
    ...told(safe(node.minimum), (limit) => `at least ${limit}`),
    ...told(safe(node.exclusiveMinimum), (limit) => `more than ${limit}`),
    ...told(safe(node.maximum), (limit) => `at most ${limit}`),
    ...told(safe(node.exclusiveMaximum), (limit) => `less than ${limit}`),
    ...told(node.multipleOf, (step) => `a multiple of ${step}`),
    ...told(describeSize(node.minLength, node.maxLength, 'character'), (size) => size),
    ...told(
      node.prefixItems ? undefined : describeSize(node.minItems, node.maxItems, 'item'),
      (size) => size,
    ),
  ]
}

function describeSize(min: number | undefined, max: number | undefined, unit: string): string | undefined {
  const count = (size: number) => `${size} ${unit}${size === 1 ? '' : 's'}`
  if (min !== undefined && min === max) return count(min)
  if (min !== undefined && max !== undefined) return `${min} to ${count(max)}`
  if (min === 1 && max === undefined) return 'not empty'
  if (min !== undefined) return min === 0 ? undefined : `at least ${count(min)}`
  return max === undefined ? undefined : `at most ${count(max)}`
}

function told<T>(value: T | undefined, tell: (value: T) => string): string[] {
  return value === undefined ? [] : [tell(value)]
}
