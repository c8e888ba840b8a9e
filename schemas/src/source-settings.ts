/** What can be set for a source beside its name and keys: who may send, the plan, privacy, enrichment, identity, how long. */

import { z } from 'zod'
import type { RequestFacts } from './facts.ts'
import { checkPlan, type TrackingPlan } from './plan/plan.ts'
import { describeSettingIssue, knownFields, textOf } from './setting-rules.ts'
import { type EventType, type JsonObject, NAME_PATTERN } from './wire.ts'

/** What is done with an IP address: kept, cut to its network (/24 of IPv4, /48 of IPv6), or dropped. */
export type IpPolicy = 'keep' | 'truncate' | 'drop'

/**
 * A rule about personal data. Paths are dotted and begin with `properties`, `traits`, `context`, `integrations` or `extra`
 * (fields of the event that the wire does not know: `extra.email`), or are `userId`, `anonymousId`, `groupId`, `previousId`.
 * A path in `traits` also means the copy in `context.traits`, and `anonymousId` also `previousId`. `*` stands for any one key or position, `**` at the end for
 * everything below. For the address there is the setting `ip`. What the edge reads of an event (campaign, referrer) it reads
 * after the rules; the quarantine keeps refused events as they were sent.
 */
export type PiiRule =
  /** Removes the value. */
  | { paths: readonly string[]; action: 'drop' }
  /** Replaces text and numbers by `hmac-sha256:<hex>` with the Worker secret named by `secretVar`; other values are removed. */
  | { paths: readonly string[]; action: 'hash'; secretVar: string }
  /** Replaces what matches in every text at and below the path. */
  | { paths: readonly string[]; action: 'redact'; pattern: RegExp; replacement?: string }

/**
 * What happens to an event: stored, stored without who and where (no ids, traits, integrations, address, place, user agent,
 * click id; addresses of pages stay, for which there are rules about personal data), or not stored.
 */
export type ConsentOutcome = 'store' | 'anonymize' | 'filter'

/**
 * What consent means for a source. Consent is read from
 * `context.consent.categoryPreferences` (Segment's); a category that it does not say is sought in `context.consentManagement`
 * (RudderStack's): `deniedConsentIds`, then `allowedConsentIds`.
 */
export interface ConsentPolicy {
  /** Categories that must all be `true` for an event to be stored as it is. Default none. */
  required?: readonly string[]
  /** What becomes of an event when one of them is `false`. Default `filter`. */
  whenDenied?: ConsentOutcome
  /** What becomes of an event that does not say. Default `filter`. */
  whenUnknown?: ConsentOutcome
  /** What Global Privacy Control (`Sec-GPC: 1`) means. Default `store`: it is recorded. */
  whenGpc?: ConsentOutcome
}

/**
 * Whose id an event carries. `client`: the client's. `cookie`: an HttpOnly cookie of this host, which outlives the
 * client's own. `cookieless`: one that changes daily, from a salt, the source, the IP address and the user agent.
 */
export type IdentityPolicy =
  | { kind: 'client' }
  | { kind: 'cookie'; name?: string; domain?: string }
  | { kind: 'cookieless' }

/** Joins a row of a lookup table onto events. */
export interface LookupJoin {
  /** Name of the table, as `millrace lookup load` was given. */
  table: string
  /** Dotted path to the key, for example `properties.product_id`; `properties.products.*.product_id` joins every item. */
  on: string
  /** Names of the `track` events, or types such as `page`. Default all events. */
  events?: readonly string[]
  /** Name of the result in the column `lookups`. Default the table's. */
  as?: string
}

/** An event as the user's hook sees it, after the rules about personal data; what it may change is what it gives back. */
export interface HookEvent {
  readonly type: EventType
  readonly messageId: string
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly event?: string | undefined
  name?: string | undefined
  category?: string | undefined
  userId?: string | undefined
  anonymousId?: string | undefined
  groupId?: string | undefined
  properties: JsonObject
  traits: JsonObject
  context: JsonObject
}

/** The request as the user's hook sees it. */
export interface HookRequest extends RequestFacts {
  source: string
  userAgent?: string | undefined
  /** Milliseconds since 1970. */
  receivedAt: number
}

/**
 * A function of the user's own. It gets a copy of the event and gives back the event to store, or `null` to leave it
 * out. It cannot change `type`, `messageId`, `timestamp` or `event` (what it is called): such a change is ignored. When it
 * throws, takes over 200 ms (or 2 s for all events of a batch) or gives something else, the event is stored as it was.
 */
export type EnrichHook = (
  event: HookEvent,
  request: HookRequest,
) => HookEvent | null | Promise<HookEvent | null>

/** A number that events carry, added up in the roll-ups. */
export interface Measure {
  /** Stands in the column `measure` of the roll-ups: 1 to 64 of `a-z`, `0-9`, `_`, beginning with a letter. */
  name: string
  /** Dotted path below `properties`, for example `properties.revenue`. Events whose value is no number do not count. */
  path: string
  /** Names of the `track` events, or types such as `page`. Default all events. */
  events?: readonly string[]
}

/**
 * Whole days, 1 to 7,300, after which ClickHouse deletes rows of the source. `millrace migrate` and `npm start` tell it so.
 * Default of each, unless it says so: never.
 */
export interface Retention {
  /** Of events by `timestamp`, and of sessions by `ended_at`. Corrections of events stay a week longer. */
  eventsDays?: number
  /** Of refused events and of the list of those left out, by `received_at`. */
  quarantineDays?: number
  /** Of the roll-ups, by minute and hour. */
  rollupsDays?: number
  /** Of closed live windows, by when they begin. Default `eventsDays`: their groups may be persons. */
  windowsDays?: number
}

/** Settings of a source; everything has a default. */
export interface SourceSettings {
  /**
   * Origins whose pages may send, `https://shop.example` or `https://*.shop.example`. The page is the request's `Origin`, or
   * where there is none the origin of its `Referer`; a request with neither, or with a `Referer` that is no address, comes
   * from no page and passes. A request with the secret key always passes. Default: any.
   */
  allowedOrigins?: readonly string[]
  plan?: TrackingPlan
  /** Country, region, city, continent, time zone and network of the sender. Default true. */
  geo?: boolean
  /** Device, browser and system from user agent and client hints. Default true. */
  device?: boolean
  /** Class of the referrer. Default true. */
  referrer?: boolean
  /** Hosts that count as this site when a referrer is classed, beside the page's own. */
  internalHosts?: readonly string[]
  /** Campaign parameters and click ids. Default true. */
  campaign?: boolean
  /** Events of bots are flagged, left out, or not looked for. Default `flag`. */
  bots?: 'flag' | 'filter' | 'off'
  /** What becomes of addresses. Default `truncate`. The text of a refused event is kept as it was sent, `context.ip` included. */
  ip?: IpPolicy
  pii?: readonly PiiRule[]
  consent?: ConsentPolicy
  /** Default `{ kind: 'client' }`. */
  identity?: IdentityPolicy
  lookups?: readonly LookupJoin[]
  enrich?: EnrichHook
  /** Whether the rate limits of `wrangler.toml` hold for it. Default true; false in development. */
  rateLimits?: boolean
  /** At most 20, of different names. Default none. */
  measures?: readonly Measure[]
  retention?: Retention
}

/** Each measure is a row more for every minute and name of event. */
const MAX_MEASURES = 20

/** Twenty years: the roll-ups' time plus what is far more than that would be past the end of ClickHouse's `DateTime`. */
const MAX_RETENTION_DAYS = 7_300

/** No `*`, and nothing that would end a quoted name. */
const MEASURE_PATH = /^properties(\.[^.*`'"\\\p{C}]+)+$/u

const SECRET_VAR = /^[A-Z][A-Z0-9_]{0,127}$/
const ORIGIN = /^https?:\/\/(\*\.)?[a-z0-9.-]+(:\d{1,5})?$/
/** A step is a key or `*`; only the last may be `**`. */
const PATH =
  /^(properties|traits|context|integrations|extra)(\.(?!\*\*\.)[^.]+)+$|^(userId|anonymousId|groupId|previousId)$/
const KEY_PATH =
  /^(properties|traits|context)(\.(?!\*\*(\.|$))[^.]+)+$|^(userId|anonymousId|groupId|event|name)$/

const path = textOf(PATH, 'must be a path such as traits.email').refine(
  (text) => text !== 'context.ip',
  'is the business of the setting ip (keep, truncate, drop)',
)
const paths = z.array(path).min(1)
const outcome = z.enum(['store', 'anonymize', 'filter']).optional()

const DAYS_RULE = `must be a whole number of days from 1 to ${MAX_RETENTION_DAYS}`
const days = z.int(DAYS_RULE).min(1, DAYS_RULE).max(MAX_RETENTION_DAYS, DAYS_RULE).optional()

const PiiRuleSchema = z.discriminatedUnion('action', [
  knownFields({ paths, action: z.literal('drop') }),
  knownFields({
    paths,
    action: z.literal('hash'),
    secretVar: textOf(SECRET_VAR, 'must be the name of a Worker secret such as PII_SECRET'),
  }),
  knownFields({
    paths,
    action: z.literal('redact'),
    pattern: z.instanceof(RegExp),
    replacement: z.string().optional(),
  }),
])

const IdentitySchema = z.discriminatedUnion('kind', [
  knownFields({ kind: z.literal('client') }),
  knownFields({
    kind: z.literal('cookie'),
    name: textOf(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, "_", "-"').optional(),
    domain: textOf(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain such as example.com').optional(),
  }),
  knownFields({ kind: z.literal('cookieless') }),
])

const SettingsSchema = knownFields({
  allowedOrigins: z
    .array(textOf(ORIGIN, 'must be an origin such as https://shop.example or https://*.shop.example'))
    .optional(),
  plan: z.unknown().optional(),
  geo: z.boolean().optional(),
  device: z.boolean().optional(),
  referrer: z.boolean().optional(),
  internalHosts: z.array(z.string().min(1)).optional(),
  campaign: z.boolean().optional(),
  bots: z.enum(['flag', 'filter', 'off']).optional(),
  ip: z.enum(['keep', 'truncate', 'drop']).optional(),
  pii: z.array(PiiRuleSchema).optional(),
  consent: knownFields({
    required: z.array(z.string().min(1)).optional(),
    whenDenied: outcome,
    whenUnknown: outcome,
    whenGpc: outcome,
  }).optional(),
  identity: IdentitySchema.optional(),
  lookups: z
    .array(
      knownFields({
        table: textOf(NAME_PATTERN, 'must be 1 to 64 of a-z, 0-9, "-", "_"'),
        on: textOf(KEY_PATH, 'must be a path such as properties.product_id'),
        events: z.array(z.string().min(1)).optional(),
        as: textOf(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be a name such as product').optional(),
      }),
    )
    .optional(),
  enrich: z
    .custom<EnrichHook>((value) => value === undefined || typeof value === 'function', 'must be a function')
    .optional(),
  rateLimits: z.boolean().optional(),
  measures: z
    .array(
      knownFields({
        name: textOf(/^[a-z][a-z0-9_]{0,63}$/, 'must be a name such as revenue: 1 to 64 of a-z, 0-9, "_"'),
        path: textOf(MEASURE_PATH, 'must be a path such as properties.revenue'),
        events: z.array(z.string().min(1)).min(1).optional(),
      }),
    )
    .max(MAX_MEASURES, `must be at most ${MAX_MEASURES}`)
    .optional(),
  retention: knownFields({
    eventsDays: days,
    quarantineDays: days,
    rollupsDays: days,
    windowsDays: days,
  }).optional(),
})

/** Names of all settings. */
export const SETTING_NAMES: readonly string[] = Object.keys(SettingsSchema.shape)

/**
 * Checks settings.
 *
 * @param at names the source in messages, for example `sources[0]`
 * @throws TypeError or RangeError naming the option, the rule and the value
 */
export function checkSettings(settings: SourceSettings, at: string): void {
  const issue = describeSettingIssue(SettingsSchema.safeParse(settings).error, settings, at)
  if (issue !== undefined) throw new RangeError(issue)
  checkJoins(settings.lookups ?? [], `${at}.lookups`)
  checkMeasures(settings.measures ?? [], `${at}.measures`)
  if (settings.plan !== undefined) checkPlan(settings.plan, `${at}.plan`)
}

/** Two joins under one name would overwrite each other's rows. */
function checkJoins(joins: readonly LookupJoin[], at: string): void {
  const names = new Set<string>()
  joins.forEach(({ table, as: name = table }, index) => {
    if (names.has(name)) {
      const rule = 'must differ from those of the other joins (its default is the name of the table)'
      throw new RangeError(`${at}[${index}].as ${rule}, got "${name}" twice`)
    }
    names.add(name)
  })
}

/** Two measures of one name would be added to each other. */
function checkMeasures(measures: readonly Measure[], at: string): void {
  const names = new Set<string>()
  measures.forEach(({ name }, index) => {
    if (names.has(name)) {
      throw new RangeError(
        `${at}[${index}].name must differ from those of the other measures, got "${name}" twice`,
      )
    }
    names.add(name)
  })
}
