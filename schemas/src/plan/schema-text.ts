/**
 * A schema written out as text, so that two schemas from two files can be compared. Names of fields and values are in a
 * fixed order; messages and descriptions are left out, because no event passes or fails by them.
 */

import type { z } from 'zod'

/** A zod schema of any kind. */
export type AnySchema = z.core.$ZodType

/** What a schema amounts to. */
export interface SchemaText {
  text: string
  /** False when a part of it cannot be read, as the function given to `superRefine` cannot: equal text proves nothing then. */
  isComplete: boolean
}

/** Parts of a definition that no event passes or fails by. */
const SILENT = new Set(['error', 'abort', 'message', 'description', 'catchValue'])

const UNREADABLE = '<unreadable>'

const NATIVE_CODE = /\{\s*\[native code\]\s*\}$/

/** Writes a schema out. Functions appear by their source text, so what they capture is not seen. */
export function writeSchema(schema: AnySchema): SchemaText {
  const text = writeValue(schema, [])
  return { text, isComplete: !text.includes(UNREADABLE) }
}

/** Writes one check (`.min(1)`, `.refine(...)`) out. */
export function writeCheck(check: z.core.$ZodCheck): SchemaText {
  const text = writeCheckDefinition(check, [])
  return { text, isComplete: !text.includes(UNREADABLE) }
}

/**
 * The places in a schema where the value that a check sees differs from the one that was sent: transforms, defaults,
 * trimming, unknown fields removed. Two checks of equal text mean the same only when these are equal too.
 */
export function writeChanges(schema: AnySchema): string {
  return listChanges(schema, '', [])
    .map(({ text }) => text)
    .join(',')
}

/** Whether what a schema gives may differ from what it was given, unknown fields apart. */
export function changesValues(schema: AnySchema): boolean {
  return listChanges(schema, '', []).some(({ isOpenness }) => !isOpenness)
}

/** Source text of a function, or a word that says that it has none. */
export function writeFunction(value: unknown): string {
  const text = Function.prototype.toString.call(value)
  return NATIVE_CODE.test(text) ? UNREADABLE : text
}

function isSchema(value: unknown): value is AnySchema {
  return typeof value === 'object' && value !== null && '_zod' in value
}

function writeValue(value: unknown, above: readonly unknown[]): string {
  if (typeof value === 'function') return writeFunction(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  if (value instanceof RegExp) return String(value)
  const depth = above.indexOf(value)
  if (depth >= 0) return `<as ${depth}>`
  const inside = [...above, value]
  if (isSchema(value)) return writeDefinition(value, inside)
  if (Array.isArray(value)) return `[${value.map((item) => writeValue(item, inside)).join(',')}]`
  if (value instanceof Set) return `{${[...value].map((item) => writeValue(item, inside)).join(',')}}`
  return writeFields(value, inside)
}

function writeDefinition(schema: AnySchema, above: readonly unknown[]): string {
  const { def } = schema._zod
  // What a lazy schema gives is the schema; the function around it is not.
  if (def.type === 'lazy') return writeValue((def as z.core.$ZodLazyDef).getter(), above)
  if (def.type === 'default' || def.type === 'prefault')
    return writeDefault(def as z.core.$ZodDefaultDef, above)
  const { checks = [], ...rest } = def
  const ownChecks = checks.filter((check) => !['describe', 'meta'].includes(check._zod.def.check))
  const written = ownChecks.map((check) => writeCheckDefinition(check, above))
  return `${writeFields(rest, above)}[${written.join(',')}]`
}

function writeDefault(def: z.core.$ZodDefaultDef, above: readonly unknown[]): string {
  const [value, again] = [JSON.stringify(def.defaultValue), JSON.stringify(def.defaultValue)]
  return `${def.type}(${writeValue(def.innerType, above)},${value === again ? value : UNREADABLE})`
}

function writeCheckDefinition(check: z.core.$ZodCheck, above: readonly unknown[]): string {
  const { def } = check._zod
  // `check` and `superRefine` wrap their function where nobody can see it.
  if (def.check === 'custom' && !('fn' in def)) return UNREADABLE
  // When zod's own checks run is decided by zod, in words that change from version to version.
  const { when, ...rest } = def as typeof def & { when?: unknown }
  return writeFields(def.check === 'custom' ? { ...rest, when } : rest, above)
}

function writeFields(value: object, above: readonly unknown[]): string {
  const fields = Object.entries(value)
    .filter(([name, field]) => !SILENT.has(name) && field !== undefined)
    .map(([name, field]) => `${JSON.stringify(name)}:${writeValue(field, above)}`)
  return `{${fields.sort().join(',')}}`
}

/** One place where a value changes. */
interface Change {
  text: string
  /** Whether it is only that unknown fields are removed, or not. */
  isOpenness: boolean
}

function listChanges(schema: AnySchema, path: string, above: readonly AnySchema[]): Change[] {
  if (above.includes(schema)) return []
  const { def } = schema._zod
  const below = listParts(schema).flatMap(([name, part]) =>
    listChanges(part, `${path}/${name}`, [...above, schema]),
  )
  const here = changesItself(schema)
    ? [{ text: `${path}=${writeSchema(schema).text}`, isOpenness: false }]
    : []
  if (def.type !== 'object') return [...here, ...below]
  const openness = opennessOf(def as z.core.$ZodObjectDef)
  return [...here, { text: `${path}:${openness}`, isOpenness: true }, ...below]
}

function changesItself({ _zod: { def } }: AnySchema): boolean {
  const hasOverwrite = def.checks?.some((check) => check._zod.def.check === 'overwrite') === true
  const isCoerced = 'coerce' in def && def.coerce === true
  return hasOverwrite || isCoerced || ['transform', 'pipe', 'default', 'prefault', 'catch'].includes(def.type)
}

function opennessOf({ catchall }: z.core.$ZodObjectDef): string {
  return catchall === undefined ? 'strip' : catchall._zod.def.type
}

/** The schemas directly inside a schema, with the name of where they are. */
function listParts({ _zod: { def } }: AnySchema): [string, AnySchema][] {
  if (def.type === 'lazy') return [['', (def as z.core.$ZodLazyDef).getter()]]
  const shape = def.type === 'object' ? Object.entries((def as z.core.$ZodObjectDef).shape) : []
  const others = Object.entries(def).flatMap(([name, part]): [string, AnySchema][] => {
    if (isSchema(part)) return [[name, part]]
    if (!Array.isArray(part) || name === 'checks') return []
    return part.filter(isSchema).map((item, index) => [`${name}${index}`, item])
  })
  return [...shape, ...others]
}
