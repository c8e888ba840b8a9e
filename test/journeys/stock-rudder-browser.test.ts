/** `@rudderstack/analytics-js` as npm has it, in a Chromium, on a site of another origin; only its hosts are ours. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { launchBrowser } from '../support/browser.ts'
import type { Site } from '../support/site.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { storedRows } from '../support/stock-rows.ts'
import { REFERRER, startStockSite, VISITED_PATH, visitSite } from '../support/stock-site.ts'
import { createPerson, expectedRows } from '../support/stock-visit.ts'

let stack: TestStack
let browser: Browser
let site: Site

beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchBrowser()
  site = await startStockSite()
})
afterAll(async () => {
  await browser.close()
  await site.stop()
  await stack.stop()
})

it.each([
  ['sent one by one', false],
  ['sent as a beacon when the page ends', true],
])(
  '@rudderstack/analytics-js (%s) has every call in ClickHouse, once, under its own id',
  async (_how, isHeldBack) => {
    const person = createPerson(crypto.randomUUID())
    const { page, sent } = await visitSite(browser, site, 'rudder', {
      settingsUrl: stack.worker.url,
      collectorUrl: stack.worker.url,
      person,
      isHeldBack,
    })
    if (isHeldBack) await page.close({ runBeforeUnload: true })
    const rows = await storedRows(stack, sent)

    expect(rows.map(({ message_id }) => message_id)).toEqual(sent.map(({ messageId }) => messageId))
    expect(rows.map(({ anonymous_id }) => anonymous_id)).toEqual(sent.map(({ anonymousId }) => anonymousId))
    expect(rows).toMatchObject(expectedRows(person, { screen: false, reset: true }))
    for (const row of rows) {
      expect(row).toMatchObject({
        source: 'dev',
        previous_id: row['type'] === 'alias' ? row.anonymous_id : '',
        library_name: 'RudderLabs JavaScript SDK',
        library_version: manifest.dependencies['@rudderstack/analytics-js'],
        page_url: `${site.url}${VISITED_PATH}`,
        page_path: '/pricing',
        page_search: '?utm_source=news&utm_medium=email',
        page_title: 'A shop',
        page_referrer: REFERRER,
        user_agent: expect.stringContaining('Chrome/'),
        locale: 'en-US',
      })
      expect(row.ageMs).toBeLessThan(10_000)
    }
    // A reset makes another visitor, and only it does.
    const visitors = rows.map(({ anonymous_id }) => anonymous_id)
    expect(new Set(visitors).size).toBe(2)
    expect(visitors.indexOf(visitors.at(-1) ?? '')).toBe(visitors.length - 1)
    expect(await stack.query('SELECT * FROM quarantine')).toEqual([])
  },
)
