/** What happens to visitors, as plays for one {@link Stage}: each gives what became of the events. */

import type { Tab, TabEnd } from './driver.ts'
import { type Patience, pause, type Stage } from './stage.ts'

/** What became of the events of one run. */
export interface Outcome {
  sent: number
  /** Different events that arrived. */
  arrived: number
  /** Events that stay double after the server's dedupe. */
  duplicates: number
  /** Requests that carried them; while the collector turned them away, where the scenario has it do that. */
  requests: number
  /** Different events that had arrived before the site was visited again, or the network or collector came back. */
  arrivedBefore?: number
  /** Milliseconds until the last one arrived: since that moment. */
  recoveryMs?: number
}

/** One thing that happens. */
export interface Scenario {
  /** Unique among the scenarios, as tables have it. */
  name: string
  /**
   * Plays it.
   *
   * @param events number of events that each tab is given
   */
  play(stage: Stage, events: number): Promise<Outcome>
}

/** A moment: requests under way end, but no one visits the site. */
const MOMENT_MS = 500

/** How long the collector is away, and what it says about that. */
const OUTAGE = { durationMs: 10_000, retryAfterSeconds: 5 }

/** After an outage the next attempt may be a whole back-off away. */
const AFTER_OUTAGE: Patience = { quietMs: 20_000, afterMs: 700 }

/** The tabs are closed right after the loop; then the site is visited again. */
export function closeTabs(tabCount: number, end: TabEnd): Scenario {
  return {
    name: `${countTabs(tabCount)} closed ${end === 'asked' ? 'right after' : 'at once'}`,
    async play(stage, events) {
      const tabs = await openAndTrack(stage, tabCount, events)
      await Promise.all(tabs.map((tab) => tab.close(end)))
      await pause(MOMENT_MS)
      return visitAndCount(stage, tabCount * events)
    },
  }
}

/** One event, then another page of the site. */
export function leaveForPage(hasSdk: boolean): Scenario {
  return {
    name: `one event, then a page ${hasSdk ? 'with' : 'without'} the SDK`,
    async play(stage) {
      const { pageUrl, bareUrl } = stage.collector
      const [tab] = await stage.openTabs(1)
      await tab?.trackAndLeave(stage.run, 0, hasSdk ? `${pageUrl}&page=2` : bareUrl)
      const recoveryMs = await stage.awaitArrival(1, { quietMs: 3_000, afterMs: 700 })
      return { ...countAll(stage, 1), recoveryMs }
    },
  }
}

/**
 * Offline, the events, the browser quits; started again online, the site is visited.
 *
 * @param afterMs time between the loop and the quit. Chromium lets a page that is closed run for half a second more:
 *   with very many events in one loop a busy machine may need a part of that before it comes to the page's end.
 */
export function quitOffline(tabCount: number, afterMs = 0): Scenario {
  return {
    name: `offline, quit ${afterMs === 0 ? 'right after' : `after ${afterMs} ms`}, started again: ${countTabs(tabCount)}`,
    async play(stage, events) {
      const tabs = await stage.openTabs(tabCount)
      await stage.goOffline()
      await trackAll(tabs, stage.run, events)
      await pause(afterMs)
      await stage.visitor.quit()
      await stage.visitor.restart()
      await stage.goOnline()
      return visitAndCount(stage, tabCount * events)
    },
  }
}

/** Offline, the events, and some time after the processes of the browser end. */
export function loseBrowserOffline(afterMs: number): Scenario {
  return {
    name: `offline, browser killed after ${afterMs} ms, started again`,
    async play(stage, events) {
      const tabs = await stage.openTabs(1)
      await stage.goOffline()
      await trackAll(tabs, stage.run, events)
      await pause(afterMs)
      await stage.visitor.kill()
      await stage.visitor.restart()
      await stage.goOnline()
      return visitAndCount(stage, events)
    },
  }
}

/** The renderer is killed some time after the loop; then the site is visited in a new tab. */
export function crashRenderer(afterMs: number, tabCount = 1): Scenario {
  return {
    name: `renderer killed after ${afterMs} ms: ${countTabs(tabCount)}`,
    async play(stage, events) {
      const tabs = await openAndTrack(stage, tabCount, events)
      await pause(afterMs)
      await Promise.all(tabs.map((tab) => tab.crash()))
      await pause(MOMENT_MS)
      return visitAndCount(stage, tabCount * events)
    },
  }
}

/** Offline, the events, the renderer is killed 500 ms after; once online, the site is visited in a new tab. */
export function crashOffline(): Scenario {
  return {
    name: 'offline, renderer killed after 500 ms',
    async play(stage, events) {
      const tabs = await stage.openTabs(1)
      await stage.goOffline()
      await trackAll(tabs, stage.run, events)
      await pause(MOMENT_MS)
      await tabs[0]?.crash()
      await stage.goOnline()
      return visitAndCount(stage, events)
    },
  }
}

/** Offline for a while with the page open; then online, with no new event. */
export function flapOffline(durationMs: number): Scenario {
  return {
    name: `offline for ${durationMs / 1_000} s, page open`,
    async play(stage, events) {
      const tabs = await stage.openTabs(1)
      await stage.goOffline()
      await trackAll(tabs, stage.run, events)
      await pause(durationMs)
      const arrivedBefore = stage.collector.count(stage.run).unique
      const [recoveryMs] = await Promise.all([stage.awaitArrival(events), stage.goOnline()])
      return { ...countAll(stage, events), arrivedBefore, recoveryMs }
    },
  }
}

/** The collector answers 503 for 10 s to tabs that all send at the same moment; its requests of that time are counted. */
export function meetOutage(tabCount: number): Scenario {
  return {
    name: `503 for 10 s: ${countTabs(tabCount)}`,
    async play(stage, events) {
      const { collector, run } = stage
      const tabs = await stage.openTabs(tabCount)
      await collector.turnAway(OUTAGE.retryAfterSeconds)
      await trackAll(tabs, run, events)
      await pause(OUTAGE.durationMs)
      const { requests, unique: arrivedBefore } = collector.count(run)
      await collector.accept()
      const recoveryMs = await stage.awaitArrival(tabCount * events, AFTER_OUTAGE)
      return { ...countAll(stage, tabCount * events), requests, arrivedBefore, recoveryMs }
    },
  }
}

/** Of two tabs offline one is closed; once online, does the other deliver for it, without a new event or a reload? */
export function leaveToOtherTab(): Scenario {
  return {
    name: 'offline, one of 2 tabs closed, the other stays',
    async play(stage, events) {
      const tabs = await stage.openTabs(2)
      await stage.goOffline()
      await trackAll(tabs, stage.run, events)
      await tabs[0]?.close('asked')
      await pause(MOMENT_MS)
      const [recoveryMs] = await Promise.all([stage.awaitArrival(2 * events), stage.goOnline()])
      return { ...countAll(stage, 2 * events), recoveryMs }
    },
  }
}

async function openAndTrack(stage: Stage, tabCount: number, events: number): Promise<Tab[]> {
  const tabs = await stage.openTabs(tabCount)
  await trackAll(tabs, stage.run, events)
  return tabs
}

/** All tabs at the same moment, each its own share of the numbers. */
async function trackAll(tabs: readonly Tab[], run: string, events: number): Promise<void> {
  await Promise.all(tabs.map((tab, index) => tab.track(run, index * events, events)))
}

async function visitAndCount(stage: Stage, sent: number): Promise<Outcome> {
  const arrivedBefore = stage.collector.count(stage.run).unique
  const [recoveryMs] = await Promise.all([stage.awaitArrival(sent), stage.visitAgain()])
  return { ...countAll(stage, sent), arrivedBefore, recoveryMs }
}

function countAll({ collector, run }: Stage, sent: number): Outcome {
  const { unique, netDuplicates, requests } = collector.count(run)
  return { sent, arrived: unique, duplicates: netDuplicates, requests }
}

function countTabs(count: number): string {
  return count === 1 ? 'a tab' : `${count} tabs`
}
