/** The plan in `millrace.config.ts` speaks of the demo shop: what the shop really calls must conform to it. */

import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { createPlanChecker, type PlannedEvent } from '@millrace/schemas'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { plan } from '../../millrace.config.ts'
import { ROOT } from '../../scripts/setup.mjs'
import { launchBrowser } from '../support/browser.ts'
import { shopTillCheckout } from '../support/shopper.ts'

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' }

let browser: Browser
let server: Server

beforeAll(async () => {
  browser = await launchBrowser()
  server = createServer(async ({ url = '' }, response) => {
    const type = TYPES[extname(url)]
    const file = join(ROOT, 'local/demo', type === undefined ? 'index.html' : url.replace('/demo/', ''))
    const body = await readFile(file).catch(() => '')
    response.writeHead(200, { 'content-type': type ?? 'text/html; charset=utf-8' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
})

it('all events of the demo shop conform to its plan, and all of the plan occur', async () => {
  const page = await browser.newPage()
  // Takes the place of the client, and remembers over all pages.
  const events: PlannedEvent[] = []
  await page.exposeFunction('remember', (event: PlannedEvent) => events.push(event))
  await page.addInitScript(() => {
    const host = window as unknown as { remember: (event: object) => void; millrace: object }
    const ignore = () => {}
    const track = (event: string, properties: object) => host.remember({ type: 'track', event, properties })
    host.millrace = { track, page: ignore, identify: ignore, reset: ignore, flush: ignore }
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await shopTillCheckout(page, origin)
  await page.goto(`${origin}/demo/product/mug`)
  await page.getByTestId('add-to-cart').click()
  await page.getByTestId('go-to-cart').click()
  await page.getByTestId('remove-mug').click()
  await page.goto(`${origin}/demo/cart`)
  await expect.poll(() => events.at(-1)?.event).toBe('Cart Viewed')

  const check = createPlanChecker({ ...plan, refuseUnplanned: true })
  expect(events.flatMap((event) => check(event).violations)).toEqual([])
  const names = new Set(events.map(({ event }) => event))
  expect([...names].sort()).toEqual(Object.keys(plan.events).sort())
})
