/** What a seed is about: how much goes wrong, how long it lasts, and who sends. */

import { createRandom } from '../world/random.ts'
import type { Client, FaultConfig } from '../world/world.ts'
import { createModelClient } from './model-client.ts'

/** The story of a seed. */
export interface Scenario {
  faults: FaultConfig
  sources: readonly string[]
  spanMs: number
  /** Minutes between two runs of publishing. */
  lakeEveryMinutes: number
  clients: Client[]
}

const MINUTE = 60_000

/** Seeds of so many events have senders with large batches among theirs: most of the time otherwise goes into small files. */
const LARGE = 5_000

/** The scenario of a seed with about so many events. */
export function createScenario(seed: number, events: number): Scenario {
  const random = createRandom(seed).fork('scenario')
  // Some seeds are calm, so that one fault alone is seen; some are wild.
  const level = random.pick([0.2, 0.5, 1, 1, 2])
  const spanMs = random.pick([10, 20, 40, 60]) * MINUTE
  const sources = random.chance(0.5) ? ['shop'] : ['shop', 'blog']
  const count =
    (events >= LARGE ? 3 : Math.min(8, Math.max(2, Math.round(events / 500)))) + random.integer(0, 3)
  const clients = Array.from({ length: count }, (_, index) =>
    createModelClient({
      name: `c${index}`,
      source: random.pick(sources),
      events: Math.max(5, Math.round(events / count)),
      spanMs,
      isNumbered: random.chance(0.4),
      cutsAnew: random.chance(0.3),
      tellsSentAt: random.chance(0.5),
      skewMs: [random.pick([0, 0, -7_200_000, 90_000, 3_600_000]), random.pick([0, 0, 600_000, -36_000_000])],
      flushAt: random.pick(events >= LARGE ? [200, 500, 500, 500] : [20]),
      flushMs: random.pick(events >= LARGE ? [60_000, 120_000, 300_000] : [5_000]),
      ...(random.chance(0.2) ? { maxTries: random.integer(1, 4) } : {}),
    }),
  )
  return {
    sources,
    spanMs,
    clients,
    lakeEveryMinutes: random.pick([5, 10, 20]),
    faults: {
      crash: 0.004 * level,
      requestLost: 0.03 * level,
      answerLost: 0.03 * level,
      networkHang: 0.02 * level,
      duplicateDelivery: 0.05 * level,
      failure: 0.02 * level,
      failureLanded: 0.02 * level,
      hang: 0.01 * level,
      outagesAnHour: random.pick([0, 0.5, 1, 2]) * level,
      outageMs: [5_000, random.pick([60_000, 600_000, 3 * 3_600_000])],
      clockJumpsAnHour: random.pick([0, 0, 1, 3]),
      clockJumpMs: random.pick([2_000, 60_000, 600_000]),
    },
  }
}
