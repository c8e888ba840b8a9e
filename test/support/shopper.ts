/** A visitor of the demo shop: looks at three products, buys one, and knows which events that makes. */

import type { Page } from 'playwright-core'

/** Type, name and path of an event. */
export type ExpectedEvent = [type: string, event: string, path: string]

const LIST: ExpectedEvent[] = [
  ['page', 'page', '/demo/'],
  ['track', 'Product List Viewed', '/demo/'],
]

/**
 * Goes through the shop as a person would, by its links and buttons.
 *
 * @returns the events in the order in which they happened
 */
export async function shopTillCheckout(page: Page, origin: string): Promise<ExpectedEvent[]> {
  const events: ExpectedEvent[] = [...LIST]
  await page.goto(`${origin}/demo/`)
  for (const id of ['mug', 'towel', 'blanket']) {
    await page.getByTestId(`product-${id}`).click()
    await page.getByTestId('product-page').waitFor()
    events.push(['page', 'page', `/demo/product/${id}`], ['track', 'Product Viewed', `/demo/product/${id}`])
    if (id === 'blanket') break
    await page.goBack()
    await page.getByTestId('product-list').waitFor()
    events.push(...LIST)
  }
  await page.getByTestId('add-to-cart').click()
  events.push(['track', 'Product Added', '/demo/product/blanket'])
  await page.getByTestId('go-to-cart').click()
  events.push(['page', 'page', '/demo/cart'], ['track', 'Cart Viewed', '/demo/cart'])
  await page.getByTestId('checkout').click()
  events.push(['page', 'page', '/demo/checkout'], ['track', 'Checkout Started', '/demo/checkout'])
  await page.getByTestId('name').fill('Ada Example')
  await page.getByTestId('email').fill('ada@example.com')
  await page.getByTestId('place-order').click()
  await page.getByTestId('thanks').waitFor()
  events.push(['identify', 'identify', '/demo/checkout'], ['track', 'Order Completed', '/demo/checkout'])
  events.push(['page', 'page', '/demo/thanks'])
  return events
}
