/** The browser SDK when tabs close, renderers die, networks and collectors go away: every event arrives, once. */

import { beforeAll, describe, expect, it } from 'vitest'
import { bundleSdk, listSdks } from '../../bench/src/sdk-web/peers.ts'
import { CHROMIUM } from '../../bench/src/survival/chromium.ts'
import type { Driver } from '../../bench/src/survival/driver.ts'
import { FIREFOX } from '../../bench/src/survival/firefox.ts'
import { playOnce } from '../../bench/src/survival/play.ts'
import {
  closeTabs,
  crashOffline,
  crashRenderer,
  flapOffline,
  leaveForPage,
  leaveToOtherTab,
  loseBrowserOffline,
  meetOutage,
  type Outcome,
  quitOffline,
  type Scenario,
} from '../../bench/src/survival/scenarios.ts'

const bundles = new Map<string, string>()

beforeAll(async () => {
  const sdk = listSdks().find(({ name }) => name === 'millrace')
  if (sdk !== undefined) bundles.set(sdk.name, await bundleSdk(sdk))
})

/** The second visit makes no event: what is left over is delivered because the site is there again. */
function play(driver: Driver, scenario: Scenario, events: number): Promise<Outcome> {
  return playOnce(bundles, { driver, sdk: 'millrace', scenario, events, hasVisitEvent: false })
}

function expectAll(outcome: Outcome): void {
  expect(outcome).toMatchObject({ arrived: outcome.sent, duplicates: 0 })
}

function table(...rows: [Scenario, ...counts: number[]][]) {
  return rows.flatMap(([scenario, ...counts]) =>
    counts.map((events) => [scenario.name, events, scenario] as const),
  )
}

describe('Chromium', () => {
  it.concurrent.each(table([meetOutage(5), 50], [meetOutage(2), 50], [meetOutage(1), 50]))(
    'asks a collector that is away three times at most: %s, %i events a tab',
    async (_name, events, scenario) => {
      const outcome = await play(CHROMIUM, scenario, events)
      expectAll(outcome)
      expect(outcome.requests).toBeLessThanOrEqual(3)
    },
  )

  it.concurrent.each(
    table(
      [closeTabs(1, 'asked'), 50, 1_000],
      [closeTabs(1, 'at once'), 50],
      [closeTabs(2, 'asked'), 50],
      [closeTabs(5, 'asked'), 50],
      [leaveForPage(true), 1],
      [leaveForPage(false), 1],
      [quitOffline(1), 50, 1_000],
      [quitOffline(2), 50],
      [quitOffline(5), 50],
      [loseBrowserOffline(500), 50],
      [leaveToOtherTab(), 50],
      [crashRenderer(500), 50],
      [crashOffline(), 50],
    ),
  )('keeps everything: %s, %i events a tab', async (_name, events, scenario) => {
    expectAll(await play(CHROMIUM, scenario, events))
  })

  // Alone: so little time is enough to keep so many on a machine that does nothing else.
  it.each(table([quitOffline(1, 1_000), 10_000], [crashRenderer(500), 1_000]))(
    'keeps everything: %s, %i events a tab, and no other tab',
    async (_name, events, scenario) => {
      expectAll(await play(CHROMIUM, scenario, events))
    },
  )

  it.concurrent('delivers without a new event once the network is back', async () => {
    const outcome = await play(CHROMIUM, flapOffline(5_000), 50)
    expectAll(outcome)
    expect(outcome.recoveryMs).toBeLessThan(1_500)
  })
})

describe('Firefox', () => {
  it.concurrent.each(
    table(
      [closeTabs(1, 'asked'), 50],
      [quitOffline(2), 50],
      [crashRenderer(500), 50],
      [flapOffline(5_000), 50],
    ),
  )('keeps everything: %s, %i events a tab', async (_name, events, scenario) => {
    expectAll(await play(FIREFOX, scenario, events))
  })
})
