/** A headless Firefox from the system, driven over WebDriver BiDi. Nothing is installed: journeys skip it where there is none. */

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'

/** Names under which systems install it, best first. */
const NAMES = ['firefox', 'firefox-esr']

/** Path of a Firefox: `FIREFOX_PATH`, else the first on the `PATH`, else `undefined`. */
export function findFirefox(): string | undefined {
  const chosen = process.env['FIREFOX_PATH']
  if (chosen !== undefined && chosen !== '') return chosen
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return candidates.find((path) => existsSync(path))
}

/**
 * Starts it; `close` ends it and leaves the profile.
 *
 * @param profile folder of the profile; it may be empty
 * @throws Error when no Firefox is installed
 */
export function launchFirefox(profile: string): Promise<Browser> {
  const executablePath = findFirefox()
  if (executablePath === undefined) throw new Error('no Firefox found; install one or set FIREFOX_PATH')
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true, userDataDir: profile })
}
