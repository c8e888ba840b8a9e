/** Unknown input to a typed event, or the one reason why not. Sizes, clocks and ids are the collector's business. */

import type { z } from 'zod'
import type { ParsedEvent } from './events/common.ts'
import { AliasEventSchema, GroupEventSchema, IdentifyEventSchema } from './events/identity.ts'
import { TrackEventSchema } from './events/track.ts'
import { PageEventSchema, ScreenEventSchema } from './events/view.ts'
import { exceedsNesting, MAX_NESTING } from './json-text.ts'
import type { EventType, Reason } from './wire.ts'
import { EVENT_TYPES } from './wire.ts'

/** Why an event was refused: `path` is dotted and empty when it concerns the whole event. */
export interface Refusal {
  reason: Reason
  path: string
  message: string
}

/** Outcome of {@link parseEvent}. */
export type ParseResult = { ok: true; event: ParsedEvent } | ({ ok: false } & Refusal)

const SCHEMAS: Record<EventType, z.ZodType<ParsedEvent>> = {
  track: TrackEventSchema,
  page: PageEventSchema,
  screen: ScreenEventSchema,
  identify: IdentifyEventSchema,
  group: GroupEventSchema,
  alias: AliasEventSchema,
}

/**
 * Checks one element of a batch. `null` and empty ids count as absent, numeric ids become strings. Never throws.
 *
 * @returns the event with its known fields, or the first thing that is wrong with it
 */
export function parseEvent(input: unknown): ParseResult {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return refuse('not_an_object', '', `an event must be a JSON object, got ${kindOf(input)}`)
  }
  if (exceedsNesting(input, MAX_NESTING)) {
    return refuse('too_deep', '', `an event may nest at most ${MAX_NESTING} levels deep`)
  }
  const fields = withoutAbsent(input)
  const type = fields['type']
  if (!isEventType(type)) {
    return refuse('unknown_type', 'type', `type must be one of ${EVENT_TYPES.join(', ')}, got ${show(type)}`)
  }
  const result = SCHEMAS[type].safeParse(fields)
  if (!result.success) return refusalOf(result.error, fields)
  if (result.data.userId === undefined && result.data.anonymousId === undefined) {
    return refuse('missing_identity', 'anonymousId', 'an event needs a userId or an anonymousId')
  }
  return { ok: true, event: result.data }
}

function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && (EVENT_TYPES as readonly string[]).includes(value)
}

/** Own fields without those that mean "I do not know": `null`, `undefined` and the empty string. */
function withoutAbsent(input: object): Record<string, unknown> {
  // Not by assignment: a key `__proto__` would become the prototype, and its fields those of the event.
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )
}

function refusalOf(error: z.ZodError, fields: Record<string, unknown>): ParseResult {
  const issue = error.issues[0]
  const path = issue?.path.join('.') ?? ''
  const value = fields[path]
  if (value === undefined) return refuse('missing_field', path, `${path} is required`)
  if (issue?.code === 'too_big') return refuse('field_too_long', path, `${path} ${issue.message}`)
  return refuse('invalid_field', path, `${path} ${issue?.message ?? 'is not valid'}, got ${kindOf(value)}`)
}

function refuse(reason: Reason, path: string, message: string): ParseResult {
  return { ok: false, reason, path, message }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : kindOf(value)
}
