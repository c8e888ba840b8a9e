/** One round with one SDK: three visits, and what they measure. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { buildRepeatedCalls, buildVariedCalls, type Call } from './corpus.ts'
import type { MetricId } from './metrics.ts'
import { evaluateAndStart, layCalls, makeCalls } from './probe.ts'
import type { Recorder } from './recorder.ts'
import type { Tally } from './tally.ts'
import { createBusyClock, visitPage } from './visit.ts'

/** Numbers of one round; what an SDK did not get to is missing. */
export type RoundResult = Partial<Record<MetricId, number>>

/** Which SDK, where and in which round. */
export interface RoundInput {
  browser: Browser
  recorder: Recorder
  sdk: string
  round: number
}

const BURST_EVENTS = 1_000
const FEW_CALLS = 50

/** After its start an SDK fetches settings and sends its own first events. */
const IDLE_MS = 1_000

/** What an idle page costs is taken over this time, and reckoned over as long as the calls are watched. */
const BASELINE_MS = 1_000

/** The main thread is watched for so long after the calls, and on while it is busy. */
const WATCHED_MS = 3_000
const MAX_BUSY_MS = 12_000

/** What comes later does not count as arrived. */
const ARRIVAL_LIMIT_MS = 5_000
const POLL_MS = 100

/** First visit: evaluating, starting, and a few calls on a page that has made none. */
export function measureFewCalls({ browser, recorder, sdk, round }: RoundInput): Promise<RoundResult> {
  return visitPage(browser, recorder.pageUrl(sdk), async (page) => {
    const start = await page.evaluate(evaluateAndStart, sdk)
    await page.evaluate(layCalls, buildRepeatedCalls(`${sdk} few ${round}`, FEW_CALLS))
    await sleep(IDLE_MS)
    const { tookMs } = await page.evaluate(makeCalls)
    return { start, track50: (tookMs * 1_000) / FEW_CALLS }
  })
}

/** Second visit: a burst of the same event, its cost to the page and what arrives of it. */
export function measureRepeatedBurst(input: RoundInput): Promise<RoundResult> {
  const run = `${input.sdk} repeated ${input.round}`
  return visitStarted(input, buildRepeatedCalls(run, BURST_EVENTS), async (page) => {
    const clock = await createBusyClock(page)
    const idleBefore = await clock.read()
    await sleep(BASELINE_MS)
    const before = await clock.read()
    const watchedFrom = performance.now()
    const { tookMs, at } = await page.evaluate(makeCalls)
    await sleep(WATCHED_MS)
    await clock.waitUntilQuiet(MAX_BUSY_MS)
    const after = await clock.read()
    const idles = (performance.now() - watchedFrom) / BASELINE_MS
    const tally = await waitForArrival(input.recorder, run, at)
    return {
      track1000: (tookMs * 1_000) / BURST_EVENTS,
      allIn: after.taskMs - before.taskMs - idles * (before.taskMs - idleBefore.taskMs),
      allInCpu: after.cpuMs - before.cpuMs - idles * (before.cpuMs - idleBefore.cpuMs),
      ...describeBurst(tally, at),
    }
  })
}

/** Third visit: a burst of different events. */
export function measureVariedBurst(input: RoundInput): Promise<RoundResult> {
  const run = `${input.sdk} varied ${input.round}`
  return visitStarted(input, buildVariedCalls(run, BURST_EVENTS), async (page) => {
    const { at } = await page.evaluate(makeCalls)
    const { unique, bodyBytes } = await waitForArrival(input.recorder, run, at)
    return { variedArrived: unique, ...(unique > 0 ? { variedBytes: bodyBytes / unique } : {}) }
  })
}

function visitStarted(
  { browser, recorder, sdk }: RoundInput,
  calls: Call[],
  visit: (page: Page) => Promise<RoundResult>,
): Promise<RoundResult> {
  // Nothing of it is read again, and every look at what has arrived walks all of it.
  recorder.requests.length = 0
  return visitPage(browser, recorder.pageUrl(sdk, '/started'), async (page) => {
    await page.evaluate(layCalls, calls)
    await sleep(IDLE_MS)
    return visit(page)
  })
}

async function waitForArrival(recorder: Recorder, run: string, at: number): Promise<Tally> {
  const until = at + ARRIVAL_LIMIT_MS
  while (Date.now() < until && recorder.tally(run, until).unique < BURST_EVENTS) await sleep(POLL_MS)
  return recorder.tally(run, until)
}

function describeBurst(
  { unique, requests, bodyBytes, headerBytes, lastUniqueAt }: Tally,
  at: number,
): RoundResult {
  if (lastUniqueAt === undefined) return { arrived: 0, requests }
  return {
    arrived: unique,
    took: (lastUniqueAt - at) / 1_000,
    requests,
    eventBytes: bodyBytes / unique,
    headerBytes: headerBytes / unique,
  }
}
