/** Field schemas that every kind of event shares, and the event they add up to once parsed. */

import { z } from 'zod'
import type { EventType, JsonObject } from '../wire.ts'
import { MAX_ID_LENGTH, MAX_NAME_LENGTH } from '../wire.ts'

/**
 * An id as clients send it. Numbers become strings, because many databases number their users and stock SDKs pass
 * the number through.
 */
export const IdSchema = z
  .union([z.string(), z.number().transform(String)], { error: 'must be a string' })
  .pipe(
    z.string().min(1, 'must not be empty').max(MAX_ID_LENGTH, `must be at most ${MAX_ID_LENGTH} characters`),
  )

/** A name of an event, page or screen. */
export const NameSchema = z
  .string({ error: 'must be a string' })
  .min(1, 'must not be empty')
  .max(MAX_NAME_LENGTH, `must be at most ${MAX_NAME_LENGTH} characters`)

/** A JSON object, kept as it is: what is inside is the tracking plan's business. */
export const JsonObjectSchema = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  { error: 'must be an object' },
)

/** A client's clock, before it is read: ISO 8601 text, or milliseconds since 1970. */
export const ClientTimeSchema = z.union([z.string(), z.number()], { error: 'must be an ISO 8601 string' })

/**
 * The optional fields of every event. Stock SDKs send `null` and `""` for what they do not know; the parser takes
 * both as absent, so they never reach these schemas.
 */
export const CommonFields = {
  messageId: IdSchema.optional(),
  userId: IdSchema.optional(),
  anonymousId: IdSchema.optional(),
  timestamp: ClientTimeSchema.optional(),
  originalTimestamp: ClientTimeSchema.optional(),
  context: JsonObjectSchema.optional(),
  integrations: JsonObjectSchema.optional(),
  properties: JsonObjectSchema.optional(),
  traits: JsonObjectSchema.optional(),
}

/** One event after parsing: known fields with their kinds, everything else in `extra`. */
export interface ParsedEvent {
  type: EventType
  event?: string | undefined
  name?: string | undefined
  category?: string | undefined
  groupId?: string | undefined
  previousId?: string | undefined
  messageId?: string | undefined
  userId?: string | undefined
  anonymousId?: string | undefined
  timestamp?: string | number | undefined
  originalTimestamp?: string | number | undefined
  context?: JsonObject | undefined
  integrations?: JsonObject | undefined
  properties?: JsonObject | undefined
  traits?: JsonObject | undefined
  /** Fields that the wire does not know, as they came. */
  extra?: JsonObject | undefined
}
