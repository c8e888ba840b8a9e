/**
 * Proves that one shape takes everything that another takes. A proof is certain; where none is found, the obstacles are
 * told, and nothing is claimed.
 */

import { takes } from './read-checks.ts'
import { writeSchema } from './schema-text.ts'
import {
  type ArrayShape,
  addRules,
  type Bound,
  mergeParts,
  type NumberShape,
  type ObjectShape,
  resolveShape,
  type Shape,
  type TextShape,
} from './shape.ts'

/** Why there is no proof. */
export interface Obstacle {
  /** Dotted; `*` stands for any item or any other field. */
  path: string
  /** A clause for a person: `the pattern /^a/ is new`. */
  why: string
}

/** Outcome of the search for a proof. */
export interface Inclusion {
  /** Empty when it is proved. */
  obstacles: Obstacle[]
  /** Paths of optional fields that only the newer shape names, in objects that let other fields through. */
  newFields: { path: string; isAny: boolean }[]
}

/** Pairs that are being proved further up: a schema that contains itself meets them again. */
type Pairs = readonly (readonly [Shape, Shape])[]

/** Deeper than an event may nest; only a schema that contains itself in an unusual way gets there. */
const MAX_DEPTH = 100

const PROVED: Inclusion = { obstacles: [], newFields: [] }

/** Longest value that an obstacle shows, in UTF-16 units. */
const MAX_SHOWN_LENGTH = 40

/**
 * Looks for a proof that `after` takes everything that `before` takes.
 *
 * Fields that an open object (`z.object`, `z.looseObject`) does not name are not part of what it describes: a newer version
 * may name one as optional, which is the usual way a schema grows. They are given as `newFields`.
 */
export function proveInclusion(before: Shape, after: Shape, path: string): Inclusion {
  return prove(before, after, path, [])
}

function prove(before: Shape, after: Shape, path: string, above: Pairs): Inclusion {
  if (above.some(([one, other]) => one === before && other === after)) return PROVED
  if (above.length > MAX_DEPTH) return fail(path, 'it contains itself too deeply')
  const pairs: Pairs = [...above, [before, after]]
  const [one, other] = [resolveShape(before), resolveShape(after)]
  if (one.kind === 'never' || isSame(one, other)) return PROVED
  if (one.kind === 'union') {
    return combine(one.options.map((option) => prove(addRules(option, one.rules), other, path, pairs)))
  }
  if (one.kind === 'values') {
    return combine(
      one.values.map((value) =>
        takes(other.schema, value) ? PROVED : fail(path, `${show(value)} is refused`),
      ),
    )
  }
  const missing = other.rules.filter(
    ({ key }) => key === undefined || !one.rules.some((rule) => rule.key === key),
  )
  const news = combine(missing.map(({ what }) => fail(path, `${what} is not known to hold for older events`)))
  return combine([news, proveKind(one, other, path, pairs)])
}

/** Text of the schemas decides first: it also covers what shapes cannot express. */
function isSame(before: Shape, after: Shape): boolean {
  const [one, other] = [writeSchema(before.schema), writeSchema(after.schema)]
  return one.isComplete && one.text === other.text
}

/** The kinds alone; the rules are settled. */
function proveKind(one: Shape, other: Shape, path: string, pairs: Pairs): Inclusion {
  if (other.kind === 'any') return PROVED
  if (other.kind === 'all') return combine(other.parts.map((part) => prove(one, part, path, pairs)))
  if (one.kind === 'all') return proveAll(one, other, path, pairs)
  if (other.kind === 'union') {
    return (
      best(other.options.map((option) => prove(one, option, path, pairs))) ?? fail(path, 'nothing is taken')
    )
  }
  if (one.kind === 'string' && other.kind === 'string') return proveLength(one, other, path, 'characters')
  if (one.kind === 'number' && other.kind === 'number') return proveNumber(one, other, path)
  if (one.kind === 'array' && other.kind === 'array') return proveArray(one, other, path, pairs)
  if (one.kind === 'object' && other.kind === 'object') return proveObject(one, other, path, pairs)
  return fail(path, `${NAMES[one.kind]} was taken, ${NAMES[other.kind]} is expected`)
}

const NAMES: Readonly<Record<Shape['kind'], string>> = {
  any: 'anything',
  never: 'nothing',
  values: 'one of a list',
  string: 'a text',
  number: 'a number',
  array: 'an array',
  object: 'an object',
  union: 'one of several kinds',
  all: 'an intersection',
  lazy: 'a recursive value',
}

/** The older value is in every part, so that any part may prove it; strict parts let each other's fields through. */
function proveAll(one: Shape & { kind: 'all' }, other: Shape, path: string, pairs: Pairs): Inclusion {
  const merged = mergeParts(one.schema, one.parts)
  if (merged !== undefined) return prove(addRules(merged, one.rules), other, path, pairs)
  const flat = one.parts.filter(({ kind }) => ['string', 'number', 'values', 'array'].includes(kind))
  const attempts = flat.map((part) => prove(addRules(part, one.rules), other, path, pairs))
  return best(attempts) ?? fail(path, 'an intersection cannot be compared')
}

function proveLength(
  one: TextShape | ArrayShape,
  other: TextShape | ArrayShape,
  path: string,
  unit: string,
): Inclusion {
  const isShort = one.min < other.min
  const isLong = one.max > other.max
  return combine([
    isShort ? fail(path, `fewer than ${other.min} ${unit} are refused`) : PROVED,
    isLong ? fail(path, `more than ${other.max} ${unit} are refused`) : PROVED,
  ])
}

function proveNumber(one: NumberShape, other: NumberShape, path: string): Inclusion {
  const steps = other.multiples.filter((step) => !isMultiple(one, step))
  return combine([
    other.isInteger && !one.isInteger ? fail(path, 'fractions are refused') : PROVED,
    isInside(one.low, other.low, 1, one.isInteger)
      ? PROVED
      : fail(path, `the limit ${other.low.value} is new`),
    isInside(one.high, other.high, -1, one.isInteger)
      ? PROVED
      : fail(path, `the limit ${other.high.value} is new`),
    ...steps.map((step) => fail(path, `only multiples of ${step} are taken`)),
  ])
}

/** Whether everything within `inner` is within `outer`; `direction` is 1 for lower limits and -1 for upper ones. */
function isInside(inner: Bound, outer: Bound, direction: 1 | -1, isInteger: boolean): boolean {
  // The outermost integer within the limit, which then is inclusive.
  const rounded = direction === 1 ? Math.ceil(inner.value) : Math.floor(inner.value)
  const isExcluded = !inner.isInclusive && rounded === inner.value
  const limit = isInteger ? { value: rounded + (isExcluded ? direction : 0), isInclusive: true } : inner
  const distance = (limit.value - outer.value) * direction
  return distance > 0 || (distance === 0 && (outer.isInclusive || !limit.isInclusive))
}

/** Fractions are compared with tolerance by zod, so that only integers are reasoned about. */
function isMultiple(shape: NumberShape, step: number): boolean {
  if (shape.isInteger && step === 1) return true
  return shape.multiples.some(
    (own) =>
      own === step ||
      (shape.isInteger && Number.isInteger(own) && Number.isInteger(step) && own % step === 0),
  )
}

function proveArray(one: ArrayShape, other: ArrayShape, path: string, pairs: Pairs): Inclusion {
  const count = Math.min(Math.max(one.prefix.length, other.prefix.length), one.max)
  const slots = Array.from({ length: count }, (_, index) =>
    prove(one.prefix[index] ?? one.items, other.prefix[index] ?? other.items, `${path}.${index}`, pairs),
  )
  const others = one.max > count ? prove(one.items, other.items, `${path}.*`, pairs) : PROVED
  return combine([proveLength(one, other, path, 'items'), ...slots, others])
}

function proveObject(one: ObjectShape, other: ObjectShape, path: string, pairs: Pairs): Inclusion {
  const kept = [...one.fields].map(([name, field]) => {
    const at = `${path}.${name}`
    const match = other.fields.get(name)
    if (match === undefined) return proveOther(name, field.shape, other, at, pairs)
    if (field.isOptional && !match.isOptional) return fail(at, 'it may no longer be absent')
    return prove(field.shape, match.shape, at, pairs)
  })
  const added = [...other.fields]
    .filter(([name]) => !one.fields.has(name))
    .map(([name, field]): Inclusion => {
      const at = `${path}.${name}`
      if (!field.isOptional) return fail(at, 'it must be there now')
      const newFields = [
        { path: at, isAny: resolveShape(field.shape).kind === 'any' && field.shape.rules.length === 0 },
      ]
      return one.isOpen ? { obstacles: [], newFields } : prove(one.rest, field.shape, at, pairs)
    })
  return combine([...kept, ...added, proveRest(one, other, path, pairs)])
}

/** A named field that the newer version does not name. */
function proveOther(name: string, shape: Shape, other: ObjectShape, path: string, pairs: Pairs): Inclusion {
  const isNamed = other.names === undefined || takes(other.names.schema, name) === true
  return isNamed ? prove(shape, other.rest, path, pairs) : fail(path, 'its name is refused')
}

function proveRest(one: ObjectShape, other: ObjectShape, path: string, pairs: Pairs): Inclusion {
  const at = `${path}.*`
  if (one.rest.kind === 'never') return PROVED
  if (one.isOpen && other.rest.kind === 'never') return fail(path, 'fields that are not named are refused')
  const rest = prove(one.rest, other.rest, at, pairs)
  if (other.names === undefined) return rest
  const names =
    one.names === undefined ? fail(at, 'not every name is taken') : prove(one.names, other.names, at, pairs)
  return combine([rest, names])
}

function combine(parts: readonly Inclusion[]): Inclusion {
  return {
    obstacles: parts.flatMap(({ obstacles }) => obstacles),
    newFields: parts.flatMap(({ newFields }) => newFields),
  }
}

function best(attempts: readonly Inclusion[]): Inclusion | undefined {
  return [...attempts].sort((a, b) => a.obstacles.length - b.obstacles.length)[0]
}

function fail(path: string, why: string): Inclusion {
  return { obstacles: [{ path, why }], newFields: [] }
}

function show(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text
}
