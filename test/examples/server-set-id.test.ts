/** examples/server-set-id: one visitor, although Safari took from the browser what scripts had stored. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'
import { findFreePort } from '../support/ports.ts'
import type { TestStack } from '../support/stack.ts'
import { startExampleStack } from './support/own-config.ts'
import { namesOf, numbersByStream, storedEvents } from './support/stored.ts'

let stack: TestStack
let browser: Browser
let project: PackedProject
beforeAll(async () => {
  stack = await startExampleStack({ example: 'server-set-id', source: 'bookshop' })
  browser = await launchBrowser()
  project = await createPackedProject('examples/server-set-id')
})
afterAll(async () => {
  await project.remove()
  await browser.close()
  await stack.stop()
})

it('knows a visitor by the cookie of the collector', async () => {
  const port = await findFreePort()
  const env = { PORT: String(port), MILLRACE_ENDPOINT: `http://localhost:${stack.worker.port}` }
  const server = project.start('npm', ['start'], { env })
  await server.waitForPort(port)

  const page = await browser.newPage()
  await page.goto(`http://localhost:${port}/`)
  await storedEvents(stack, 1)
  const cookies = await page.context().cookies()
  const own = cookies.find(({ name }) => name === 'millrace_id')
  expect(own).toMatchObject({ httpOnly: true, sameSite: 'Lax', domain: 'localhost' })
  await page.getByRole('button').click()
  await page.waitForURL('**/reserved')
  await storedEvents(stack, 3)

  // What Safari does after seven days.
  await page.context().clearCookies({ name: 'millrace_aid' })
  await page.evaluate('localStorage.clear()')
  await page.goto(`http://localhost:${port}/`)

  const rows = await storedEvents(stack, 4)
  expect(namesOf(rows).sort()).toEqual(['Book Reserved', 'page /', 'page /', 'page /reserved'])
  expect(rows.map(({ anonymous_id }) => anonymous_id)).toEqual(Array(4).fill(own?.value))
  expect(rows.map(({ source }) => source)).toEqual(Array(4).fill('bookshop'))
  // The script has another id by now.
  expect(rows.at(-1)?.client_anonymous_id).toMatch(/./)
  expect(numbersByStream(rows)).toEqual(Array(4).fill([1]))
})
