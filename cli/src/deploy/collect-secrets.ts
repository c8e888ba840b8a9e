/** Asks for the secrets that nobody knows, and makes those that may be any random text. Before anything is done. */

import type { WantedSecret } from './facts.ts'
import { type Step, type StepContext, StepFailure } from './step.ts'

/** How often a question is put that gets no answer. */
const MAX_ASKED = 3

/** Asks for all of them, on a terminal; without one the plan has refused to begin. */
export async function collectSecrets(context: StepContext): Promise<void> {
  for (const secret of context.plan.ask) await collect(secret, context)
}

async function collect(secret: WantedSecret, { options, effects, state }: StepContext): Promise<void> {
  const { name, path, canMake } = secret
  if (canMake && options.isYes) return make(name)
  const hint = canMake ? 'Enter alone makes one' : 'what you type is not shown'
  for (let asked = 0; asked < MAX_ASKED; asked++) {
    const value = (await effects.askSecret(`${name} (${path}; ${hint}):`)).trim()
    if (value !== '') return void state.given.set(name, value)
    if (canMake) return make(name)
  }
  throw new StepFailure(`there is no value for ${name}`, `set ${name} in the environment, or type it`)

  function make(wanted: string): void {
    state.given.set(wanted, effects.makeSecret())
    state.made.push(wanted)
  }
}

/** All that go up with the Worker, by name. */
export function secretsToSend({ prepared, plan, state }: StepContext): Record<string, string> {
  const known = plan.send.map((name) => [name, prepared.values.get(name) ?? ''] as const)
  return Object.fromEntries([...known, ...state.given])
}

/** Says which go up; they land together with the code. */
export const nameSecrets: Step = async (context) => {
  const names = Object.keys(secretsToSend(context))
  const { set } = context.prepared.facts.secrets
  if (names.length === 0) return `ok, all ${set?.size ?? 0} are set`
  const shown = names.map((name) => (context.state.made.includes(name) ? `${name} (made)` : name))
  return `ok, ${shown.join(', ')} ${names.length === 1 ? 'goes' : 'go'} up with the Worker`
}
