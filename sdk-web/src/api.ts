/** The public types of the browser SDK; they stand alone, so that the published declarations import nothing. */

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
  /** Longest time an event waits for company, in milliseconds; at least 1, default 500. */
  flushIntervalMs?: number
  /** Most events that wait in memory while the collector cannot be reached; at least 1, default 1,000. */
  maxQueueEvents?: number
  /** Most bytes (UTF-16 units, roughly) that wait in memory; at least 1, default 1,000,000. */
  maxQueueBytes?: number
}

/**
 * Why the client gave an event up:
 *
 * - `invalid_call`: recording it failed, because the page has replaced a part of the browser with one that throws;
 * - `event_too_large`: over 31 KB together with what its batch shares;
 * - `queue_full`: `maxQueueEvents` or `maxQueueBytes` already waited;
 * - `refused`: the collector answered with a status that a retry does not mend.
 */
export type DropReason = 'invalid_call' | 'event_too_large' | 'queue_full' | 'refused'

/**
 * What the calls take under a tracking plan: `createMillrace<Plan>(...)` with a type of this shape, such as `PlanTypes` of
 * Millrace's configuration makes. Only names in `track` compile then. A key that is absent leaves its call free.
 */
export interface PlanShape {
  /** Keys are names of events, values are types of their properties. */
  track?: object
  /** Properties of a page view. */
  page?: object
  screen?: object
  /** Traits of a person. */
  identify?: object
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

/**
 * A client. No function of it ever throws or rejects.
 *
 * Objects given to it are copied during the call, as `JSON.stringify` would read them, so the caller may change them
 * afterwards. What JSON cannot hold is left out of the event (circular references, functions, getters and `toJSON`
 * that throw, nesting beyond 60 levels); a BigInt is sent as its decimal text.
 */
export interface Millrace<P extends PlanShape = Unplanned> {
  /**
   * Records that something happened.
   *
   * @param event name of what happened; the collector quarantines an event without one
   */
  track<Name extends EventName<P>>(event: Name, ...properties: FieldsArgument<PropertiesOf<P, Name>>): void
  /**
   * Records a page view. As in Segment's API, one text is the name and two are category and name. `path`, `referrer`,
   * `search`, `title` and `url` are added to the properties where the caller gives none.
   */
  page(...properties: FieldsArgument<PageFields<P>>): void
  page(name: string, ...properties: FieldsArgument<PageFields<P>>): void
  page(category: string, name: string, ...properties: FieldsArgument<PageFields<P>>): void
  /** Says who the visitor is (kept for later pages, and given to every later event), what is known of them, or both. */
  identify(userId: string | number, ...traits: FieldsArgument<PersonFields<P>>): void
  identify(...traits: FieldsArgument<PersonFields<P>>): void
  /** Forgets who the visitor is: no user id, a new anonymous id. Events recorded before keep theirs. */
  reset(): void
  /**
   * Sends what waits, without waiting for company. Resolves when everything recorded so far was answered, or when an
   * attempt failed and the rest waits for its retry; never rejects.
   */
  flush(): Promise<void>
  /** How many events this client has given up so far, by reason; a reason that did not occur is absent. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
}
