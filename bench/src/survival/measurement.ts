/** Our browser SDK beside its peers when tabs close, renderers die, networks and collectors go away. */

import type { Measurement } from '../measure.ts'
import { bundleSdk, listSdks, type Sdk } from '../sdk-web/peers.ts'
import { CHROMIUM } from './chromium.ts'
import type { Driver } from './driver.ts'
import { FIREFOX } from './firefox.ts'
import { runInLanes } from './lanes.ts'
import { PARTS, type Part } from './plan.ts'
import { playOnce } from './play.ts'
import { describeSeries, OURS, type Series } from './summary.ts'

/** Those with a queue of some kind; the others lose what is not sent at once, by design. */
const PEERS = ['segment', 'rudderstack', 'posthog', 'snowplow', 'amplitude', 'mixpanel']

/** Repetitions: what is promised is played often. Firefox takes thrice as long. */
const OWN_REPEATS = { chromium: 10, firefox: 1 }

const PEER_REPEATS = 2

/** Browsers at once: mostly they wait. Peers wait in vain more often, and times are not what they are measured for. */
const OWN_LANES = 5

const PEER_LANES = 7

/** One series and how often it is played. */
interface Job {
  driver: Driver
  sdk: string
  part: Part
  repeats: number
}

/**
 * Plays all scenarios; about half an hour. `MILLRACE_BENCH_SDKS` and `MILLRACE_BENCH_BROWSERS` choose some, as
 * `millrace,segment` and `chromium`; `MILLRACE_BENCH_REPEATS` is the number of repetitions for all.
 */
export const measureSurvival: Measurement = async (report) => {
  const sdks = listSdks().filter(({ name }) => choose('MILLRACE_BENCH_SDKS', [OURS, ...PEERS]).includes(name))
  const bundles = new Map<string, string>()
  for (const sdk of sdks) bundles.set(sdk.name, await bundleSdk(sdk))
  const jobs = planJobs(sdks)
  const own = jobs.filter(({ sdk }) => sdk === OURS)
  const peers = jobs.filter(({ sdk }) => sdk !== OURS)
  return [
    ...(await playJobs(own, bundles, OWN_LANES, report)),
    ...(await playJobs(peers, bundles, PEER_LANES, report)),
  ].flatMap(describeSeries)
}

function planJobs(sdks: readonly Sdk[]): Job[] {
  const drivers = [CHROMIUM, FIREFOX]
  const names = choose('MILLRACE_BENCH_BROWSERS', ['chromium', 'firefox'])
  const chosen = drivers.filter(({ name }) => names.includes(name))
  return chosen.flatMap((driver) => sdks.flatMap(({ name }) => planSdk(driver, name)))
}

function planSdk(driver: Driver, sdk: string): Job[] {
  const repeats = Number(process.env['MILLRACE_BENCH_REPEATS'] ?? 0)
  if (sdk === OURS) {
    return PARTS.map((part) => ({ driver, sdk, part, repeats: repeats || OWN_REPEATS[driver.name] }))
  }
  const parts = driver === CHROMIUM ? PARTS.filter(({ isForPeers }) => isForPeers) : []
  return parts.map((part) => ({ driver, sdk, part, repeats: repeats || PEER_REPEATS }))
}

async function playJobs(
  jobs: readonly Job[],
  bundles: ReadonlyMap<string, string>,
  laneCount: number,
  report: (line: string) => void,
): Promise<Series[]> {
  const all = jobs.map((job) => ({ job, series: createSeries(job) }))
  const rounds = Math.max(0, ...jobs.map(({ repeats }) => repeats))
  for (let round = 0; round < rounds; round += 1) {
    report(`${[...new Set(jobs.map(({ sdk }) => sdk))].join(', ')}: round ${round + 1} of ${rounds}`)
    const turn = all.filter(({ job }) => job.repeats > round)
    const play = (isAlone: boolean, lanes: number) =>
      runInLanes(
        turn
          .filter(({ job }) => !!job.part.isAlone === isAlone)
          .map(
            ({ job, series }) =>
              () =>
                playInto(series, job, bundles),
          ),
        lanes,
      )
    await play(false, laneCount)
    await play(true, 1)
  }
  return all.map(({ series }) => series)
}

async function playInto(series: Series, job: Job, bundles: ReadonlyMap<string, string>): Promise<void> {
  const { driver, sdk, part } = job
  try {
    series.outcomes.push(await playOnce(bundles, { driver, sdk, ...part, hasVisitEvent: sdk !== OURS }))
  } catch (error) {
    // A browser that failed says nothing about the SDK; that it did is in the result.
    series.errors.push(String(error))
  }
}

function createSeries({ driver, sdk, part }: Job): Series {
  const { scenario, events } = part
  return { browser: driver.name, sdk, scenario: scenario.name, events, outcomes: [], errors: [] }
}

function choose(variable: string, usual: string[]): string[] {
  return process.env[variable]?.split(',') ?? usual
}
