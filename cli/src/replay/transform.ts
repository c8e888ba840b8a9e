/** Runs a function of the user's own over rows, and checks what it gives back. */

import { EVENT_TYPES } from '@millrace/schemas'
import type { ReplayEvent, ReplayTransform } from '@millrace/schemas/config'
import { defaultOf, LAKE_COLUMNS, type LakeColumn } from '@millrace/schemas/lake'
import type { Row } from '@millrace/schemas/native'
import type { JsonValue } from '@millrace/schemas/wire'
import { isJson, PARSED_COLUMNS } from './rows.ts'

/** What became of a row. */
export type Transformed = { kind: 'same' | 'changed'; row: Row } | { kind: 'left_out' }

/** The function threw, or gave back what is no event; the message names the event. */
export class TransformFailure extends Error {
  override readonly name = 'TransformFailure'
}

/** By these an event is known: its place in the table, and which of its copies counts. */
const FIXED: readonly string[] = ['message_id', 'original_timestamp', 'received_at']

const UINT32_LIMIT = 2 ** 32

/**
 * Runs it over one row.
 *
 * @throws TransformFailure
 */
export async function transformRow(transform: ReplayTransform, row: Row): Promise<Transformed> {
  const source = String(row['source'])
  try {
    const given = await transform(toEvent(row), { source })
    if (given === null) return { kind: 'left_out' }
    const changed = toRow(source, given, row)
    return isSame(row, changed) ? { kind: 'same', row } : { kind: 'changed', row: changed }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TransformFailure(
      `transform fails on the event ${String(row['message_id'])} of ${source}: ${why}`,
      {
        cause,
      },
    )
  }
}

function toEvent(row: Row): ReplayEvent {
  const entries = LAKE_COLUMNS.map(({ name, kind }) => [name, isJson(kind) ? parsedOf(row[name]) : row[name]])
  return Object.fromEntries(entries) as ReplayEvent
}

/** A copy, so that the row stays what it was. */
function parsedOf(value: JsonValue | undefined): JsonValue {
  return JSON.parse(textOf(value)) as JsonValue
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

function toRow(source: string, given: unknown, before: Row): Row {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`it must give back an event or null, got ${JSON.stringify(given) ?? String(given)}`)
  }
  const event = given as Record<string, unknown>
  const row: Row = { source }
  for (const column of LAKE_COLUMNS) {
    const { name } = column
    row[name] = FIXED.includes(name) ? checkFixed(name, event, before) : checkValue(column, event[name])
  }
  const unknown = Object.keys(event).find((name) => !Object.hasOwn(row, name) || name === 'source')
  if (unknown !== undefined) throw new RangeError(`${unknown} is not a column of events`)
  return row
}

function checkFixed(name: string, event: Record<string, unknown>, before: Row): JsonValue {
  if (event[name] === before[name]) return before[name] as JsonValue
  throw new RangeError(
    `${name} must stay ${JSON.stringify(before[name])}, got ${JSON.stringify(event[name])}`,
  )
}

function checkValue(column: LakeColumn, value: unknown): JsonValue {
  const { name, kind } = column
  if (value === undefined && name !== 'timestamp' && name !== 'type') return emptyOf(column)
  const [isRight, rule] = check(name, kind, value)
  if (isRight) return isJson(kind) ? (JSON.parse(JSON.stringify(value)) as JsonValue) : (value as JsonValue)
  throw new TypeError(`${name} must be ${rule}, got ${JSON.stringify(value) ?? String(value)}`)
}

function emptyOf(column: LakeColumn): JsonValue {
  const empty = defaultOf(column)
  return isJson(column.kind) ? (JSON.parse(String(empty)) as JsonValue) : empty
}

function check(name: string, kind: LakeColumn['kind'], value: unknown): [isRight: boolean, rule: string] {
  if (name === 'type') return [EVENT_TYPES.some((type) => type === value), EVENT_TYPES.join(', ')]
  if (name === 'violations') return [Array.isArray(value) && value.every(isTexts), 'a list of violations']
  if (name === 'lookup_versions') return [isObject(value) && isTexts(value), 'an object of texts']
  switch (kind) {
    case 'text':
      return [typeof value === 'string', 'text']
    case 'truth':
      return [typeof value === 'boolean', 'true or false']
    case 'json':
      return [isObject(value), 'an object']
    case 'time_or_null':
      return [value === null || isWhole(value), 'milliseconds since 1970, or null']
    case 'time':
      return [isWhole(value), 'milliseconds since 1970']
    default:
      return [isWhole(value) && (value as number) < UINT32_LIMIT, 'a whole number below 2^32']
  }
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'string')
}

function isSame(before: Row, after: Row): boolean {
  return LAKE_COLUMNS.every(({ name, kind }) => {
    if (!isJson(kind)) return before[name] === after[name]
    const known = PARSED_COLUMNS.has(name) ? before[name] : parsedOf(before[name])
    return JSON.stringify(known) === JSON.stringify(after[name])
  })
}
