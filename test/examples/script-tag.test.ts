/** examples/script-tag: the page as it is with the script of the collector, and with the one from the package. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { createPackedProject } from '../support/packed-project.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { serveFolder } from './support/static-site.ts'
import { namesOf, numbersByStream, type StoredEvent, storedEvents } from './support/stored.ts'
import { launchVisitor } from './support/visitor.ts'

const FOLDER = 'examples/script-tag'

let stack: TestStack
let browser: Browser
beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchVisitor(stack.worker.port)
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

/** Joins the newsletter on the page of a folder. */
async function visit(folder: string): Promise<StoredEvent[]> {
  const site = await serveFolder(folder)
  const before = (await storedEvents(stack, 0)).length
  const page = await browser.newPage()
  await page.goto(site.url)
  await page.fill('input', 'ada@example.com')
  await page.click('button')
  await page.getByText('Thank you').waitFor()
  const rows = await storedEvents(stack, before + 2)
  await page.context().close()
  await site.stop()
  return rows.slice(before)
}

function expectVisit(rows: readonly StoredEvent[]): void {
  expect(namesOf(rows)).toEqual(['page /', 'Newsletter Joined'])
  expect(rows[0]).toMatchObject({ page_title: 'Harbour Street Bakery', library_name: '@millrace/web' })
  expect(rows[1]?.properties).toEqual({ list: 'weekly-bread' })
  expect(numbersByStream(rows)).toEqual([[1, 2]])
  expect(new Set(rows.map(({ anonymous_id }) => anonymous_id)).size).toBe(1)
  expect(JSON.stringify(rows)).not.toContain('ada@')
}

describe('the page', () => {
  it('records the view and the form with the script of the collector', async () => {
    expectVisit(await visit(join(ROOT, FOLDER)))
  })

  it('records them with the script of the package', async () => {
    const manifest = { private: true, dependencies: { '@millrace/web': '0.1.0' } }
    const project = await createPackedProject(FOLDER, { files: { 'package.json': JSON.stringify(manifest) } })
    const tag = 'src="http://127.0.0.1:8787/millrace.js"'
    const own = 'src="/node_modules/@millrace/web/dist/millrace.js" data-endpoint="http://127.0.0.1:8787"'
    const html = await project.read('index.html')
    expect(html).toContain(tag)
    await project.write('index.html', html.replace(tag, own))
    expectVisit(await visit(project.folder))
    await project.remove()
  })
})

it.each(['script-tag', 'cookie-consent'])(
  'the page of %s has the first script of the package',
  async (name) => {
    const stub = await readFile(join(ROOT, 'sdk-web/dist/stub.js'), 'utf8')
    expect(await readFile(join(ROOT, `examples/${name}/index.html`), 'utf8')).toContain(stub.trim())
  },
)
