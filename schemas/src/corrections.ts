/**
 * Corrections: events that say that an earlier event was wrong. They travel as `track` events with reserved names, and only
 * with the secret key. Nothing is ever changed in place; what reads events takes them into account.
 */

import { z } from 'zod'
import { MAX_AHEAD_MS, parseClientTime } from './event-time.ts'
import { IdSchema, JsonObjectSchema, NameSchema } from './events/common.ts'

/** Name of an event that replaces fields of another. */
export const CORRECT_EVENT = '$correct'

/** Name of an event that says that another does not count. One of a correction undoes that. */
export const RETRACT_EVENT = '$retract'

/** Longest reason, in characters. */
export const MAX_REASON_LENGTH = 512

/** Names of the fields that can be corrected, for messages. */
const FIELDS = 'event, name, category, userId, anonymousId, groupId, timestamp, properties, traits'

const TIME_RULE = 'must be an ISO 8601 time from 1970 on'

/** New values; what is left out stays. Of `properties` and `traits` each key that is named is replaced. */
export const CorrectionChangesSchema = z
  .strictObject(
    {
      event: NameSchema,
      name: NameSchema,
      category: NameSchema,
      userId: IdSchema,
      anonymousId: IdSchema,
      groupId: IdSchema,
      timestamp: z
        .string({ error: TIME_RULE })
        .refine((text) => parseClientTime(text) !== undefined, TIME_RULE),
      properties: JsonObjectSchema,
      traits: JsonObjectSchema,
    },
    { error: ({ code }) => (code === 'unrecognized_keys' ? `may hold ${FIELDS}` : undefined) },
  )
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'must name at least one field to replace')

const target = {
  messageId: IdSchema,
  reason: z
    .string({ error: 'must say why' })
    .trim()
    .min(1, 'must say why')
    .max(MAX_REASON_LENGTH, `must be at most ${MAX_REASON_LENGTH} characters`),
}

/** `properties` of a {@link CORRECT_EVENT}. */
export const CorrectPropertiesSchema = z.object({ ...target, changes: CorrectionChangesSchema })

/** `properties` of a {@link RETRACT_EVENT}. */
export const RetractPropertiesSchema = z.object(target)

/** What a correction replaces. */
export type CorrectionChanges = z.infer<typeof CorrectionChangesSchema>

/** Whether an event is a correction, by its name. */
export function isCorrection({ type, event }: { type: string; event?: string | undefined }): boolean {
  return type === 'track' && (event === CORRECT_EVENT || event === RETRACT_EVENT)
}

/**
 * What is wrong with a correction's properties: the path below the event and a sentence; `undefined` when nothing is.
 *
 * @param now milliseconds since 1970. A corrected time may be ahead of it by as much as an imported event's
 */
export function checkCorrection(
  event: string,
  properties: unknown,
  now: number,
): { path: string; message: string } | undefined {
  const schema = event === CORRECT_EVENT ? CorrectPropertiesSchema : RetractPropertiesSchema
  const parsed = schema.safeParse(properties ?? {})
  const issue = parsed.success ? checkFuture(parsed.data, now) : parsed.error.issues[0]
  if (issue === undefined) return undefined
  const path = ['properties', ...issue.path].join('.')
  return { path, message: `${path} ${issue.message}` }
}

function checkFuture({ changes }: { messageId: string; changes?: CorrectionChanges }, now: number) {
  const time = parseClientTime(changes?.timestamp) ?? 0
  if (time <= now + MAX_AHEAD_MS) return undefined
  return { path: ['changes', 'timestamp'], message: 'must not lie in the future' }
}
