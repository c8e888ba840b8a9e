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
 * higher MODEL or REVISION, and even then it is refused unless `allowBreaking` is set and MODEL rose.
 */
export function ruleOnChange(entry: EntryComparison, { allowBreaking }: { allowBreaking: boolean }): Ruling {
  if (entry.result === 'added') return { verdict: 'fine', problems: [] }
  if (entry.result === 'removed') return ruleOnRemoval(entry, allowBreaking)
  const step = compareVersions(entry.before, entry.after)
  const versions = checkVersion(entry, step)
  const breaks = entry.result === 'breaking' ? checkBreaking(step, allowBreaking) : []
  const problems = [...versions, ...breaks]
  if (problems.length > 0) return { verdict: 'refused', problems }
  return { verdict: entry.result === 'undecided' ? 'undecided' : 'fine', problems }
}

function ruleOnRemoval({ breaksOldEvents }: { breaksOldEvents: boolean }, allowBreaking: boolean): Ruling {
  if (!breaksOldEvents || allowBreaking) return { verdict: 'fine', problems: [] }
  return {
    verdict: 'refused',
    problems: ['the plan refuses events without an entry, so older ones would be refused'],
  }
}

function checkVersion(
  entry: EntryComparison & { before: string; after: string },
  step: VersionStep,
): string[] {
  const versions = `${entry.before} → ${entry.after}`
  if (step === 'lowered') return [`the version must not fall (${versions})`]
  const isChanged =
    entry.result === 'compatible' ||
    entry.result === 'breaking' ||
    (entry.result === 'undecided' && !entry.looksSame)
  if (isChanged && step === 'same')
    return [`the schema changed, so the version must rise (it is still ${entry.after})`]
  if (entry.result === 'breaking' && step === 'addition')
    return [`a change that breaks older events needs a higher MODEL or REVISION (${versions})`]
  return []
}

function checkBreaking(step: VersionStep, allowBreaking: boolean): string[] {
  if (!allowBreaking) return ['older events would be refused']
  return step === 'model' ? [] : ['--allow-breaking takes a change only when MODEL rises']
}
