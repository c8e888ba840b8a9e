/**
 * The tracking plan as data: which events a source sends, what is in them, and who answers for each. The schemas are
 * zod's; what is stored is the event as it was sent, so defaults and transforms of a schema change nothing.
 */

import { z } from 'zod'
import type { EventType } from '../wire.ts'

/** What is agreed about one kind of event, whatever it carries. */
export interface PlanEntryInfo {
  /** `MODEL-REVISION-ADDITION`, for example `1-0-2`, as SchemaVer counts. */
  version: string
  /** Who answers for it: a team or a person. */
  owner: string
  /** What it means, for a person who reads the data dictionary. */
  description: string
}

/** An entry for events that carry `properties`. */
export interface PropertiesEntry extends PlanEntryInfo {
  properties: z.ZodType<object, object>
}

/** An entry for events that carry `traits`. */
export interface TraitsEntry extends PlanEntryInfo {
  traits: z.ZodType<object, object>
}

/** An entry of either kind. */
export type PlanEntry = PropertiesEntry | TraitsEntry

/** What happens to an event that the plan does not allow. */
export const PLAN_MODES = ['enforce', 'warn', 'off'] as const

/** One of {@link PLAN_MODES}. */
export type PlanMode = (typeof PLAN_MODES)[number]

/** A tracking plan. */
export interface TrackingPlan {
  /**
   * `enforce`: an event that breaks the plan is quarantined. `warn`: it is stored, with its violations beside it. `off`:
   * nothing is checked. Default `warn`.
   */
  mode?: PlanMode
  /** Whether a `track` event that has no entry breaks the plan. Default false: it is stored unchecked. */
  refuseUnplanned?: boolean
  /** Keys are names of `track` events. */
  events?: Record<string, PropertiesEntry>
  page?: PropertiesEntry
  screen?: PropertiesEntry
  identify?: TraitsEntry
  group?: TraitsEntry
}

/** SchemaVer. */
const VERSION = /^[1-9]\d{0,8}-\d{1,9}-\d{1,9}$/

const PLAN_FIELDS = ['mode', 'refuseUnplanned', 'events', 'page', 'screen', 'identify', 'group'] as const

/**
 * Checks a plan and gives it back with its exact type, so that {@link PlanTypes} can type the SDKs.
 *
 * @throws TypeError or RangeError naming the option, the rule and the value
 */
export function definePlan<const T extends TrackingPlan>(plan: T): T {
  checkPlan(plan, 'plan')
  return plan
}

/** The checks of {@link definePlan}; `at` names the plan in messages. */
export function checkPlan(plan: TrackingPlan, at: string): void {
  if (typeof plan !== 'object' || plan === null)
    throw new TypeError(`${at} must be an object, got ${typeof plan}`)
  for (const field of Object.keys(plan)) {
    if (!(PLAN_FIELDS as readonly string[]).includes(field))
      throw new TypeError(`${at}.${field} is not a field of a plan; it has ${PLAN_FIELDS.join(', ')}`)
  }
  if (plan.mode !== undefined && !PLAN_MODES.includes(plan.mode)) {
    throw new RangeError(`${at}.mode must be ${PLAN_MODES.join(', ')}, got ${JSON.stringify(plan.mode)}`)
  }
  if (plan.refuseUnplanned !== undefined && typeof plan.refuseUnplanned !== 'boolean') {
    throw new TypeError(`${at}.refuseUnplanned must be a boolean, got ${typeof plan.refuseUnplanned}`)
  }
  if (plan.events !== undefined) checkEvents(plan.events, `${at}.events`)
  for (const { type, event, entry } of listEntries(plan)) checkEntry(entry, type, nameEntry(at, type, event))
}

/** An entry with what it is for. */
export interface ListedEntry {
  type: EventType
  /** Only for `track`. */
  event?: string
  entry: PlanEntry
}

/** All entries of a plan: `track` by name in the order written, then `page`, `screen`, `identify`, `group`. */
export function listEntries(plan: TrackingPlan): ListedEntry[] {
  const tracks = Object.entries(plan.events ?? {}).map(
    ([event, entry]): ListedEntry => ({ type: 'track', event, entry }),
  )
  const others = (['page', 'screen', 'identify', 'group'] as const).flatMap((type): ListedEntry[] => {
    const entry = plan[type]
    return entry === undefined ? [] : [{ type, entry }]
  })
  return [...tracks, ...others]
}

/** The schema of an entry, and the field of the event that it is for. */
export function schemaOf(entry: PlanEntry): {
  field: 'properties' | 'traits'
  schema: z.ZodType<object, object>
} {
  return 'properties' in entry
    ? { field: 'properties', schema: entry.properties }
    : { field: 'traits', schema: entry.traits }
}

function nameEntry(at: string, type: EventType, event: string | undefined): string {
  return event === undefined ? `${at}.${type}` : `${at}.events[${JSON.stringify(event)}]`
}

function checkEvents(events: unknown, at: string): void {
  const isRecord = typeof events === 'object' && events !== null && !Array.isArray(events)
  if (isRecord) return
  const kind = Array.isArray(events) ? 'an array' : events === null ? 'null' : typeof events
  throw new TypeError(`${at} must be an object, got ${kind}`)
}

function checkEntry(entry: PlanEntry, type: EventType, at: string): void {
  if (typeof entry !== 'object' || entry === null)
    throw new TypeError(`${at} must be an object, got ${typeof entry}`)
  if (typeof entry.version !== 'string' || !VERSION.test(entry.version)) {
    throw new RangeError(
      `${at}.version must be MODEL-REVISION-ADDITION such as "1-0-0", got ${JSON.stringify(entry.version)}`,
    )
  }
  for (const field of ['owner', 'description'] as const) {
    if (typeof entry[field] !== 'string' || entry[field].trim() === '')
      throw new TypeError(`${at}.${field} must be a non-empty text, got ${JSON.stringify(entry[field])}`)
  }
  const field = type === 'identify' || type === 'group' ? 'traits' : 'properties'
  const schema: unknown = (entry as unknown as Record<string, unknown>)[field]
  if (!(schema instanceof z.core.$ZodType)) throw new TypeError(`${at}.${field} must be a zod schema`)
}
