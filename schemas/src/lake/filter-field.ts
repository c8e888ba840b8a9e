/**
 * The fields that a filter of the lake can name, and how each reads rows: as the query API reads the same events from
 * ClickHouse (`collector/src/query/fields.ts`). Pure.
 */

import { LAKE_COLUMNS, type LakeBatch, type LakeKind, placeOf } from './columns.ts'

/** A field. */
export interface LakeField {
  /** Whether its values are numbers, of which 0 is none. */
  isCount: boolean
  /** Its value as text; empty where there is none. */
  text: (batch: LakeBatch, row: number) => string
  /** Its value as a number, `undefined` where it is none; absent where it never is one. */
  number?: (batch: LakeBatch, row: number) => number | undefined
}

/** Outcome of {@link findLakeField}. */
export type LakeFieldResult = { ok: true; field: LakeField } | { ok: false; message: string }

/** Columns whose paths are fields, as `properties.plan`. */
const OBJECTS = ['properties', 'traits', 'context', 'lookups']

/** Kinds of columns that are fields as a whole. */
const WHOLE: ReadonlySet<LakeKind> = new Set(['text', 'count', 'truth'])

/** Names of the fields, without paths. */
export const LAKE_FIELD_NAMES: readonly string[] = LAKE_COLUMNS.filter(({ kind }) => WHOLE.has(kind)).map(
  ({ name }) => name,
)

/** Fields of questions that only the warehouse knows. */
const COMPUTED: ReadonlyMap<string, string> = new Map([
  ['person_id', 'whose an event is only the warehouse knows; see user_id and anonymous_id'],
  ['visitor_id', 'only the warehouse knows it; see user_id and anonymous_id'],
])

/** Longest path, in UTF-16 units, and most steps of one: those of questions. */
const MAX_PATH_LENGTH = 200
const MAX_PATH_STEPS = 16

// What ClickHouse's grammar of paths would take for something else than a key; no key that is meant begins or ends so.
const PATH_STEP = /^(?![:^])[^`\p{Cc}]+(?<!\[\])$/u

/** The field of that name; what is wrong with it is told in words that follow it. */
export function findLakeField(name: string): LakeFieldResult {
  const column = LAKE_COLUMNS.find((candidate) => candidate.name === name)
  if (column !== undefined && WHOLE.has(column.kind))
    return { ok: true, field: readColumn(name, column.kind) }
  if (column?.kind === 'time' || column?.kind === 'time_or_null')
    return { ok: false, message: 'must be another field: times are chosen by from and to' }
  const [object = '', ...steps] = name.split('.')
  if (OBJECTS.includes(object)) {
    if (steps.length === 0) return { ok: false, message: `must go on with a path, such as ${object}.plan` }
    const isPath =
      steps.length <= MAX_PATH_STEPS &&
      name.length <= MAX_PATH_LENGTH &&
      steps.every((step) => PATH_STEP.test(step))
    if (isPath) return { ok: true, field: readPath(object, steps) }
    return { ok: false, message: `must be a path of at most ${MAX_PATH_STEPS} keys, such as ${object}.plan` }
  }
  const computed = COMPUTED.get(name)
  if (computed !== undefined) return { ok: false, message: `must be another field: ${computed}` }
  const known = `${LAKE_FIELD_NAMES.join(', ')}, or a path such as properties.plan (also traits., context., lookups.)`
  return { ok: false, message: `must be one of ${known}` }
}

function readColumn(name: string, kind: LakeKind): LakeField {
  const place = placeOf(name)
  const text = ({ columns }: LakeBatch, row: number) => String(columns[place]?.[row] ?? '')
  if (kind !== 'count') return { isCount: false, text }
  return { isCount: true, text, number: ({ columns }, row) => Number(columns[place]?.[row] ?? 0) }
}

function readPath(object: string, steps: readonly string[]): LakeField {
  const place = placeOf(object)
  // Neighbours often have the same text, and every filter and the number beside the text would read it anew.
  let last: { json: string; text: string } | undefined
  const text = ({ columns }: LakeBatch, row: number) => {
    const json = String(columns[place]?.[row] ?? '{}')
    if (last?.json !== json) last = { json, text: textOf(valueAt(parse(json), steps)) }
    return last.text
  }
  return { isCount: false, text, number: (batch, row) => numberOf(text(batch, row)) }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Nobody writes such a row; it has nothing at any path.
    return undefined
  }
}

function valueAt(value: unknown, steps: readonly string[]): unknown {
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

/** As ClickHouse's `toString` writes a value of a `JSON` column; objects and `null` are not stored there. */
function textOf(value: unknown): string {
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
  return textOf(value)
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

/** Largest number that questions read from what people sent. Source: `collector/src/query/fields.ts`. */
const MAX_NUMBER = 1e15

function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  return Math.abs(number) <= MAX_NUMBER ? number : undefined
}
