/** What the schemas of `millrace.config.ts` share: objects that refuse unknown keys, and messages for people. */

import { z } from 'zod'

/** An object whose keys are all known: who mistypes one is told those that there are. */
export function knownFields<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = Object.keys(shape).join(', ')
  const error = ({ code }: { code?: string }) =>
    code === 'unrecognized_keys' ? `is not known; known are ${names}` : undefined
  return z.strictObject(shape, { error })
}

/** Text of a pattern; `rule` is said of text that breaks it and of what is no text at all. */
export function textOf(pattern: RegExp, rule: string) {
  return z.string(rule).regex(pattern, rule)
}

/**
 * What is wrong, as `option rule, got value`; `undefined` when nothing is.
 *
 * @param value what was checked
 * @param at names it in messages, for example `sources[0]`
 */
export function describeSettingIssue(
  error: z.core.$ZodError | undefined,
  value: unknown,
  at: string,
): string | undefined {
  const issues = error?.issues ?? []
  // A key that is mistyped is also a key that is missing, and tells more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  return issue === undefined ? undefined : describeIssue(issue, value, at)
}

function describeIssue(issue: z.core.$ZodIssue, whole: unknown, at: string): string {
  const option = issue.path.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[${step}]` : `${path}.${String(step)}`),
    at,
  )
  if (issue.code === 'unrecognized_keys') return `${option}.${issue.keys[0]} ${issue.message}`
  let value = whole
  for (const step of issue.path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step]
  return `${option} ${describeRule(issue)}, got ${JSON.stringify(value)?.slice(0, 80) ?? typeof value}`
}

/** The rule in our own words, where zod's are those of a parser. */
function describeRule(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_union' && 'options' in issue) {
    return `must be one of ${(issue.options ?? []).join(', ')}`
  }
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'must have another name'
  if (issue.code === 'too_small' && issue.origin !== 'number') return 'must not be empty'
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message
  const expected = issue.expected === 'record' ? 'object' : issue.expected
  return `must be ${/^[aeio]/i.test(expected) ? 'an' : 'a'} ${expected}`
}
