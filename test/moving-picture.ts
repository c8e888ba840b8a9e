/**
 * Takes the moving picture of README, `docs/dashboard/moving.webp`: the live page while people shop. Needs `img2webp`, of the
 * package `webp` of most systems.
 *
 * ```sh
 * node test/moving-picture.ts
 * ```
 */

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { build } from '../scripts/build.ts'
import { ROOT } from '../scripts/setup.mjs'
import { launchBrowser } from './support/browser.ts'
import { sendShopTraffic } from './support/shop-traffic.ts'
import { shopTillCheckout } from './support/shopper.ts'
import { startTestStack, type TestStack } from './support/stack.ts'

const TARGET = join(ROOT, 'docs/dashboard/moving.webp')

const FRAMES = 24

const FRAME_MS = 500

const SIZE = { width: 1120, height: 700 }

await build()
const folder = await mkdtemp(join(tmpdir(), 'millrace-frames-'))
const stack = await startTestStack()
const browser = await launchBrowser()
try {
  await sendShopTraffic(stack, { minutes: 25, visitors: 200 })
  for (let run = 0; run < 2; run++) await stack.worker.triggerCron()
  const frames = await takeFrames(browser, stack, folder)
  execFileSync('img2webp', [
    '-loop',
    '0',
    '-lossy',
    '-q',
    '55',
    '-m',
    '6',
    '-d',
    `${FRAME_MS}`,
    ...frames,
    '-o',
    TARGET,
  ])
} finally {
  await browser.close()
  await stack.stop()
  await rm(folder, { recursive: true })
}

/** Pictures of the page, while two people shop in other windows. */
async function takeFrames(browser: Browser, { worker }: TestStack, folder: string): Promise<string[]> {
  const context = await browser.newContext({ colorScheme: 'light', viewport: SIZE })
  const page = await context.newPage()
  await page.goto(`${worker.url}/dashboard`)
  await page.waitForTimeout(4_000)
  const shopping = Promise.all([shop(browser, worker.url), shop(browser, worker.url)])
  const frames: string[] = []
  for (let index = 0; index < FRAMES; index++) {
    const started = performance.now()
    const path = join(folder, `${String(index).padStart(2, '0')}.png`)
    await page.screenshot({ path })
    frames.push(path)
    await page.waitForTimeout(Math.max(0, FRAME_MS - (performance.now() - started)))
  }
  await shopping
  await context.close()
  return frames
}

async function shop(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await shopTillCheckout(page, url)
  await page.waitForTimeout(2_000)
  await shopTillCheckout(page, url)
  await context.close()
}
