/** Unknown input to a typed event, or the one reason why not. Sizes, clocks and ids are the collector's business. */

import type { z } from 'zod'
import type { ParsedEvent } from './events/common.ts'
import { AliasEventSchema, GroupEventSchema, IdentifyEventSchema, takePreviousId } from './events/identity.ts'
import { TrackEventSchema } from './events/track.ts'
import { PageEventSchema, ScreenEventSchema } from './events/view.ts'
import { compileFields, type FieldFault, type FieldRules, ID_FIELDS } from './field-rules.ts'
import { exceedsNesting, MAX_NESTING } from './json-text.ts'
import type { EventType, JsonValue, Reason } from './wire.ts'
import { EVENT_TYPES } from './wire.ts'

/** Why an event was refused: `path` is dotted and empty when it concerns the whole event. */
export interface Refusal {
  reason: Reason
  path: string
  message: string
}

/** Outcome of {@link parseEvent}. */
export type ParseResult = { ok: true; event: ParsedEvent } | ({ ok: false } & Refusal)

/** The schema of each type; the OpenAPI description is made from them. */
export const EVENT_SCHEMAS: Record<EventType, z.ZodObject & z.ZodType<ParsedEvent>> = {
  track: TrackEventSchema,
  page: PageEventSchema,
  screen: ScreenEventSchema,
  identify: IdentifyEventSchema,
  group: GroupEventSchema,
  alias: AliasEventSchema,
}

/**
 * Checks one element of a batch. `null` and empty ids count as absent, numeric ids become strings; fields that the wire
 * does not know are kept in `extra`; an `alias` without a `previousId` gets its `anonymousId` for one. Whose event it is
 * may be found out later, so that is not asked here. Never throws.
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
  const type = Object.hasOwn(input, 'type') ? (input as Record<string, unknown>)['type'] : undefined
  if (!isEventType(type)) return refuse('unknown_type', 'type', describeType(type))
  return readFields(input as Record<string, unknown>, type)
}

function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && (EVENT_TYPES as readonly string[]).includes(value)
}

function describeType(type: unknown): string {
  const isAbsent = type === undefined || type === null || type === ''
  const rule = isAbsent ? 'is required,' : 'must be'
  return `type ${rule} one of ${EVENT_TYPES.join(', ')}${isAbsent ? '' : `, got ${show(type)}`}`
}

const COMPILED: Record<EventType, FieldRules> = {
  track: compileFields(TrackEventSchema),
  page: compileFields(PageEventSchema),
  screen: compileFields(ScreenEventSchema),
  identify: compileFields(IdentifyEventSchema),
  group: compileFields(GroupEventSchema),
  alias: compileFields(AliasEventSchema),
}

/**
 * Fields of a batch that clients repeat in each event, and fields of ours that a client cannot set. They are no news of
 * the event, so they are not kept beside it.
 */
const UNKEPT_FIELDS: ReadonlySet<string> = new Set(['writeKey', 'sentAt', 'receivedAt'])

/** `null`, `undefined` and the empty string mean "I do not know", so such a field is absent. */
function readFields(input: Record<string, unknown>, type: EventType): ParseResult {
  const { rules, required } = COMPILED[type]
  const event: Record<string, unknown> = { type }
  let others: [string, JsonValue][] | undefined
  for (const name of Object.keys(input)) {
    const value = input[name]
    if (value === null || value === undefined || value === '' || name === 'type') continue
    const rule = rules.get(name)
    if (rule !== undefined) {
      const fault = rule(value)
      if (fault !== undefined) return refuse(fault.reason, name, describeFault(name, value, fault))
      event[name] = typeof value === 'number' && ID_FIELDS.has(name) ? String(value) : value
    } else if (!UNKEPT_FIELDS.has(name)) {
      others ??= []
      others.push([name, value as JsonValue])
    }
  }
  for (const name of required) {
    if (event[name] === undefined) return refuse('missing_field', name, `${name} is required`)
  }
  // Not by assignment: a key `__proto__` would become the prototype.
  if (others !== undefined) event['extra'] = Object.fromEntries(others)
  const parsed = event as unknown as ParsedEvent
  if (type === 'identify') liftTraits(parsed)
  if (type === 'alias') return readAlias(parsed)
  return { ok: true, event: parsed }
}

/** The table says what is required of a field by itself; here one of two has to be there. */
function readAlias(parsed: ParsedEvent): ParseResult {
  const event = takePreviousId(parsed)
  if (event.previousId !== undefined) return { ok: true, event }
  return refuse('missing_field', 'previousId', 'previousId is required where there is no anonymousId')
}

/**
 * RudderStack's browser SDK says what is known of a person only in `context.traits`. Moved and not copied, so that rules
 * and plan see them where every other SDK puts them.
 */
function liftTraits(event: ParsedEvent): void {
  const { traits, ...context } = event.context ?? {}
  if (event.traits !== undefined || typeof traits !== 'object' || traits === null || Array.isArray(traits))
    return
  event.traits = traits
  event.context = context
}

function describeFault(name: string, value: unknown, { reason, rule }: FieldFault): string {
  return reason === 'field_too_long' ? `${name} ${rule}` : `${name} ${rule}, got ${kindOf(value)}`
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
