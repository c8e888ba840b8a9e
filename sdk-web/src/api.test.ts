/** Compile-time promises of the public types: each marked line must not type-check. Nothing here is executed. */

import { expect, test } from 'vitest'
import type { Millrace } from './api.ts'
import { createMillrace } from './index.ts'

interface Plan {
  track: {
    'Order Completed': { order_id: string; total: number; coupon?: string | undefined }
    'Menu Opened': { place?: string | undefined }
    'Cart Viewed': { [key: string]: unknown; items: number }
  }
  page: { path: string; title: string; section: 'shop' | 'help'; author?: string | undefined }
  identify: { email: string }
}

function trackCompiles(client: Millrace<Plan>, name: string): void {
  client.track('Order Completed', { order_id: 'o1', total: 12.5 })
  client.track('Order Completed', { order_id: 'o1', total: 12.5, coupon: 'SPRING' })
  client.track('Menu Opened')
  client.track('Menu Opened', { place: 'top' })
  client.track('Cart Viewed', { items: 1, anything: true })
  // @ts-expect-error a name that the plan does not have
  client.track('Order Complete', { order_id: 'o1', total: 12.5 })
  // @ts-expect-error a name that is only known when it runs
  client.track(name)
  // @ts-expect-error a property is missing
  client.track('Order Completed', { order_id: 'o1' })
  // @ts-expect-error all properties are missing
  client.track('Order Completed')
  // @ts-expect-error a property of the wrong kind
  client.track('Order Completed', { order_id: 'o1', total: '12.5' })
  // @ts-expect-error a property that the plan does not name
  client.track('Menu Opened', { palce: 'top' })
  // @ts-expect-error a property is missing beside free ones
  client.track('Cart Viewed', { anything: true })
}

function otherCallsCompile(client: Millrace<Plan>): void {
  client.page({ section: 'shop' })
  client.page('Product', { section: 'shop', title: 'Mug' })
  client.page('Shop', 'Product', { section: 'shop', author: 'Ada' })
  client.identify('u1', { email: 'ada@example.com' })
  client.identify({ email: 'ada@example.com' })
  // @ts-expect-error what the page itself does not know
  client.page()
  // @ts-expect-error a value that the plan does not have
  client.page('Product', { section: 'blog' })
  // @ts-expect-error a field that the page knows, of the wrong kind
  client.page('Shop', 'Product', { section: 'shop', title: 1 })
  // @ts-expect-error traits are missing
  client.identify('u1')
  // @ts-expect-error a trait of the wrong kind
  client.identify({ email: true })
}

/** Keys that a plan does not have leave their calls free. */
function partsCompile(
  tracked: Millrace<{ track: { A: { b: number } } }>,
  viewed: Millrace<{ page: { c?: 1 } }>,
): void {
  tracked.page('Name', { anything: 1 })
  tracked.page()
  tracked.identify('u1')
  viewed.track('Anything', { at: 'all' })
  viewed.page()
  // @ts-expect-error of the wrong kind
  viewed.page({ c: 2 })
}

function anythingCompiles(client: Millrace, name: string, properties?: object): void {
  client.track(name)
  client.track(name, properties)
  client.track('A', { b: 1 })
  client.page()
  client.page(properties)
  client.page('Category', 'Name', properties)
  client.identify('u1', properties)
  client.identify()
  // @ts-expect-error neither a name nor properties
  client.page(5)
  // @ts-expect-error properties that are no object
  client.track('A', 'b')
  // A client without a plan serves where one with a plan is wanted.
  const planned: Millrace<Plan> = client
  planned.reset()
}

test('types are checked by the compiler', () => {
  expect([trackCompiles, otherCallsCompile, partsCompile, anythingCompiles]).toHaveLength(4)
})

test('plan changes nothing when it runs', () => {
  const client = createMillrace<Plan>({ writeKey: 'key', endpoint: '/' })
  expect(Object.keys(client)).toEqual(Object.keys(createMillrace({ writeKey: 'key', endpoint: '/' })))
})
