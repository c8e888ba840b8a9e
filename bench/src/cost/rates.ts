/** From runs to rates: what goes with a request, a batch, an event, a minute. Pure. */

import type { Runs } from './all-runs.ts'
import type { Minutes, Rates } from './compose.ts'
import { fitLine, type Line } from './line-fit.ts'
import type { Burst, Steady } from './runs.ts'
import { billable, countOf, type Tally } from './tally.ts'
import { addUsage, mostUsage, scaleUsage, type Usage, usageOf, withoutUsage } from './usage.ts'

/** Rates of all bursts, and what goes on by itself. */
export interface AllRates {
  rates: (Rates & { burst: Burst; messageBytes: number; collectorMs: number })[]
  minutes: Minutes
}

/** A run of the cron goes on for so long, while the process uses what it uses when idle. */
const CRON_SECONDS = 2

/** Works out the rates. */
export function findRates(runs: Runs): AllRates {
  const cronMs = fitLine(runs.bursts.map(({ cronMs, ...burst }) => [eventsOf(burst), cronMs]))
  const { perBatchLater, minutes } = findMinutes(runs, cronMs)
  const singleEventMs = eventMs(runs.bursts.find(isLikeSingles))
  const singles = perBatch(runs.singles.tally, runs.singles.consumerMs)
  /** Without what its three events take. */
  const fixedMs = Math.max(0, singles.cpuMs - SINGLE_EVENTS * singleEventMs)
  const rates = runs.bursts.map((burst, place) => {
    const { tally, requests, shape } = burst
    const written = countOf(tally, 'messages written')
    const collectorMs = runs.collectorMs[place] ?? 0
    const eventsPerMessage = (requests * shape.events) / written
    return {
      ...{ burst, collectorMs, messageBytes: countOf(tally, 'message bytes') / written },
      ...{ events: shape.events, messagesPerRequest: written / requests, perBatchLater },
      perRequest: perRequest(tally, requests, collectorMs),
      single: { ...singles, cpuMs: fixedMs + eventsPerMessage * eventMs(burst) },
      full: perBatch(tally, burst.consumerMs),
      fullMessages: countOf(tally, 'messages read', isConsumer) / countOf(tally, 'invocations', isConsumer),
      perEvent: usageOf({
        lakeStoredGb: lakeBytesPerEvent(runs.bursts, shape.size) / 1e9,
        cpuMs: Math.max(0, cronMs.slope),
      }),
    }
  })
  return { rates, minutes }
}

/**
 * Bytes that an event of a size adds to the lake: the mean over all bursts of that size, since its files do not know how many
 * events a request had. A burst in whose cron files of before were merged, so that the lake shrank, tells nothing of it.
 */
function lakeBytesPerEvent(bursts: readonly Burst[], size: string): number {
  const grown = bursts.filter(({ shape, lakeBytesPerEvent }) => shape.size === size && lakeBytesPerEvent > 0)
  const bytes = grown.reduce((sum, burst) => sum + burst.lakeBytesPerEvent * eventsOf(burst), 0)
  const events = grown.reduce((sum, burst) => sum + eventsOf(burst), 0)
  return events === 0 ? 0 : bytes / events
}

const SINGLE_EVENTS = 3

const isConsumer = (role: string) => role === 'consumer'
const isCollector = (role: string) => role === 'collector'
const isBatch = (role: string) => isConsumer(role) || role === 'object apply'
const isCron = (role: string) => role === 'cron'
/** What objects do other than for a batch. */
const isObjectClock = (role: string) => role.startsWith('object ') && role !== 'object apply'

function isLikeSingles({ shape }: Burst): boolean {
  return shape.events === SINGLE_EVENTS && shape.size === '650 B'
}

function eventMs(burst: Burst | undefined): number {
  return burst === undefined ? 0 : burst.consumerMs / eventsOf(burst)
}

function perRequest(tally: Tally, requests: number, cpuMs: number): Usage {
  const queueOperations = countOf(tally, 'queue operations', (role) => isCollector(role) || isConsumer(role))
  return { ...scaleUsage({ ...billable(tally, isCollector), queueOperations }, 1 / requests), cpuMs }
}

/** Alarms are set every ten seconds at most, however many batches there are, so they go with the clock. */
function perBatch(tally: Tally, consumerMs: number): Usage {
  const usage = billable(withoutAlarms(tally), isBatch)
  return scaleUsage(
    { ...usage, queueOperations: 0, cpuMs: consumerMs },
    1 / countOf(tally, 'invocations', isConsumer),
  )
}

function withoutAlarms(tally: Tally): Tally {
  return Object.fromEntries(Object.entries(tally).filter(([key]) => !key.endsWith('|alarms set')))
}

/**
 * What the clock does. The cron after a burst has few batches to publish, that of a quiet minute more: what that is more is of the
 * batches. Objects are saved by the clock, of however much.
 *
 * @param cronMs processor time of a cron over the events that it publishes
 */
function findMinutes(runs: Runs, cronMs: Line): { perBatchLater: Usage; minutes: Minutes } {
  const { idle, quiet, busy, bursts } = runs
  const [still, few] = [perMinute(idle, isCron), perMinute(quiet, isCron)]
  const after = bursts.map(({ cron, tally }) => ({ usage: billable(cron, isCron), parts: partsOf(tally) }))
  const afterMean = scaleUsage(addUsage(...after.map(({ usage }) => usage)), 1 / after.length)
  const parts = after.reduce((sum, burst) => sum + burst.parts, 0) / after.length
  // Heartbeats are parts, too, one a minute.
  const quietParts = partsOf(quiet.tally) / quiet.minutes - 1
  if (quietParts <= parts)
    throw new RangeError(`${quietParts} batches a quiet minute are too few to tell what one is`)
  const perBatchLater = scaleUsage(withoutUsage(few, afterMean), 1 / (quietParts - parts))
  const clocks = [idle, quiet, busy].map(objectClock) as [Usage, Usage, Usage]
  const [idleObjects, ...others] = clocks
  const traffic = addUsage(
    withoutUsage(withoutUsage(few, still), scaleUsage(perBatchLater, quietParts)),
    withoutUsage(mostUsage(...others), idleObjects),
  )
  const idleMs = Math.max(0, idle.cpuMs / idle.minutes - runs.idleMsPerSecond * 60)
  const trafficMs = cronMs.at0 - CRON_SECONDS * runs.idleMsPerSecond - idleMs
  return {
    perBatchLater,
    minutes: {
      idle: { ...perMinute(idle), cpuMs: idleMs },
      traffic: { ...traffic, cpuMs: Math.max(0, trafficMs) },
    },
  }
}

function perMinute({ tally, minutes }: Steady, isWanted?: (role: string) => boolean): Usage {
  return scaleUsage(billable(tally, isWanted), 1 / minutes)
}

/** Alarms and saves of objects, and the alarms that batches set. */
function objectClock(steady: Steady): Usage {
  const alarms = countOf(steady.tally, 'alarms set', (role) => role === 'object apply') / steady.minutes
  return addUsage(perMinute(steady, isObjectClock), usageOf({ rowsWritten: alarms }))
}

/** Files that the consumer put. */
function partsOf(tally: Tally): number {
  return countOf(tally, 'R2 put', isConsumer)
}

function eventsOf({ requests, shape }: Pick<Burst, 'requests' | 'shape'>): number {
  return requests * shape.events
}
