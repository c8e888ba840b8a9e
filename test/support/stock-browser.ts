/** A Chromium on a customer's site with the stock SDKs, and what is expected of a visit there, whichever SDK made it. */

import { expect } from 'vitest'
import { launchBrowser } from './browser.ts'
import { startTestStack } from './stack.ts'
import { expectStored } from './stock-rows.ts'
import { type BrowserSdk, REFERRER, startStockSite, VISITED_PATH, visitSite } from './stock-site.ts'
import { createPerson } from './stock-visit.ts'

/** An SDK as its events show it. */
export interface BrowserLibrary {
  sdk: BrowserSdk
  /** As in `context.library`. */
  name: string
  version: string
  hasScreen: boolean
}

/** How a visit is made. */
export interface BrowserVisit {
  /** Path of the SDK's settings on the collector's host; default: none. */
  settingsPath?: string
  /** Whether the SDK sends nothing before the page ends. */
  isHeldBack: boolean
}

/** Stack, browser and site of one test file. */
export interface StockBrowser {
  /** Makes a visit as a new person and expects every call in ClickHouse, once, with what a browser tells. */
  expectVisit: (library: BrowserLibrary, visit: BrowserVisit) => Promise<void>
  stop: () => Promise<void>
}

/** Starts them; the site is of another origin than the collector. */
export async function startStockBrowser(): Promise<StockBrowser> {
  const stack = await startTestStack()
  const browser = await launchBrowser()
  const site = await startStockSite()
  return {
    async expectVisit({ sdk, name, version, hasScreen }, { settingsPath = '', isHeldBack }) {
      const person = createPerson(crypto.randomUUID())
      const { page, sent } = await visitSite(browser, site, sdk, {
        settingsUrl: `${stack.worker.url}${settingsPath}`,
        collectorUrl: stack.worker.url,
        person,
        isHeldBack,
      })
      if (isHeldBack) await page.close({ runBeforeUnload: true })
      const rows = await expectStored(stack, { person, sent, calls: { screen: hasScreen, reset: true } })

      const visitors = rows.map(({ anonymous_id }) => anonymous_id)
      expect(visitors).toEqual(sent.map(({ anonymousId }) => anonymousId))
      expectOneReset(visitors)
      for (const row of rows) {
        expect(row).toMatchObject({
          source: 'dev',
          previous_id: row['type'] === 'alias' ? row.anonymous_id : '',
          library_name: name,
          library_version: version,
          ...pageColumns(site.url),
        })
      }
      expect(await stack.query('SELECT * FROM quarantine')).toEqual([])
    },
    async stop() {
      await browser.close()
      await site.stop()
      await stack.stop()
    },
  }
}

function pageColumns(siteUrl: string): object {
  return {
    page_url: `${siteUrl}${VISITED_PATH}`,
    page_path: '/pricing',
    page_search: '?utm_source=news&utm_medium=email',
    page_title: 'A shop',
    page_referrer: REFERRER,
    user_agent: expect.stringContaining('Chrome/'),
    locale: 'en-US',
  }
}

/** A reset makes another visitor, and only it does; the visit's last call comes after its only reset. */
function expectOneReset(visitors: readonly string[]): void {
  expect(new Set(visitors).size).toBe(2)
  expect(visitors.indexOf(visitors.at(-1) ?? '')).toBe(visitors.length - 1)
}
