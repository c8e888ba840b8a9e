/** Forms batches: numbers events and turns them into the request's text, once; storing and sending is left to others. */

import type { JsonObject, StreamEnd, WireEvent } from '@millrace/schemas/wire'
import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'

/**
 * Largest batch in bytes of its text: what browsers let a leaving page keep in flight, less some for other scripts. An
 * event that the collector takes always fits into a batch of its own, and at over 60 bytes an event the limit of 2,500
 * events is never near.
 */
export const MAX_BATCH_BYTES = 60_000

/** Room left in an event's 32 KB for what the collector adds to it: ids, times, origin. */
const EVENT_MARGIN_BYTES = 1_024

/**
 * A batch as it lies in the outbox, where names of fields would differ between builds. Its key is
 * `<stream>-<number of the first event>`; the head is the JSON text of the fields that the key and the events do not
 * tell, without the closing brace; the texts are the events', at least one; the time is when it was formed, milliseconds
 * since 1970.
 */
export type StoredBatch = [key: string, head: string, texts: string[], timeMs: number]

/** A formed batch. Its content, order and numbers never change; only the time of sending does. */
export interface Batch {
  stored: StoredBatch
  /** Size of the body in bytes of UTF-8, or a few more. */
  bytes: number
  /** Whether it is known to be in the outbox. */
  isSaved?: boolean
  /** Whether a request carries it that outlives the page, and is not answered yet. */
  isKept?: boolean
  /** Whether the last request was one that tells nothing. */
  isBlind?: boolean
}

/** A batch of given content. */
export function createBatch(stored: StoredBatch): Batch {
  return { stored, bytes: byteLength(encodeBatch(stored, 0)) }
}

/** The request's body: a JSON text of `WireBatch`. */
export function encodeBatch([key, head, texts]: StoredBatch, sentAtMs: number): string {
  const [stream, firstSeq] = key.split('-')
  const names = `"stream":"${stream}","batchId":"${stream}.${firstSeq}","firstSeq":${firstSeq}`
  return `${head},${names},"batch":[${texts}],"sentAt":"${new Date(sentAtMs).toISOString()}"}`
}

/**
 * The two halves of a batch of more than one event that is too large for the collector, or a proxy in front of it.
 * The first takes the key and the id of the whole, which was never taken under it.
 */
export function halveBatch([key, head, texts, timeMs]: StoredBatch): Batch[] {
  const middle = texts.length >> 1
  const nextKey = key.replace(/\d+$/, (firstSeq) => `${+firstSeq + middle}`)
  return [
    createBatch([key, head, texts.slice(0, middle), timeMs]),
    createBatch([nextKey, head, texts.slice(middle), timeMs]),
  ]
}

/** The batches of one stream, numbered from 1. */
export interface BatchFormer {
  /**
   * Numbers an event.
   *
   * @param event without its context
   * @param shared its context; what of it equals that of the batch's first event is not sent again
   * @param own context of this event alone
   * @returns its `messageId`, or undefined when it is too large for any batch
   */
  append(
    event: Omit<WireEvent, 'context'>,
    shared: JsonObject,
    own: JsonObject | undefined,
  ): string | undefined
  /**
   * The batches of the events since the last time.
   *
   * @param isFullOnly leave the one that may take more events
   */
  take(isFullOnly?: boolean): Batch[]
  /** The stream, and the number of its last event. */
  tip(): StreamEnd
}

/** Creates the former of a stream's batches. */
export function createBatchFormer(
  stream: string,
  writeKey: string,
  findPrevious: () => StreamEnd | undefined,
  now: () => number,
): BatchFormer {
  const formed: Batch[] = []
  let open: Batch | undefined
  let openShared: JsonObject = {}
  let lastSeq = 0

  function encodeEvent(event: object, shared: JsonObject, own?: JsonObject): string {
    const context = withoutPrototype()
    const all = withoutPrototype(shared)
    for (const name in { ...openShared, ...all }) {
      // A key that the batch has and this event has not is null.
      const ours = all[name] ?? null
      const theirs = openShared[name] ?? null
      if (ours !== theirs && JSON.stringify(ours) !== JSON.stringify(theirs)) context[name] = ours
    }
    Object.assign(context, own)
    return JSON.stringify(Object.keys(context).length ? { ...event, context } : event)
  }

  return {
    append(event, shared, own) {
      for (;;) {
        // One that has no event is formed again: what was to be its first is not JSON.
        const isNew = !open?.stored[2][0]
        if (!open || isNew) {
          openShared = withoutPrototype(shared)
          const head = JSON.stringify({ writeKey, previous: findPrevious(), context: shared })
          open = createBatch([`${stream}-${lastSeq + 1}`, head.slice(0, -1), [], now()])
        }
        const { bytes, stored } = open
        const text = encodeEvent(event, shared, own)
        const size = byteLength(text) + 1
        const isTooLarge = byteLength(stored[1]) + size > MAX_EVENT_BYTES - EVENT_MARGIN_BYTES
        if (!isTooLarge && (isNew || bytes + size <= MAX_BATCH_BYTES)) {
          if (isNew) formed.push(open)
          open.bytes += size
          stored[2].push(text)
          return `${stream}-${++lastSeq}`
        }
        open = undefined
        if (isNew) return undefined
      }
    },
    take(isFullOnly) {
      const taken = formed.splice(0, formed.length - (isFullOnly && open ? 1 : 0))
      if (!isFullOnly) open = undefined
      return taken
    },
    tip: () => ({ stream, lastSeq }),
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** A copy that has no names but its own: `toString` may be one of them. */
function withoutPrototype(object?: JsonObject): JsonObject {
  return { __proto__: null, ...object } as unknown as JsonObject
}
