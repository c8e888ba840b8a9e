/** An empty project with webpack: the package from its tarball, a production build, its page in a browser, its events in ClickHouse. */

import { createServer, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

let stack: TestStack
let project: PackedProject
let browser: Browser
let site: Server
let siteUrl: string

beforeAll(async () => {
  stack = await startTestStack()
  project = await createPackedProject('test/packages/webpack')
  await project.run('npm', ['run', 'build'], { env: { MILLRACE_ENDPOINT: stack.worker.url } })
  site = createServer((request, response) => void serve(request.url ?? '/', response))
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const address = site.address()
  siteUrl = `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  site?.closeAllConnections()
  await new Promise((resolve) => site?.close(resolve))
  await project?.remove()
  await stack?.stop()
})

/** Each page has the bundle of its name. */
async function serve(path: string, response: ServerResponse): Promise<void> {
  const isScript = path.endsWith('.js')
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
  const html = `<!doctype html><title>A shop</title><button id="buy" data-millrace-event="Buy Clicked">Buy</button>
<script src="${path}.js"></script>`
  response.end(isScript ? await bundle(path.slice(1)).catch(() => '') : html)
}

const bundle = (name: string) => project.read(join('dist', name))

describe('a page that webpack has built', () => {
  it.each(['modules', 'required'])('of %s sends its events to ClickHouse', async (name) => {
    const page = await browser.newPage()
    const thrown: string[] = []
    page.on('pageerror', (error) => thrown.push(error.message))
    await page.goto(`${siteUrl}/${name}`)
    await page.click('#buy')
    const look = () =>
      stack.query(
        `SELECT type, event, toString(properties.built) AS built, page_path, page_title, library_name
        FROM events FINAL WHERE page_path = {path:String} ORDER BY seq`,
        { path: `/${name}` },
      )
    const rows = await waitFor(look, (found) => found.length >= 3)
    const shared = { page_path: `/${name}`, page_title: 'A shop', library_name: '@millrace/web' }
    expect(rows).toHaveLength(3)
    expect(rows).toEqual(
      expect.arrayContaining([
        { ...shared, type: 'page', event: 'page', built: '' },
        { ...shared, type: 'track', event: 'Buy Clicked', built: '' },
        { ...shared, type: 'track', event: 'Order Completed', built: name },
      ]),
    )
    expect(thrown).toEqual([])
    await page.close()
  })

  it('has nothing of what it imports and does not use, and the script that it imports for its effect', async () => {
    expect((await bundle('unused.js')).length).toBeLessThan(100)
    expect((await bundle('script.js')).length).toBeGreaterThan(10_000)
  })
})
