/** Reads the shape of a zod schema. What it does not know, it takes for anything under a rule of its own. */

import { z } from 'zod'
import type { JsonValue } from '../wire.ts'
import { readLengthChecks, readNumberChecks, readRules, takes } from './read-checks.ts'
import { type AnySchema, changesValues, writeSchema } from './schema-text.ts'
import { addRules, type FieldShape, type Rule, resolveShape, type Shape } from './shape.ts'

/** Reads shapes; a schema that contains itself is read once. */
type Reader = (schema: AnySchema) => Shape

/** Kinds of schema that take no JSON value at all. */
const NO_JSON = new Set([
  ...['bigint', 'symbol', 'undefined', 'void', 'never', 'nan'],
  ...['date', 'map', 'set', 'file', 'promise', 'function'],
])

/** Reads the shape of a schema. */
export function readShape(schema: AnySchema): Shape {
  const known = new Map<AnySchema, Shape>()
  const read: Reader = (part) => {
    const found = known.get(part)
    if (found !== undefined) return found
    // Whoever meets the schema inside itself gets a shape that is looked up when it is needed.
    known.set(part, { kind: 'lazy', schema: part, rules: [], get: () => known.get(part) ?? anything(part) })
    const shape = readKind(part, read)
    known.set(part, shape)
    return shape
  }
  return read(schema)
}

function readKind(schema: AnySchema, read: Reader): Shape {
  const { def } = schema._zod
  if ('coerce' in def && def.coerce === true) return opaque(schema, `z.coerce.${def.type}`)
  if (NO_JSON.has(def.type)) return { kind: 'never', schema, rules: [] }
  switch (def.type) {
    case 'string':
      return { kind: 'string', schema, ...readLengthChecks(schema) }
    case 'number':
      return { kind: 'number', schema, ...readNumberChecks(schema) }
    case 'boolean':
      return values(schema, [true, false])
    case 'null':
      return values(schema, [null])
    case 'literal':
    case 'enum':
      return values(schema, listValues(schema))
    case 'array':
    case 'tuple':
      return readArray(schema, read)
    case 'object':
      return readObject(schema, def as z.core.$ZodObjectDef, read)
    case 'record':
      return readRecord(schema, def as z.core.$ZodRecordDef, read)
    default:
      return readWrapper(schema, read)
  }
}

function readWrapper(schema: AnySchema, read: Reader): Shape {
  const def = schema._zod.def as z.core.$ZodTypeDef & { innerType?: AnySchema }
  const rules = readRules(schema)
  switch (def.type) {
    case 'any':
    case 'unknown':
    case 'catch':
    case 'success':
      return { kind: 'any', schema, rules }
    case 'optional':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'readonly':
      return def.innerType === undefined
        ? opaque(schema, def.type)
        : inner(schema, read(def.innerType), rules)
    case 'nullable':
      return def.innerType === undefined
        ? opaque(schema, def.type)
        : { kind: 'union', schema, rules, options: [read(def.innerType), values(schema, [null])] }
    case 'lazy':
      return inner(schema, read((def as z.core.$ZodLazyDef).getter()), rules)
    case 'union':
      return readUnion(schema, def as z.core.$ZodUnionDef, read)
    case 'intersection':
      return readIntersection(schema, def as z.core.$ZodIntersectionDef, read)
    case 'pipe':
      return inner(schema, read((def as z.core.$ZodPipeDef).in), [wholeRule(schema, 'a transform or pipe')])
    default:
      return opaque(schema, NAMES[def.type] ?? def.type)
  }
}

const NAMES: Readonly<Record<string, string>> = {
  custom: 'a custom check',
  transform: 'a transform',
  template_literal: 'a template literal',
}

/** A wrapper that changes nothing about JSON values; its own checks are added. */
function inner(schema: AnySchema, shape: Shape, rules: readonly Rule[]): Shape {
  if (rules.length === 0) return shape
  if (shape.kind === 'lazy') return { kind: 'all', schema, rules, parts: [shape] }
  return { ...addRules(shape, rules), schema }
}

function anything(schema: AnySchema): Shape {
  return { kind: 'any', schema, rules: [] }
}

function opaque(schema: AnySchema, what: string): Shape {
  return { kind: 'any', schema, rules: [wholeRule(schema, what)] }
}

/** A rule that is the whole schema, checks included. */
function wholeRule(schema: AnySchema, what: string): Rule {
  const { text, isComplete } = writeSchema(schema)
  return { key: isComplete ? text : undefined, what }
}

function values(schema: AnySchema, list: readonly JsonValue[]): Shape {
  return { kind: 'values', schema, rules: readRules(schema), values: list }
}

function listValues(schema: AnySchema): JsonValue[] {
  return [...(schema._zod.values ?? [])].filter(
    (value) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null,
  )
}

function readArray(schema: AnySchema, read: Reader): Shape {
  const { min, max, rules } = readLengthChecks(schema)
  const { def } = schema._zod
  if (def.type === 'array') {
    const items = read((def as z.core.$ZodArrayDef).element)
    return { kind: 'array', schema, rules, prefix: [], items, min, max }
  }
  const { items, rest } = def as z.core.$ZodTupleDef
  // Without a rest zod asks for all items up to the last that is not marked as optional; with one it tries `undefined`.
  const isRequired = (item: AnySchema) =>
    (rest === null && item._zod.optin === undefined) || takes(item, undefined) !== true
  const required = items.findLastIndex(isRequired) + 1
  const length = rest === null ? items.length : Number.POSITIVE_INFINITY
  return {
    kind: 'array',
    schema,
    rules,
    prefix: items.map(read),
    items: rest === null ? { kind: 'never', schema, rules: [] } : read(rest),
    min: Math.max(min, required),
    max: Math.min(max, length),
  }
}

function readObject(schema: AnySchema, def: z.core.$ZodObjectDef, read: Reader): Shape {
  const fields = new Map(
    Object.entries(def.shape).map(([name, field]): [string, FieldShape] => [name, readField(field, read)]),
  )
  const rest = def.catchall === undefined ? anything(schema) : read(def.catchall)
  const { kind, rules } = resolveShape(rest)
  const isOpen = kind === 'any' && rules.length === 0
  return { kind: 'object', schema, rules: readRules(schema), fields, rest, isOpen }
}

/** Whether a field may be absent depends on zod's version and the field's wrappers, so it is tried. */
function readField(field: AnySchema, read: Reader): FieldShape {
  return { shape: read(field), isOptional: takes(z.object({ field }), {}) === true }
}

function readRecord(schema: AnySchema, def: z.core.$ZodRecordDef, read: Reader): Shape {
  const rules = readRules(schema)
  if (def.mode === 'loose') return opaque(schema, 'z.looseRecord')
  const never: Shape = { kind: 'never', schema, rules: [] }
  const { values: names } = def.keyType._zod
  if (names !== undefined) {
    const isPartial = 'partial' in def && def.partial === true
    const isOptional = isPartial || takes(z.record(z.enum(['name']), def.valueType), {}) === true
    const field = { shape: read(def.valueType), isOptional }
    const fields = new Map([...names].map((name): [string, FieldShape] => [String(name), field]))
    return { kind: 'object', schema, rules, fields, rest: never, isOpen: false }
  }
  const keys = read(def.keyType)
  const rest = read(def.valueType)
  const common = {
    kind: 'object',
    schema,
    fields: new Map<string, FieldShape>(),
    rest,
    isOpen: false,
  } as const
  // A name is a text; what a key schema of another kind makes of it is not known here.
  if (keys.kind !== 'string') return { ...common, rules: [...rules, wholeRule(schema, 'a record of keys')] }
  const isAnyName = keys.rules.length === 0 && keys.min === 0 && keys.max === Number.POSITIVE_INFINITY
  return isAnyName ? { ...common, rules } : { ...common, rules, names: keys }
}

function readUnion(schema: AnySchema, def: z.core.$ZodUnionDef, read: Reader): Shape {
  // z.xor refuses what two options take; no event is of two options of a discriminated union.
  const isExclusive = def.inclusive === false && !('discriminator' in def)
  const exclusive = isExclusive ? [wholeRule(schema, 'z.xor')] : []
  const options = def.options.map(read)
  return { kind: 'union', schema, rules: [...readRules(schema), ...exclusive], options }
}

function readIntersection(schema: AnySchema, def: z.core.$ZodIntersectionDef, read: Reader): Shape {
  // zod throws when the two sides change a value in different ways.
  const changed = changesValues(schema) ? [wholeRule(schema, 'an intersection that changes values')] : []
  const parts = [read(def.left), read(def.right)]
  return { kind: 'all', schema, rules: [...readRules(schema), ...changed], parts }
}
