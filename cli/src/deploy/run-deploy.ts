/** Runs a deployment: checks, then each step in its order. */

import { type Finding, hideSecrets } from '../doctor/finding.ts'
import { countFindings, plural } from '../doctor/report.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED } from '../exit-codes.ts'
import { Interrupted } from '../init/questions.ts'
import { describeLoss } from '../migrate/report.ts'
import { keyOfLoss } from './apply-migrations.ts'
import { collectSecrets } from './collect-secrets.ts'
import { type DeployPlan, planDeploy } from './decide.ts'
import { buildReport, type DeployReport } from './deploy-report.ts'
import type { DeployEffects, DeployOptions } from './effects.ts'
import { listHidden } from './hidden.ts'
import { createStepPrinter, formatDuration, type StepPrinter } from './progress.ts'
import { type Prepared, prepare } from './read-facts.ts'
import { formatDryRun, formatMade, formatPlanCheck, formatShown, formatSummary } from './report.ts'
import { describeLeft, runSteps, type StepReport } from './run-steps.ts'
import { type DeployState, type StepContext, StepFailure } from './step.ts'
import { STEP_TITLES } from './titles.ts'

/** Where it is told. */
export interface DeployOutput {
  /** Steps and texts for people. */
  write: (text: string) => void
  /** For keys that were made: a terminal, never a file or a log. */
  writeSecret: (text: string) => void
}

/** Runs it. @throws UsageError when a file that was typed is not there */
export async function runDeploy(
  options: DeployOptions,
  effects: DeployEffects,
  output: DeployOutput,
): Promise<DeployReport> {
  const beganAt = effects.now()
  const printer = createStepPrinter(output.write, STEP_TITLES.length)
  const run: Run = { options, effects, output, printer, steps: [], beganAt }
  try {
    return await runChecked(run)
  } catch (error) {
    if (!options.signal.aborted && !(error instanceof Interrupted)) throw error
    output.write('\nmillrace: interrupted before anything was done\n')
    return reportOf(run, { exitCode: EXIT_INTERRUPTED })
  }
}

interface Run {
  options: DeployOptions
  effects: DeployEffects
  output: DeployOutput
  printer: StepPrinter
  steps: StepReport[]
  beganAt: number
}

async function runChecked(run: Run): Promise<DeployReport> {
  const { options, effects, output, printer } = run
  printer.begin(STEP_TITLES[0])
  const preparation = await prepare(options, effects, printer.say)
  options.signal.throwIfAborted()
  if (preparation.prepared === undefined) {
    const problems = preparation.findings.filter(({ state }) => state === 'problem' || state === 'unknown')
    printer.end(describeProblems(problems))
    output.write(formatShown(problems))
    return reportOf(run, { exitCode: EXIT_FAILED, problems })
  }
  const { prepared } = preparation
  const plan = hidden(planDeploy(prepared.facts, prepared.bindings, options), prepared)
  const isStopped = plan.problems.length > 0
  printer.end(
    isStopped ? describeProblems(plan.problems) : `ok (${formatDuration(effects.now() - run.beganAt)})`,
  )
  const shown = [...plan.problems, ...plan.warnings, ...(options.isDryRun ? plan.fine : [])]
  output.write(formatPlanCheck(prepared) + formatShown(shown))
  if (options.isDryRun) output.write(formatDryRun(prepared, plan, options))
  else if (isStopped) output.write('Nothing was done.\n')
  if (options.isDryRun || isStopped)
    return reportOf(run, { exitCode: isStopped ? EXIT_FAILED : 0, plan, prepared })
  return carryOut(run, prepared, plan)
}

/** What is behind the title of the checks; what it is about is told below it. */
function describeProblems(findings: readonly Finding[]): string {
  const { problem } = countFindings(findings)
  if (problem === 0) return 'could not be made'
  return `${plural(problem, 'problem')} ${problem === 1 ? 'stands' : 'stand'} in the way`
}

/** Nothing that an error quoted may tell a secret. */
function hidden(plan: DeployPlan, prepared: Prepared): DeployPlan {
  const secrets = listHidden(prepared)
  return {
    ...plan,
    problems: hideSecrets(plan.problems, secrets),
    warnings: hideSecrets(plan.warnings, secrets),
  }
}

async function carryOut(run: Run, prepared: Prepared, plan: DeployPlan): Promise<DeployReport> {
  const { options, effects, output, printer } = run
  const state: DeployState = {
    ...{ given: new Map(), made: [], allowedLosses: new Set() },
    ...{ isSent: false, versionId: undefined, addresses: [], door: undefined },
  }
  const context: StepContext = { prepared, plan, options, effects, state, say: printer.say }
  let ended: 'done' | 'late' | 'failed' | 'interrupted' = 'done'
  try {
    if (!(await askFirst(context))) {
      output.write('Nothing was done.\n')
      return reportOf(run, { exitCode: EXIT_FAILED, plan, prepared, state })
    }
    if (await runSteps(context, printer, run.steps)) ended = 'late'
  } catch (error) {
    ended = options.signal.aborted || error instanceof Interrupted ? 'interrupted' : 'failed'
    if (ended === 'failed' && !(error instanceof StepFailure)) throw error
    output.write(describeLeft(run.steps, ended === 'interrupted'))
  } finally {
    if (state.isSent) output.writeSecret(formatMade(state, ended === 'done' || ended === 'late'))
  }
  const tookMs = effects.now() - run.beganAt
  if (ended === 'late') output.write('The deployment itself is done; what failed is said above.\n')
  if (ended === 'done' || ended === 'late')
    output.write(formatSummary(prepared, state, { choice: options, tookMs }))
  const exitCode = { done: 0, late: EXIT_FAILED, failed: EXIT_FAILED, interrupted: EXIT_INTERRUPTED }[ended]
  return reportOf(run, { exitCode, plan, prepared, state })
}

/** Every question comes before the first effect: what may be lost, and secrets that nobody knows. */
async function askFirst(context: StepContext): Promise<boolean> {
  const { prepared, options, effects, state } = context
  const { warehouse } = prepared.facts
  const statements = warehouse.state === 'known' ? warehouse.statements : []
  for (const { loss } of statements) {
    if (loss === undefined || options.isYes) continue
    if (!(await effects.confirm(`${describeLoss(loss)}. They cannot be had back.`))) return false
    state.allowedLosses.add(keyOfLoss(loss))
  }
  await collectSecrets(context)
  return true
}

function reportOf(
  { options, effects, steps, beganAt }: Run,
  end: Omit<Parameters<typeof buildReport>[1], 'isDryRun' | 'tookMs'>,
): DeployReport {
  return buildReport(steps, { ...end, isDryRun: options.isDryRun, tookMs: effects.now() - beganAt })
}
