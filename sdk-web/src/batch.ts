/** Forms batches: numbers events and turns them into the request's text, once; sending is left to others. */

import type { JsonObject, WireBatch } from '@millrace/schemas/wire'
import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import type { DropReason } from './api.ts'
import type { EventFields, Queue, QueuedEvent } from './queue.ts'
import { buildPage } from './stamp.ts'
import type { StreamEndNote } from './stream-end.ts'

/**
 * Largest batch in bytes while the page is shown: half of the 64 KiB that browsers let a leaving page keep in flight,
 * so that when the page hides, the batch on its way and the events that came after it fit together. An event that the
 * collector takes always fits into a batch of its own, and at over 100 bytes an event the limit of 2,500 events is
 * never near.
 */
export const TARGET_BATCH_BYTES = 32 * 1024

/** Room left in an event's 32 KB for what the collector adds to it: ids, times, origin. */
const EVENT_MARGIN_BYTES = 1_024

/** Bytes of the text after the events: `],"sentAt":"2026-01-01T00:00:00.000Z"}`, and some. */
const TAIL_BYTES = 64

/** A formed batch. Its content, order and numbers never change; only the time of sending does. */
export interface Batch {
  /** Number of events in it; at least 1. */
  count: number
  /** Size of the body in bytes of UTF-8, or a few more. */
  bytes: number
  /** The request's body: a JSON text of `WireBatch`. */
  body(sentAtMs: number): string
}

/**
 * Takes events from the front of the queue into a batch of at most `maxBytes`. Undefined when none waits or the first
 * does not fit; then nothing was numbered.
 */
export type FormBatch = (maxBytes: number) => Batch | undefined

/**
 * Creates the former of batches of one stream, which numbers from 1.
 *
 * @param options.context what all events of a batch share, read once a batch
 * @param options.note where the stream of the page before ended; tells the next page where this one does
 * @param options.onDropped called for an event that is left out; it takes no number
 */
export function createBatchFormer(options: {
  queue: Queue
  stream: string
  writeKey: string
  referrer?: string
  context: () => JsonObject
  note: StreamEndNote
  onDropped: (reason: DropReason) => void
}): FormBatch {
  const { queue, stream, writeKey, context, note, onDropped, referrer = document.referrer } = options
  let lastSeq = 0

  return (maxBytes) => {
    let next = queue.peek()
    if (!next) return undefined
    const page = buildPage(next, referrer)
    const pageText = JSON.stringify(page)
    const firstSeq = lastSeq + 1
    const head = JSON.stringify({
      writeKey,
      // A stream gives each number out once, so where a batch begins names it.
      batchId: `${stream}.${firstSeq}`,
      stream,
      firstSeq,
      previous: note.find(),
      context: { ...context(), page },
    } satisfies Partial<Record<keyof WireBatch, unknown>>).slice(0, -1)
    const headBytes = byteLength(head) + TAIL_BYTES

    let bytes = headBytes
    const texts: string[] = []
    while (next) {
      const text = encodeEvent(next, referrer, pageText)
      const size = byteLength(text) + 1
      if (headBytes + size > MAX_EVENT_BYTES - EVENT_MARGIN_BYTES) {
        onDropped('event_too_large')
      } else {
        if (bytes + size > maxBytes) break
        bytes += size
        texts.push(text)
      }
      queue.shift()
      next = queue.peek()
    }
    if (!texts[0]) return undefined
    lastSeq += texts.length
    note.leave(lastSeq)
    return {
      count: texts.length,
      bytes,
      body: (sentAtMs) => `${head},"batch":[${texts}],"sentAt":"${new Date(sentAtMs).toISOString()}"}`,
    }
  }
}

/** The event as it travels, with `context.page` only where it is not the batch's. */
function encodeEvent(queued: QueuedEvent, referrer: string, batchPageText: string): string {
  const { fields, timestamp } = queued
  const page = buildPage(queued, referrer)
  return JSON.stringify({
    ...fields,
    properties: fields.type === 'page' ? { ...page, ...fields.properties } : fields.properties,
    timestamp,
    context: JSON.stringify(page) === batchPageText ? undefined : { page },
  } satisfies EventFields)
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
