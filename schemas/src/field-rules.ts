/**
 * The event schemas compiled to one flat table a type. zod walks its schema anew for every event, which without `eval`
 * (a Worker has none) takes 2.5 µs, more than parsing the event's JSON; the table takes 0.4 µs. The schemas stay the
 * source: the table is made from them, and a property test holds the two against each other.
 */

import { z } from 'zod'
import { ClientTimeSchema, IdSchema, JsonObjectSchema, NameSchema } from './events/common.ts'
import { MAX_ID_LENGTH, MAX_NAME_LENGTH } from './wire.ts'

/** What is wrong with a value. */
export interface FieldFault {
  reason: 'invalid_field' | 'field_too_long'
  /** Follows the name of the field. */
  rule: string
}

/** What is wrong with a value; `undefined` when nothing is. */
export type FieldRule = (value: unknown) => FieldFault | undefined

/** The fields of one type of event. */
export interface FieldRules {
  /** Keys are names of fields; `type` is not among them. */
  rules: ReadonlyMap<string, FieldRule>
  /** Names of the fields that must be there, in the order of the schema. */
  required: readonly string[]
}

const RULES: ReadonlyMap<unknown, FieldRule> = new Map<unknown, FieldRule>([
  [IdSchema, checkId],
  [NameSchema, checkName],
  [ClientTimeSchema, checkTime],
  [JsonObjectSchema, checkObject],
])

/** Names of the fields that are ids in some type: there a number counts as its text. */
export const ID_FIELDS: ReadonlySet<string> = new Set([
  'messageId',
  'userId',
  'anonymousId',
  'groupId',
  'previousId',
])

/**
 * Compiles a schema whose fields are all of the four kinds of `events/common.ts`.
 *
 * @throws TypeError for a field of another kind
 */
export function compileFields(schema: z.ZodObject): FieldRules {
  const rules = new Map<string, FieldRule>()
  const required: string[] = []
  for (const [name, field] of Object.entries(schema.shape)) {
    if (name === 'type') continue
    const isOptional = field instanceof z.ZodOptional
    const rule = RULES.get(isOptional ? field.unwrap() : field)
    if (rule === undefined) throw new TypeError(`the field ${name} is of a kind that has no rule`)
    rules.set(name, rule)
    if (!isOptional) required.push(name)
  }
  return { rules, required }
}

const NOT_TEXT: FieldFault = { reason: 'invalid_field', rule: 'must be a string' }
const NOT_TIME: FieldFault = { reason: 'invalid_field', rule: 'must be an ISO 8601 string' }
const NOT_OBJECT: FieldFault = { reason: 'invalid_field', rule: 'must be an object' }
const LONG_ID: FieldFault = { reason: 'field_too_long', rule: `must be at most ${MAX_ID_LENGTH} characters` }
const LONG_NAME: FieldFault = {
  reason: 'field_too_long',
  rule: `must be at most ${MAX_NAME_LENGTH} characters`,
}

function checkId(value: unknown): FieldFault | undefined {
  if (typeof value === 'string') return value.length > MAX_ID_LENGTH ? LONG_ID : undefined
  return typeof value === 'number' && Number.isFinite(value) ? undefined : NOT_TEXT
}

function checkName(value: unknown): FieldFault | undefined {
  if (typeof value !== 'string') return NOT_TEXT
  return value.length > MAX_NAME_LENGTH ? LONG_NAME : undefined
}

function checkTime(value: unknown): FieldFault | undefined {
  const isTime = typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
  return isTime ? undefined : NOT_TIME
}

function checkObject(value: unknown): FieldFault | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : NOT_OBJECT
}
