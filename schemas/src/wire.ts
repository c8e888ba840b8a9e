/**
 * The wire between an SDK and the collector: shapes, limits and names, without any validator. This file and what it
 * re-exports is all that an SDK may import from here, so that no schema library reaches a page.
 *
 * The base is the Segment HTTP Tracking API; Millrace adds `batchId`, `stream`, `firstSeq` and `previous`, and shares
 * `context` at batch level.
 */

import type { ErrorCode, Reason } from './reasons.ts'

export type { ErrorCode, Reason } from './reasons.ts'

/** The kinds of event, as the Segment specification names them. */
export const EVENT_TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const

/** One of {@link EVENT_TYPES}. */
export type EventType = (typeof EVENT_TYPES)[number]

/** A value that survives `JSON.stringify` unchanged. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** A JSON object: what `properties`, `traits` and `context` are. */
export type JsonObject = { [key: string]: JsonValue }

/**
 * One event of a batch, as a client sends it.
 *
 * `messageId` is left out by our own SDKs: the collector makes it `<stream>-<firstSeq + index>`. An explicit one wins,
 * and the event keeps its place in the stream's numbering all the same.
 */
export interface WireEvent {
  type: EventType
  /** Name of what happened; only for `track`, and required there. */
  event?: string
  /** Name of the page, screen; only for `page` and `screen`. */
  name?: string
  /** Category of the page; only for `page` and `screen`. */
  category?: string
  properties?: JsonObject
  /** Only for `identify` and `group`. */
  traits?: JsonObject
  userId?: string
  anonymousId?: string
  /** Only for `group`, and required there. */
  groupId?: string
  /** Only for `alias`, and required there. */
  previousId?: string
  messageId?: string
  /** Client's clock when the event happened: ISO 8601 (as Segment's SDKs send it). */
  timestamp?: string
  /** Same as `timestamp`, under the name the event has once it is stored; wins over it. */
  originalTimestamp?: string
  /** Merged over the batch's `context`, key by key at the first level. */
  context?: JsonObject
  integrations?: JsonObject
}

/** Where a stream ended: its id and the last sequence number that was given out in it. */
export interface StreamEnd {
  stream: string
  lastSeq: number
}

/**
 * The body of `POST /v1/batch`. Formed once: on a retry or after a reload only `sentAt` may differ.
 *
 * `stream`, `firstSeq` number the events: event `i` of `batch` has sequence number `firstSeq + i`, counting from 1 in
 * each stream. Clients other than ours leave them out.
 */
export interface WireBatch {
  batch: WireEvent[]
  /** Public write key of the source, when it is not in the `Authorization` header. */
  writeKey?: string
  /** Name of the source that the client believes its key to be of; a batch for another source is refused whole. */
  source?: string
  /** Client's clock at this attempt, ISO 8601. */
  sentAt?: string
  batchId?: string
  stream?: string
  firstSeq?: number
  /** In the first batch of a page: the end of the stream of the page before it in that tab. */
  previous?: StreamEnd
  context?: JsonObject
  integrations?: JsonObject
}

/** What became of one event that was not plainly accepted. */
export interface Receipt {
  /** Position in `batch`, from 0. */
  index: number
  messageId?: string
  status: 'quarantined' | 'filtered' | 'duplicate'
  reason: Reason
  /** Where in the event, for example `properties.price`; absent when it concerns the whole event. */
  path?: string
  /** One sentence for a person. */
  message: string
}

/** Answer to a batch that was taken. `receipts` is absent when every event was plainly accepted. */
export interface BatchAnswer {
  success: true
  receipts?: Receipt[]
}

/** Answer to a request that was refused whole; nothing of it was enqueued. */
export interface ErrorAnswer {
  success: false
  code: ErrorCode
  message: string
}

/** Largest event in bytes of its JSON text (UTF-8). Source: DESIGN section 3, as Segment's 32 KB. */
export const MAX_EVENT_BYTES = 32 * 1024

/** Largest request body in bytes after decompression. Source: DESIGN section 3, as Segment's 500 KB. */
export const MAX_BATCH_BYTES = 500 * 1024

/** Most events in one batch. Source: DESIGN section 3. */
export const MAX_BATCH_EVENTS = 2_500

/** What a source or a lookup table may be called: it stands in paths, keys of objects and columns. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Longest `messageId`, `userId`, `anonymousId`, `groupId`, `previousId`, `stream` and `batchId`, in UTF-16 units. */
export const MAX_ID_LENGTH = 256

/** Longest `event`, `name` and `category`, in UTF-16 units. */
export const MAX_NAME_LENGTH = 512

/** Path of the batch route that browsers and servers post to. */
export const BATCH_PATH = '/v1/batch'

/** Path of the batch route for history: any event time, and the source's secret key. */
export const IMPORT_PATH = '/v1/import'
