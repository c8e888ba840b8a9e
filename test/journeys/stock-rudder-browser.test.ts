/** `@rudderstack/analytics-js` as npm has it, in a Chromium, on a site of another origin; only its hosts are ours. */

import { afterAll, beforeAll, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { type BrowserLibrary, type StockBrowser, startStockBrowser } from '../support/stock-browser.ts'

const LIBRARY: BrowserLibrary = {
  sdk: 'rudder',
  name: 'RudderLabs JavaScript SDK',
  version: manifest.dependencies['@rudderstack/analytics-js'],
  hasScreen: false,
}

let browser: StockBrowser
beforeAll(async () => {
  browser = await startStockBrowser()
})
afterAll(() => browser.stop())

it.each([
  ['sent one by one', false],
  ['sent as a beacon when the page ends', true],
])(
  '@rudderstack/analytics-js (%s) has every call in ClickHouse, once, under its own id',
  async (_how, isHeldBack) => {
    await browser.expectVisit(LIBRARY, { isHeldBack })
  },
)
