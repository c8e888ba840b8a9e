/** `@segment/analytics-next` as npm has it, in a Chromium, on a site of another origin; only its host is ours. */

import { afterAll, beforeAll, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { type BrowserLibrary, type StockBrowser, startStockBrowser } from '../support/stock-browser.ts'

const LIBRARY: BrowserLibrary = {
  sdk: 'segment',
  name: 'analytics.js',
  version: `npm:next-${manifest.dependencies['@segment/analytics-next']}`,
  hasScreen: true,
}

let browser: StockBrowser
beforeAll(async () => {
  browser = await startStockBrowser()
})
afterAll(() => browser.stop())

it.each([
  ['sent one by one', '', false],
  ['sent as a batch when the page ends', '', true],
  ['with settings from a path like a CDN', '/cdn', false],
])(
  '@segment/analytics-next (%s) has every call in ClickHouse, once, under its own id',
  async (_how, settingsPath, isHeldBack) => {
    await browser.expectVisit(LIBRARY, { settingsPath, isHeldBack })
  },
)
