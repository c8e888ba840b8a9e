/** A cell's text to a value of its kind. Pure. */

import { parseClientTime } from '@millrace/schemas'
import type { JsonValue } from '@millrace/schemas/wire'

/** The kinds of value that a cell may be. `seconds` and `milliseconds` are times since 1970. */
export const CELL_KINDS = ['string', 'number', 'boolean', 'date', 'seconds', 'milliseconds', 'json'] as const

/** One of {@link CELL_KINDS}. */
export type CellKind = (typeof CELL_KINDS)[number]

/** What a cell is, or what its kind asks for. */
export type CellValue = { ok: true; value: JsonValue } | { ok: false; rule: string }

/** As JSON writes numbers, and with a plus or leading zeros. */
const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/

const TRUE: ReadonlySet<string> = new Set(['true', 't', 'yes', 'y', '1'])
const FALSE: ReadonlySet<string> = new Set(['false', 'f', 'no', 'n', '0'])

/** The value of a cell that is not empty. Times become ISO 8601 in UTC; one without a zone is UTC. */
export function readCell(text: string, kind: CellKind): CellValue {
  const trimmed = kind === 'string' ? text : text.trim()
  switch (kind) {
    case 'string':
      return { ok: true, value: text }
    case 'number':
      return readNumber(trimmed)
    case 'boolean':
      return readBoolean(trimmed.toLowerCase())
    case 'json':
      return readJson(trimmed)
    case 'date':
      return readTime(trimmed, 'a date as ISO 8601 has it, such as 2026-11-22 09:30:00')
    case 'seconds':
      return readTime(scale(trimmed, 1_000), 'a number of seconds since 1970')
    case 'milliseconds':
      return readTime(scale(trimmed, 1), 'a number of milliseconds since 1970')
  }
}

function readNumber(text: string): CellValue {
  if (!NUMBER.test(text)) return { ok: false, rule: 'a number' }
  const value = Number(text)
  const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
  return isExact
    ? { ok: true, value }
    : { ok: false, rule: 'a number of at most 15 digits (else map it as string)' }
}

function readBoolean(text: string): CellValue {
  if (TRUE.has(text)) return { ok: true, value: true }
  return FALSE.has(text) ? { ok: true, value: false } : { ok: false, rule: 'true or false' }
}

function readJson(text: string): CellValue {
  try {
    return { ok: true, value: JSON.parse(text) as JsonValue }
  } catch {
    // Whatever it says about the position, the cell is in the message already.
    return { ok: false, rule: 'JSON' }
  }
}

function readTime(value: string | number, rule: string): CellValue {
  const time = parseClientTime(value)
  return time === undefined ? { ok: false, rule } : { ok: true, value: new Date(time).toISOString() }
}

function scale(text: string, factor: number): number {
  return NUMBER.test(text) ? Number(text) * factor : Number.NaN
}
