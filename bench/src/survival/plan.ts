/** Which scenarios are played, with how many events: ours every one, peers those that tell them apart. */

import {
  closeTabs,
  crashOffline,
  crashRenderer,
  flapOffline,
  leaveForPage,
  leaveToOtherTab,
  loseBrowserOffline,
  meetOutage,
  quitOffline,
  type Scenario,
} from './scenarios.ts'

/** A scenario with the number of events that each tab is given. */
export interface Part {
  scenario: Scenario
  events: number
  /** Whether peers are measured in it too. */
  isForPeers: boolean
  /**
   * Whether it is played with no other browser beside it. Browsers give a closing page half a second, of the clock and not of
   * the processor: five pages that number thousands of events beside other browsers would measure the machine.
   */
  isAlone?: boolean
}

const FEW = 50

const MANY = 1_000

/** How long a page may be offline with nothing of it lost or late, and how long its renderer lives after the loop. */
const FLAP_MS = 5_000

const LIFE_MS = 500

/** All of them, in the order of the table. */
export const PARTS: readonly Part[] = [
  ...atBoth(closeTabs(1, 'asked'), true),
  ...atBoth(closeTabs(1, 'at once'), false),
  ...atBoth(closeTabs(2, 'asked'), true),
  ...atBoth(closeTabs(5, 'asked'), true, true),
  { scenario: leaveForPage(true), events: 1, isForPeers: true },
  { scenario: leaveForPage(false), events: 1, isForPeers: true },
  ...atBoth(quitOffline(1), true),
  ...atBoth(quitOffline(2), true),
  ...atBoth(quitOffline(5), true, true),
  { scenario: quitOffline(1, 1_000), events: 10_000, isForPeers: false },
  ...atBoth(loseBrowserOffline(LIFE_MS), false),
  ...atBoth(leaveToOtherTab(), false),
  ...atBoth(crashRenderer(LIFE_MS), true),
  ...atBoth(crashOffline(), false),
  ...atBoth(flapOffline(FLAP_MS), true),
  ...atBoth(meetOutage(1), true),
  ...atBoth(meetOutage(2), false),
  ...atBoth(meetOutage(5), true, true),
]

/** Peers get few events: with many, most of them are busy for seconds, and the scenario would begin long after. */
function atBoth(scenario: Scenario, isForPeers: boolean, isAlone = false): Part[] {
  return [
    { scenario, events: FEW, isForPeers },
    { scenario, events: MANY, isForPeers: false, isAlone },
  ]
}
