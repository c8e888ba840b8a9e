/** What a zod issue asks for, in words for a person; where it is and what was found there is told beside it. */

import type { z } from 'zod'

/**
 * What was expected: zod's own message without the kind of what it got; the alternatives of a union, of which zod says
 * nothing, one by one. A message that the plan's author wrote stays as it is.
 *
 * @example 'expected number or string'
 */
export function describeExpected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.message === ZOD_SILENT) {
    const alternatives = [...new Set(listAlternatives(issue))]
    if (alternatives.length > 0) return `expected ${joinOr(alternatives)}`
  }
  const text = issue.message.replace(/^Invalid (input|option): expected /, 'expected ')
  return issue.code === 'invalid_type' ? text.replace(/^(expected .+), received [\w ]+$/, '$1') : text
}

/** All that zod says of a value that fits no alternative of a union. */
const ZOD_SILENT = 'Invalid input'

function listAlternatives({ errors }: z.core.$ZodIssueInvalidUnion): string[] {
  return errors.flatMap(([first]) => (first === undefined ? [] : describeAlternative(first)))
}

/** An alternative is named by the first thing in which the value differs from it. */
function describeAlternative(issue: z.core.$ZodIssue): string[] {
  if (issue.path.length === 0 && issue.code === 'invalid_union') return listAlternatives(issue)
  const expected = describeExpected(issue).replace(/^expected /, '')
  if (issue.path.length === 0) return [expected]
  const kind = typeof issue.path[0] === 'number' ? 'array' : 'object'
  return [`${kind} with ${issue.path.map(String).join('.')}: ${expected}`]
}

function joinOr(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
