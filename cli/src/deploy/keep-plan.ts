/** Keeps the tracking plans of what is deployed, so that the next deployment can be compared with them. */

import { whyNot } from '../wrangler/words.ts'
import { runIn } from './effects.ts'
import { writePlanFile } from './plan-file.ts'
import { type Step, StepFailure } from './step.ts'
import { PLAN_KEY } from './wrangler-commands.ts'

/** Keeps them in the bucket. */
export const keepPlan: Step = async ({ prepared, plan, options, effects }) => {
  if (!plan.keepsPlan) return 'ok, the same as before'
  const bucket = prepared.facts.places.find(({ kind }) => kind === 'bucket')
  if (bucket === undefined)
    throw new StepFailure('wrangler.toml names no bucket', 'bind LAKE', { isLate: true })
  const stdin = writePlanFile(prepared.config)
  const result = await runIn(options, effects)(prepared.commands.writePlan(bucket), { stdin })
  options.signal.throwIfAborted()
  if (result.code === 0) return `ok, kept as ${bucket.name}/${PLAN_KEY}`
  const mend = 'run it again; till then the next deployment is compared with the plan before'
  throw new StepFailure(`the plan could not be kept: ${whyNot(result)}`, mend, { isLate: true })
}
