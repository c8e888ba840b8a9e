/** A visitor of an example: a Chromium for which the collector of a test stands where the examples look for one. */

import { type Browser, chromium } from 'playwright-core'
import { ensureChromium } from '../../../scripts/browsers.mjs'
import { CHROMIUM_ARGUMENTS } from '../../support/browser.ts'

/** Where `npm start` has its collector, which stands in pages that have no other place for it. */
const DEFAULT_COLLECTOR = '127.0.0.1:8787'

/**
 * Starts a headless Chromium that reaches a test's collector under the address that stands in the examples, so that their
 * pages are served as they are.
 */
export function launchVisitor(collectorPort: number): Promise<Browser> {
  return chromium.launch({
    executablePath: ensureChromium(),
    args: [
      ...CHROMIUM_ARGUMENTS,
      `--host-resolver-rules=MAP ${DEFAULT_COLLECTOR} 127.0.0.1:${collectorPort}`,
    ],
  })
}
