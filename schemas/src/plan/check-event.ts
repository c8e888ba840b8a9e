/** Checks one event against the tracking plan of its source. */

import type { z } from 'zod'
import type { Violation } from '../facts.ts'
import type { EventType, JsonObject } from '../wire.ts'
import { describeExpected } from './issue-text.ts'
import { listEntries, type PlanEntry, schemaOf, type TrackingPlan } from './plan.ts'
import { createQuickCheck, type QuickCheck } from './quick-check.ts'

/** The part of an event that a plan speaks of. */
export interface PlannedEvent {
  type: EventType
  event?: string | undefined
  properties?: JsonObject | undefined
  traits?: JsonObject | undefined
}

/** Outcome of a check: the version of the entry that applied, and how the event differs from it. */
export interface PlanVerdict {
  planVersion?: string
  violations: Violation[]
}

/** Most violations that are told of one event. */
const MAX_VIOLATIONS = 10

/**
 * Longest `path`, `found` and `message` before they are cut, in UTF-16 units. A path holds the client's own keys, and ten
 * violations have to leave room for the event in a queue message.
 */
const MAX_PATH_LENGTH = 256
const MAX_FOUND_LENGTH = 80
const MAX_MESSAGE_LENGTH = 300

const NOTHING_PLANNED: PlanVerdict = { violations: [] }

/**
 * A function that checks events. `alias` and types without an entry are never in violation; a `track` event without an
 * entry is one only when the plan says `refuseUnplanned`.
 *
 * @throws whatever a schema's own refinement throws: that is a fault of the plan, not of the event
 */
export function createPlanChecker(plan: TrackingPlan): (event: PlannedEvent) => PlanVerdict {
  if (plan.mode === 'off') return () => NOTHING_PLANNED
  const tracks = new Map<string, ReadyEntry>()
  const others = new Map<EventType, ReadyEntry>()
  for (const { type, event, entry } of listEntries(plan)) {
    if (event === undefined) others.set(type, prepare(entry))
    else tracks.set(event, prepare(entry))
  }
  return (event) => {
    const entry = event.type === 'track' ? tracks.get(event.event ?? '') : others.get(event.type)
    if (entry !== undefined) return checkEntry(entry, event)
    return event.type === 'track' && plan.refuseUnplanned === true
      ? refuseUnplanned(event.event)
      : NOTHING_PLANNED
  }
}

/** An entry, ready for many events. */
interface ReadyEntry extends ReturnType<typeof schemaOf> {
  isGood: QuickCheck
  /** The verdict on every event that keeps to it. */
  passed: PlanVerdict
  version: string
}

function prepare(entry: PlanEntry): ReadyEntry {
  const { version } = entry
  const { field, schema } = schemaOf(entry)
  return {
    field,
    schema,
    version,
    isGood: createQuickCheck(schema),
    passed: { planVersion: version, violations: [] },
  }
}

function checkEntry(
  { field, schema, version, isGood, passed }: ReadyEntry,
  event: PlannedEvent,
): PlanVerdict {
  const value = event[field] ?? {}
  if (isGood(value)) return passed
  const result = schema.safeParse(value)
  if (result.success) return passed
  const violations = result.error.issues
    .slice(0, MAX_VIOLATIONS)
    .map((issue) => describeIssue(issue, field, value))
  return { planVersion: version, violations }
}

function describeIssue(issue: z.core.$ZodIssue, field: string, value: object): Violation {
  // An unknown key is reported at the object that holds it.
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const steps = [...issue.path, ...keys]
  const found = describeFound(follow(value, steps))
  return {
    path: cut([field, ...steps.map(String)].join('.'), MAX_PATH_LENGTH),
    rule: issue.code,
    found,
    message: cut(`${describeExpected(issue)}, found ${found}`, MAX_MESSAGE_LENGTH),
  }
}

function refuseUnplanned(event: string | undefined): PlanVerdict {
  const found = describeFound(event)
  const message = `the tracking plan has no event ${found}`
  return { violations: [{ path: 'event', rule: 'unplanned_event', found, message }] }
}

function follow(value: unknown, steps: readonly PropertyKey[]): unknown {
  let current = value
  for (const step of steps) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<PropertyKey, unknown>)[step]
  }
  return current
}

function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return cut(JSON.stringify(value), MAX_FOUND_LENGTH)
}

/** Valid Unicode, though a key may be none and a cut may go through a character. */
function cut(text: string, maxLength: number): string {
  return (text.length > maxLength ? `${text.slice(0, maxLength)}…` : text).toWellFormed()
}
