/**
 * The public types of the SDK: what a caller passes and gets back. Has no imports, so that the published declarations
 * stand alone; a test compares the ones that travel with the wire's.
 */

/** A plain object whose values can be written as JSON. Interfaces fit too, which an index signature would refuse. */
export type Fields = object

/** When something happened: a `Date`, ISO 8601 text, or milliseconds since the epoch. */
export type EventTime = Date | string | number

/** Who did it. At least one of the two; strings of 1 to 256 UTF-16 units. */
export type Identity =
  | { userId: string; anonymousId?: string | undefined }
  | { userId?: string | undefined; anonymousId: string }

/** What every call may carry besides its own fields. */
export interface CommonFields {
  /** When it happened. Default: the time of the call. */
  timestamp?: EventTime | undefined
  /** The event's id for life. Default: none is sent, and the collector makes `<stream>-<sequence number>`. */
  messageId?: string | undefined
  /** Merged over the batch's context by the collector, key by key at the first level. */
  context?: Fields | undefined
  integrations?: Fields | undefined
}

/**
 * What the calls take under a tracking plan: `createMillrace<Plan>(...)` with a type of this shape, such as `PlanTypes` of
 * Millrace's configuration makes. Only names in `track` compile then. A key that is absent leaves its call free.
 */
export interface PlanShape {
  /** Keys are names of events, values are types of their properties. */
  track?: Fields
  /** Properties of a page view. */
  page?: Fields
  screen?: Fields
  /** Traits of a person. */
  identify?: Fields
  group?: Fields
}

/** No plan: any name, any properties. */
export interface Unplanned {
  track: Record<string, Fields>
}

/** What a plan says about one call. */
export type PlannedFields<P, Call extends string, Otherwise> = P extends { [Name in Call]: infer Planned }
  ? Planned
  : Otherwise

/** `properties` of an event, which may be left out where nothing in them must be there. */
export type PropertiesField<Planned> =
  Record<never, never> extends Planned ? { properties?: Planned | undefined } : { properties: Planned }

/** `traits` of an event, which may be left out where nothing in them must be there. */
export type TraitsField<Planned> =
  Record<never, never> extends Planned ? { traits?: Planned | undefined } : { traits: Planned }

/** Name and properties of an event together, one member a name. */
type EventOf<Events> = {
  [Name in keyof Events & string]: { event: Name } & PropertiesField<Events[Name]>
}[keyof Events & string]

/** Argument of `track`: something that a user did. */
export type TrackArguments<P extends PlanShape = Unplanned> = Identity &
  CommonFields &
  EventOf<PlannedFields<P, 'track', Record<string, Fields>>>

/** Argument of `page` and `screen`: something that a user looked at. */
export type ViewArguments<
  P extends PlanShape = Unplanned,
  Call extends 'page' | 'screen' = 'page',
> = Identity &
  CommonFields & { name?: string | undefined; category?: string | undefined } & PropertiesField<
    PlannedFields<P, Call, Fields>
  >

/** Argument of `identify`: what is known about a user. */
export type IdentifyArguments<P extends PlanShape = Unplanned> = Identity &
  CommonFields &
  TraitsField<PlannedFields<P, 'identify', Fields>>

/** Argument of `group`: the account or company that a user belongs to. */
export type GroupArguments<P extends PlanShape = Unplanned> = Identity &
  CommonFields & { groupId: string } & TraitsField<PlannedFields<P, 'group', Fields>>

/** Argument of `alias`: `previousId` and the event's identity are the same person. */
export type AliasArguments = Identity & CommonFields & { previousId: string }

/**
 * Why events were dropped, one closed list. The first four before they got a number, the last two after.
 *
 * - `invalid_event`: a field is missing, of the wrong kind, too long, or cannot be written as JSON.
 * - `event_too_large`: over 32 KiB of JSON together with the batch's own context (name and version of this library).
 * - `queue_full`: `maxQueueEvents` are waiting already.
 * - `closed`: the call came after `close()`.
 * - `refused`: the collector answered with a status that a retry does not change.
 * - `undelivered`: all retries failed, `close()` or the process's end reached its deadline, or an option threw (`randomId`).
 */
export type DropReason =
  | 'invalid_event'
  | 'event_too_large'
  | 'queue_full'
  | 'closed'
  | 'refused'
  | 'undelivered'

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
  /** Neither; only when `timeoutMs` passed first. Always 0 after `close()`. */
  pending: number
}

/**
 * Counts since the client was created. The books close:
 * `accepted = delivered + quarantined + filtered + duplicate + dropped.refused + dropped.undelivered + pending`.
 */
export interface Stats {
  /** Events that were taken and numbered. */
  accepted: number
  /** Accepted and neither acknowledged nor given up yet. */
  pending: number
  delivered: number
  quarantined: number
  filtered: number
  duplicate: number
  dropped: Record<DropReason, number>
  /** Requests started, retries included. */
  requests: number
  retries: number
}

/** How long to wait; see `flush` and `close`. */
export interface WaitOptions {
  /** Milliseconds. Default: as long as it takes. */
  timeoutMs?: number | undefined
}

/** The part of `fetch` that the SDK uses. */
export type FetchLike = (
  url: string,
  init: {
    method: 'POST'
    headers: Record<string, string>
    body: string
    signal: AbortSignal
    redirect: 'manual'
  },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>

/** Where the end of the process is announced; `process` is one. */
export interface ExitSource {
  on(event: 'beforeExit', listener: () => void): unknown
  off(event: 'beforeExit', listener: () => void): unknown
}

/**
 * Key of the source. With `writeKey`, events go to `/v1/batch`, which wants recent times; with `secretKey` to
 * `/v1/import`, which takes any event time. Exactly one of the two.
 */
export type SourceKey =
  | { writeKey: string; secretKey?: undefined }
  | { secretKey: string; writeKey?: undefined }

/** Options of `createMillrace`; only a key and `endpoint` are needed. */
export type MillraceOptions = SourceKey & {
  /** Address of the collector, for example `https://events.example.com`; a path is kept as a prefix. */
  endpoint: string
  /**
   * Name of the source that the key is meant to be of: 1 to 64 lower-case letters, digits, `_` and `-`. The collector
   * refuses a batch with `wrong_source` when the key belongs to another, so that a key taken for another does not mix two
   * sources. Default: the key alone decides.
   */
  source?: string | undefined
  /** Send as soon as this many events wait; also the most events in a batch. Integer from 1 to 2,500. Default 100. */
  flushAt?: number | undefined
  /** Longest time in milliseconds that an event waits for company. Default 1,000. */
  flushIntervalMs?: number | undefined
  /** Most events held in memory, those in flight included; more are dropped. At least `flushAt`. Default 10,000. */
  maxQueueEvents?: number | undefined
  /** Attempts after the first before a batch is given up. Default 20: an outage of 1 to 2 minutes. */
  maxRetries?: number | undefined
  /** Milliseconds until one request is given up and made again. Default 10,000. */
  requestTimeoutMs?: number | undefined
  /** Whether to send what is left when the process has nothing else to do. Default true. */
  flushOnExit?: boolean | undefined
  /**
   * Longest time in milliseconds that `flushOnExit` takes for what is left, from when the process has run dry. Default
   * 5,000. A request that is open by then keeps the process from running dry until it is answered, at the longest for
   * `requestTimeoutMs`: a process outlives its own work by `requestTimeoutMs + exitTimeoutMs` at most. Neither waits for
   * retries nor events that are still queued hold it.
   */
  exitTimeoutMs?: number | undefined
  /** Called for everything that was dropped; what it throws is swallowed. Default: a warning on the console for the first error of each code. */
  onError?: ((error: MillraceFailure) => void) | undefined
  /** Called for every event that the collector did not plainly accept. */
  onReceipt?: ((receipt: EventReceipt) => void) | undefined
  /** Called before the wait for each retry. */
  onRetry?: ((notice: RetryNotice) => void) | undefined

  /** Default: the global `fetch`. */
  fetch?: FetchLike | undefined
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** A number in [0, 1). Default: `Math.random`. */
  random?: (() => number) | undefined
  /** A new unguessable id. Default: `crypto.randomUUID` without its dashes. */
  randomId?: (() => string) | undefined
  /** Default: the global `setTimeout`. A handle with `unref` is unref'ed, so that it never holds the process. */
  setTimeout?: ((callback: () => void, delayMs: number) => unknown) | undefined
  /** Default: the global `clearTimeout`. */
  clearTimeout?: ((handle: unknown) => void) | undefined
  /** Default: the global `process`. */
  process?: ExitSource | undefined
}

/** What `onError` gets; see `MillraceError`. */
export interface MillraceFailure extends Error {
  /** Why events were dropped, or `callback_failed` when a function of the caller's threw. */
  readonly code: DropReason | 'callback_failed'
  /** How many events this error is about; 0 with `callback_failed`. */
  readonly dropped: number
  /** The collector's status, with `refused` and sometimes `undelivered`. */
  readonly status?: number
  /** The collector's own word, for example `unknown_write_key`; only with `refused`. */
  readonly collectorCode?: string
}

/**
 * A client. The six event calls are synchronous, never throw, and say whether the event was accepted: `false` means that
 * it was dropped, counted in `stats()` and given to `onError`. The event is copied at the call; what the caller changes
 * afterwards changes nothing.
 */
export interface Millrace<P extends PlanShape = Unplanned> {
  /** Something that a user did. */
  track(event: TrackArguments<P>): boolean
  /** A page that a user looked at. */
  page(view: ViewArguments<P, 'page'>): boolean
  /** A screen of an app that a user looked at. */
  screen(view: ViewArguments<P, 'screen'>): boolean
  /** What is known about a user. */
  identify(user: IdentifyArguments<P>): boolean
  /** The account or company that a user belongs to. */
  group(group: GroupArguments<P>): boolean
  /** Two ids of one person. */
  alias(alias: AliasArguments): boolean
  /**
   * Sends what waits, at once, and resolves when every event accepted before the call was answered or given up, or when
   * `timeoutMs` passed. Holds the process meanwhile. Calls may overlap.
   *
   * @throws RangeError (as a rejection) when `timeoutMs` is not a number >= 0.
   */
  flush(options?: WaitOptions): Promise<FlushResult>
  /**
   * Refuses all later calls, then does what `flush` does. At `timeoutMs` the rest is given up and counted as
   * `undelivered`, so nothing runs afterwards. A second call resolves with the same result; its `timeoutMs` counts too,
   * so that `close({ timeoutMs: 0 })` cuts a patient `close()` short.
   *
   * @throws RangeError (as a rejection) when `timeoutMs` is not a number >= 0; the client stays open.
   */
  close(options?: WaitOptions): Promise<FlushResult>
  /**
   * Resolves when the queue has room, or the client is closed. A producer that awaits it before each event never sees
   * `queue_full`; several producers are all woken and should look at what `track` returns. Holds the process meanwhile.
   */
  ready(): Promise<void>
  /** Counts since the client was created; a new object each time. */
  stats(): Stats
}
