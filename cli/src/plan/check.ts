/** Compares the plans of two configurations source by source, and rules on every change. */

import {
  comparePlans,
  compareStored,
  type EntryComparison,
  type PlanComparison,
  type Ruling,
  ruleOnChange,
  type StoredPlan,
  storePlan,
  type TrackingPlan,
} from '@millrace/schemas/plan'
import type { SourcePlans } from '../load-config.ts'

/** An entry, how it compares, and what follows. */
export type CheckedEntry = EntryComparison & Ruling

/** The plan of one source. */
export interface CheckedSource {
  source: string
  /** What changed for the plan as a whole, as sentences. */
  notes: string[]
  entries: CheckedEntry[]
}

/** Outcome of a check; the numbers count entries. */
export interface CheckReport {
  /** What the present plan was compared with. */
  against: string
  sources: CheckedSource[]
  fine: number
  refused: number
  undecided: number
}

/** What was chosen. */
export interface CheckChoice {
  /** What to call the older plans. */
  against: string
  allowBreaking: boolean
}

/** No plan: it has no entries, and nothing is refused. */
const NO_PLAN: TrackingPlan = { mode: 'off' }

/** Compares all sources that have a plan in either configuration. */
export function checkPlans(before: SourcePlans, after: SourcePlans, choice: CheckChoice): CheckReport {
  return check(before, after, choice, (older, newer) => comparePlans(older ?? NO_PLAN, newer ?? NO_PLAN))
}

/** The same with plans that were kept as data. */
export function checkStoredPlans(
  before: ReadonlyMap<string, StoredPlan>,
  after: SourcePlans,
  choice: CheckChoice,
): CheckReport {
  return check(before, after, choice, (older, newer) =>
    compareStored(older ?? storePlan(NO_PLAN), newer ?? NO_PLAN),
  )
}

function check<Before>(
  before: ReadonlyMap<string, Before>,
  after: SourcePlans,
  { against, allowBreaking }: CheckChoice,
  compare: (before: Before | undefined, after: TrackingPlan | undefined) => PlanComparison,
): CheckReport {
  const names = [...new Set([...after.keys(), ...before.keys()])]
  const sources = names.map((source): CheckedSource => {
    const [older, newer] = [before.get(source), after.get(source)]
    const { entries, notes } = compare(older, newer)
    const checked = entries.map((entry) => ({ ...entry, ...ruleOnChange(entry, { allowBreaking }) }))
    return { source, notes: describeSource(older, newer) ?? notes, entries: checked }
  })
  const count = (verdict: Ruling['verdict']) =>
    sources.flatMap(({ entries }) => entries).filter((entry) => entry.verdict === verdict).length
  return { against, sources, fine: count('fine'), refused: count('refused'), undecided: count('undecided') }
}

function describeSource(before: unknown, after: unknown): string[] | undefined {
  if (before === undefined) return ['it had no plan before']
  return after === undefined ? ['it has no plan any more: nothing is checked'] : undefined
}

/** Exit code of a check: 0 nothing is refused, 1 something is, 3 nothing is refused but something is undecided. */
export function exitCodeOf({ refused, undecided }: CheckReport): number {
  if (refused > 0) return 1
  return undecided > 0 ? 3 : 0
}
