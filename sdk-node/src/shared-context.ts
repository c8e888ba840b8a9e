/** The context that a batch carries once for all its events, and what it adds to the size of each. */

import { byteLength } from './byte-length.ts'
import { LIBRARY } from './version.ts'

/** `context` of every batch. */
export const SHARED_CONTEXT = { library: LIBRARY } as const

/** What the collector adds to the bytes of each event before it compares them with `MAX_EVENT_BYTES`. */
export const SHARED_CONTEXT_BYTES = byteLength(JSON.stringify(SHARED_CONTEXT))
