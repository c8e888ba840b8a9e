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
  void client.track('Order Completed', { order_id: 'o1', total: 12.5 })
  void client.track('Order Completed', { order_id: 'o1', total: 12.5, coupon: 'SPRING' })
  void client.track('Menu Opened')
  void client.track('Menu Opened', { place: 'top' })
  void client.track('Cart Viewed', { items: 1, anything: true })
  // @ts-expect-error a name that the plan does not have
  void client.track('Order Complete', { order_id: 'o1', total: 12.5 })
  // @ts-expect-error a name that is only known when it runs
  void client.track(name)
  // @ts-expect-error a property is missing
  void client.track('Order Completed', { order_id: 'o1' })
  // @ts-expect-error all properties are missing
  void client.track('Order Completed')
  // @ts-expect-error a property of the wrong kind
  void client.track('Order Completed', { order_id: 'o1', total: '12.5' })
  // @ts-expect-error a property that the plan does not name
  void client.track('Menu Opened', { palce: 'top' })
  // @ts-expect-error a property is missing beside free ones
  void client.track('Cart Viewed', { anything: true })
}

function otherCallsCompile(client: Millrace<Plan>): void {
  void client.page({ section: 'shop' })
  void client.page('Product', { section: 'shop', title: 'Mug' })
  void client.page('Shop', 'Product', { section: 'shop', author: 'Ada' })
  void client.identify('u1', { email: 'ada@example.com' })
  void client.identify({ email: 'ada@example.com' })
  // @ts-expect-error what the page itself does not know
  void client.page()
  // @ts-expect-error a value that the plan does not have
  void client.page('Product', { section: 'blog' })
  // @ts-expect-error a field that the page knows, of the wrong kind
  void client.page('Shop', 'Product', { section: 'shop', title: 1 })
  // @ts-expect-error traits are missing
  void client.identify('u1')
  // @ts-expect-error a trait of the wrong kind
  void client.identify({ email: true })
}

/** Keys that a plan does not have leave their calls free. */
function partsCompile(
  tracked: Millrace<{ track: { A: { b: number } } }>,
  viewed: Millrace<{ page: { c?: 1 } }>,
): void {
  void tracked.page('Name', { anything: 1 })
  void tracked.page()
  void tracked.identify('u1')
  void viewed.track('Anything', { at: 'all' })
  void viewed.page()
  // @ts-expect-error of the wrong kind
  void viewed.page({ c: 2 })
}

function anythingCompiles(client: Millrace, name: string, properties?: object): void {
  void client.track(name)
  void client.track(name, properties)
  void client.track('A', { b: 1 })
  void client.page()
  void client.page(properties)
  void client.page('Category', 'Name', properties)
  void client.identify('u1', properties)
  void client.identify()
  // @ts-expect-error neither a name nor properties
  void client.page(5)
  // @ts-expect-error properties that are no object
  void client.track('A', 'b')
  // A client without a plan serves where one with a plan is wanted.
  const planned: Millrace<Plan> = client
  planned.reset()
}

/** What is common to all plans. */
function restCompiles(client: Millrace<Plan>): void {
  const options = { context: { ip: '0.0.0.0' }, timestamp: new Date(0), integrations: { All: true } }
  void client.track('Menu Opened', {}, options, () => {})
  void client.page('Shop', 'Product', { section: 'shop' }, options)
  void client.screen('Home')
  void client.screen('Shop', 'Home', {}, options)
  void client.identify(null, { email: 'ada@example.com' })
  void client.identify(1, { email: 'ada@example.com' }, options, () => {})
  void client.group(1, { any: true })
  void client.alias('user-1')
  void client.alias('user-1', 'user-0', options, () => {})
  const answered: Promise<void>[] = [client.flush(), client.ready(() => {}), client.track('Menu Opened')]
  const off: (() => void)[] = [client.on('reset', () => {}), client.use(() => null)]
  const id: string | undefined = client.user().id() ?? client.user().anonymousId()
  client.setAnonymousId(`${id}${answered.length}${off.length}`)
  client.consent('granted')
  client.consent({ analytics: 'granted', ads: 'denied' })
  // @ts-expect-error options that are no object
  void client.track('Menu Opened', {}, 'options')
  // @ts-expect-error a time of the wrong kind
  void client.track('Menu Opened', {}, { timestamp: true })
  // @ts-expect-error an alias of nobody
  void client.alias()
  // @ts-expect-error a group without an id
  void client.group({ any: true })
  // @ts-expect-error a state that there is not
  client.consent({ analytics: 'yes' })
  // @ts-expect-error nothing that happens
  client.on('nothing', () => {})
}

function hooksCompile(client: Millrace): void {
  client.on('dropped', (reason, count) => {
    const told: [string, number] = [reason, count]
    return void told
  })
  client.on('event', ({ type, properties }) => void [type, properties?.['any']])
  client.on('batch', ({ id, events, bytes, status }) => void [id, events, bytes, status])
  client.use((event) => {
    event.event = 'another name'
    delete event.userId
  })
  client.use((event) => (event.type === 'page' ? null : { ...event, context: {} }))
  client.use((event) => event.type !== 'page' && event)
  // @ts-expect-error a listener of another kind
  client.on('dropped', (reason: number) => void reason)
  // @ts-expect-error a promise of an event
  client.use(async (event) => event)
  // @ts-expect-error read-only
  client.dropped.refused = 1
}

function optionsCompile(): void {
  createMillrace({ writeKey: 'key', endpoint: '/', consent: 'pending', cookieless: true })
  createMillrace({ writeKey: 'key', endpoint: '/', consent: { analytics: 'denied' }, flushAt: 1 })
  // @ts-expect-error an option is missing
  createMillrace({ writeKey: 'key' })
  // @ts-expect-error an option that there is not
  createMillrace({ writeKey: 'key', endpoint: '/', maxQueueEvents: 1 })
  // @ts-expect-error an option of the wrong kind
  createMillrace({ writeKey: 'key', endpoint: '/', consent: 'yes' })
}

test('types are checked by the compiler', () => {
  const checked = [trackCompiles, otherCallsCompile, partsCompile, anythingCompiles]
  expect([...checked, restCompiles, hooksCompile, optionsCompile]).toHaveLength(7)
})

test('plan changes nothing when it runs', () => {
  const client = createMillrace<Plan>({ writeKey: 'key', endpoint: '/' })
  expect(Object.keys(client)).toEqual(Object.keys(createMillrace({ writeKey: 'key', endpoint: '/' })))
})
