/** A headless Firefox from the system, driven over WebDriver BiDi. */

import puppeteer, { type Browser } from 'puppeteer-core'
import { ensureFirefox } from '../../scripts/browsers.mjs'

/**
 * Starts it; `close` ends it and leaves the profile.
 *
 * @param profile folder of the profile; it may be empty
 * @throws Error when there is no Firefox and none can be installed
 */
export function launchFirefox(profile: string): Promise<Browser> {
  const executablePath = ensureFirefox()
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true, userDataDir: profile })
}
