/** What `millrace deploy --json` prints. Pure. */

import type { Finding } from '../doctor/finding.ts'
import type { DeployPlan } from './decide.ts'
import type { Prepared } from './read-facts.ts'
import type { StepReport } from './run-steps.ts'
import type { DeployState } from './step.ts'
import { STEP_TITLES } from './titles.ts'

/** What `--json` prints. */
export interface DeployReport {
  isDryRun: boolean
  exitCode: number
  worker: string | undefined
  versionId: string | undefined
  addresses: readonly string[]
  problems: readonly Finding[]
  warnings: readonly Finding[]
  steps: readonly StepReport[]
  /** Of a dry run: what it would make, apply, send and ask for, by name. */
  plan: { create: string[]; migrations: string[]; secrets: string[]; keepsPlan: boolean } | undefined
  tookMs: number
}

/** The report of a run that ended like this. */
export function buildReport(
  steps: readonly StepReport[],
  end: {
    isDryRun: boolean
    exitCode: number
    tookMs: number
    problems?: readonly Finding[]
    plan?: DeployPlan
    prepared?: Prepared
    state?: DeployState
  },
): DeployReport {
  const { plan, prepared, state } = end
  const left = STEP_TITLES.slice(1).filter((title) => !steps.some((step) => step.title === title))
  return {
    isDryRun: end.isDryRun,
    exitCode: end.exitCode,
    worker: prepared?.facts.worker.name,
    versionId: state?.versionId,
    addresses: state?.addresses ?? [],
    problems: end.problems ?? plan?.problems ?? [],
    warnings: plan?.warnings ?? [],
    steps: [...steps, ...left.map((title): StepReport => ({ title, state: 'left', says: '', ms: 0 }))],
    plan: plan && {
      create: plan.create.map(({ kind, name }) => `${kind} ${name}`),
      migrations: plan.migrations,
      secrets: [...plan.send, ...plan.ask.map(({ name }) => name)],
      keepsPlan: plan.keepsPlan,
    },
    tookMs: end.tookMs,
  }
}
