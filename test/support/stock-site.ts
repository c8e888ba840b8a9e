/** A customer's site that has the stock SDKs in its bundle, on an origin of its own, and its visitors. */

import { createServer } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { ROOT } from '../../scripts/setup.mjs'
import type { Site } from './site.ts'
import type { MakeVisit, PageVisit } from './stock-page.ts'
import type { SentEvent } from './stock-visit.ts'

/** The SDKs that run in browsers. */
export type BrowserSdk = 'segment' | 'rudder'

/** Where the visitor of {@link visitSite} is and came from; the fragment is no part of the page's address. */
export const VISITED_PATH = '/pricing?utm_source=news&utm_medium=email'
export const REFERRER = 'http://search.example/'

const HTML = `<!doctype html><meta charset="utf-8"><title>A shop</title>
<script src="/stock.js"></script><h1>A shop</h1>`

/**
 * Starts a site whose every path is the same page, titled `A shop`.
 *
 * @param port default: a free one
 */
export async function startStockSite(port = 0): Promise<Site> {
  const script = await bundlePage()
  const server = createServer((request, response) => {
    const isScript = request.url === '/stock.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? script : HTML)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Opens the site as a new visitor and makes the visit; the page stays open, because an SDK may not have sent it all. */
export async function visitSite(
  browser: Browser,
  site: Site,
  sdk: BrowserSdk,
  visit: PageVisit,
): Promise<{ page: Page; sent: SentEvent[] }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${site.url}${VISITED_PATH}#plans`, { referer: REFERRER })
  const sent = await page.evaluate(
    ([name, options]) => {
      const { stockVisits } = window as unknown as { stockVisits: Record<string, MakeVisit> }
      return stockVisits[name]?.(options)
    },
    [sdk, visit] as const,
  )
  return { page, sent: sent ?? [] }
}

async function bundlePage(): Promise<string> {
  const result = await build({
    entryPoints: [join(ROOT, 'test/support/stock-page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2024',
    logLevel: 'error',
  })
  const [file] = result.outputFiles
  if (file === undefined) throw new Error('esbuild gave no file')
  return file.text
}
