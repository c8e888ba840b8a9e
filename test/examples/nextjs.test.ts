/** examples/nextjs: installed, built by Next, and one visit whose sale the server tracks. */

import { expect, it } from 'vitest'
import { findFreePort } from '../support/ports.ts'
import { setUpExample } from './support/installed-example.ts'
import { namesOf, numbersByStream, storedEvents, upTo } from './support/stored.ts'

const example = setUpExample('nextjs')

it('records the visit in the browser and the sale on the server, of one visitor', async () => {
  const { stack, browser, project } = example()
  const env = { NEXT_PUBLIC_MILLRACE_ENDPOINT: stack.worker.url }
  await project.run('npm', ['run', 'build'], { env })
  const port = await findFreePort()
  const server = project.start('npx', ['next', 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
    env,
  })
  await server.waitForPort(port)

  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.getByText('Throwing on the wheel').click()
  await page.getByRole('button', { name: 'Book a seat' }).click()
  await page.getByText('You have a seat').waitFor()

  const rows = await storedEvents(stack, 4)
  expect(namesOf(rows)).toEqual(['page /', 'page /courses/throwing', 'Booking Started', 'Order Completed'])
  expect(rows.map(({ library_name }) => library_name)).toEqual([
    ...Array(3).fill('@millrace/web'),
    '@millrace/node',
  ])
  expect(rows.map(({ page_title }) => page_title)).toEqual([
    'Clay & Kiln',
    ...Array(2).fill('Throwing on the wheel | Clay & Kiln'),
    '',
  ])
  expect(rows[3]?.page_path).toBe('/courses/throwing')
  expect(rows[3]?.properties).toMatchObject({ course: 'throwing', total: 180, currency: 'EUR' })
  expect(rows[0]?.anonymous_id).toMatch(/./)
  expect(new Set(rows.map(({ anonymous_id }) => anonymous_id)).size).toBe(1)
  expect(numbersByStream(rows)).toEqual([upTo(3), upTo(1)])
})

it('sells no course that there is not', async () => {
  const { project } = example()
  const port = await findFreePort()
  const server = project.start('npx', ['next', 'start', '--hostname', '127.0.0.1', '--port', String(port)])
  await server.waitForPort(port)
  const response = await fetch(`http://127.0.0.1:${port}/api/bookings`, {
    method: 'POST',
    body: '{"course":"glass"}',
  })
  expect(response.status).toBe(404)
})
