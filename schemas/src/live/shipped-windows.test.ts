import { expect, it } from 'vitest'
import { resolveWindow } from './resolve-window.ts'
import { shippedWindows } from './shipped-windows.ts'

function shipped(name: string) {
  const found = shippedWindows.find((window) => window.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return resolveWindow(found)
}

it('revenue of orders is what they say, by currency, and that of categories is of their products', () => {
  const [orders, revenue] = [shipped('orders'), shipped('revenue')]
  expect(orders).toMatchObject({ by: ['properties.currency'], each: '', everyMs: revenue.everyMs })
  expect(orders.measures['revenue']).toEqual({ kind: 'sum', of: 'properties.revenue' })
  expect(revenue).toMatchObject({ each: 'properties.products', where: orders.where })
  expect(revenue.measures['revenue']).toEqual({ kind: 'sum', of: 'item.price', times: 'item.quantity' })
})

it('vitals are of a quarter of an hour, and have the quantile that thresholds are for', () => {
  const { sizeMs, everyMs, measures } = shipped('vitals')
  expect([sizeMs, everyMs]).toEqual([900_000, 60_000])
  expect(measures['value']).toMatchObject({ quantiles: [0.5, 0.75, 0.95, 0.99] })
})

it('views of which no referrer is known are counted, and those that the site led to are not', () => {
  expect(shipped('top_referrers').where).toContainEqual({
    field: 'referrer_class',
    op: 'is_not',
    value: 'internal',
  })
})
