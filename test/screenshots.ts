/**
 * Takes the pictures of the dashboard in `docs/dashboard/`: with the demo shop's traffic, and with an imported access log.
 *
 * ```sh
 * node test/screenshots.ts [access.log]
 * ```
 */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { build } from '../scripts/build.ts'
import { ROOT } from '../scripts/setup.mjs'
import { launchBrowser } from './support/browser.ts'
import { runCommand } from './support/command.ts'
import { configPlugin } from './support/configured-stack.ts'
import { sendShopTraffic } from './support/shop-traffic.ts'
import { shopTillCheckout } from './support/shopper.ts'
import { startTestStack, type TestStack } from './support/stack.ts'
import { withWorkerBundle } from './support/worker-bundle.ts'

const FOLDER = join(ROOT, 'docs/dashboard')

const ENTRY = `
import worker from './worker.ts'
export { LiveAggregator } from './worker.ts'
export default worker
`

/** Read token and secret key of the site whose log is imported. */
const SITE_TOKEN = 'read-token-of-the-site'
const SITE_SECRET = 'secret-key-of-the-site'

const LOOKS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, isMobile: true },
}

await build()
await mkdir(FOLDER, { recursive: true })
const variables = { SITE_READ_TOKEN: SITE_TOKEN, SITE_SECRET_KEY: SITE_SECRET }
const plugins = [configPlugin('pictures')]
const stack = await withWorkerBundle({ entry: ENTRY, plugins }, (scriptPath) =>
  startTestStack({ scriptPath, variables }),
)
const browser = await launchBrowser()
try {
  await sendShopTraffic(stack, { minutes: 25, visitors: 260 })
  await shopInBrowser(browser, stack)
  await importLog(stack, process.argv[2] ?? join(ROOT, 'cli/fixtures/combined.log'))
  for (let run = 0; run < 3; run++) await stack.worker.triggerCron()
  for (const [look, options] of Object.entries(LOOKS)) {
    await picture(browser, stack, options, `live-${look}`, openEvent)
    await picture(browser, stack, options, `access-log-${look}`, showLog)
  }
} finally {
  await browser.close()
  await stack.stop()
}

async function shopInBrowser(browser: Browser, { worker }: TestStack): Promise<void> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await shopTillCheckout(page, worker.url)
  await page.waitForTimeout(1_000)
  await context.close()
}

async function importLog({ worker }: TestStack, path: string): Promise<void> {
  const args = [
    'cli/bin/millrace.mjs',
    'import',
    'access-log',
    path,
    '--source',
    'site',
    '--endpoint',
    worker.url,
  ]
  const { code, stderr } = await runCommand(process.execPath, args, { MILLRACE_SECRET_KEY: SITE_SECRET })
  if (code !== 0) throw new Error(stderr)
}

async function picture(
  browser: Browser,
  { worker }: TestStack,
  options: BrowserContextOptions,
  name: string,
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(`${worker.url}/dashboard`)
  await page.waitForTimeout(3_000)
  await prepare(page)
  await page.evaluate(() => scrollTo(0, 0))
  await page.waitForTimeout(3_000)
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true })
  await context.close()
}

/** One of the events, whole. */
async function openEvent(page: Page): Promise<void> {
  await page.locator('.events button', { hasText: 'Order Completed' }).first().click()
}

/** The days of the log. */
async function showLog(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sources …' }).click()
  await page.fill('#dialog-token', SITE_TOKEN)
  await page.locator('dialog button[type=submit]').click()
  await page.waitForTimeout(3_000)
  await page.locator('#range-days').check({ force: true })
  await page.getByLabel('First day').fill('2015-05-17')
  await page.getByLabel('Last day').fill('2015-05-20')
  await page.getByRole('button', { name: 'Show' }).click()
}
