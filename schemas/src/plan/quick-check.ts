/**
 * A first look at a value that finds most good ones good. zod walks its schema anew for every value, which without `eval` (a
 * Worker has none) takes ten times as long; only what this cannot vouch for goes to zod, which then says what is wrong.
 */

import { readShape } from './read-shape.ts'
import type { AnySchema } from './schema-text.ts'
import type { ArrayShape, NumberShape, ObjectShape, Shape, TextShape } from './shape.ts'

/** Whether a schema surely takes a value. `false` says nothing. */
export type QuickCheck = (value: unknown) => boolean

/** Compiles a schema; the values must have been parsed from JSON. */
export function createQuickCheck(schema: AnySchema): QuickCheck {
  return compile(readShape(schema))
}

const takesNothing: QuickCheck = () => false
const takesAll: QuickCheck = () => true

/** What has a rule that is known by name only, or contains itself, is left to zod. */
function compile(shape: Shape): QuickCheck {
  if (shape.rules.length > 0) return takesNothing
  switch (shape.kind) {
    case 'any':
      return takesAll
    case 'values': {
      const values: ReadonlySet<unknown> = new Set(shape.values)
      return (value) => values.has(value)
    }
    case 'string':
      return compileText(shape)
    case 'number':
      return compileNumber(shape)
    case 'array':
      return compileArray(shape)
    case 'object':
      return compileObject(shape)
    case 'union': {
      const options = shape.options.map(compile)
      return (value) => options.some((takes) => takes(value))
    }
    default:
      return takesNothing
  }
}

function compileText({ min, max }: TextShape): QuickCheck {
  return (value) => typeof value === 'string' && value.length >= min && value.length <= max
}

function compileNumber({ isInteger, low, high, multiples }: NumberShape): QuickCheck {
  if (multiples.length > 0) return takesNothing
  return (value) => {
    if (typeof value !== 'number' || (isInteger && !Number.isInteger(value))) return false
    const isOverLow = low.isInclusive ? value >= low.value : value > low.value
    return isOverLow && (high.isInclusive ? value <= high.value : value < high.value)
  }
}

function compileArray({ prefix, items, min, max }: ArrayShape): QuickCheck {
  if (prefix.length > 0) return takesNothing
  const takesItem = compile(items)
  return (value) =>
    Array.isArray(value) &&
    value.length >= min &&
    value.length <= max &&
    value.every((item) => takesItem(item))
}

function compileObject({ fields, rest, names }: ObjectShape): QuickCheck {
  const known = [...fields].map(([name, { shape, isOptional }]) => ({
    name,
    // What every object inherits would be taken for the event's own.
    takes: name in Object.prototype ? takesNothing : compile(shape),
    isOptional,
  }))
  const takesRest = names === undefined ? compile(rest) : takesNothing
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    const object = value as Record<string, unknown>
    for (const { name, takes, isOptional } of known) {
      const field = object[name]
      if (field === undefined ? !isOptional : !takes(field)) return false
    }
    if (takesRest === takesAll) return true
    return Object.keys(object).every((name) => fields.has(name) || takesRest(object[name]))
  }
}
