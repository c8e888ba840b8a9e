/** Reads the checks of a text, number or array schema: limits as numbers, everything else as rules. */

import { z } from 'zod'
import { type AnySchema, writeChanges, writeCheck } from './schema-text.ts'
import type { Bound, Rule } from './shape.ts'

/** Limits of a length, and what else is asked. */
export interface LengthChecks {
  min: number
  max: number
  rules: Rule[]
}

/** Limits of a number, and what else is asked. */
export interface NumberChecks {
  isInteger: boolean
  low: Bound
  high: Bound
  multiples: number[]
  rules: Rule[]
}

/** Limits of zod's number formats; those with `int` take integers only. */
const NUMBER_FORMATS: Readonly<Record<string, readonly [number, number]>> = {
  safeint: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  float32: [-3.4028234663852886e38, 3.4028234663852886e38],
  float64: [-Number.MAX_VALUE, Number.MAX_VALUE],
}

/** Limits of the length of a text or an array, as its checks say. */
export function readLengthChecks(schema: AnySchema): LengthChecks {
  const read: LengthChecks = { min: 0, max: Number.POSITIVE_INFINITY, rules: [] }
  const { plain, rules } = splitChecks(schema)
  for (const check of plain) {
    if (!readLength(check, read)) rules.push(ruleOf(check, schema))
  }
  return { ...read, rules: [...read.rules, ...rules] }
}

/** Limits of a number, as its checks say. */
export function readNumberChecks(schema: AnySchema): NumberChecks {
  const { plain, rules } = splitChecks(schema)
  const read: NumberChecks = {
    isInteger: false,
    low: { value: -Number.MAX_VALUE, isInclusive: true },
    high: { value: Number.MAX_VALUE, isInclusive: true },
    multiples: [],
    rules,
  }
  for (const check of plain) {
    if (!readNumber(check, read)) rules.push(ruleOf(check, schema))
  }
  return read
}

/** The checks of a schema of another kind, all as rules. */
export function readRules(schema: AnySchema): Rule[] {
  const { plain, rules } = splitChecks(schema)
  return [...plain.map((check) => ruleOf(check, schema)), ...rules]
}

/** Checks after one that changes the value (`trim`) see another value, so that they and it are one rule. */
function splitChecks(schema: AnySchema): { plain: z.core.$ZodCheck[]; rules: Rule[] } {
  const checks = listChecks(schema)
  const index = checks.findIndex((check) => check._zod.def.check === 'overwrite')
  if (index < 0) return { plain: checks, rules: [] }
  const changed = checks.slice(index)
  // Changing a value alone refuses nothing.
  if (changed.every((check) => check._zod.def.check === 'overwrite')) {
    return { plain: checks.slice(0, index), rules: [] }
  }
  const written = changed.map(writeCheck)
  const isComplete = written.every((check) => check.isComplete)
  const key = isComplete ? `after:${written.map(({ text }) => text).join(',')}` : undefined
  return { plain: checks.slice(0, index), rules: [{ key, what: 'checks after the value is changed' }] }
}

/** A format such as `z.email()` is a schema and its own first check. */
function listChecks(schema: AnySchema): z.core.$ZodCheck[] {
  const own = 'check' in schema._zod.def ? [schema as unknown as z.core.$ZodCheck] : []
  const checks = [...own, ...(schema._zod.def.checks ?? [])]
  return checks.filter((check) => !['describe', 'meta'].includes(check._zod.def.check))
}

function readLength(check: z.core.$ZodCheck, read: LengthChecks): boolean {
  const def = check._zod.def as z.core.$ZodCheckDef & { minimum?: number; maximum?: number; length?: number }
  if (def.check === 'min_length') read.min = Math.max(read.min, def.minimum ?? 0)
  else if (def.check === 'max_length') read.max = Math.min(read.max, def.maximum ?? 0)
  else if (def.check === 'length_equals') {
    read.min = Math.max(read.min, def.length ?? 0)
    read.max = Math.min(read.max, def.length ?? 0)
  } else return false
  return true
}

function readNumber(check: z.core.$ZodCheck, read: NumberChecks): boolean {
  const def = check._zod.def as z.core.$ZodCheckDef & {
    value?: unknown
    inclusive?: boolean
    format?: string
  }
  const { check: name, value, inclusive: isInclusive = true, format = '' } = def
  if (name === 'number_format') return readFormat(format, read)
  if (typeof value !== 'number') return false
  if (name === 'greater_than') read.low = tighter(read.low, { value, isInclusive }, 1)
  else if (name === 'less_than') read.high = tighter(read.high, { value, isInclusive }, -1)
  else if (name === 'multiple_of') read.multiples.push(value)
  else return false
  return true
}

function readFormat(format: string, read: NumberChecks): boolean {
  const range = NUMBER_FORMATS[format]
  if (range === undefined) return false
  read.isInteger ||= format.includes('int')
  read.low = tighter(read.low, { value: range[0], isInclusive: true }, 1)
  read.high = tighter(read.high, { value: range[1], isInclusive: true }, -1)
  return true
}

/** The stricter of two limits; `direction` is 1 for lower limits and -1 for upper ones. */
function tighter(one: Bound, other: Bound, direction: 1 | -1): Bound {
  if (one.value === other.value) return one.isInclusive ? other : one
  return (other.value - one.value) * direction > 0 ? other : one
}

function ruleOf(check: z.core.$ZodCheck, schema: AnySchema): Rule {
  const { def } = check._zod
  if (def.check === 'string_format') return formatRule(def as z.core.$ZodCheckStringFormatDef, check)
  const { text, isComplete } = writeCheck(check)
  const changes = writeChanges(schema)
  return { key: isComplete ? `${text}|${changes}` : undefined, what: nameCheck(check, isComplete) }
}

function formatRule(def: z.core.$ZodCheckStringFormatDef, check: z.core.$ZodCheck): Rule {
  // As a schema of its own it has further checks and a type, which belong to the schema.
  const { checks: _, type: __, ...own } = def as typeof def & { checks?: unknown; type?: unknown }
  const { text, isComplete } = writeCheck({ _zod: { def: own } } as unknown as z.core.$ZodCheck)
  const pattern =
    check._zod.def && 'pattern' in own && own.pattern instanceof RegExp ? own.pattern : undefined
  const what = def.format === 'regex' ? `the pattern ${pattern}` : `the format ${def.format}`
  return {
    key: isComplete ? text : undefined,
    what,
    format: def.format,
    ...(pattern !== undefined && { pattern }),
  }
}

function nameCheck({ _zod: { def } }: z.core.$ZodCheck, isComplete: boolean): string {
  if (def.check !== 'custom') return `the check ${def.check}`
  return isComplete ? 'a refinement' : 'a superRefine or check function, whose text cannot be read,'
}

/** Whether zod takes a value; `undefined` when the schema throws, as one with an asynchronous refinement does. */
export function takes(schema: AnySchema, value: unknown): boolean | undefined {
  try {
    return z.core.safeParse(schema, value).success
  } catch {
    return undefined // the fault of a refinement, and no answer
  }
}
