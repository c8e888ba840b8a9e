/** examples/vite-react-router: installed, type-checked, built, and clicked through. */

import { expect, it } from 'vitest'
import { findFreePort } from '../support/ports.ts'
import { setUpExample } from './support/installed-example.ts'
import { namesOf, numbersByStream, storedEvents, upTo } from './support/stored.ts'

const example = setUpExample('vite-react-router')

it('records each address that the router shows, and the event of the plan', async () => {
  const { stack, browser, project } = example()
  await project.run('npm', ['run', 'build'], { env: { VITE_MILLRACE_ENDPOINT: stack.worker.url } })
  const port = await findFreePort()
  const preview = project.start('npx', ['vite', 'preview', '--host', '127.0.0.1', '--port', String(port)])
  await preview.waitForPort(port)

  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.getByText('Monstera').click()
  await page.getByRole('button', { name: 'Add to basket' }).click()
  await page.getByText('In your basket').waitFor()
  await page.goBack()
  await page.getByText('Plants that forgive').waitFor()

  const rows = await storedEvents(stack, 4)
  expect(namesOf(rows)).toEqual(['page /', 'page /plants/monstera', 'Product Added', 'page /'])
  expect(rows.map(({ page_title }) => page_title)).toEqual([
    'Fernhill Plants',
    ...Array(2).fill('Monstera deliciosa | Fernhill Plants'),
    'Fernhill Plants',
  ])
  expect(rows[1]?.page_referrer).toBe(`http://127.0.0.1:${port}/`)
  expect(rows[2]?.properties).toEqual({
    product_id: 'monstera',
    name: 'Monstera deliciosa',
    price: 32.5,
    currency: 'EUR',
  })
  expect(numbersByStream(rows)).toEqual([upTo(4)])
})

it('does not compile with a property that the plan has otherwise', async () => {
  const { project } = example()
  const source = await project.read('src/main.tsx')
  await project.write('src/main.tsx', source.replace('price: plant.price,', "price: 'much',"))
  const { code, output } = await project.runToEnd('npx', ['tsc'])
  expect(output).toMatch(/src\/main\.tsx\(\d+,\d+\): error TS2322: .*'string'.*'number'/)
  expect(code).not.toBe(0)
})
