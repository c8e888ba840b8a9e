/** The script tag on a site of another origin, in a real Chromium: what its visitors do is in ClickHouse. */

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type Site, startSite } from '../support/site.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
let browser: Browser
let site: Site

beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchBrowser()
  site = await startSite(stack.worker.url, "millrace.track('Early', { n: 0 })")
})
afterAll(async () => {
  await browser.close()
  await site.stop()
  await stack.stop()
})

/** Resolves once the script has taken the place of the stub, which keeps its calls in `q`. */
async function waitForScript(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (window as unknown as { millrace: { q?: unknown } }).millrace.q === undefined,
  )
}

/** Runs in the page: tracks `count` events named `name`. */
async function trackMany(page: Page, name: string, count: number): Promise<void> {
  await page.evaluate(
    ([event, n]) => {
      const { millrace } = window as unknown as {
        millrace: { track: (event: string, properties: object) => void }
      }
      for (let i = 0; i < n; i++) millrace.track(event, { i })
    },
    [name, count] as const,
  )
}

async function rowsOf(event: string) {
  return stack.query<{
    i: number
    stream: string
    seq: number
    previous_stream: string
    previous_seq: number
  }>(
    'SELECT toInt32(properties.i) AS i, stream, seq, previous_stream, previous_seq FROM events FINAL WHERE event = {event:String} ORDER BY seq',
    { event },
  )
}

describe('the script tag', () => {
  it('sends calls made before it was loaded, with the page they were made on', async () => {
    const page = await browser.newPage()
    await page.goto(`${site.url}/landing?utm_source=x`)
    const look = () =>
      stack.query(
        "SELECT page_path, page_search, page_title, library_name FROM events FINAL WHERE event = 'Early'",
      )
    const rows = await waitFor(look, (found) => found.length === 1, 10_000)
    expect(rows).toEqual([
      {
        page_path: '/landing',
        page_search: '?utm_source=x',
        page_title: 'A site',
        library_name: '@millrace/web',
      },
    ])
    await page.close()
  })

  it('loses nothing of a tab that is closed right after the calls', async () => {
    const page = await browser.newPage()
    await page.goto(site.url)
    await waitForScript(page)
    await trackMany(page, 'Closing', 50)
    await page.close({ runBeforeUnload: true })
    const rows = await waitFor(
      () => rowsOf('Closing'),
      (found) => found.length === 50,
    )
    expect(rows.map(({ i }) => i)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })

  it('numbers each page load by itself, and names the one before it in that tab', async () => {
    const page = await browser.newPage()
    await page.goto(`${site.url}/one`)
    await trackMany(page, 'First page', 3)
    await page.goto(`${site.url}/two`)
    await trackMany(page, 'Second page', 2)
    const second = await waitFor(
      () => rowsOf('Second page'),
      (found) => found.length === 2,
    )
    const first = await waitFor(
      () => rowsOf('First page'),
      (found) => found.length === 3,
    )
    expect(first.map(({ seq }) => seq)).toEqual([2, 3, 4])
    expect(second[0]?.stream).not.toBe(first[0]?.stream)
    const query =
      'SELECT previous_stream, previous_seq FROM events FINAL WHERE stream = {s:String} AND seq = 1'
    const [start] = await stack.query(query, { s: second[0]?.stream })
    expect(start).toEqual({ previous_stream: first[0]?.stream, previous_seq: 4 })
    await page.close()
  })

  it('sends what happened while the collector was away once it is back, each event once', async () => {
    const page = await browser.newPage()
    await page.goto(site.url)
    await waitForScript(page)
    // A page that never had an answer takes its requests for blocked, and waits for longer.
    await trackMany(page, 'Before', 1)
    await waitFor(
      () => rowsOf('Before'),
      (found) => found.length === 1,
    )
    await page.route('**/v1/batch', (route) => route.abort())
    await trackMany(page, 'Away', 30)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    await page.unroute('**/v1/batch')
    const rows = await waitFor(
      () => rowsOf('Away'),
      (found) => found.length >= 30,
    )
    expect(rows.map(({ i }) => i)).toEqual(Array.from({ length: 30 }, (_, i) => i))
    await page.close()
  })
})

describe('a page of another origin', () => {
  it.each([
    ['{"batch":[]}', 401, 'missing_write_key'],
    ['hello', 400, 'invalid_json'],
    ['x'.repeat(600_000), 413, 'body_too_large'],
  ])('can read why its request was refused (%#)', async (body, status, code) => {
    const page = await browser.newPage()
    await page.goto(site.url)
    const read = await page.evaluate(
      async ([url, text]) => {
        const response = await fetch(`${url}/v1/batch`, { method: 'POST', body: text })
        return { status: response.status, answer: await response.json() }
      },
      [stack.worker.url, body] as const,
    )
    expect(read).toMatchObject({ status, answer: { success: false, code } })
    await page.close()
  })
})
