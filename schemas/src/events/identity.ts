/** `identify`, `group` and `alias`: who a person is, what they belong to, which ids are the same person. */

import { z } from 'zod'
import { CommonFields, IdSchema } from './common.ts'

/** Schema of an `identify` event; `traits` say what is known of the person. */
export const IdentifyEventSchema = z.object({ ...CommonFields, type: z.literal('identify') })

/** Schema of a `group` event: the person belongs to `groupId`; `traits` are the group's. */
export const GroupEventSchema = z.object({ ...CommonFields, type: z.literal('group'), groupId: IdSchema })

/** Schema of an `alias` event: `previousId` and `userId` are one person. */
export const AliasEventSchema = z.object({
  ...CommonFields,
  type: z.literal('alias'),
  userId: IdSchema,
  previousId: IdSchema,
})

/** A parsed `identify` event. */
export type IdentifyEvent = z.infer<typeof IdentifyEventSchema>

/** A parsed `group` event. */
export type GroupEvent = z.infer<typeof GroupEventSchema>

/** A parsed `alias` event. */
export type AliasEvent = z.infer<typeof AliasEventSchema>
