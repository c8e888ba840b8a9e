/**
 * What the edge finds out about an event and its sender, as it travels in the envelope. Every field is absent when it is
 * not known or switched off for the source.
 */

import type { JsonObject } from './wire.ts'

/** What a user agent and client hints tell of the device. */
export interface DeviceFacts {
  /** `desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable`, `xr`, `embedded`. */
  type?: string
  /** Maker, for example `Apple`. */
  brand?: string
  model?: string
  browserName?: string
  browserVersion?: string
  osName?: string
  osVersion?: string
}

/** Where a request came from, as Cloudflare's `request.cf` says. */
export interface GeoFacts {
  /** ISO 3166-1 alpha-2. */
  country?: string
  /** Name of the first-level region. */
  region?: string
  city?: string
  /** Two letters: AF, AN, AS, EU, NA, OC, SA. */
  continent?: string
  /** IANA name, for example `Europe/Berlin`. */
  timeZone?: string
  /** Number of the autonomous system. */
  asn?: number
  /** Who runs it. */
  asOrganization?: string
}

/** What the request itself tells; the same for all events of a batch, after the source's IP policy. */
export interface RequestFacts extends GeoFacts {
  ip?: string
  device?: DeviceFacts
  /** Name of the bot that the user agent is known as. */
  bot?: string
  /** Global Privacy Control was on. */
  gpc?: true
}

/** The classes of a referrer. */
export const REFERRER_CLASSES = [
  'direct',
  'internal',
  'search',
  'social',
  'email',
  'paid',
  'referral',
] as const

/** One of {@link REFERRER_CLASSES}. */
export type ReferrerClass = (typeof REFERRER_CLASSES)[number]

/** What brought a person to a page. */
export interface ReferrerFacts {
  class: ReferrerClass
  /** For example `Google`; the referring host where no name is known; absent for `direct` and `internal`. */
  name?: string
}

/** Campaign parameters: `utm_*`, and the id that an advertiser put on the click. */
export interface CampaignFacts {
  source?: string
  medium?: string
  name?: string
  term?: string
  content?: string
  id?: string
  /** Name of the parameter: `gclid`, `fbclid`, `msclkid` ... */
  clickIdType?: string
  clickId?: string
}

/** One way in which an event differs from the tracking plan. */
export interface Violation {
  /** Dotted, for example `properties.products.0.price`; empty when it concerns the whole event. */
  path: string
  /** The rule in one word: zod's issue code, or `unplanned_event`. */
  rule: string
  /** What was found there, in a few words: a kind, or a short value. */
  found: string
  /** One sentence for a person. */
  message: string
}

/** A row of a lookup table that was joined onto an event; an array for a path through an array. */
export interface LookupFacts {
  /** Version of the table: changes with every load. */
  version: string
  row: JsonObject | (JsonObject | null)[]
}

/** What the edge adds to one event. */
export interface EventFacts {
  /** The sender of the request is a server, so the facts of the request are not the person's. */
  isRelayed?: true
  /** The person's address, when the event brought one in `context.ip`; after the source's IP policy. */
  ip?: string
  /** From a user agent in the event's own context; wins over that of the request. */
  device?: DeviceFacts
  /** Name of a bot, or `webdriver`. */
  bot?: string
  /** Global Privacy Control, as the event's context says. */
  gpc?: true
  referrer?: ReferrerFacts
  campaign?: CampaignFacts
  /** Version of the plan's entry that the event was checked against. */
  planVersion?: string
  /** Only in mode `warn`: in mode `enforce` such an event is quarantined. */
  violations?: Violation[]
  /** Keys are names of lookup tables, or what `as` says. */
  lookups?: Record<string, LookupFacts>
  /** The anonymous id that the client sent, when the edge put its own in its place. */
  clientAnonymousId?: string
  /** Identity and place were removed, because the person did not consent. */
  isAnonymized?: true
}
