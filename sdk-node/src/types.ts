/**
 * The public types of the SDK: what a caller passes and gets back. Has no imports, so that the published declarations
 * stand alone, but for `AbortSignal`, which every runtime's types have; a test compares the ones that travel with the wire's.
 */

/** A plain object whose values can be written as JSON. Interfaces fit too, which an index signature would refuse. */
export type Fields = object

/** When something happened: a `Date`, ISO 8601 text, or milliseconds since the epoch. */
export type EventTime = Date | string | number

/** Who did it. At least one of the two; strings of 1 to 256 UTF-16 units. */
export type Identity =
  | { userId: string; anonymousId?: string | undefined }
  | { userId?: string | undefined; anonymousId: string }

/** Nothing has to be said, because it is known already. */
export interface KnownIdentity {
  userId?: string | undefined
  anonymousId?: string | undefined
}

/** What is added to every call of a client, or of the request that it is for; the call's own fields win. */
export interface Defaults extends KnownIdentity {
  /** Merged with the call's own, key by key at the first level. */
  context?: Fields | undefined
  integrations?: Fields | undefined
}

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
export type TrackArguments<P extends PlanShape = Unplanned, Who = Identity> = Who &
  CommonFields &
  EventOf<PlannedFields<P, 'track', Record<string, Fields>>>

/** Argument of `page` and `screen`: something that a user looked at. */
export type ViewArguments<
  P extends PlanShape = Unplanned,
  Call extends 'page' | 'screen' = 'page',
  Who = Identity,
> = Who &
  CommonFields & { name?: string | undefined; category?: string | undefined } & PropertiesField<
    PlannedFields<P, Call, Fields>
  >

/** Argument of `identify`: what is known about a user. */
export type IdentifyArguments<P extends PlanShape = Unplanned, Who = Identity> = Who &
  CommonFields &
  TraitsField<PlannedFields<P, 'identify', Fields>>

/** Argument of `group`: the account or company that a user belongs to. */
export type GroupArguments<P extends PlanShape = Unplanned, Who = Identity> = Who &
  CommonFields & { groupId: string } & TraitsField<PlannedFields<P, 'group', Fields>>

/** Argument of `alias`: `previousId` and the event's identity are the same person. */
export type AliasArguments<Who = Identity> = Who & CommonFields & { previousId: string }

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
  delivered: number
  quarantined: number
  filtered: number
  duplicate: number
  dropped: Record<Exclude<DropReason, 'spool_damaged'>, number>
  /** Left on disk by `close()`. */
  spooled: number
  /** Events of earlier processes that this client found in the spool: how many were answered for, how many dropped. */
  recovered: { answered: number; dropped: number }
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
    body: string | ArrayBuffer
    signal: AbortSignal
    redirect: 'manual'
  },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>

/** Where the end of the process is announced; `process` is one. Only the first two are needed. */
export interface ExitSource {
  on(event: 'beforeExit' | 'exit', listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  prependListener?(event: string, listener: () => void): unknown
  listenerCount?(event: string): number
  kill?(pid: number, signal: string): unknown
  readonly pid?: number
}

/** When what is in the spool is made to outlive a loss of power; it outlives the process in any case. */
export type FsyncPolicy = 'always' | 'interval' | 'never'

/** Events on disk until they are answered for, so that they outlive the process. */
export interface SpoolOptions {
  /** Folder for the files; made when it is not there. Processes may share one, on a disk of this machine. */
  directory: string
  /**
   * `always`: before the call returns, about as slow as the disk; `interval`: every `fsyncIntervalMs`; `never`: when the
   * operating system sees fit. Default `interval`.
   */
  fsync?: FsyncPolicy | undefined
  /** Milliseconds. Default 1,000. */
  fsyncIntervalMs?: number | undefined
  /** Most bytes on disk; events over that are dropped. Default 256 MiB. */
  maxBytes?: number | undefined
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
  /** Send as soon as this many events wait. Integer from 1 to 2,500. Default 100. */
  flushAt?: number | undefined
  /**
   * Most events in a batch, which is also at most 500 KiB: what waits longer than one request takes goes together. Integer
   * from 1 to 2,500. Default 500, or `flushAt` when that is more.
   */
  maxBatchEvents?: number | undefined
  /** Longest time in milliseconds that an event waits for company. Default 1,000. */
  flushIntervalMs?: number | undefined
  /**
   * Most memory in bytes for events that wait, those under way included; more are dropped. Each counts with its JSON text
   * and 100 bytes. At least 131,072; default 16 MiB.
   */
  maxQueueBytes?: number | undefined
  /** Requests under way at once. With more than one, events do not arrive in order. Integer from 1 to 100. Default 1. */
  lanes?: number | undefined
  /** Whether bodies over 1 KB are compressed. Default true where the runtime has `CompressionStream`. */
  gzip?: boolean | undefined
  /** Attempts after the first before a batch is given up, or with a spool put behind the others. Default 20: some 15 minutes. */
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
  /** Asked at each call for what is known of the request or the person; see `createRequestContext`. */
  defaults?: (() => Defaults | undefined) | undefined
  /**
   * Where the platform ends a program after its answer unless it is told to wait: given a promise for each stretch of
   * events, which resolves when they were sent. `(promise) => ctx.waitUntil(promise)` in a Worker.
   */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined

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

/** Options of the entry for Node, Deno and Bun. */
export type NodeOptions = MillraceOptions & {
  /** Keep events on disk until they are answered for: a folder, or more. Default: they are in memory alone. */
  spool?: string | SpoolOptions | undefined
  /**
   * Whether SIGTERM, SIGINT and SIGHUP first save what is left (with a spool) or send it (without, for `exitTimeoutMs` at
   * most). When the application has no listener of its own, the signal then ends the process as it would have. Default:
   * true with a spool.
   */
  handleSignals?: boolean | undefined
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

/**
 * The six event calls. They are synchronous, never throw, and say whether the event was accepted: `false` means that it was
 * dropped, counted in `stats()` and told to listeners. The event is copied at the call; what the caller changes afterwards
 * changes nothing.
 */
export interface EventCalls<P extends PlanShape = Unplanned, Who = Identity> {
  /** Something that a user did. */
  track(event: TrackArguments<P, Who>, done?: Done): boolean
  /** A page that a user looked at. */
  page(view: ViewArguments<P, 'page', Who>, done?: Done): boolean
  /** A screen of an app that a user looked at. */
  screen(view: ViewArguments<P, 'screen', Who>, done?: Done): boolean
  /** What is known about a user. */
  identify(user: IdentifyArguments<P, Who>, done?: Done): boolean
  /** The account or company that a user belongs to. */
  group(group: GroupArguments<P, Who>, done?: Done): boolean
  /** Two ids of one person. */
  alias(alias: AliasArguments<Who>, done?: Done): boolean
  /**
   * The same client for one request or person: each event gets what is given here, where it does not say otherwise. Costs
   * next to nothing and needs no end; everything is sent by the client that it comes from.
   */
  with(defaults: Defaults & Identity): MillraceChild<P, KnownIdentity>
  with(defaults: Defaults): MillraceChild<P, Who>
  /**
   * Sends what waits, at once, and resolves when every event accepted before the call was answered or given up, or when
   * `timeoutMs` passed. Holds the process meanwhile. Calls may overlap.
   *
   * @throws RangeError (as a rejection) when `timeoutMs` is not a number >= 0.
   */
  flush(options?: WaitOptions): Promise<FlushResult>
}

/** A client for one request or person; see `with`. */
export interface MillraceChild<P extends PlanShape = Unplanned, Who = KnownIdentity>
  extends EventCalls<P, Who> {}

/** A client. */
export interface Millrace<P extends PlanShape = Unplanned, Who = Identity> extends EventCalls<P, Who> {
  /**
   * Refuses all later calls, then does what `flush` does. At `timeoutMs` the rest is left in the spool, or without one given
   * up and counted as `undelivered`, so nothing runs afterwards. A second call resolves with the same result; its
   * `timeoutMs` counts too, so that `close({ timeoutMs: 0 })` cuts a patient `close()` short.
   *
   * @throws RangeError (as a rejection) when `timeoutMs` is not a number >= 0; the client stays open.
   */
  close(options?: WaitOptions): Promise<FlushResult>
  /**
   * Resolves when the queue has room, or the client is closed. A producer that awaits it before each event never sees
   * `queue_full`; several producers are all woken and should look at what `track` returns. Holds the process meanwhile.
   */
  ready(): Promise<void>
  /**
   * Adds a listener; the returned function takes it away. What a listener throws is told as `callback_failed`.
   *
   * @throws TypeError for another name, or a listener that is no function.
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (told: ClientEvents[Name]) => void): () => void
  /** Counts since the client was created; a new object each time. */
  stats(): Stats
}
