/** Says what is wrong with a question: where, what would be right, and what was found. */

import { FILTER_OPS } from '@millrace/schemas'
import type { z } from 'zod'
import type { Mistake } from './range.ts'

/** Longest text of a question that is quoted, in UTF-16 units. */
const MAX_QUOTED = 100

/**
 * The first mistake that a schema found.
 *
 * @param known names of the fields of the question, in order
 * @example `{ path: 'filters[0].op', message: 'must be one of is, is_not ..., got "equals"' }`
 */
export function describeIssue(error: z.ZodError, input: unknown, known: readonly string[]): Mistake {
  const [issue] = error.issues
  if (issue === undefined) return { ok: false, path: '', message: 'is not right' }
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map(quote).join(', ')
    const fields =
      issue.path.length === 0 ? known.join(', ') : 'field, op, value, or of a step event, filters'
    return { ok: false, path: pathOf(issue.path), message: `has no field ${names}; known: ${fields}` }
  }
  const got = issue.path.reduce<unknown>(step, input)
  return { ok: false, path: pathOf(issue.path), message: describe(issue, got) }
}

function describe(issue: z.core.$ZodIssue, got: unknown): string {
  const rule = describeRule(issue)
  if (got === undefined) return issue.code === 'custom' ? rule : `is missing: it ${rule}`
  const hint: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined
  return `${rule}, got ${quote(got)}${typeof hint === 'string' ? `; ${hint}` : ''}`
}

function describeRule(issue: z.core.$ZodIssue): string {
  // Zod's own messages begin otherwise.
  if (issue.message.startsWith('must ')) return issue.message
  switch (issue.code) {
    case 'custom':
      return `must be otherwise: ${issue.message}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'invalid_type':
      return `must be ${KINDS.get(issue.expected) ?? issue.expected}`
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`
    case 'too_small':
      return Number(issue.minimum) === 1 && unitOf(issue.origin) !== ''
        ? 'must not be empty'
        : `must be at least ${issue.minimum}${unitOf(issue.origin)}`
    case 'invalid_union':
      return issue.path.at(-1) === 'op'
        ? `must be one of ${FILTER_OPS.join(', ')}`
        : 'must be a text or a number'
    default:
      return 'must be a number'
  }
}

const KINDS = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
])

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters long' : origin === 'array' ? ' in number' : ''
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('')
}

/** What stands at the key. Text has nothing below it: a schema that looks there took it for short of an object or list. */
function step(value: unknown, key: PropertyKey): unknown {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined
}

function quote(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
}
