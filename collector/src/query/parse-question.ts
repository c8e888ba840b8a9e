/** Reads a question from a query string or body, checks it, and settles what it leaves open: the same question is one text. */

import type { SourceSettings } from '@millrace/schemas'
import { z } from 'zod'
import { describeIssue } from './describe-issue.ts'
import type { QuestionType } from './question.ts'
import { LIVE_SPAN_MS } from './questions/live.ts'
import { QUESTIONS, type QuestionName } from './questions.ts'
import { type Mistake, type Range, rangeFields, settleRange } from './range.ts'
import { measureOf } from './rollups.ts'
import { parseDuration } from './time.ts'

/** A question that can be answered. */
export interface ParsedQuestion {
  ok: true
  name: QuestionName
  type: QuestionType
  fields: object
  range: Range
  /** Roll-ups of before are deleted, milliseconds since 1970; 0 when they are kept for ever. */
  rollupsSince: number
  /** The question as answers repeat it: with all defaults, and times for durations. The same for all who ask the same. */
  echo: Record<string, unknown>
}

const DAY_MS = 86_400_000

const rangeSchema = z.strictObject(rangeFields)

/** Parameters that may be given several times, by what the question calls all of them. */
const LISTS = new Map([
  ['event', 'events'],
  ['filter', 'filters'],
  ['step', 'steps'],
])

/** Fields whose text may be JSON in a query string. */
const JSON_FIELDS: ReadonlySet<string> = new Set(['events', 'filters', 'steps', 'by', 'first', 'returning'])

/**
 * The fields of a question in a query string: `event`, `filter` and `step` once for each, a filter as `field:op:value`,
 * what has structure also as JSON.
 */
export function readSearch(search: URLSearchParams): Record<string, unknown> {
  const fields = new Map<string, unknown[]>()
  for (const [name, text] of search) {
    const field = LISTS.get(name) ?? name
    const value = name === 'filter' ? readFilter(text) : JSON_FIELDS.has(field) ? readJson(text) : text
    const isList = LISTS.has(name) || !Array.isArray(value)
    fields.set(field, [...(fields.get(field) ?? []), ...(isList ? [value] : (value as unknown[]))])
  }
  const isPlural = (name: string) => [...LISTS.values()].includes(name)
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 && !isPlural(name) ? values[0] : values]),
  )
}

/**
 * Checks a question. Never throws.
 *
 * @param settings of the source that is asked. Default: everything is kept for ever, and any measure may be asked for
 */
export function parseQuestion(
  name: QuestionName,
  input: Record<string, unknown>,
  now: number,
  settings?: Pick<SourceSettings, 'retention' | 'measures'>,
): ParsedQuestion | Mistake {
  const type: QuestionType = QUESTIONS[name]
  const { source: _, from, to, timeZone, ...own } = input
  const when = Object.fromEntries(
    Object.entries({ from, to, timeZone }).filter(([, value]) => value !== undefined),
  )
  const known = [...fieldNames(type), ...(type.hasRange ? Object.keys(rangeFields) : [])]
  const parsed = type.schema.safeParse(type.hasRange ? own : { ...own, ...when })
  if (!parsed.success) return describeIssue(parsed.error, input, known)
  const unknown = refuseMeasure(parsed.data, settings)
  if (unknown !== undefined) return unknown
  const { rollupsDays } = settings?.retention ?? {}
  const rollupsSince = rollupsDays === undefined ? 0 : now - rollupsDays * DAY_MS
  const settled = settle(type, parsed.data, { when, now, rollupsSince })
  if (!settled.ok) return settled
  const { fields, range } = settled
  const echo = {
    name,
    ...fields,
    ...(type.hasRange ? { from: isoOf(range.from), to: isoOf(range.to), timeZone: range.timeZone } : {}),
  }
  return { ok: true, name, type, fields, range, rollupsSince, echo }
}

/** Names of a question's own fields. */
export function fieldNames({ schema }: QuestionType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function settle(
  type: QuestionType,
  fields: object,
  { when, now, rollupsSince }: { when: object; now: number; rollupsSince: number },
) {
  if (!type.hasRange) {
    const ttlSeconds = type.ttlSeconds ?? 60
    const to = Math.ceil(now / (ttlSeconds * 1_000)) * ttlSeconds * 1_000
    const range = { from: to - LIVE_SPAN_MS, to, timeZone: 'UTC', isRelative: true, ttlSeconds }
    return { ok: true, fields, range } as const
  }
  const written = rangeSchema.safeParse(when)
  if (!written.success) return describeIssue(written.error, when, Object.keys(rangeFields))
  const { from, to } = written.data
  const settled =
    refuseLength('from', from, now) ?? refuseLength('to', to, now) ?? settleRange(written.data, now)
  if (!settled.ok) return settled
  return (
    type.settle?.(fields, settled.range, rollupsSince) ??
    ({ ok: true, fields, range: settled.range } as const)
  )
}

/** A measure that is not configured would be answered with zeros, as one that nothing had. */
function refuseMeasure(
  { of }: { of?: unknown },
  settings: Pick<SourceSettings, 'measures'> | undefined,
): Mistake | undefined {
  const name = typeof of === 'string' ? measureOf(of) : undefined
  const known = (settings?.measures ?? []).map((measure) => measure.name)
  if (settings === undefined || name === undefined || known.includes(name)) return undefined
  const which = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
  return {
    ok: false,
    path: 'of',
    message: `must be a measure of the source in the configuration, and ${which}; got ${JSON.stringify(of)}`,
  }
}

/** A duration of no length, or one that goes back too far, has the right form: it is not told to have another. */
function refuseLength(path: 'from' | 'to', text: string | undefined, now: number): Mistake | undefined {
  if (text === undefined || !/^\d+[mhdw]$/.test(text)) return undefined
  const durationMs = /^0+[mhdw]$/.test(text) ? 0 : (parseDuration(text) ?? Number.POSITIVE_INFINITY)
  if (durationMs > 0 && durationMs <= now) return undefined
  const rule = durationMs === 0 ? 'must be at least 1m' : 'must be shorter: it goes back to before 1970'
  return { ok: false, path, message: `${rule}, got ${JSON.stringify(text)}` }
}

function readFilter(text: string): unknown {
  const [, field, op, value] = /^([^:]*):([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (field === undefined) return text
  return value === undefined ? { field, op } : { field, op, value }
}

function readJson(text: string): unknown {
  if (!/^[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    // A name may begin like that.
    return text
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
