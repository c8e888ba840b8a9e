/**
 * Values as ClickHouse's `JSON` columns store and print them, so that conditions on events that are not in ClickHouse yet, or in
 * the lake, mean the same as questions. Pure.
 */

/** Longest path, in UTF-16 units, and most steps of one. */
const MAX_PATH_LENGTH = 200
export const MAX_PATH_STEPS = 16

// What ClickHouse's grammar of paths would take for something else than a key; no key that is meant begins or ends so.
const PATH_STEP = /^(?![:^])[^`\p{Cc}]+(?<!\[\])$/u

/** Whether these are the steps of a path that can be asked for: in questions, in windows and monitors, of the lake. */
export function isPath(steps: readonly string[]): boolean {
  return (
    steps.length > 0 &&
    steps.length <= MAX_PATH_STEPS &&
    steps.join('.').length <= MAX_PATH_LENGTH &&
    steps.every((step) => PATH_STEP.test(step))
  )
}

/** The value at a path of stored keys (a dot in a key is `%2E`); `undefined` where there is none. */
export function valueAt(value: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((node, step) => {
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined
    const key = step.includes('%2') ? Object.keys(node).find((name) => storedKey(name) === step) : step
    return key !== undefined && Object.hasOwn(node, key) && storedKey(key) === step
      ? (node as Record<string, unknown>)[key]
      : undefined
  }, value)
}

/** A key as ClickHouse stores it: dots are `%2E`, and `%2E` itself is kept apart. See `native/storable-json.ts`. */
function storedKey(key: string): string {
  return key.replace(/%(?=2E|25)/g, '%25').replaceAll('.', '%2E')
}

/** As ClickHouse's `toString` writes a value of a `JSON` column; empty for objects and `null`, which are not stored there. */
export function storedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(itemText).join(',')}]`
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
      return String(value)
    case 'number':
      return numberText(value)
    default:
      return ''
  }
}

function itemText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'object' && !Array.isArray(value)) return quote(JSON.stringify(stored(value)))
  return storedText(value)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
  "'": "\\'",
  '\\': '\\\\',
}

function quote(text: string): string {
  return `'${text.replace(/[\b\f\n\r\t\0'\\]/g, (char) => ESCAPES[char] ?? char)}'`
}

/** An object in a list: by key, without what is not stored. */
function stored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(stored)
  const kept = Object.entries(value)
    .map(([key, child]): [string, unknown] => [key, stored(child)])
    .filter(([, child]) => child !== null && !isEmptyObject(child))
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value ?? {}).length === 0
}

/** JavaScript writes `1e+21`, ClickHouse `1e21`. */
function numberText(value: number): string {
  return String(value).replace('e+', 'e')
}

/** What ClickHouse reads as a number; its words for infinity and for no number are beyond the largest one anyhow. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** Largest number that questions read from what people sent. Source: `field-sql.ts`. */
const MAX_NUMBER = 1e15

/** The number that a text is to questions, `undefined` where it is none. */
export function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  return Math.abs(number) <= MAX_NUMBER ? number : undefined
}
