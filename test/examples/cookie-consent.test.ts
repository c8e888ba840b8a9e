/** examples/cookie-consent: what leaves the browser, and what stays in it, before and after each answer. */

import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { type StaticSite, serveFolder } from './support/static-site.ts'
import { namesOf, numbersByStream, storedEvents, upTo } from './support/stored.ts'
import { launchVisitor } from './support/visitor.ts'

/** Four times as long as an event waits for company. */
const QUIET_MS = 1_000

let stack: TestStack
let browser: Browser
let site: StaticSite
beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchVisitor(stack.worker.port)
  site = await serveFolder(join(ROOT, 'examples/cookie-consent'))
})
afterAll(async () => {
  await site.stop()
  await browser.close()
  await stack.stop()
})

/** Opens the page, and counts what it posts. */
async function visit(): Promise<{ page: Page; posted: () => number }> {
  const page = await (await browser.newContext()).newPage()
  let count = 0
  page.on('request', (request) => {
    if (request.method() === 'POST') count++
  })
  await page.goto(site.url)
  await loaded(page)
  return { page, posted: () => count }
}

/** Once the script of the collector has taken the place of the stub. */
async function loaded(page: Page): Promise<void> {
  await page.waitForFunction('window.millrace.dropped')
}

/** Everything that is kept in the browser: names of cookies, keys and databases. */
async function kept(page: Page): Promise<string[]> {
  const keys = await page.evaluate<string[]>(
    'indexedDB.databases().then((all) => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...all.map(({ name }) => name)])',
  )
  return [...(await page.context().cookies()).map(({ name }) => name), ...keys].sort()
}

const banner = (page: Page) => page.locator('#consent')

it('sends and stores nothing before an answer, and all of it after a yes', async () => {
  const { page, posted } = await visit()
  await page.getByRole('button', { name: 'Save for later' }).click()
  await page.waitForTimeout(QUIET_MS)
  expect(await banner(page).isVisible()).toBe(true)
  expect(posted()).toBe(0)
  expect(await kept(page)).toEqual([])

  await page.getByRole('button', { name: 'Yes' }).click()
  const rows = await storedEvents(stack, 2)
  expect(namesOf(rows)).toEqual(['page /', 'Article Saved'])
  expect(numbersByStream(rows)).toEqual([upTo(2)])
  expect(rows[0]?.context).toMatchObject({ consent: { categoryPreferences: { analytics: true } } })
  expect(await kept(page)).toEqual(expect.arrayContaining(['analytics', 'millrace_aid']))

  await page.reload()
  await loaded(page)
  expect(await banner(page).isVisible()).toBe(false)
  expect(namesOf(await storedEvents(stack, 3))).toEqual(['page /', 'Article Saved', 'page /'])

  const before = posted()
  await page.getByRole('button', { name: 'Privacy settings' }).click()
  await page.getByRole('button', { name: 'No' }).click()
  await waitFor(async () => (await kept(page)).join() === 'analytics')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.waitForTimeout(QUIET_MS)
  expect(posted()).toBe(before)
})

it('drops what was held after a no, and does not ask again', async () => {
  const before = (await storedEvents(stack, 0)).length
  const { page, posted } = await visit()
  await page.getByRole('button', { name: 'Save for later' }).click()
  await page.getByRole('button', { name: 'No' }).click()
  await page.reload()
  await loaded(page)
  await page.getByRole('button', { name: 'Save for later' }).click()
  await page.waitForTimeout(QUIET_MS)
  expect(await banner(page).isVisible()).toBe(false)
  expect(posted()).toBe(0)
  expect(await kept(page)).toEqual(['analytics'])
  expect(await storedEvents(stack, 0)).toHaveLength(before)
})
