/** Versions of plan entries, `MODEL-REVISION-ADDITION`, and what a change asks of them. Source: SchemaVer (Snowplow). */

import type { EntryComparison } from './compatibility.ts'

/** How a version moved; the name of the highest part that rose. */
export type VersionStep = 'same' | 'lowered' | 'addition' | 'revision' | 'model'

const PARTS = ['model', 'revision', 'addition'] as const

/** Compares two versions, both as `definePlan` takes them. */
export function compareVersions(before: string, after: string): VersionStep {
  const [one, other] = [before.split('-').map(Number), after.split('-').map(Number)]
  const index = PARTS.findIndex((_, part) => one[part] !== other[part])
  if (index < 0) return 'same'
  return (other[index] ?? 0) > (one[index] ?? 0) ? (PARTS[index] ?? 'same') : 'lowered'
}

/** What is said about a compared entry in the end. */
export interface Ruling {
  verdict: 'fine' | 'refused' | 'undecided'
  /** Which rule was broken, as sentences for a person; empty when fine. */
  problems: string[]
}

/**
 * Decides whether a change may be made: a changed schema needs a higher version, one that older events would break a
 * higher REVISION (some would) or MODEL (all might), and even then it is refused unless `allowBreaking` is set.
 */
export function ruleOnChange(entry: EntryComparison, { allowBreaking }: { allowBreaking: boolean }): Ruling {
  if (entry.result === 'added') return { verdict: 'fine', problems: [] }
  if (entry.result === 'removed') return ruleOnRemoval(entry, allowBreaking)
  const step = compareVersions(entry.before, entry.after)
  const versions = checkVersion(entry, step)
  const breaks = entry.result === 'breaking' ? checkBreaking(entry.before, step, allowBreaking) : []
  const problems = [...versions, ...breaks]
  if (problems.length > 0) return { verdict: 'refused', problems }
  return { verdict: entry.result === 'undecided' ? 'undecided' : 'fine', problems }
}

function ruleOnRemoval({ breaksOldEvents }: { breaksOldEvents: boolean }, allowBreaking: boolean): Ruling {
  if (!breaksOldEvents || allowBreaking) return { verdict: 'fine', problems: [] }
  const why = 'the plan refuses events without an entry, so older ones would be refused'
  return { verdict: 'refused', problems: [`${why}: give --allow-breaking if that is meant`] }
}

function checkVersion(
  entry: EntryComparison & { before: string; after: string },
  step: VersionStep,
): string[] {
  if (step === 'lowered') return [`the version must not fall (${entry.before} → ${entry.after})`]
  const isChanged = entry.result === 'compatible' || (entry.result === 'undecided' && !entry.looksSame)
  if (!isChanged || step !== 'same') return []
  const rise = `the schema changed, so the version must rise (it is still ${entry.after})`
  return [entry.result === 'compatible' ? `${rise}: raise ADDITION to ${raise(entry.before, 2)}` : rise]
}

/** What is still to be done before older events may break. */
function checkBreaking(before: string, step: VersionStep, allowBreaking: boolean): string[] {
  const isRaised = step === 'model' || step === 'revision'
  if (isRaised && allowBreaking) return []
  const raised = `raise REVISION to ${raise(before, 1)} or MODEL to ${raise(before, 0)}`
  const steps = [
    ...(isRaised ? [] : [raised]),
    ...(allowBreaking ? [] : [isRaised ? 'give --allow-breaking if that is meant' : 'give --allow-breaking']),
  ]
  return [`older events would be refused: ${steps.join(' and ')}`]
}

/** The version with one part, by its place, one higher, and those after it 0. */
function raise(version: string, place: number): string {
  const parts = version.split('-').map(Number)
  return parts.map((part, index) => (index < place ? part : index === place ? part + 1 : 0)).join('-')
}
