/**
 * Conditions on events of the stream, `country:is:DE`, as `docs/query.md` has them. The server chooses by them what it sends;
 * here the same is done to events that were there before. Pure.
 */

import type { TailEvent, WindowFilter } from '@millrace/schemas/live'

/** Whether a value meets what stands in the condition. */
type Test = (value: string, wanted: string) => boolean

const COMPARE = (holds: (value: number, wanted: number) => boolean): Test => {
  return (value, wanted) => value !== '' && holds(Number(value), Number(wanted))
}

const TESTS = {
  is: (value, wanted) => value === wanted,
  is_not: (value, wanted) => value !== wanted,
  in: (value, wanted) => wanted.split(',').includes(value),
  not_in: (value, wanted) => !wanted.split(',').includes(value),
  contains: (value, wanted) => value.includes(wanted),
  not_contains: (value, wanted) => !value.includes(wanted),
  starts_with: (value, wanted) => value.startsWith(wanted),
  ends_with: (value, wanted) => value.endsWith(wanted),
  gt: COMPARE((value, wanted) => value > wanted),
  gte: COMPARE((value, wanted) => value >= wanted),
  lt: COMPARE((value, wanted) => value < wanted),
  lte: COMPARE((value, wanted) => value <= wanted),
  exists: (value) => value !== '',
  not_exists: (value) => value === '',
} satisfies Record<WindowFilter['op'], Test>

/** A condition that was understood, as text. */
export type ParsedFilter = { ok: true; text: string } | { ok: false; message: string }

/** Reads what was typed. A text without colons is sought in the names of events. */
export function parseFilter(typed: string): ParsedFilter {
  const text = typed.trim()
  const [, field, op, value] = /^([^:\s]+):([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (field === undefined || op === undefined)
    return text === ''
      ? { ok: false, message: 'Write a condition.' }
      : { ok: true, text: `event:contains:${text}` }
  if (!Object.hasOwn(TESTS, op))
    return { ok: false, message: `“${op}” is no comparison. There are ${Object.keys(TESTS).join(', ')}.` }
  const takesNone = op === 'exists' || op === 'not_exists'
  if (takesNone) return { ok: true, text: `${field}:${op}` }
  if (value === undefined || value === '')
    return { ok: false, message: `A value is missing: ${field}:${op}:…` }
  return { ok: true, text }
}

/** Whether an event meets all of the conditions, as far as can be told from what is shown of it. */
export function meetsFilters(event: TailEvent, filters: readonly string[]): boolean {
  return filters.every((filter) => {
    const [, field = '', op = '', wanted = ''] = /^([^:]+):([^:]+)(?::(.*))?$/s.exec(filter) ?? []
    const test: Test | undefined = TESTS[op as keyof typeof TESTS]
    return test?.(readField(event, field), wanted) ?? true
  })
}

/** The value of a field as text; empty where there is none. */
export function readField(event: TailEvent, field: string): string {
  const row = event.row ?? parseRaw(event.raw)
  if (field === 'visitor_id') return readField(event, 'anonymous_id') || readField(event, 'user_id')
  if (field === 'event' || field === 'type') return event[field]
  if (field === 'message_id') return event.messageId
  if (field === 'batch_id') return event.batchId
  let value: unknown = row
  for (const step of field.split('.')) {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, step)
    value = isObject ? (value as Record<string, unknown>)[step] : undefined
  }
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}

/** A refused event has no columns; some of its fields are called the same in its own text. */
function parseRaw(raw: string | undefined): unknown {
  try {
    return JSON.parse(raw ?? 'null')
  } catch {
    // Cut off, or never JSON.
    return undefined
  }
}
