/** `identify`, `group` and `alias`: who a person is, what they belong to, which ids are the same person. */

import { z } from 'zod'
import { CommonFields, IdSchema } from './common.ts'

/** Schema of an `identify` event; `traits` say what is known of the person. */
export const IdentifyEventSchema = z.object({ ...CommonFields, type: z.literal('identify') })

/** Schema of a `group` event: the person belongs to `groupId`; `traits` are the group's. */
export const GroupEventSchema = z.object({ ...CommonFields, type: z.literal('group'), groupId: IdSchema })

/**
 * Schema of an `alias` event: `previousId` and `userId` are one person. The `anonymousId` is the `previousId` of one that
 * names none. Source: Segment, Spec: Alias.
 */
export const AliasEventSchema = z
  .object({ ...CommonFields, type: z.literal('alias'), userId: IdSchema, previousId: IdSchema.optional() })
  .overwrite(takePreviousId)
  .refine(({ previousId }) => previousId !== undefined, {
    path: ['previousId'],
    error: 'previousId is required where there is no anonymousId',
  })
  // For the OpenAPI description, which cannot see into the two functions above.
  .meta({ anyOf: [{ required: ['previousId'] }, { required: ['anonymousId'] }] })

/** The same event with a `previousId` if it has any id of before. */
export function takePreviousId<
  E extends { previousId?: string | undefined; anonymousId?: string | undefined },
>(event: E): E {
  const { previousId, anonymousId } = event
  return previousId === undefined && anonymousId !== undefined ? { ...event, previousId: anonymousId } : event
}

/** A parsed `identify` event. */
export type IdentifyEvent = z.infer<typeof IdentifyEventSchema>

/** A parsed `group` event. */
export type GroupEvent = z.infer<typeof GroupEventSchema>

/** A parsed `alias` event. */
export type AliasEvent = z.infer<typeof AliasEventSchema>
