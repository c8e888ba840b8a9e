/** The live page in front of the Worker itself, which goes away and comes back: the page goes on without a gap or a double. */

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorker } from '../../local/src/worker.ts'
import { launchBrowser } from '../support/browser.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
let browser: Browser
let page: Page

beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchBrowser()
  page = await browser.newPage()
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

/** Sends one event of each of these visitors. */
async function send(event: string, ...visitors: string[]): Promise<void> {
  const batch = visitors.map((anonymousId) => ({ type: 'track', event, anonymousId }))
  expect((await stack.post({ batch })).status).toBe(200)
}

function waitForText(selector: string, pattern: RegExp): Promise<string> {
  return waitFor(
    () => page.locator(selector).first().innerText(),
    (text) => pattern.test(text),
  )
}

/** How often an event was counted, by the legend of the chart, and how many lines the stream has of it. */
async function countsOf(event: string): Promise<[counted: string, lines: number]> {
  const row = page.locator('#happening .legend tbody tr').filter({ hasText: event })
  return [
    await row.locator('td').last().innerText(),
    await page.locator('.events .name').filter({ hasText: event }).count(),
  ]
}

function waitForCounts(event: string, count: number): Promise<unknown> {
  return waitFor(
    () => countsOf(event),
    ([counted, lines]) => counted === String(count) && lines === count,
  )
}

it('page shows what happens, says that the Worker is away, and goes on by itself', async () => {
  await page.goto(`${stack.worker.url}/dashboard`)
  await waitForText('#welcome', /Nothing has come of “dev” yet/)
  await send('Before', 'visitor 1', 'visitor 1', 'visitor 2')
  await waitForText('#visitors', /^2$/)
  await waitForCounts('Before', 3)

  const { port, stop } = stack.worker
  await stop()
  await waitForText('#banner', /Disconnected since \d\d:\d\d:\d\d: what you see is from then/)
  await waitFor(
    () => page.title(),
    (title) => title === 'Disconnected · dev · Millrace',
  )
  // What was there stays.
  expect(await page.locator('#visitors').innerText()).toBe('2')
  expect(await countsOf('Before')).toEqual(['3', 3])

  const { dataPath, clickhouseUrl } = stack
  stack.worker = await startWorker({ port, dataPath, clickhouseUrl })
  await send('Meanwhile', 'visitor 3')
  await waitForText('#pill', /^Live$/)
  await page.locator('#banner').waitFor({ state: 'hidden' })
  await waitForText('#visitors', /^3$/)
  await waitForCounts('Meanwhile', 1)
  await send('After', 'visitor 3', 'visitor 4')
  await waitForText('#visitors', /^4$/)
  await waitForCounts('After', 2)
  await waitForCounts('Before', 3)
})
