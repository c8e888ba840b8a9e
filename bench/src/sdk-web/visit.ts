/** One visit of a new visitor to a measured page, and how busy its main thread was. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'

/** A visit that takes longer has failed; the slowest SDKs need half of it. */
const VISIT_LIMIT_MS = 40_000

/**
 * Opens a page as a new visitor, in a process and profile of its own, and closes it afterwards.
 *
 * @throws Error of the page, or after 40 s
 */
export async function visitPage<T>(
  browser: Browser,
  url: string,
  visit: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const limit = new AbortController()
  try {
    const made = page.goto(url).then(() => visit(page))
    const late = sleep(VISIT_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`the visit took longer than ${VISIT_LIMIT_MS / 1_000} s`)
    })
    return await Promise.race([made, late])
  } finally {
    limit.abort()
    await context.close()
  }
}

/** How long a page's main thread has been at work since the page began, in ms. */
export interface Busy {
  /** In tasks, by the clock: other programs on the machine add to it. */
  taskMs: number
  /** On a processor: they hardly do. */
  cpuMs: number
}

/** Reads it. */
export interface BusyClock {
  read: () => Promise<Busy>
  /**
   * Waits until the main thread was at work for less than a tenth of half a second.
   *
   * @param limitMs gives up after so long
   */
  waitUntilQuiet: (limitMs: number) => Promise<void>
}

const QUIET_MS = 500
const QUIET_SHARE = 0.1

/** Starts reading it, through the developer tools' protocol. */
export async function createBusyClock(page: Page): Promise<BusyClock> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    const readMs = (wanted: string) =>
      (metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN) * 1_000
    return { taskMs: readMs('TaskDuration'), cpuMs: readMs('ThreadTime') }
  }
  return {
    read,
    async waitUntilQuiet(limitMs) {
      const end = performance.now() + limitMs
      let before = await read()
      while (performance.now() < end) {
        await sleep(QUIET_MS)
        const now = await read()
        if (now.taskMs - before.taskMs < QUIET_MS * QUIET_SHARE) return
        before = now
      }
    },
  }
}
