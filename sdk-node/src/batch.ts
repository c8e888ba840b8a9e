/** How a batch is written for each attempt. Knows the envelope's shape and size, not how it travels. */

import { MAX_BATCH_BYTES } from '@millrace/schemas/wire'
import type { Batch } from './outbox.ts'
import { SHARED_CONTEXT } from './shared-context.ts'

/** Room kept for everything around the events, in bytes. The envelope is at most 400 with our 32-character ids. */
const ENVELOPE_BYTES = 1_024

/** Most bytes that the events of one batch may have together, each with its comma. */
export const MAX_EVENTS_BYTES = MAX_BATCH_BYTES - ENVELOPE_BYTES

/**
 * The id of a batch: `<stream>.<first number>-<count>`. Numbers of a stream are given once, so that two batches with the
 * same id have the same events, whoever forms them.
 */
export function batchIdOf(stream: string, firstSeq: number, count: number): string {
  return `${stream}.${firstSeq}-${count}`
}

/**
 * The request body of one attempt at `sentAt` (milliseconds since the epoch). Two bodies of a batch differ in `sentAt`
 * only, which comes last but for the events so that the text is the same up to it. `source` is the name of the source that
 * the key is meant to be of, when the caller said.
 */
export function encodeBatch(
  { batchId, stream, firstSeq, events }: Batch,
  source: string | undefined,
  sentAt: number,
): string {
  const envelope = JSON.stringify({
    batchId,
    stream,
    source,
    firstSeq,
    context: SHARED_CONTEXT,
    sentAt: new Date(sentAt).toISOString(),
  })
  // The events are JSON text already; parsing them only to write them again would cost more than all the rest.
  return `${envelope.slice(0, -1)},"batch":[${events.join(',')}]}`
}
