/** `track`: something a person did, by name. */

import { z } from 'zod'
import { CommonFields, NameSchema } from './common.ts'

/** Schema of a `track` event; `event` is its name and required. */
export const TrackEventSchema = z.object({ ...CommonFields, type: z.literal('track'), event: NameSchema })

/** A parsed `track` event. */
export type TrackEvent = z.infer<typeof TrackEventSchema>
