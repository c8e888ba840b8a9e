/** Brings the tables of ClickHouse to this release: before the Worker, whose consumers write their new columns. */

import { LossRefused } from '@millrace/schemas/migrations'
import { type Step, StepFailure } from './step.ts'

/** What a loss is called in the set of those that were said yes to. */
export function keyOfLoss({ origin, what }: { origin: string; what: string }): string {
  return `${origin}: ${what}`
}

/** Applies them. The Worker that is deployed goes on with the new tables. */
export const applyMigrations: Step = async ({ prepared, plan, options, state, say }) => {
  if (options.skipsMigrations) return 'skipped (--skip-migrations)'
  if (plan.migrations.length === 0) return 'ok, nothing is pending'
  let count = 0
  try {
    await prepared.warehouse.migrate({
      confirm: async (loss) => options.isYes || state.allowedLosses.has(keyOfLoss(loss)),
      onDone(step) {
        count += 1
        say(step.kind === 'migration' ? `applied ${step.name}` : `retention of ${step.table}: ${step.rules}`)
      },
      onWait: () => say('another run is at work, or ended without a word less than 30 s ago; waiting'),
    })
  } catch (error) {
    options.signal.throwIfAborted()
    if (!(error instanceof Error)) throw error
    const mend =
      error instanceof LossRefused
        ? 'run it again: it asks then'
        : 'run it again, which goes on where it ended; `npx millrace migrate status` says how far it is'
    throw new StepFailure(error.message, mend)
  }
  return `ok, ${count} applied`
}
