/** The client as its callers have it. Types only; a test compares what travels with the wire's. */

import type {
  AliasArguments,
  Defaults,
  GroupArguments,
  IdentifyArguments,
  Identity,
  KnownIdentity,
  PlanShape,
  TrackArguments,
  Unplanned,
  ViewArguments,
} from './event-arguments.ts'
import type { ClientEvents, Done, FlushResult, Stats } from './news.ts'

/** How long to wait; see `flush` and `close`. */
export interface WaitOptions {
  /** Milliseconds. Default: as long as it takes. */
  timeoutMs?: number | undefined
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
