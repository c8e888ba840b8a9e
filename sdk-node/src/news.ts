/** What a client tells: how events ended, what was dropped and why, how much of all that there was. Types only. */

/**
 * Why events were dropped, one closed list. The first four before they got a number, the others after.
 *
 * - `invalid_event`: a field is missing, of the wrong kind, too long, or cannot be written as JSON.
 * - `event_too_large`: over 32 KiB of JSON together with the batch's own context (name and version of this library).
 * - `queue_full`: `maxQueueBytes` are waiting already, or with a spool its `maxBytes` are on disk.
 * - `closed`: the call came after `close()`.
 * - `refused`: the collector answered with a status that a retry does not change.
 * - `undelivered`: all retries failed, `close()` or the process's end reached its deadline, or an option threw (`now`).
 * - `spool_damaged`: of an earlier process, and cannot be read.
 */
export type DropReason =
  | 'invalid_event'
  | 'event_too_large'
  | 'queue_full'
  | 'closed'
  | 'refused'
  | 'undelivered'
  | 'spool_damaged'

/** Numbers of drops by reason. */
export type DropCounts = Partial<Record<DropReason, number>>

/** Events that were dropped. */
export interface DropNotice {
  reason: DropReason
  count: number
}

/** How one accepted event ended. */
export type EventStatus = 'delivered' | 'quarantined' | 'filtered' | 'duplicate' | 'refused' | 'undelivered'

/** How one event ended, for the function that was passed with it. */
export interface EventOutcome {
  /** The event's own `messageId`, or `<stream>-<sequence number>`; absent where it is not known any more, or never was. */
  messageId?: string
  /** `not_accepted` when the call returned `false`. */
  status: EventStatus | 'not_accepted'
  /** A word from the collector's closed list; only of an event that is quarantined, filtered or a duplicate. */
  reason?: string
  path?: string
  /** One sentence for a person. */
  message?: string
}

/**
 * Called once, when the event has ended; with an error when it was dropped. Not called when the event is left in the spool.
 */
export type Done = (error: MillraceFailure | undefined, outcome: EventOutcome) => void

/** What the collector says about one event that it did not plainly accept. */
export interface EventReceipt {
  /** The event's own `messageId`, or `<stream>-<sequence number>`. */
  messageId: string
  status: 'quarantined' | 'filtered' | 'duplicate'
  /** A word from the collector's closed list, for example `impossible_time`. */
  reason: string
  /** Where in the event, for example `properties.price`; absent when it concerns the whole event. */
  path?: string
  /** One sentence for a person. */
  message: string
}

/** A request that failed and will be made again. */
export interface RetryNotice {
  /** Which attempt of this batch failed, from 1. */
  attempt: number
  /** Milliseconds until the next attempt. */
  delayMs: number
  /** Events in the batch. */
  eventCount: number
  /** The collector's status; absent when there was no answer (refused connection, broken connection, timeout). */
  status?: number
  /** One sentence for a person. */
  message: string
}

/** What became of the events that a `flush` or `close` waited for. The numbers add up to those accepted and unsettled at the call. */
export interface FlushResult {
  /** Acknowledged by the collector, which made no remark about them. */
  delivered: number
  /** Acknowledged, and kept apart with a reason. */
  quarantined: number
  /** Acknowledged, and left out by the source's rules. */
  filtered: number
  /** Acknowledged, and known already. */
  duplicate: number
  /** Refused by the collector or given up. */
  dropped: number
  /** Left on disk for the next start; only after `close()`, and only with a spool. */
  spooled: number
  /** None of these; only when `timeoutMs` passed first. Always 0 after `close()`. */
  pending: number
}

/**
 * Counts since the client was created. The books close:
 * `accepted = delivered + quarantined + filtered + duplicate + dropped.refused + dropped.undelivered + spooled + pending`.
 */
export interface Stats {
  /** Events that were taken and numbered. */
  accepted: number
  /** Accepted and neither acknowledged nor given up yet. */
  pending: number
  /** Acknowledged, without a remark. */
  delivered: number
  /** Acknowledged, and kept apart with a reason. */
  quarantined: number
  /** Acknowledged, and left out by the source's rules. */
  filtered: number
  /** Acknowledged, and known already. */
  duplicate: number
  /** Given up, by reason. */
  dropped: Record<Exclude<DropReason, 'spool_damaged'>, number>
  /** Left on disk by `close()`. */
  spooled: number
  /** Events of earlier processes that this client found in the spool: how many were answered for, how many dropped. */
  recovered: { answered: number; dropped: number }
  /** Requests started, retries included. */
  requests: number
  /** Requests that were made again after one that failed. */
  retries: number
}

/**
 * What went wrong: why events were dropped, or
 *
 * - `callback_failed`: a function of the caller's threw; nothing was dropped.
 * - `spool_failed`: the disk refused; events are kept in memory meanwhile.
 * - `unreachable`: three requests in a row had no answer that settles anything. Nothing was dropped: events wait, and are
 *   tried again. Told once until one is delivered.
 * - `spool_foreign`: the spool holds events for another key or endpoint, which this client does not send.
 */
export type ErrorCode = DropReason | 'callback_failed' | 'unreachable' | 'spool_failed' | 'spool_foreign'

/** What listeners for `error` get; see `MillraceError`. */
export interface MillraceFailure extends Error {
  readonly code: ErrorCode
  /** How many events this error is about; 0 when none was dropped. */
  readonly dropped: number
  /** The collector's status, with `refused` and sometimes `undelivered`. */
  readonly status?: number
  /** The collector's own word, for example `unknown_write_key`; only with `refused`. */
  readonly collectorCode?: string
}

/** What a client tells, by name of the event. */
export interface ClientEvents {
  /** Events were dropped; the counts add up to those in `stats().dropped`. */
  drop: DropNotice
  /**
   * Something went wrong. A full queue is told once until half of it is free again. Without a listener, the first error of
   * each code is one line on the console.
   */
  error: MillraceFailure
  /**
   * The collector did not plainly accept an event. Without a listener, the first one of each reason for which events were
   * quarantined is one line on the console.
   */
  receipt: EventReceipt
  /** A request failed and will be made again. */
  retry: RetryNotice
}
