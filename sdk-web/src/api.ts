/** The public types of the browser SDK; they stand alone, so that the published declarations import nothing. */

/** What a visitor says to one purpose: yes, no, or nothing yet. */
export type ConsentState = 'granted' | 'denied' | 'pending'

/**
 * Consent by purpose; the names are yours, and the collector's rules go by them. The purpose `analytics` decides whether
 * this SDK records at all.
 */
export type Consent = Record<string, ConsentState>

/** Options of `createMillrace`. */
export interface MillraceOptions {
  /** Public write key of the source. */
  writeKey: string
  /**
   * Where the collector is: an absolute http(s) URL such as `https://events.example.com`, or a path on the page's own
   * origin (`/` or `/events`). `/v1/batch` is added to it.
   */
  endpoint: string
  /** Number of waiting events at which they are sent without waiting any longer; at least 1, default 20. */
  flushAt?: number
  /** Longest time an event waits for company before it is stored and sent, in milliseconds; at least 1, default 250. */
  flushIntervalMs?: number
  /** Most bytes that wait to be delivered, those of closed tabs included; at least 1, default 4,000,000. */
  maxOutboxBytes?: number
  /** Longest time that an event waits to be delivered, in milliseconds; at least 1, default 7 days. */
  maxOutboxAgeMs?: number
  /** Record page views by itself: the first, each navigation within the page, and returns by the back button. Default false. */
  autoPage?: boolean
  /** What the visitor has said so far, by purpose, or for `analytics` alone. Default `granted`. */
  consent?: Consent | ConsentState
  /** Record visitors who send Global Privacy Control as if they had not. Default false: without `consent`, they are denied. */
  ignoreGpc?: boolean
  /** Store nothing in the browser: no cookie, no id, no outbox. Default false. */
  cookieless?: boolean
  /** Pause after which a new session begins, in milliseconds; at least 1, default 30 minutes. */
  sessionTimeoutMs?: number
  /** Also begin a new session at midnight, the visitor's time. Default false. */
  sessionPerDay?: boolean
  /** Also begin a new session when a link brings another campaign. Default false. */
  sessionPerCampaign?: boolean
}

/**
 * Why events were given up:
 *
 * - `invalid_call`: recording failed, because something in the arguments throws, or a part of the browser that the page has
 *   replaced;
 * - `event_too_large`: over 31 KB together with what its batch shares;
 * - `queue_full`: `maxOutboxBytes` already waited;
 * - `expired`: waited longer than `maxOutboxAgeMs`;
 * - `refused`: the collector answered with a status that a retry does not mend;
 * - `left_out`: a function given to `use` left it out;
 * - `middleware_failed`: a function given to `use` threw;
 * - `no_consent`: the visitor's consent to `analytics` is denied.
 */
export type DropReason =
  | 'invalid_call'
  | 'event_too_large'
  | 'queue_full'
  | 'expired'
  | 'refused'
  | 'left_out'
  | 'middleware_failed'
  | 'no_consent'

/** Fields that any call takes beside its properties, as Segment's API has them. */
export interface EventOptions {
  /** Merged over the page's own context, key by key. */
  context?: object
  /** Which of your tools may have the event, as Segment's API has it; stored with it, and not acted upon. */
  integrations?: object
  /** When it happened, if not now. */
  timestamp?: Date | string | number
  /** Instead of the visitor's own. */
  anonymousId?: string
  /** Instead of that given to `identify`. */
  userId?: string
}

/** An event as functions given to `use` see it; they may change it. */
export interface MutableEvent {
  /** The call that made it. */
  type: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias'
  /** Name of what happened; of `track`. */
  event?: string
  /** Of a page or screen. */
  name?: string
  /** Of a page or screen. */
  category?: string
  /** Of `track`, `page` and `screen`. */
  properties?: Record<string, unknown>
  /** Of `identify` and `group`. */
  traits?: Record<string, unknown>
  userId?: string
  anonymousId?: string
  /** Of `group`. */
  groupId?: string
  /** Of `alias`. */
  previousId?: string
  /** What is this event's own; the collector merges it over what the batch shares. */
  context?: Record<string, unknown>
  integrations?: Record<string, unknown>
  /** ISO 8601. */
  timestamp: string
}

/**
 * Changes an event, by its fields or by giving another, or leaves it out by `null` or `false`. Runs when events are stored, a
 * moment after the call.
 */
export type Middleware = (event: MutableEvent) => MutableEvent | null | false | undefined

/** What became of one request. */
export interface BatchReport {
  /** `batchId` on the wire. */
  id: string
  /** Number of events. */
  events: number
  /** Bytes of its text, before compression. */
  bytes: number
  /** HTTP status; 0 when no answer came. */
  status: number
}

/** What may be listened to, and with what listeners are called. */
export interface MillraceEvents {
  /** `track` was called; the arguments as they came. */
  track: unknown[]
  /** `page` was called; likewise. */
  page: unknown[]
  /** `screen` was called; likewise. */
  screen: unknown[]
  /** `identify` was called; likewise. */
  identify: unknown[]
  /** `group` was called; likewise. */
  group: unknown[]
  /** `alias` was called; likewise. */
  alias: unknown[]
  /** `reset` was called. */
  reset: unknown[]
  /** Consent has changed; the new one, by purpose. */
  consent: [consent: Readonly<Consent>]
  /** An event was numbered, after all that `use` changed. */
  event: [event: Readonly<MutableEvent>]
  /** A request was answered, or failed. */
  batch: [report: BatchReport]
  /** Events were given up. */
  dropped: [reason: DropReason, count: number]
}

/** Who the visitor is, in Segment's form. */
export interface User {
  /** As given to `identify`; undefined before, and after `reset`. */
  id(): string | undefined
  /** Undefined while consent is pending or denied. */
  anonymousId(): string | undefined
  /** What `identify` was told of them; empty before. */
  traits(): Readonly<Record<string, unknown>>
}

/**
 * What the calls take under a tracking plan: `createMillrace<Plan>(...)` with a type of this shape, such as `PlanTypes` of
 * Millrace's configuration makes. Only names in `track` compile then. A key that is absent leaves its call free.
 */
export interface PlanShape {
  /** Keys are names of events, values are types of their properties. */
  track?: object
  /** Properties of a page view. */
  page?: object
  /** Properties of a screen view. */
  screen?: object
  /** Traits of a person. */
  identify?: object
  /** Traits of a group. */
  group?: object
}

/** No plan: any name, any properties. */
export interface Unplanned {
  track: Record<string, object>
}

/** Names of the events that a plan has. */
export type EventName<P extends PlanShape> = keyof PlannedFields<P, 'track', Record<string, object>> & string

/** What a plan says about one call. */
export type PlannedFields<P, Call extends string, Otherwise> = P extends { [Name in Call]: infer Fields }
  ? Fields
  : Otherwise

/** Properties of one event. */
export type PropertiesOf<P extends PlanShape, Name extends EventName<P>> = PlannedFields<
  P,
  'track',
  Record<string, object>
>[Name]

/** The last argument of a call: it may be left out where nothing in it must be there. */
export type FieldsArgument<Fields> =
  Record<never, never> extends Fields ? [fields?: Fields | undefined] : [fields: Fields]

/** Properties that `page` adds by itself, so that a caller need not. */
type PageField = 'path' | 'referrer' | 'search' | 'title' | 'url'

/** Properties of a page view as the caller gives them; keys that any text may be are kept. */
export type PageFields<P extends PlanShape> = object & LeaveOut<PlannedFields<P, 'page', object>, PageField>

/** The fields, some of which may be left out. Unlike `Omit`, it keeps an index signature beside named fields. */
type LeaveOut<Fields, Names> = {
  [Name in keyof Fields as Name extends Names ? never : Name]: Fields[Name]
} & {
  [Name in keyof Fields as Name extends Names ? Name : never]?: Fields[Name]
}

/** Traits of a person. */
export type PersonFields<P extends PlanShape> = PlannedFields<P, 'identify', object>

/** Segment's last two arguments: options, then a function that is called right after. */
export type Rest = [options?: EventOptions | undefined, callback?: () => void]

/**
 * A client. No function of it ever throws or rejects.
 *
 * Objects given to it are copied during the call, as `JSON.stringify` would read them, so the caller may change them
 * afterwards. Circular references and functions are left out of the event; a BigInt is sent as its decimal text; a getter or
 * `toJSON` that throws costs the event, which is counted.
 *
 * Calls that record resolve at once: nothing has to be awaited before a page is left. `flush` tells what was delivered.
 */
export interface Millrace<P extends PlanShape = Unplanned> {
  /**
   * Records that something happened.
   *
   * @param event name of what happened; the collector quarantines an event without one
   */
  track<Name extends EventName<P>>(
    event: Name,
    ...properties: [...FieldsArgument<PropertiesOf<P, Name>>, ...Rest]
  ): Promise<void>
  /**
   * Records a page view. As in Segment's API, one text is the name and two are category and name. `path`, `referrer`,
   * `search`, `title` and `url` are added to the properties where the caller gives none.
   */
  page(...properties: [...FieldsArgument<PageFields<P>>, ...Rest]): Promise<void>
  page(name: string, ...properties: [...FieldsArgument<PageFields<P>>, ...Rest]): Promise<void>
  page(
    category: string,
    name: string,
    ...properties: [...FieldsArgument<PageFields<P>>, ...Rest]
  ): Promise<void>
  /** Records that a screen of an app was seen. */
  screen(...properties: [...FieldsArgument<PlannedFields<P, 'screen', object>>, ...Rest]): Promise<void>
  screen(
    name: string,
    ...properties: [...FieldsArgument<PlannedFields<P, 'screen', object>>, ...Rest]
  ): Promise<void>
  screen(
    category: string,
    name: string,
    ...properties: [...FieldsArgument<PlannedFields<P, 'screen', object>>, ...Rest]
  ): Promise<void>
  /**
   * Says who the visitor is (kept for later pages, and given to every later event), what is known of them, or both.
   * Traits are kept too, and sent together with those given before.
   */
  identify(
    userId: string | number | null,
    ...traits: [...FieldsArgument<PersonFields<P>>, ...Rest]
  ): Promise<void>
  identify(...traits: [...FieldsArgument<PersonFields<P>>, ...Rest]): Promise<void>
  /** Says to which group (company, team) the visitor belongs; later events carry it as `context.groupId`. */
  group(
    groupId: string | number,
    ...traits: [...FieldsArgument<PlannedFields<P, 'group', object>>, ...Rest]
  ): Promise<void>
  /** Says that two ids are one person. `previousId` is the visitor's present id where it is not given. */
  alias(userId: string | number, previousId?: string | number, ...rest: Rest): Promise<void>
  /** Forgets who the visitor is: no user id, a new anonymous id, a new session. Events recorded before keep theirs. */
  reset(): void
  /** Who the visitor is. */
  user(): User
  /** Gives the visitor another anonymous id, from now on. */
  setAnonymousId(id: string): void
  /** Changes consent by purpose; purposes not named stay. Events held while it was pending are then sent or dropped. */
  consent(change: Consent | ConsentState): void
  /** Has a function look at every event from now on; see {@link Middleware}. Gives a function that takes it away. */
  use(middleware: Middleware): () => void
  /** Calls a function whenever something happens. Gives a function that takes it away. What it throws is ignored. */
  on<Name extends keyof MillraceEvents>(
    name: Name,
    listener: (...args: MillraceEvents[Name]) => void,
  ): () => void
  /** Resolves, and calls a function, once the client takes calls: at once, or with the stub when the script is there. */
  ready(callback?: () => void): Promise<void>
  /**
   * Sends what waits, without waiting for company. Resolves when everything recorded so far was answered, or when an
   * attempt failed and the rest waits for its retry; never rejects.
   */
  flush(): Promise<void>
  /** How many events this client has given up so far, by reason; a reason that did not occur is absent. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
}
