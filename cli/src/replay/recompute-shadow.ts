/** Computes in the shadow all that follows from its events, until nothing is left to do. */

import { type RecomputeOptions, recompute } from '@millrace/schemas/recompute'
import type { Database } from './databases.ts'

/** What it works with. */
export interface RecomputeShadowEffects {
  sleep: (ms: number) => Promise<unknown>
  /** Told in a sentence how far it is. */
  note: (message: string) => void
}

/** Runs until nothing is behind. Idempotent. */
export async function recomputeShadow(
  shadow: Database,
  options: RecomputeOptions,
  { sleep, note }: RecomputeShadowEffects,
): Promise<void> {
  const effects = {
    ...shadow,
    randomId: () => crypto.randomUUID(),
    sleep: async (ms: number) => void (await sleep(ms)),
    // Nobody else works here: what has begun was cut off, and every insert had ended.
    patienceMs: 0,
    overlapSeconds: 0,
    log: () => {},
  }
  for (let runs = 1; ; runs++) {
    const { isBehind, minutes, sessions } = await recompute(effects, options)
    if (!isBehind) return
    note(`computed ${minutes} minutes and ${sessions} sessions in run ${runs}, and there is more to do`)
  }
}
