/** Personal data: drops, hashes or redacts what the rules of a source name. Knows nothing of events beyond their paths. */

import type { PiiRule } from '@millrace/schemas'
import { MAX_ID_LENGTH } from '@millrace/schemas'
import { importHashKey, keyedHash } from './keyed-hash.ts'
import {
  type CompiledPath,
  compilePath,
  isAtOrBelow,
  isContainer,
  REMOVED,
  updateChildren,
  updatePath,
} from './paths.ts'

/** The rules of a source, compiled. */
export interface PiiFilter {
  /**
   * The fields after all rules, in their order; the given ones are never altered, and are themselves the answer when no
   * rule finds anything. A promise only when there is something to hash. An id that a rule emptied is gone.
   */
  apply: <T extends object>(fields: T) => T | Promise<T>
  /** Whether a value at this dotted path, for example `traits.email`, is one that a rule touches. */
  covers: (path: string) => boolean
}

/** What the text of a hashed value begins with. */
export const HASH_PREFIX = 'hmac-sha256:'

/** Default of a redaction's `replacement`. */
export const REDACTED = '[redacted]'

/** One rule, ready: gives the fields after it. */
type ApplyRule = (fields: object) => object | Promise<object>

/**
 * Compiles rules.
 *
 * - Removing from an array leaves `null`, because other positions must not move: a later rule may name them.
 * - `hash` takes text and numbers (as their decimal text); anything else under it is removed.
 * - Without its secret a `hash` rule removes: a value never passes in clear.
 *
 * @param secret a Worker secret by the name of its variable
 * @param onMissingSecret called during this call, once for each variable that has no secret
 * @returns `undefined` when there are no rules
 * @throws RangeError when a path has `**` before its end
 */
export function createPiiFilter(
  rules: readonly PiiRule[],
  secret: (variable: string) => string | undefined,
  onMissingSecret: (variable: string) => void = () => {},
): PiiFilter | undefined {
  if (rules.length === 0) return undefined
  const missing = new Set<string>()
  const compiled = rules.map((rule) => compileRule(rule, secret, missing))
  for (const variable of missing) onMissingSecret(variable)
  const applied = compiled.map(({ apply }) => apply)
  const paths = compiled.flatMap((rule) => rule.paths)
  return {
    apply: <T extends object>(fields: T) => applyFrom(applied, 0, fields) as T | Promise<T>,
    covers(path) {
      const steps = path.split('.')
      return paths.some((rule) => isAtOrBelow(steps, rule))
    },
  }
}

/** Stays synchronous until a rule is not. */
function applyFrom(rules: readonly ApplyRule[], start: number, fields: object): object | Promise<object> {
  let current = fields
  for (let index = start; index < rules.length; index++) {
    const next = rules[index]?.(current) ?? current
    if (next instanceof Promise) return next.then((after) => applyFrom(rules, index + 1, after))
    current = next
  }
  return current
}

function compileRule(
  rule: PiiRule,
  secret: (variable: string) => string | undefined,
  missing: Set<string>,
): { paths: CompiledPath[]; apply: ApplyRule } {
  const paths = rule.paths.map(compilePath)
  if (rule.action === 'redact') return { paths, apply: createRedaction(paths, rule) }
  if (rule.action === 'drop') return { paths, apply: (fields) => updateAll(fields, paths, () => REMOVED) }
  const text = secret(rule.secretVar)
  if (text !== undefined && text !== '') return { paths, apply: createHashing(paths, text) }
  missing.add(rule.secretVar)
  return { paths, apply: (fields) => updateAll(fields, paths, () => REMOVED) }
}

function updateAll(
  fields: object,
  paths: readonly CompiledPath[],
  change: (value: unknown, path: CompiledPath) => unknown,
): object {
  let current = fields
  for (const path of paths) {
    current = updatePath(current, path.steps, (value) => change(value, path)) as object
  }
  return current
}

function createRedaction(
  paths: readonly CompiledPath[],
  { pattern, replacement = REDACTED }: Extract<PiiRule, { action: 'redact' }>,
): ApplyRule {
  // A copy of our own: `g` to replace all, without `y`, which would stop at the first gap.
  const everywhere = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`)
  const redact = (value: unknown): unknown =>
    // By a function, because in a text `$&` would put back what was found.
    typeof value === 'string' ? value.replace(everywhere, () => replacement) : updateChildren(value, redact)
  return (fields) =>
    updateAll(fields, paths, (value, { steps }) => (steps.length === 1 ? asId(redact(value)) : redact(value)))
}

/** Ids have limits, and an empty one means none. */
function asId(value: unknown): unknown {
  if (value === '') return REMOVED
  return typeof value === 'string' ? value.slice(0, MAX_ID_LENGTH) : value
}

/** Two walks: the first finds the texts and removes what cannot be hashed, the second puts the hashes in. */
function createHashing(paths: readonly CompiledPath[], secret: string): ApplyRule {
  const hash = createHash(secret)
  return (fields) => {
    const texts = new Set<string>()
    const rest = updateLeaves(fields, paths, (value) => {
      const text = hashable(value)
      if (text !== undefined) texts.add(text)
      return text === undefined ? REMOVED : value
    })
    if (texts.size === 0) return rest
    const hashing = Array.from(texts, async (text) => [text, await hash(text)] as const)
    return Promise.all(hashing).then((pairs) => {
      const hashes = new Map<unknown, string>(pairs)
      // What could not be hashed is gone by now, or is the `null` that keeps a position.
      return updateLeaves(rest, paths, (value) => hashes.get(hashable(value) ?? value) ?? value)
    })
  }
}

/** As {@link updateAll}, but a deep path means the values without children below it. */
function updateLeaves(
  fields: object,
  paths: readonly CompiledPath[],
  change: (value: unknown) => unknown,
): object {
  const changeDeep = (value: unknown): unknown =>
    isContainer(value) ? updateChildren(value, changeDeep) : change(value)
  return updateAll(fields, paths, (value, { isDeep }) => (isDeep ? changeDeep(value) : change(value)))
}

function hashable(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : undefined
}

/** The key is imported by the first value and kept; a promise is not, because it would belong to one request. */
function createHash(secret: string): (text: string) => Promise<string> {
  let key: CryptoKey | undefined
  return async (text) => {
    key ??= await importHashKey(secret)
    return HASH_PREFIX + (await keyedHash(key, text))
  }
}
