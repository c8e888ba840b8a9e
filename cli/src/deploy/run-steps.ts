/** Carries the steps of a deployment out, one after the other, and tells what became of each. */

import { hideValues } from '../doctor/finding.ts'
import { applyMigrations } from './apply-migrations.ts'
import { nameSecrets } from './collect-secrets.ts'
import { waitForDoor } from './front-door.ts'
import { listHidden } from './hidden.ts'
import { keepPlan } from './keep-plan.ts'
import { makePlaces } from './make-places.ts'
import type { StepPrinter } from './progress.ts'
import { prove } from './prove.ts'
import { sendWorker } from './send-worker.ts'
import { type Step, type StepContext, StepFailure } from './step.ts'
import { STEP_TITLES, type StepTitle } from './titles.ts'

/** Those after the checks. */
const STEPS: Record<Exclude<StepTitle, 'checks'>, Step> = {
  'queues and bucket': makePlaces,
  'tables of ClickHouse': applyMigrations,
  secrets: nameSecrets,
  Worker: sendWorker,
  'front door': waitForDoor,
  proof: prove,
  'tracking plan': keepPlan,
}

/** What became of a step. */
export interface StepReport {
  title: StepTitle
  state: 'done' | 'failed' | 'left'
  says: string
  ms: number
}

/**
 * Runs them, adding to `steps` what became of each. Resolves with whether one failed that comes after the deployment itself.
 *
 * @throws StepFailure when the deployment did not come to its end; the signal's own error when it was interrupted
 */
export async function runSteps(
  context: StepContext,
  printer: StepPrinter,
  steps: StepReport[],
): Promise<boolean> {
  const { options, effects } = context
  let hasLate = false
  for (const [title, step] of Object.entries(STEPS) as [Exclude<StepTitle, 'checks'>, Step][]) {
    options.signal.throwIfAborted()
    printer.begin(title)
    const beganAt = effects.now()
    const note = (state: 'done' | 'failed', says: string) =>
      void steps.push({ title, state, says, ms: effects.now() - beganAt })
    try {
      const says = await step(context)
      printer.end(says)
      note('done', says)
    } catch (error) {
      const says = error instanceof StepFailure ? hide(error.message, context) : endOf(options.signal)
      note('failed', says)
      printer.end(error instanceof StepFailure ? `FAILED: ${says}` : says)
      if (error instanceof StepFailure) printer.say(`-> ${hide(error.mend, context)}`)
      if (!(error instanceof StepFailure) || !error.isLate) throw error
      hasLate = true
    }
  }
  return hasLate
}

/** Of a step that ended by no failure of its own. */
function endOf({ aborted }: AbortSignal): string {
  return aborted ? 'interrupted' : 'FAILED'
}

/** Nothing that an error quoted may tell a secret. */
function hide(text: string, { prepared, state }: StepContext): string {
  return hideValues(text, listHidden(prepared, state))
}

/** What is done and what is left of a deployment that did not come to its end, ending with a newline. */
export function describeLeft(steps: readonly StepReport[], isInterrupted: boolean): string {
  const done = steps.filter(({ state }) => state === 'done').map(({ title }) => title)
  const left = STEP_TITLES.slice(1).filter((title) => !(done as readonly string[]).includes(title))
  const head = isInterrupted ? 'Interrupted.' : 'Not deployed to its end.'
  const what = `Done: ${done.join(', ') || 'nothing'}. Left: ${left.join(', ')}.`
  return `${head} ${what} Run it again: it goes on, and does nothing twice.\n`
}
