/** Waits till the deployed Worker answers at its address. */

import { createAskCollector, describeAnswer } from '../doctor/ask-collector.ts'
import { formatDuration } from './progress.ts'
import { type Step, StepFailure } from './step.ts'

/** A new name under workers.dev takes a minute, a certificate for an own domain some. */
const PATIENCE_MS = 180_000
const PAUSE_MS = 2_000

/** After so long it is said that it is waited for. */
const QUIET_MS = 6_000

/** Waits for it. Where the best address stays silent and another answers, that one is the door of the proof. */
export const waitForDoor: Step = async ({ options, effects, state, say }) => {
  const [address, ...others] = state.addresses
  if (address === undefined) {
    const mend = 'name it: `millrace deploy --url https://...`; it is that of your route'
    throw new StepFailure('wrangler named no address of the Worker', mend, { isLate: true })
  }
  const askDoor = async (door: string): Promise<string | undefined> => {
    const answer = await createAskCollector(door, effects, options.signal)('/health')
    options.signal.throwIfAborted()
    const isOpen = answer.kind === 'answered' && answer.status === 200 && answer.body['status'] === 'ok'
    return isOpen ? undefined : describeAnswer(answer)
  }
  const beganAt = effects.now()
  let isSaid = false
  for (;;) {
    const why = await askDoor(address)
    const tookMs = effects.now() - beganAt
    if (why === undefined) {
      state.door = address
      return `ok, ${address} answers after ${formatDuration(tookMs)}`
    }
    if (tookMs >= PATIENCE_MS) {
      state.door = await findOpen(others, askDoor)
      if (state.door === undefined) throw unanswered(address, why)
      return `${state.door} answers; ${address} does not yet (${why}), and may take some minutes more`
    }
    if (!isSaid && tookMs >= QUIET_MS) {
      isSaid = true
      say(
        `${address} does not answer yet; a new name takes a minute or two, waiting up to ${PATIENCE_MS / 1_000} s`,
      )
    }
    await effects.sleep(PAUSE_MS)
  }
}

async function findOpen(
  doors: readonly string[],
  askDoor: (door: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const door of doors) if ((await askDoor(door)) === undefined) return door
  return undefined
}

function unanswered(address: string, why: string): StepFailure {
  const says = `${address} does not answer as a collector after ${PATIENCE_MS / 1_000} s: ${why}`
  const mend = `see whether it is only the name or certificate (\`curl ${address}/health\`) and what the Worker says: \`npx wrangler tail\`; --url names another address`
  return new StepFailure(says, mend, { isLate: true })
}
