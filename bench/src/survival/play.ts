/** Plays one scenario once: a server, a browser with a new profile, and nothing of them left afterwards. */

import { startRecorder } from '../sdk-web/recorder.ts'
import type { Driver } from './driver.ts'
import { createRecordedCollector } from './recorded-collector.ts'
import type { Outcome, Scenario } from './scenarios.ts'
import { createStage } from './stage.ts'

/** What is played. */
export interface Play {
  driver: Driver
  /** Name in the table of SDKs. */
  sdk: string
  scenario: Scenario
  /** Number of events that each tab is given. */
  events: number
  /** Whether the second visit makes an event of its own, which is not counted. */
  hasVisitEvent: boolean
}

/** Far more than any scenario takes: a browser that hangs ends here. */
const PLAY_TIMEOUT_MS = 120_000

/**
 * Plays it.
 *
 * @param bundles the script of each SDK, by its name
 * @throws Error when the browser fails, or hangs for two minutes
 */
export async function playOnce(
  bundles: ReadonlyMap<string, string>,
  { driver, sdk, scenario, events, hasVisitEvent }: Play,
): Promise<Outcome> {
  const recorder = await startRecorder(bundles)
  try {
    const collector = createRecordedCollector(recorder, sdk)
    const stage = await createStage(driver, collector, crypto.randomUUID(), hasVisitEvent)
    try {
      return await within(PLAY_TIMEOUT_MS, scenario.play(stage, events))
    } finally {
      await stage.visitor.remove()
    }
  } finally {
    await recorder.stop()
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
