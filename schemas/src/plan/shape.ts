/**
 * What a schema takes, as far as it can be reasoned about. A shape is a set of JSON values: those of its kind that keep its
 * rules. Without the rules the set is never smaller, which is what a proof about the older version may rely on.
 */

import { z } from 'zod'
import type { JsonValue } from '../wire.ts'
import type { AnySchema } from './schema-text.ts'

/** A rule that is known by name or text only: a pattern, a format, a refinement. */
export interface Rule {
  /** Rules with the same key refuse the same values; `undefined` is equal to none. */
  key: string | undefined
  /** What it is, for a person: `the pattern /^a/`, `a refinement`. */
  what: string
  /** Only of texts. */
  pattern?: RegExp
  /** Only of texts, for example `email`. */
  format?: string
}

/** A limit of a number. */
export interface Bound {
  value: number
  isInclusive: boolean
}

/** A field of an object. */
export interface FieldShape {
  shape: Shape
  /** Whether it may be absent. */
  isOptional: boolean
}

interface Common {
  /** The schema that it was read from; running it is always right. */
  schema: AnySchema
  rules: readonly Rule[]
}

/** Texts of `min` to `max` UTF-16 units. */
export interface TextShape extends Common {
  kind: 'string'
  min: number
  max: number
}

/** Numbers between the bounds that are multiples of all of `multiples`. */
export interface NumberShape extends Common {
  kind: 'number'
  isInteger: boolean
  low: Bound
  high: Bound
  multiples: readonly number[]
}

/** Arrays of `min` to `max` items: first those of `prefix`, then any number of `items`. */
export interface ArrayShape extends Common {
  kind: 'array'
  prefix: readonly Shape[]
  items: Shape
  min: number
  max: number
}

/** Objects with named fields; every other field is of `rest`. */
export interface ObjectShape extends Common {
  kind: 'object'
  fields: ReadonlyMap<string, FieldShape>
  rest: Shape
  /** Whether other fields are let through without being spoken of, as `z.object` and `z.looseObject` do. */
  isOpen: boolean
  /** What names of other fields may be; absent when any. */
  names?: Shape
}

/** A set of JSON values; see the file's head. */
export type Shape =
  | (Common & { kind: 'any' })
  | (Common & { kind: 'never' })
  | (Common & { kind: 'values'; values: readonly JsonValue[] })
  | TextShape
  | NumberShape
  | ArrayShape
  | ObjectShape
  /** What any of the options takes. */
  | (Common & { kind: 'union'; options: readonly Shape[] })
  /** What all of the parts take, at least. */
  | (Common & { kind: 'all'; parts: readonly Shape[] })
  /** A schema that contains itself. */
  | (Common & { kind: 'lazy'; get: () => Shape })

/** The shape that a lazy one stands for. */
export function resolveShape(shape: Shape): Exclude<Shape, { kind: 'lazy' }> {
  let current = shape
  while (current.kind === 'lazy') current = current.get()
  return current
}

/** The shape with further rules. */
export function addRules<S extends Shape>(shape: S, rules: readonly Rule[]): S {
  return rules.length === 0 ? shape : { ...shape, rules: [...shape.rules, ...rules] }
}

/**
 * One object shape that takes at least what all parts take together, or `undefined` when a part is no object. A field that
 * only one part names is let through by a strict sibling, as zod does.
 */
export function mergeParts(schema: AnySchema, parts: readonly Shape[]): ObjectShape | undefined {
  const objects = parts.map(resolveShape)
  const any: Shape = { kind: 'any', schema, rules: [] }
  const never: Shape = { kind: 'never', schema, rules: [] }
  const fields = new Map<string, FieldShape>()
  for (const part of objects) {
    if (part.kind !== 'object') return undefined
    for (const [name, { shape, isOptional }] of part.fields) {
      const other = fields.get(name)
      fields.set(name, {
        shape: other === undefined ? shape : intersect(other.shape, shape),
        isOptional: isOptional && other?.isOptional !== false,
      })
    }
  }
  const isStrict = objects.every((part) => part.kind === 'object' && part.rest.kind === 'never')
  const isOpen = objects.every((part) => part.kind === 'object' && part.isOpen)
  const rules = objects.flatMap((part) => part.rules)
  return { kind: 'object', schema, rules, fields, rest: isStrict ? never : any, isOpen }
}

function intersect(one: Shape, other: Shape): Shape {
  return { kind: 'all', schema: z.intersection(one.schema, other.schema), rules: [], parts: [one, other] }
}
