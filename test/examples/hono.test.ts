/** examples/hono: installed, type-checked, bundled by wrangler, and run by workerd. */

import { expect, it } from 'vitest'
import { findFreePort } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import { setUpExample } from './support/installed-example.ts'
import { namesOf, numbersByStream, storedEvents } from './support/stored.ts'

const example = setUpExample('hono')

it('is type-checked', async () => {
  const { project } = example()
  await project.run('npm', ['run', 'check'])
})

it('tracks a download at the edge, of the visitor whose page it is', async () => {
  const { stack, browser, project } = example()
  const port = await findFreePort()
  const address = ['--ip', '127.0.0.1', '--port', String(port)]
  const worker = project.start('npx', [
    'wrangler',
    'dev',
    ...address,
    '--var',
    `MILLRACE_ENDPOINT:${stack.worker.url}`,
  ])
  await worker.waitForPort(port)

  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/`)
  await waitFor(async () => (await page.context().cookies()).some(({ name }) => name === 'millrace_aid'))
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Ridge loop').click()])
  expect(download.suggestedFilename()).toBe('ridge-loop.gpx')

  const rows = await storedEvents(stack, 2)
  expect(namesOf(rows)).toEqual(['page /', 'Route Downloaded'])
  expect(rows[1]).toMatchObject({ library_name: '@millrace/node', properties: { route: 'ridge-loop' } })
  expect(rows[0]?.anonymous_id).toMatch(/./)
  expect(rows[1]?.anonymous_id).toBe(rows[0]?.anonymous_id)
  expect(numbersByStream(rows)).toEqual([[1], [1]])
})
