/** Compares two versions of a tracking plan: would the newer one take the events that the older one took? */

import type { Violation } from '../facts.ts'
import type { EventType, JsonObject } from '../wire.ts'
import { listCandidates } from './candidates.ts'
import { createPlanChecker, type PlannedEvent, type PlanVerdict } from './check-event.ts'
import { type Inclusion, type Obstacle, proveInclusion } from './inclusion.ts'
import { type ListedEntry, listEntries, type PlanEntry, schemaOf, type TrackingPlan } from './plan.ts'
import { readShape } from './read-shape.ts'
import { writeSchema } from './schema-text.ts'

/** Which entry a comparison is about. */
export interface ComparedEntry {
  type: EventType
  /** Only for `track`. */
  event?: string
}

/** Entry of both plans; the versions are those of the older and the newer one. */
interface Both extends ComparedEntry {
  before: string
  after: string
}

/** What became of an entry. */
export type EntryComparison =
  /** The same events pass. */
  | (Both & { result: 'unchanged' })
  | (ComparedEntry & { result: 'added'; after: string })
  | (ComparedEntry & {
      result: 'removed'
      before: string
      /** Whether the newer plan quarantines events without an entry. */
      breaksOldEvents: boolean
    })
  /** Proved: every event that the older schema takes, the newer one takes. */
  | (Both & {
      result: 'compatible'
      /** Paths of optional fields that the older schema let through unread; one of another kind is refused now. */
      newFields: string[]
    })
  /** Shown: the older schema takes this event, the newer one refuses it. */
  | (Both & { result: 'breaking'; counterExample: PlannedEvent; violations: Violation[] })
  /** Neither proved nor disproved. */
  | (Both & {
      result: 'undecided'
      obstacles: Obstacle[]
      /** Whether the schemas are alike but for checks whose text cannot be read. */
      looksSame: boolean
    })

/** How two versions of a plan compare. */
export interface PlanComparison {
  /** Entries of the newer plan in its order, then those that were removed. */
  entries: EntryComparison[]
  /** Changes of the plan itself that concern older events, as sentences. */
  notes: string[]
}

/** Most obstacles that are told of one entry. */
const MAX_OBSTACLES = 10

/**
 * Compares two versions of a plan, entry by entry. Every counter-example was run through both schemas, and whatever is
 * `compatible` is proved. A refinement or transform counts as the same when its source text is the same.
 */
export function comparePlans(before: TrackingPlan, after: TrackingPlan): PlanComparison {
  const olds = new Map(listEntries(before).map((listed) => [keyOf(listed), listed]))
  const news = listEntries(after)
  const keys = new Set(news.map(keyOf))
  const kept = news.map((listed) => compareListed(olds.get(keyOf(listed)), listed))
  const removed = [...olds.values()].filter((listed) => !keys.has(keyOf(listed)))
  return {
    entries: [...kept, ...removed.map((listed) => describeRemoved(listed, after))],
    notes: describePlanChange(before, after),
  }
}

function keyOf({ type, event }: ComparedEntry): string {
  return `${type}:${event ?? ''}`
}

function compareListed(old: ListedEntry | undefined, { entry, ...name }: ListedEntry): EntryComparison {
  return old === undefined
    ? { ...name, result: 'added', after: entry.version }
    : compareEntries(name, old.entry, entry)
}

function describeRemoved({ entry, ...name }: ListedEntry, after: TrackingPlan): EntryComparison {
  const breaksOldEvents = name.type === 'track' && after.mode === 'enforce' && after.refuseUnplanned === true
  return { ...name, result: 'removed', before: entry.version, breaksOldEvents }
}

function describePlanChange(before: TrackingPlan, after: TrackingPlan): string[] {
  const modes = [before.mode ?? 'warn', after.mode ?? 'warn']
  const isStricter = after.refuseUnplanned === true && before.refuseUnplanned !== true
  return [
    ...(modes[0] !== modes[1] ? [`the mode goes from ${modes[0]} to ${modes[1]}`] : []),
    ...(isStricter ? ['track events without an entry now break the plan'] : []),
  ]
}

/** Compares the two versions of one entry. */
function compareEntries(name: ComparedEntry, before: PlanEntry, after: PlanEntry): EntryComparison {
  const both: Both = { ...name, before: before.version, after: after.version }
  const { field, schema: old } = schemaOf(before)
  const { schema: young } = schemaOf(after)
  const [oldText, newText] = [writeSchema(old), writeSchema(young)]
  const isSameText = oldText.text === newText.text
  if (isSameText && oldText.isComplete) return { ...both, result: 'unchanged' }

  const [oldShape, newShape] = [readShape(old), readShape(young)]
  const found = search(name, before, after, listCandidates(oldShape, newShape) as JsonObject[])
  if (found !== undefined) return { ...both, result: 'breaking', ...found }

  const forward = proveInclusion(oldShape, newShape, field)
  if (forward.obstacles.length > 0) {
    const obstacles = forward.obstacles.slice(0, MAX_OBSTACLES)
    return { ...both, result: 'undecided', obstacles, looksSame: isSameText }
  }
  const backward = proveInclusion(newShape, oldShape, field)
  if (isEqual(forward) && isEqual(backward)) return { ...both, result: 'unchanged' }
  const newFields = forward.newFields.filter(({ isAny }) => !isAny).map(({ path }) => path)
  return { ...both, result: 'compatible', newFields }
}

/** Written otherwise, but nothing was proved to differ. */
function isEqual({ obstacles, newFields }: Inclusion): boolean {
  return obstacles.length === 0 && newFields.length === 0
}

/** The plainest event that the older entry takes and the newer refuses. */
function search(
  name: ComparedEntry,
  before: PlanEntry,
  after: PlanEntry,
  candidates: readonly JsonObject[],
): { counterExample: PlannedEvent; violations: Violation[] } | undefined {
  const [checkOld, checkNew] = [createEntryChecker(name, before), createEntryChecker(name, after)]
  const { field } = schemaOf(before)
  const refused = candidates.flatMap((candidate) => {
    const counterExample: PlannedEvent = { ...name, [field]: candidate }
    if (checkOld(counterExample)?.violations.length !== 0) return []
    const violations = checkNew(counterExample)?.violations ?? []
    return violations.length === 0
      ? []
      : [{ counterExample, violations, size: JSON.stringify(candidate).length }]
  })
  const [plainest] = refused.sort((a, b) => a.violations.length - b.violations.length || a.size - b.size)
  return plainest && { counterExample: plainest.counterExample, violations: plainest.violations }
}

/** Checks as the collector does; `undefined` when a schema throws, which proves nothing. */
function createEntryChecker(name: ComparedEntry, entry: PlanEntry) {
  const entries = name.event === undefined ? { [name.type]: entry } : { events: { [name.event]: entry } }
  const check = createPlanChecker({ mode: 'enforce', ...entries } as TrackingPlan)
  return (event: PlannedEvent): PlanVerdict | undefined => {
    try {
      return check(event)
    } catch {
      return undefined // the plan's own fault
    }
  }
}
