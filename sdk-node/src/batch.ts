/** A batch: formed once, written for each attempt. Knows the envelope's shape and size, not how it travels. */

import { MAX_BATCH_BYTES } from '@millrace/schemas/wire'
import type { EncodedEvent } from './event.ts'
import { SHARED_CONTEXT } from './shared-context.ts'

/** What never changes about a batch, whatever happens to its requests. */
export interface Batch {
  readonly batchId: string
  readonly stream: string
  /** Name of the source that the key is meant to be of; absent when the caller did not say. */
  readonly source?: string | undefined
  readonly firstSeq: number
  readonly events: readonly EncodedEvent[]
}

/** Room kept for everything around the events, in bytes. The envelope is at most 300 with our 32-character ids. */
const ENVELOPE_BYTES = 1_024

/** Most bytes that the events of one batch may have together, each with its comma. */
export const MAX_EVENTS_BYTES = MAX_BATCH_BYTES - ENVELOPE_BYTES

/**
 * The request body of one attempt at `sentAt` (milliseconds since the epoch). Two bodies of a batch differ in `sentAt`
 * only, which comes last but for the events so that the text is the same up to it.
 */
export function encodeBatch({ batchId, stream, source, firstSeq, events }: Batch, sentAt: number): string {
  const envelope = JSON.stringify({
    batchId,
    stream,
    source,
    firstSeq,
    context: SHARED_CONTEXT,
    sentAt: new Date(sentAt).toISOString(),
  })
  // The events are JSON text already; parsing them only to write them again would cost more than all the rest.
  return `${envelope.slice(0, -1)},"batch":[${events.map((event) => event.json).join(',')}]}`
}
