/** A visitor's browser for pages with the browser SDK: what the page throws is kept, and what is stored can be listed. */

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { ensureChromium } from '../../scripts/browsers.mjs'

/** Everything that a page's origin keeps in the browser. */
export interface Stored {
  cookie: string
  local: string[]
  tab: string[]
  databases: string[]
  caches: string[]
}

/** Nothing stored. */
export const NOTHING_STORED: Stored = { cookie: '', local: [], tab: [], databases: [], caches: [] }

/**
 * Starts a Chromium that keeps pages in its back/forward cache, as those of visitors do, and finds `shop.test` on loopback.
 * Close it in `afterAll`.
 */
export function launchVisitorBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: ensureChromium(),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--host-resolver-rules=MAP shop.test 127.0.0.1',
    ],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
}

/** Opens a tab. Gives it with the messages of all that is thrown in it from now on, rejections included. */
export async function openTab(context: BrowserContext): Promise<{ page: Page; thrown: string[] }> {
  const page = await context.newPage()
  const thrown: string[] = []
  page.on('pageerror', (error) => thrown.push(error.message))
  return { page, thrown }
}

/** Lists what the page's origin keeps: the cookies that scripts can read, names of keys, databases and caches. */
export function listStored(page: Page): Promise<Stored> {
  return page.evaluate(async () => ({
    cookie: document.cookie,
    local: Object.keys(localStorage),
    tab: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name = '' }) => name),
    caches: await caches.keys(),
  }))
}
