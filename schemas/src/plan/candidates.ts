/**
 * Makes values that the older of two schemas takes and that the newer may refuse: at the limits of both, with and without
 * each field, of every branch.
 */

import { z } from 'zod'
import type { JsonValue } from '../wire.ts'
import { takes } from './read-checks.ts'
import { sampleFormat, samplePattern } from './sample-text.ts'
import {
  type ArrayShape,
  mergeParts,
  type NumberShape,
  type ObjectShape,
  resolveShape,
  type Shape,
  type TextShape,
} from './shape.ts'

/** How many values are made: of the whole event, and of a part of it. */
const MAX_EVENTS = 4_000
const MAX_VALUES = 48

/** How many objects are made with every field chosen at random: of the whole event, and of a part of it. */
const RANDOM_EVENTS = 400
const RANDOM_VALUES = 8

/** Below this only what must be there is made. */
const MAX_DEPTH = 6

/** Longest text and array that are made. */
const MAX_TEXT_LENGTH = 100_000
const MAX_ITEMS = 1_000

/** Name of a field that no plan has. */
const UNNAMED_FIELD = 'another_field'

const ABSENT = Symbol('absent')

/** Random numbers in [0, 1), the same at every run. */
type Random = () => number

/** Values that `before` takes, the plainest first. `after` says where the limits of the newer schema are. */
export function listCandidates(before: Shape, after: Shape): JsonValue[] {
  return make(before, [after], { depth: 0, random: createRandom() })
}

interface Place {
  depth: number
  random: Random
}

/** Values of one shape that its schema takes; those come first that all hints take as well. */
function make(shape: Shape, hints: readonly Shape[], place: Place): JsonValue[] {
  const flat = hints.flatMap(flatten)
  const values = uniqueValues([...listExamples(shape), ...makeKind(resolveShape(shape), flat, place)])
  const taken = values.filter((value) => takes(shape.schema, value) === true)
  const isPlain = (value: JsonValue) => hints.every((hint) => takes(hint.schema, value) === true)
  const plain = taken.filter(isPlain)
  const telling = taken.filter((value) => !isPlain(value))
  const [first, ...others] = plain
  const max = place.depth === 0 ? MAX_EVENTS : MAX_VALUES
  return [...(first === undefined ? [] : [first]), ...telling, ...others].slice(0, max)
}

/** A hint of several branches as one hint a branch. */
function flatten(shape: Shape): Shape[] {
  const resolved = resolveShape(shape)
  if (resolved.kind === 'union') return resolved.options.flatMap(flattenOnce)
  return [(resolved.kind === 'all' ? mergeParts(resolved.schema, resolved.parts) : undefined) ?? resolved]
}

function flattenOnce(shape: Shape): Shape[] {
  const resolved = resolveShape(shape)
  return resolved.kind === 'union' ? resolved.options.map(resolveShape) : [resolved]
}

/** Examples that the plan itself gives, by `.meta({ examples })`. */
function listExamples({ schema }: Shape): JsonValue[] {
  const { examples } = z.globalRegistry.get(schema) ?? {}
  // As JSON, because an example may be of the schema's output.
  return Array.isArray(examples) ? (JSON.parse(JSON.stringify(examples)) as JsonValue[]) : []
}

function makeKind(
  shape: Exclude<Shape, { kind: 'lazy' }>,
  hints: readonly Shape[],
  place: Place,
): JsonValue[] {
  switch (shape.kind) {
    case 'never':
      return []
    case 'values':
      return [...shape.values]
    case 'string':
      return makeTexts(shape, hints)
    case 'number':
      return makeNumbers(shape, hints)
    case 'array':
      return makeArrays(shape, hints, place)
    case 'object':
      return makeObjects(shape, hints, place)
    case 'union':
      return shape.options.flatMap((option) => make(option, hints, deeper(place)))
    case 'all':
      return makeAll(shape, hints, place)
    case 'any':
      return makeAnything(hints, place)
  }
}

function makeAll(
  { schema, parts }: Shape & { kind: 'all' },
  hints: readonly Shape[],
  place: Place,
): JsonValue[] {
  const merged = mergeParts(schema, parts)
  if (merged !== undefined) return makeObjects(merged, hints, place)
  return parts.flatMap((part) => make(part, [...hints, ...parts], deeper(place)))
}

const ANYTHING: readonly JsonValue[] = [
  'text',
  1.5,
  0,
  true,
  null,
  '',
  [],
  {},
  ['text'],
  { [UNNAMED_FIELD]: 'text' },
]

function makeAnything(hints: readonly Shape[], place: Place): JsonValue[] {
  if (place.depth > MAX_DEPTH) return [...ANYTHING]
  const known = hints.flatMap((hint) => (hint.kind === 'any' ? [] : make(hint, [], deeper(place))))
  return [...known, ...ANYTHING]
}

function makeTexts(shape: TextShape, hints: readonly Shape[]): JsonValue[] {
  const texts = [shape, ...hints.filter((hint) => hint.kind === 'string')]
  const known = hints.flatMap((hint) => (hint.kind === 'values' ? hint.values : []))
  const samples = texts.flatMap(({ rules }) =>
    rules.flatMap(({ format, pattern }) => [
      ...(format === undefined ? [] : sampleFormat(format)),
      ...(pattern === undefined ? [] : samplePattern(pattern)),
    ]),
  )
  const limits = texts.flatMap(({ min, max }) => [min, max]).flatMap((limit) => [limit, limit - 1, limit + 1])
  const sized = [...new Set([4, 1, 0, ...limits])]
    .filter((length) => length >= 0 && length <= MAX_TEXT_LENGTH)
    .flatMap((length) => ['text'.repeat(Math.ceil(length / 4)).slice(0, length), '7'.repeat(length)])
  return [...samples, ...known, ...sized, 'Text', 'a b', '1.5', 'é😀', ...stretch(samples, limits)]
}

/** Samples made as long as the limits are; a format that allows it takes them. */
function stretch(samples: readonly string[], limits: readonly number[]): string[] {
  const lengths = limits.filter((length) => length > 0 && length <= MAX_TEXT_LENGTH)
  return samples.flatMap((sample) =>
    lengths.flatMap((length) => [sample.padStart(length, 'a'), sample.padEnd(length, 'a')]),
  )
}

function makeNumbers(shape: NumberShape, hints: readonly Shape[]): JsonValue[] {
  const numbers = [shape, ...hints.filter((hint) => hint.kind === 'number')]
  const known = hints.flatMap((hint) => (hint.kind === 'values' ? hint.values : []))
  const limits = numbers
    .flatMap(({ low, high }) => [low.value, high.value])
    .flatMap((limit) => [limit, limit - 1, limit + 1, limit - 0.5, limit + 0.5])
  const steps = numbers.flatMap(({ multiples }) =>
    multiples.flatMap((step) => [step, step * 2, step * 3, -step]),
  )
  const start = Math.ceil(shape.low.value)
  const near = shape.multiples.map((step) => Math.ceil(start / step) * step)
  return [1, 0, 2, 10, 1.5, 0.25, -1, -1.5, ...limits, ...steps, ...near, ...known, 3, 7, 1e6, 1e15].filter(
    (value) => typeof value !== 'number' || Number.isFinite(value),
  )
}

function makeArrays(shape: ArrayShape, hints: readonly Shape[], place: Place): JsonValue[] {
  const arrays = hints.filter((hint) => hint.kind === 'array')
  const isDeep = place.depth > MAX_DEPTH
  if (isDeep && shape.min === 0) return [[]]
  const slot = (index: number) => {
    const of = (array: ArrayShape) => array.prefix[index] ?? array.items
    return make(of(shape), arrays.map(of), deeper(place))
  }
  const slots = Array.from({ length: shape.prefix.length + 1 }, (_, index) => slot(index))
  const itemsOf = (index: number) => slots[Math.min(index, slots.length - 1)] ?? []
  const build = (length: number): JsonValue[] =>
    Array.from({ length }, (_, index) => itemsOf(index)[0] ?? null)
  const lengths = [shape, ...arrays]
    .flatMap(({ min, max }) => [min, max])
    .flatMap((limit) => [limit, limit - 1, limit + 1])
  const sizes = [...new Set([1, 0, 2, ...lengths])].filter((length) => length >= 0 && length <= MAX_ITEMS)
  const least = Math.max(1, shape.min, shape.prefix.length)
  const varied = Array.from({ length: Math.min(least, slots.length) }, (_, index) =>
    itemsOf(index).map((item) => build(least).with(index, item)),
  )
  return [...sizes.map(build), ...(least > MAX_ITEMS ? [] : varied.flat())]
}

/** Values that a field may have, the plainest first; `ABSENT` when it may be absent. */
interface FieldChoice {
  name: string
  choices: (JsonValue | typeof ABSENT)[]
  isOptional: boolean
}

/** An object in the making. */
type Fields = Map<string, JsonValue | typeof ABSENT>

function makeObjects(shape: ObjectShape, hints: readonly Shape[], place: Place): JsonValue[] {
  const objects = hints.filter((hint) => hint.kind === 'object')
  const named = [...shape.fields].map(([name, field]): FieldChoice => {
    const known = objects.map((hint) => hint.fields.get(name)?.shape ?? hint.rest)
    const isSkipped = place.depth > MAX_DEPTH && field.isOptional
    const values = isSkipped ? [] : make(field.shape, known, deeper(place))
    return { name, choices: field.isOptional ? [...values, ABSENT] : values, isOptional: field.isOptional }
  })
  if (named.some(({ choices }) => choices.length === 0)) return []
  const fields = [...named, ...makeOthers(shape, objects, place)]
  return combine(fields, place)
}

/** Fields that the older schema does not name. */
function makeOthers(shape: ObjectShape, hints: readonly ObjectShape[], place: Place): FieldChoice[] {
  if (shape.rest.kind === 'never') return []
  if (shape.isOpen) return [{ name: UNNAMED_FIELD, choices: [ABSENT, 'text'], isOptional: true }]
  if (place.depth > MAX_DEPTH) return []
  const names = shape.names === undefined ? [UNNAMED_FIELD] : makeNames(shape.names, hints)
  const news = hints.flatMap((hint) => [...hint.fields.keys()]).filter((name) => !shape.fields.has(name))
  return [...new Set([...names, ...news])].map((name) => {
    const known = hints.map((hint) => hint.fields.get(name)?.shape ?? hint.rest)
    return { name, choices: [...make(shape.rest, known, deeper(place)), ABSENT], isOptional: true }
  })
}

function makeNames(names: Shape, hints: readonly ObjectShape[]): string[] {
  const known = hints.flatMap((hint) => (hint.names === undefined ? [] : [hint.names]))
  return makeKind(resolveShape(names), known, { depth: 1, random: () => 0 })
    .filter((name) => typeof name === 'string' && takes(names.schema, name) === true)
    .map(String)
    .slice(0, 8)
}

/** One object full and one empty, each with one field changed at a time; then objects with all fields at random. */
function combine(fields: readonly FieldChoice[], { depth, random }: Place): JsonValue[] {
  const full: Fields = new Map(fields.map(({ name, choices }) => [name, pick(choices, 0)]))
  const empty: Fields = new Map(
    fields.map(({ name, choices, isOptional }) => [name, isOptional ? ABSENT : pick(choices, 0)]),
  )
  const changed = fields.flatMap(({ name, choices }) =>
    choices.flatMap((choice) => [new Map(empty).set(name, choice), new Map(full).set(name, choice)]),
  )
  const mix = (): Fields =>
    new Map(fields.map(({ name, choices }) => [name, pick(choices, Math.floor(random() * choices.length))]))
  const mixed = Array.from({ length: depth === 0 ? RANDOM_EVENTS : RANDOM_VALUES }, mix)
  return [empty, full, ...changed, ...mixed].map(buildObject)
}

function pick(choices: FieldChoice['choices'], index: number): JsonValue | typeof ABSENT {
  const choice = choices[index]
  return choice === undefined ? ABSENT : choice
}

function buildObject(fields: Fields): JsonValue {
  return Object.fromEntries([...fields].filter((field): field is [string, JsonValue] => field[1] !== ABSENT))
}

function uniqueValues(values: readonly JsonValue[]): JsonValue[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}

function deeper({ depth, random }: Place): Place {
  return { depth: depth + 1, random }
}

/** A linear congruential generator (Numerical Recipes' constants); a plan's check must not differ from run to run. */
function createRandom(): Random {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
