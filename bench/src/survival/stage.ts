/** A stage for one run of a scenario: a browser on the site, the collector, and what arrived there of this run. */

import type { Driver, Tab, Visitor } from './driver.ts'

/** What arrived of a run so far. */
export interface Arrived {
  /** Different events. */
  unique: number
  /** Events that stay double after the server's dedupe. */
  netDuplicates: number
  /** Requests that carried events of the run, whatever their answer. */
  requests: number
}

/** The collector as scenarios see it. */
export interface Collector {
  /** Address of the site's page with the SDK on it. */
  pageUrl: string
  /** Address of a page of the same origin without it. */
  bareUrl: string
  /** Takes and acknowledges events. */
  accept(): Promise<void>
  /** Answers 503 with `Retry-After`. */
  turnAway(retryAfterSeconds: number): Promise<void>
  /** Refuses connections, as where there is no network. */
  cutOff(): Promise<void>
  /** Counts a run. */
  count(run: string): Arrived
}

/** Everything that a scenario plays with. */
export interface Stage {
  visitor: Visitor
  collector: Collector
  /** Tells the run's events from all others. */
  run: string
  /** Opens tabs at the same time; resolves once the SDK in each had time to start. */
  openTabs(count: number): Promise<Tab[]>
  /** Takes the network away, in the browser and at the collector. */
  goOffline(): Promise<void>
  /** Gives the network back. */
  goOnline(): Promise<void>
  /** Visits the site in a new tab, which stays open. */
  visitAgain(): Promise<void>
  /**
   * Waits until so many different events arrived, or nothing more comes; then a moment longer, for duplicates.
   *
   * @returns ms from the call to the look that found the last of them
   */
  awaitArrival(expected: number, patience?: Patience): Promise<number>
}

/** How long to wait for events. */
export interface Patience {
  /** Nothing more comes after so long without a new event. */
  quietMs: number
  /** Time in which a duplicate may still come after all is there. */
  afterMs: number
}

/** The slowest of the measured SDKs looks 10 s after its start for what other pages left. */
const PATIENCE: Patience = { quietMs: 15_000, afterMs: 700 }

/** Settings are fetched, storage is opened: what an SDK does before a person could do anything. */
const START_MS = 700

const LOOK_MS = 20

/** Sets a stage; `remove` of its visitor ends it. */
export async function createStage(
  driver: Driver,
  collector: Collector,
  run: string,
  hasVisitEvent: boolean,
): Promise<Stage> {
  const visitor = await driver.createVisitor()
  const openTabs = async (count: number) => {
    const tabs = await Promise.all(Array.from({ length: count }, () => visitor.openTab(collector.pageUrl)))
    await pause(START_MS)
    return tabs
  }
  return {
    visitor,
    collector,
    run,
    openTabs,
    async goOffline() {
      // Both: a page hears of the one, and a request that outlives its page is beyond it and meets the other.
      await visitor.setOffline(true)
      await collector.cutOff()
    },
    async goOnline() {
      await collector.accept()
      await visitor.setOffline(false)
    },
    async visitAgain() {
      const [tab] = await openTabs(1)
      // Some SDKs only look at what an earlier page left when the next event comes, such as the view of this page.
      if (hasVisitEvent) await tab?.track(`${run} again`, 0, 1)
    },
    awaitArrival: (expected, patience = PATIENCE) => awaitArrival(collector, run, expected, patience),
  }
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function awaitArrival(collector: Collector, run: string, expected: number, patience: Patience) {
  const startedAt = performance.now()
  let lastAt = startedAt
  for (let found = -1; ; await pause(LOOK_MS)) {
    const { unique } = collector.count(run)
    const now = performance.now()
    if (unique > found) lastAt = now
    found = Math.max(found, unique)
    if (found >= expected || now - lastAt > patience.quietMs) break
  }
  await pause(patience.afterMs)
  return Math.round(lastAt - startedAt)
}
