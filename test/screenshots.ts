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
import { sendShopTraffic } from './support/shop-traffic.ts'
import { shopTillCheckout } from './support/shopper.ts'
import { startTestStack, type TestStack } from './support/stack.ts'

const FOLDER = join(ROOT, 'docs/dashboard')

const LOOKS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, isMobile: true },
}

await build()
await mkdir(FOLDER, { recursive: true })
const stack = await startTestStack()
const browser = await launchBrowser()
try {
  await sendShopTraffic(stack, { minutes: 25, visitors: 260 })
  await shopInBrowser(browser, stack)
  await importLog(stack, process.argv[2] ?? join(ROOT, 'cli/fixtures/combined.log'))
  for (let run = 0; run < 3; run++) await stack.worker.triggerCron()
  for (const [look, options] of Object.entries(LOOKS)) {
    await picture(browser, stack, options, `live-${look}`)
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
    'dev',
    '--endpoint',
    worker.url,
  ]
  const { code, stderr } = await runCommand(process.execPath, args)
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
  await page.waitForTimeout(3_000)
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true })
  await context.close()
}

/** The days of the log. */
async function showLog(page: Page): Promise<void> {
  await page.locator('#range-days').check({ force: true })
  await page.getByLabel('First day').fill('2015-05-17')
  await page.getByLabel('Last day').fill('2015-05-20')
  await page.getByRole('button', { name: 'Show' }).click()
}
