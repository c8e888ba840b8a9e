/** `page` and `screen`: something a person looked at. */

import { z } from 'zod'
import { CommonFields, NameSchema } from './common.ts'

const ViewFields = { ...CommonFields, name: NameSchema.optional(), category: NameSchema.optional() }

/** Schema of a `page` event; the page's address travels in `context.page` or `properties`. */
export const PageEventSchema = z.object({ ...ViewFields, type: z.literal('page') })

/** Schema of a `screen` event, the `page` of a mobile app. */
export const ScreenEventSchema = z.object({ ...ViewFields, type: z.literal('screen') })

/** A parsed `page` event. */
export type PageEvent = z.infer<typeof PageEventSchema>

/** A parsed `screen` event. */
export type ScreenEvent = z.infer<typeof ScreenEventSchema>
