/** The tracking plans of a deployment as they are kept in its bucket, and how the next one compares. */

import type { MillraceConfig } from '@millrace/schemas/config'
import { readStoredPlan, type StoredPlan, storePlan, type TrackingPlan } from '@millrace/schemas/plan'
import { toJson } from '../output.ts'
import { checkStoredPlans } from '../plan/check.ts'
import type { PlanFacts } from './facts.ts'

/** Rises when the form of the file changes. */
const VERSION = 1

/** What to call the plans that it is compared with. */
const AGAINST = 'what is deployed'

/** The file: for each source with a plan. That of development is not deployed. The same plans give the same text. */
export function writePlanFile(config: MillraceConfig): string {
  const entries = [...plansOf(config)].map(([name, plan]) => [name, storePlan(plan)] as const)
  return toJson({ version: VERSION, sources: Object.fromEntries(entries) })
}

/** Compares the configuration with such a file; `undefined`: there is none. */
export function comparePlanFile(
  text: string | undefined,
  config: MillraceConfig,
  allowBreaking: boolean,
): PlanFacts {
  if (text === undefined) return { state: 'first' }
  const before = readPlanFile(text)
  if (before === undefined)
    return { state: 'unreadable', why: 'it is no plan that this release of Millrace reads' }
  const report = checkStoredPlans(before, plansOf(config), { against: AGAINST, allowBreaking })
  return { state: text === writePlanFile(config) ? 'same' : 'changed', report }
}

function plansOf({ sources }: MillraceConfig): Map<string, TrackingPlan> {
  const named = sources.map(({ name, plan }) => [name, plan] as const)
  return new Map(named.filter((entry): entry is [string, TrackingPlan] => entry[1] !== undefined))
}

function readPlanFile(text: string): Map<string, StoredPlan> | undefined {
  try {
    const { version, sources } = JSON.parse(text) as { version?: unknown; sources?: unknown }
    if (version !== VERSION || typeof sources !== 'object' || sources === null) return undefined
    const plans = Object.entries(sources).map(([name, plan]) => [name, readStoredPlan(plan)] as const)
    const read = plans.filter((entry): entry is [string, StoredPlan] => entry[1] !== undefined)
    return read.length === plans.length ? new Map(read) : undefined
  } catch {
    return undefined // no JSON
  }
}
