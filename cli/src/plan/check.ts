/** Compares the plans of two configurations source by source, and rules on every change. */

import {
  comparePlans,
  type EntryComparison,
  type Ruling,
  ruleOnChange,
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

/** No plan: it has no entries, and nothing is refused. */
const NO_PLAN: TrackingPlan = { mode: 'off' }

/** Compares all sources that have a plan in either configuration. */
export function checkPlans(
  before: SourcePlans,
  after: SourcePlans,
  { against, allowBreaking }: { against: string; allowBreaking: boolean },
): CheckReport {
  const names = [...new Set([...after.keys(), ...before.keys()])]
  const sources = names.map((source) =>
    checkSource(source, before.get(source), after.get(source), allowBreaking),
  )
  const count = (verdict: Ruling['verdict']) =>
    sources.flatMap(({ entries }) => entries).filter((entry) => entry.verdict === verdict).length
  return { against, sources, fine: count('fine'), refused: count('refused'), undecided: count('undecided') }
}

function checkSource(
  source: string,
  before: TrackingPlan | undefined,
  after: TrackingPlan | undefined,
  allowBreaking: boolean,
): CheckedSource {
  const { entries, notes } = comparePlans(before ?? NO_PLAN, after ?? NO_PLAN)
  const checked = entries.map((entry) => ({ ...entry, ...ruleOnChange(entry, { allowBreaking }) }))
  if (before === undefined) return { source, notes: ['it had no plan before'], entries: checked }
  if (after === undefined)
    return { source, notes: ['it has no plan any more: nothing is checked'], entries: checked }
  return { source, notes, entries: checked }
}

/** Exit code of a check: 0 nothing is refused, 1 something is, 3 nothing is refused but something is undecided. */
export function exitCodeOf({ refused, undecided }: CheckReport): number {
  if (refused > 0) return 1
  return undecided > 0 ? 3 : 0
}
