/** What the event calls take: who, what, and what a tracking plan says of it. Types only, without an import, so that they stand alone. */

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
  /** Id of a known user. */
  userId?: string | undefined
  /** Id of a visitor, such as their browser's. */
  anonymousId?: string | undefined
}

/** What is added to every call of a client, or of the request that it is for; the call's own fields win. */
export interface Defaults extends KnownIdentity {
  /** Merged with the call's own, key by key at the first level. */
  context?: Fields | undefined
  /** Merged likewise. */
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
  /** Which of your tools may have the event, as Segment's API has it; stored with it, and not acted upon. */
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
  /** Properties of a screen view. */
  screen?: Fields
  /** Traits of a person. */
  identify?: Fields
  /** Traits of a group. */
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
