/** Firefox as a {@link Driver}, by puppeteer-core over WebDriver BiDi. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { launchFirefox } from '../../../test/support/firefox.ts'
import { type Driver, type Tab, trackAndLeaveInPage, trackInPage, type Visitor } from './driver.ts'
import { killAll, type ListedProcess, listProcesses, selectDescendants } from './processes.ts'

/** What Firefox calls a process that renders pages; its own pages and extensions have others. */
const CONTENT_PROCESS = /^(Isolated )?Web Co/

/** For the browser to notice that a process of its has gone. */
const CRASH_MS = 300

export const FIREFOX: Driver = { name: 'firefox', createVisitor }

async function createVisitor(): Promise<Visitor> {
  const profile = await mkdtemp(join(tmpdir(), 'millrace-firefox-'))
  let browser: Browser | undefined = await launchFirefox(profile)
  const end = async (how: (running: Browser) => Promise<void>) => {
    if (browser !== undefined) await how(browser)
    browser = undefined
  }
  return {
    async openTab(url) {
      if (browser === undefined) throw new Error('the browser does not run')
      const page = await browser.newPage()
      await page.goto(url)
      return createTab(page, browser)
    },
    async setOffline(isOffline) {
      const pages = (await browser?.pages()) ?? []
      await Promise.all(pages.map((page) => page.setOfflineMode(isOffline)))
    },
    quit: () => end((running) => running.close()),
    kill: () => end(kill),
    async restart() {
      browser = await launchFirefox(profile)
    },
    async remove() {
      await end((running) => running.close())
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

function createTab(page: Page, browser: Browser): Tab {
  return {
    track: (run, first, count) => page.evaluate(trackInPage, { run, first, count }),
    async trackAndLeave(run, i, url) {
      await Promise.all([page.waitForNavigation(), page.evaluate(trackAndLeaveInPage, { run, i, url })])
    },
    close: (end) => page.close({ runBeforeUnload: end === 'asked' }),
    async crash() {
      // Which of them has this tab cannot be told from outside; all are ended, each with the tabs it has.
      const content = (await listOwnProcesses(browser)).filter(({ name }) => CONTENT_PROCESS.test(name))
      killAll(content)
      await new Promise((resolve) => setTimeout(resolve, CRASH_MS))
    },
  }
}

async function kill(browser: Browser): Promise<void> {
  const main = browser.process()
  const gone = new Promise((resolve) => main?.once('exit', resolve))
  killAll([...(main?.pid === undefined ? [] : [{ pid: main.pid }]), ...(await listOwnProcesses(browser))])
  await gone
}

async function listOwnProcesses(browser: Browser): Promise<ListedProcess[]> {
  const pid = browser.process()?.pid
  return pid === undefined ? [] : selectDescendants(await listProcesses(), pid)
}
