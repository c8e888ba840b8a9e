/** Makes the queues and the bucket that are not there. */

import type { RunResult } from '../wrangler/run.ts'
import { isTaken, NO_LOGIN, whyNot } from '../wrangler/words.ts'
import { runIn } from './effects.ts'
import type { Place } from './facts.ts'
import { type Step, type StepContext, StepFailure } from './step.ts'
import { showCommand } from './wrangler-commands.ts'

/** One after the other: a queue that is named as a dead-letter queue has to be there first. */
export const makePlaces: Step = async (context) => {
  const { create } = context.plan
  for (const place of create) await makePlace(place, context)
  const { length } = context.prepared.facts.places
  return create.length === 0 ? `ok, all ${length} are there` : `ok, made ${create.length} of ${length}`
}

async function makePlace(place: Place, { prepared, options, effects, say }: StepContext): Promise<void> {
  const run = runIn(options, effects)
  const command = prepared.commands.create(place)
  const result = await run(command)
  if (result.code === 0) return say(`made the ${place.kind} ${place.name}`)
  options.signal.throwIfAborted()
  // Somebody made it meanwhile, or a run that was cut off did; or it is not ours.
  const isThere = isTaken(result) && (await run(prepared.commands.info(place))).code === 0
  if (isThere) return say(`the ${place.kind} ${place.name} is there`)
  const message = `the ${place.kind} ${place.name} could not be made: ${whyNot(result)}`
  throw new StepFailure(message, mendOf(place, result, showCommand(command, options.wrangler)))
}

function mendOf({ kind }: Place, result: RunResult, command: string): string {
  const text = `${result.stderr}\n${result.stdout}`
  const field = kind === 'bucket' ? 'bucket_name' : 'queue'
  if (isTaken(result))
    return `the name is taken, and not by what this account can see: write another ${field} into wrangler.toml`
  if (/limit|quota|maximum/i.test(text))
    return `delete what nobody needs (\`npx wrangler ${kind === 'bucket' ? 'r2 bucket' : 'queues'} list\`), or ask Cloudflare for more`
  if (/enable R2/i.test(text))
    return 'enable R2 for the account, once, at https://dash.cloudflare.com/?to=/:account/r2'
  if (whyNot(result) === NO_LOGIN)
    return 'give the token Queues and Workers R2 Storage with Edit, at https://dash.cloudflare.com/profile/api-tokens'
  return `see what it says: \`${command}\``
}
