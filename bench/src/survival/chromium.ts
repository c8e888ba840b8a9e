/** Chromium as a {@link Driver}, by playwright-core. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../../scripts/browsers.mjs'
import { CHROMIUM_ARGUMENTS } from '../../../test/support/browser.ts'
import { type Driver, type Tab, trackAndLeaveInPage, trackInPage, type Visitor } from './driver.ts'
import { killAll, listProcesses } from './processes.ts'

export const CHROMIUM: Driver = { name: 'chromium', createVisitor }

async function createVisitor(): Promise<Visitor> {
  const profile = await mkdtemp(join(tmpdir(), 'millrace-chromium-'))
  let context: BrowserContext | undefined = await launch(profile)
  const end = async (how: (running: BrowserContext) => Promise<void>) => {
    if (context !== undefined) await how(context)
    context = undefined
  }
  return {
    async openTab(url) {
      if (context === undefined) throw new Error('the browser does not run')
      const page = await context.newPage()
      await page.goto(url)
      return createTab(page, context)
    },
    setOffline: async (isOffline) => context?.setOffline(isOffline),
    quit: () => end(quit),
    kill: () => end((running) => kill(running, profile)),
    async restart() {
      context = await launch(profile)
    },
    async remove() {
      await end((running) => running.close())
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

function launch(profile: string): Promise<BrowserContext> {
  const executablePath = ensureChromium()
  return chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: CHROMIUM_ARGUMENTS,
  })
}

function createTab(page: Page, context: BrowserContext): Tab {
  return {
    track: (run, first, count) => page.evaluate(trackInPage, { run, first, count }),
    async trackAndLeave(run, i, url) {
      await page.evaluate(trackAndLeaveInPage, { run, i, url })
      await page.waitForURL(url)
    },
    close: (end) => closePage(page, end),
    async crash() {
      const session = await context.newCDPSession(page)
      const crashed = page.waitForEvent('crash')
      // Never answered: who would answer has crashed.
      session.send('Page.crash').catch(() => undefined)
      await crashed
      // The tab of a dead page can be told nothing but this.
      await page.close()
    },
  }
}

async function closePage(page: Page, end: 'asked' | 'at once'): Promise<void> {
  if (end === 'at once') return page.close()
  const closed = page.waitForEvent('close')
  await page.close({ runBeforeUnload: true })
  await closed
}

/** `Browser.close` ends pages without their `pagehide`; a Chromium that a person quits closes its tabs first. */
async function quit(context: BrowserContext): Promise<void> {
  await Promise.all(context.pages().map((page) => closePage(page, 'asked')))
  await context.close()
}

async function kill(context: BrowserContext, profile: string): Promise<void> {
  const ours = (await listProcesses()).filter(({ args }) => args.includes(`--user-data-dir=${profile}`))
  const closed = new Promise((resolve) => context.once('close', resolve))
  killAll(ours)
  await closed
}
