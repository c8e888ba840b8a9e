/** Tries rates until the highest is found that the machine sustains. */

import { fitGrowthPerMinute, growthOfHalves } from './course.ts'
import type { Fleet } from './fleet.ts'
import { decideNextRate, FIRST_RATE, isSustained, type Step } from './ramp.ts'
import { mergeTimes, type Sampler } from './sampler.ts'
import type { LoadStack } from './stack/load-stack.ts'

/** What a rate is tried with. */
export interface RateSearch {
  stack: LoadStack
  fleet: Fleet
  sampler: Sampler
  report: (line: string) => void
}

/** Clients need some time to follow another rate. */
const SETTLE_MS = 5_000

const STEP_MS = 12_000

/**
 * A rate that is to be held for long is first held for two whole minutes, each with its run of the cron: within a minute the
 * backlog goes up with the jobs and down again, so that only minutes can be compared.
 */
const PROOF_MS = 120_000

/** What a rate that failed its proof is multiplied with; so often at most. */
const STEP_BACK = 0.85
const MAX_STEPS_BACK = 5

/** Longest wait for the backlog of a rate that was too high. */
const CALM_MS = 90_000

/** A cold Worker is slow: shares of a rate that come before it, and how long each. */
const WARM_UP_SHARES = [0.1, 0.3, 0.6]
const WARM_UP_MS = 5_000

/** Comes to a rate step by step. */
export async function warmUp(fleet: Pick<Fleet, 'setRate'>, rate: number): Promise<void> {
  for (const share of WARM_UP_SHARES) {
    fleet.setRate(rate * share)
    await pause(WARM_UP_MS)
  }
  fleet.setRate(rate)
  await pause(WARM_UP_MS)
}

/** The rate to hold, and what each that was tried came to. */
export async function findRate(search: RateSearch): Promise<{ rate: number; steps: Step[] }> {
  const steps: Step[] = []
  await warmUp(search.fleet, FIRST_RATE)
  for (;;) {
    const next = decideNextRate(steps)
    if (next.kind === 'hold') return { rate: await prove(search, next.rate, steps), steps }
    const step = await tryRate(search, next.rate, STEP_MS)
    steps.push(step)
    if (!isSustained(step)) await calmDown(search)
  }
}

async function prove(search: RateSearch, first: number, steps: Step[]): Promise<number> {
  let rate = first
  for (let back = 0; back < MAX_STEPS_BACK; back += 1) {
    const step = await tryRate(search, rate, PROOF_MS, growthOfHalves)
    steps.push(step)
    if (isSustained(step)) break
    await calmDown(search)
    rate = Math.round(rate * STEP_BACK)
  }
  return rate
}

async function tryRate(
  { fleet, sampler, report }: RateSearch,
  rate: number,
  durationMs: number,
  readGrowth = fitGrowthPerMinute,
): Promise<Step> {
  fleet.setRate(rate)
  await pause(SETTLE_MS)
  const from = sampler.samples.length
  await pause(durationMs)
  const samples = sampler.samples.slice(from)
  const [first, last] = [samples[0], samples.at(-1)]
  const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1_000
  const points = samples.flatMap(({ at, backlog }) =>
    backlog === undefined ? [] : [[at / 1_000, backlog] as const],
  )
  const step = {
    rate,
    ackedRate: ((last?.acked ?? 0) - (first?.acked ?? 0)) / seconds,
    p95Ms: mergeTimes(samples).quantile(0.95),
    backlogGrowth: readGrowth(points) / 60,
  }
  const { ackedRate, p95Ms, backlogGrowth } = step
  const verdict = isSustained(step) ? 'sustained' : 'too much'
  report(
    `${rate} events/s: ${ackedRate.toFixed(0)} acknowledged, p95 ${p95Ms.toFixed(0)} ms, backlog ${sampler.backlog()}, growing ${backlogGrowth.toFixed(0)}/s: ${verdict}`,
  )
  return step
}

/** Waits until what a rate too high has left behind is delivered and stored. */
async function calmDown({ fleet, sampler }: RateSearch): Promise<void> {
  fleet.setRate(0)
  const endsAt = Date.now() + CALM_MS
  const isCalm = () => fleet.totals.acked >= fleet.totals.sent && sampler.backlog() <= 0
  do await pause(1_000)
  while (!isCalm() && Date.now() < endsAt)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
