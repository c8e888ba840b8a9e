/** What arrives of 1,000 events when a process ends, and how long the SDK holds it. */

import { runInLanes } from '../survival/lanes.ts'
import { startChild } from './children.ts'
import { type Contender, isOurs, listPlain, listSpooled, withOptions } from './contenders.ts'
import { describeEndings, describeRows, type EndOutcome, type EndSeries } from './end-lines.ts'
import { ENDINGS, type EndScenario } from './endings.ts'
import { firstLineOf, type NodeMeasured } from './lines.ts'
import type { RealStack } from './real-stack.ts'
import type { NodeRecorder } from './recorder.ts'
import type { SubjectOptions } from './subject.ts'
import type { ServerSdk } from './subjects.ts'

const OWN_REPEATS = 10

const PEER_REPEATS = 3

/** Mostly they wait. */
const PEER_LANES = 3

/** After a process has ended nothing of it is under way but what the recorder has in its hands. */
const QUIET_MS = 300

const DEADLINE_MS = 120_000

/** A series whose process took longer is not repeated: RudderStack takes a minute to track 5,000 events in one go. */
const SLOW_MS = 20_000

/** Plays every ending with every SDK against the recorder; ours one after the other, so that times are its own. */
export async function measureEnds(
  sdks: readonly ServerSdk[],
  recorder: NodeRecorder,
  report: (line: string) => void,
): Promise<NodeMeasured[]> {
  const repeats = Number(process.env['MILLRACE_BENCH_REPEATS'] ?? 0)
  const plan = (contenders: readonly Contender[], scenarios: readonly EndScenario[]) =>
    contenders.flatMap((contender) => scenarios.map((scenario) => createSeries(contender, scenario)))
  const harmless = ENDINGS.filter(({ isLoss }) => !isLoss)
  const all = [...plan(listPlain(sdks), ENDINGS), ...plan(listSpooled(sdks), harmless)]
  const own = all.filter(({ contender }) => isOurs(contender))
  const peers = all.filter(({ contender }) => !isOurs(contender))
  report('ends: ours')
  for (const series of own) await playSeries(series, recorder, repeats || OWN_REPEATS)
  report('ends: peers')
  const jobs = peers.map((series) => () => playSeries(series, recorder, repeats || PEER_REPEATS))
  await runInLanes(jobs, PEER_LANES)
  return all.flatMap(describeEndings)
}

/** Plays the endings that lose events on ours with a spool, starts anew on the spool, and counts in ClickHouse. */
export async function measureSpooledEnds(
  sdks: readonly ServerSdk[],
  stack: RealStack,
  report: (line: string) => void,
): Promise<NodeMeasured[]> {
  const repeats = Number(process.env['MILLRACE_BENCH_REPEATS'] ?? OWN_REPEATS)
  const scenarios = ENDINGS.filter(({ isLoss }) => isLoss)
  const all = listSpooled(sdks).flatMap((one) => scenarios.map((scenario) => createSeries(one, scenario)))
  report('ends: ours with a spool, into ClickHouse')
  for (const series of all) {
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const run = `spooled ${series.scenario.label} ${repeat}`
      await playSpooled(series, stack, run).catch((error) => series.errors.push(firstLineOf(error)))
    }
  }
  const runs = all.flatMap(({ outcomes }) => outcomes)
  const stored = await stack.countStored(runs.map(({ run, events }) => ({ run, events })))
  for (const outcome of runs) {
    const { events = 0, rows = 0, rawRows = 0 } = stored.get(outcome.run) ?? {}
    Object.assign(outcome, { arrived: events, doubled: rows - events, rawRows })
  }
  return all.flatMap((series) => [...describeEndings(series), ...describeRows(series)])
}

function createSeries(contender: Contender, scenario: EndScenario): EndSeries {
  return { contender, scenario, outcomes: [], errors: [] }
}

async function playSeries(series: EndSeries, recorder: NodeRecorder, repeats: number): Promise<void> {
  const { contender, scenario, outcomes, errors } = series
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const run = `${contender.row} ${scenario.label} ${repeat}`
    const startedAt = Date.now()
    try {
      await withOptions(contender, { endpoint: recorder.endpoint, run }, async (options) => {
        const outcome = await playEnding(contender, scenario, options)
        const { arrived, doubled, requests } = await recorder.settled(run, scenario.events, QUIET_MS)
        outcomes.push({ ...outcome, arrived, doubled, requests })
      })
    } catch (error) {
      errors.push(firstLineOf(error))
    }
    if (Date.now() - startedAt > SLOW_MS) break
  }
}

async function playSpooled({ contender, scenario, outcomes }: EndSeries, stack: RealStack, run: string) {
  await withOptions(contender, { endpoint: stack.url, run }, async (options) => {
    const outcome = await playEnding(contender, scenario, options)
    const subject = contender.sdk.name
    const next = startChild({ subject, options, task: { kind: 'recover' } }, DEADLINE_MS)
    const { code, complaint } = await next.ended
    if (code !== 0) throw new Error(`the next start ended with ${code}: ${complaint}`)
    outcomes.push({ ...outcome, arrived: 0, doubled: 0 })
  })
}

/** Plays it once; what arrived is not looked at. */
async function playEnding(
  { sdk }: Contender,
  { events, ending, signal, afterMs = 0 }: EndScenario,
  options: SubjectOptions,
): Promise<Omit<EndOutcome, 'arrived' | 'doubled'>> {
  const child = startChild({ subject: sdk.name, options, task: { kind: 'end', events, ending } }, DEADLINE_MS)
  const tracked = await child.heard('tracked')
  let leftAt = tracked?.at ?? Number.NaN
  if (signal !== undefined && tracked !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    leftAt = Date.now()
    child.signal(signal)
  }
  const { at, isOverdue, complaint, ...how } = await child.ended
  const isFailure = tracked === undefined && !isOverdue
  if (isFailure) throw new Error(`the process ended before it had tracked: ${complaint}`)
  return { run: options.run, events, heldMs: at - leftAt, isOverdue, ...how }
}
