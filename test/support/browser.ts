/** A headless Chromium from the system, with a fresh profile that is gone afterwards. */

import { type Browser, chromium } from 'playwright-core'
import { ensureChromium } from '../../scripts/browsers.mjs'

/** Without these a Chromium without network looks for its maker at every start. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts it; close it in `afterAll`. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: ensureChromium(), headless: true, args: CHROMIUM_ARGUMENTS })
}
