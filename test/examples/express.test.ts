/** examples/express: installed, type-checked, and killed while the collector is away. */

import { glob } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import type { ProjectProcess } from '../support/packed-command.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'
import { findFreePort } from '../support/ports.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { namesOf, numbersByStream, storedEvents, upTo } from './support/stored.ts'

let stack: TestStack
let browser: Browser
let project: PackedProject
let collectorPort: number
let gate: Server | undefined
const sockets = new Set<Socket>()
beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchBrowser()
  project = await createPackedProject('examples/express')
  collectorPort = await findFreePort()
})
afterAll(async () => {
  await project.remove()
  await closeGate()
  await browser.close()
  await stack.stop()
})

/** Makes the collector answer under the address that the example has. */
function openGate(): Promise<void> {
  const opened = createServer((from) => {
    const to = connect(stack.worker.port, '127.0.0.1')
    for (const socket of [from, to]) {
      sockets.add(socket)
      // Cut on purpose.
      socket.on('error', () => {})
    }
    from.pipe(to).pipe(from)
  })
  gate = opened
  return new Promise((resolve) => opened.listen(collectorPort, '127.0.0.1', resolve))
}

/** Takes it away, with all connections. */
async function closeGate(): Promise<void> {
  const closing = gate
  gate = undefined
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await new Promise((resolve) => (closing === undefined ? resolve(undefined) : closing.close(resolve)))
}

async function startExample(port: number): Promise<ProjectProcess> {
  const env = { PORT: String(port), MILLRACE_ENDPOINT: `http://127.0.0.1:${collectorPort}` }
  const server = project.start('node', ['--env-file=.env', 'server.ts'], { env })
  await server.waitForPort(port)
  return server
}

async function spooledText(): Promise<string> {
  const texts = []
  for await (const path of glob('spool/**/*.events', { cwd: project.folder }))
    texts.push(await project.read(path))
  return texts.join('')
}

it('is type-checked', async () => {
  await project.run('npm', ['run', 'check'])
})

it('tracks orders of the visitor, those too that it is killed with', async () => {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  await openGate()
  const first = await startExample(port)
  const page = await browser.newPage()
  await page.goto(url)
  await waitFor(async () => (await page.context().cookies()).some(({ name }) => name === 'millrace_aid'))
  const orders = [await order(page)]
  await storedEvents(stack, 3)

  await closeGate()
  const lost = await order(page)
  orders.push(lost)
  const spooled = new RegExp(`Order Completed.*${lost}[^]*API Request`)
  await waitFor(async () => spooled.test(await spooledText()))
  process.kill(first.pid, 'SIGKILL')
  await first.ended
  await openGate()
  await startExample(port)

  const rows = await storedEvents(stack, 5)
  const perOrder = ['API Request', 'Order Completed']
  expect(namesOf(rows).sort()).toEqual([...perOrder, ...perOrder, 'page /'].sort())
  const found = rows.filter(({ event }) => event === 'Order Completed')
  expect(found.map(({ properties }) => properties['order_id'])).toEqual(orders)
  const request = { method: 'POST', route: '/orders', status: 201 }
  expect(rows.find(({ event }) => event === 'API Request')?.properties).toMatchObject(request)
  expect(new Set(rows.map(({ anonymous_id }) => anonymous_id)).size).toBe(1)
  expect(numbersByStream(rows)).toEqual([upTo(1), upTo(4)])
  await waitFor(async () => (await spooledText()) === '')
})

it('tracks an order without a cookie', async () => {
  const port = await findFreePort()
  await startExample(port)
  const response = await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST' })
  expect(response.status).toBe(201)
  const rows = (await storedEvents(stack, 7)).slice(5)
  expect(rows.map(({ event }) => event).sort()).toEqual(['API Request', 'Order Completed'])
  expect(new Set(rows.map(({ anonymous_id }) => anonymous_id)).size).toBe(1)
})

/** Orders on the page, and gives the id of the order. */
async function order(page: Page): Promise<string> {
  const answered = page.waitForResponse('**/orders')
  await page.getByRole('button', { name: 'Order a bag' }).click()
  const { order_id } = await (await answered).json()
  await page.getByText(`Your order is ${order_id}`).waitFor()
  return order_id
}
