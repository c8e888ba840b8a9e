/** Compile-time promises of the public types: each marked line must not type-check. Nothing here is executed. */

import { expect, it } from 'vitest'
import type { MillraceOptions } from './client-options.ts'
import type { createMillrace } from './edge.ts'
import type { Millrace } from './types.ts'

interface Order {
  total: number
}

function compileOnly(client: Millrace, order: Order): unknown {
  client.track({ userId: 'u', event: 'Order Completed', properties: order })
  client.track({ anonymousId: 'a', event: 'E', timestamp: new Date(), messageId: undefined })
  // @ts-expect-error neither userId nor anonymousId
  client.track({ event: 'E' })
  // @ts-expect-error track without a name
  client.track({ userId: 'u' })
  // @ts-expect-error a misspelt field
  client.page({ userId: 'u', title: 'Home' })
  // @ts-expect-error group without groupId
  client.group({ userId: 'u' })
  // @ts-expect-error an id that is not text
  client.identify({ userId: 7 })
  // @ts-expect-error no key
  const noKey: MillraceOptions = { endpoint: 'https://events.test' }
  // @ts-expect-error both keys
  const bothKeys: MillraceOptions = { endpoint: 'https://events.test', writeKey: 'w', secretKey: 's' }
  return [noKey, bothKeys]
}

interface Plan {
  track: {
    'Order Completed': { order_id: string; total: number; coupon?: string | undefined }
    'Menu Opened': { place?: string | undefined }
  }
  page: { section: 'shop' | 'help' }
  identify: { email: string }
  group: { plan?: 'free' | 'paid' }
}

function planCompiles(client: Millrace<Plan>, name: string): void {
  const who = { userId: 'u' }
  client.track({ ...who, event: 'Order Completed', properties: { order_id: 'o', total: 1 } })
  client.track({ ...who, event: 'Menu Opened', timestamp: new Date() })
  client.page({ ...who, name: 'Home', properties: { section: 'shop' } })
  client.screen({ ...who, properties: { anything: 1 } })
  client.identify({ ...who, traits: { email: 'ada@example.com' } })
  client.group({ ...who, groupId: 'g' })
  client.alias({ ...who, previousId: 'a' })
  // @ts-expect-error a name that the plan does not have
  client.track({ ...who, event: 'Order Complete', properties: { order_id: 'o', total: 1 } })
  // @ts-expect-error a name that is only known when it runs
  client.track({ ...who, event: name })
  // @ts-expect-error a property is missing
  client.track({ ...who, event: 'Order Completed', properties: { order_id: 'o' } })
  // @ts-expect-error all properties are missing
  client.track({ ...who, event: 'Order Completed' })
  // @ts-expect-error a property of the wrong kind
  client.track({ ...who, event: 'Order Completed', properties: { order_id: 'o', total: '1' } })
  // @ts-expect-error properties of another event
  client.track({ ...who, event: 'Menu Opened', properties: { order_id: 'o', total: 1 } })
  // @ts-expect-error nobody did it
  client.track({ event: 'Menu Opened' })
  // @ts-expect-error properties are missing
  client.page({ ...who, name: 'Home' })
  // @ts-expect-error traits are missing
  client.identify(who)
  // @ts-expect-error a trait of the wrong kind
  client.group({ ...who, groupId: 'g', traits: { plan: 'gold' } })
}

/** Who is known need not be said again, and a child of a child knows both. */
function childrenCompile(client: Millrace, edge: typeof createMillrace): void {
  const known = client.with({ anonymousId: 'a' })
  known.track({ event: 'E' })
  known.with({ context: { ip: '192.0.2.1' } }).identify({ traits: {} })
  const nameless = client.with({ context: {} })
  nameless.track({ userId: 'u', event: 'E' })
  // @ts-expect-error neither the call nor the child says who
  nameless.track({ event: 'E' })
  // @ts-expect-error a child does not end the client
  known.close()
  const options = { writeKey: 'w', endpoint: 'https://events.test' }
  edge({ ...options, defaults: () => ({ anonymousId: 'a' }) }).track({ event: 'E' })
  // @ts-expect-error nobody is known
  edge(options).track({ event: 'E' })
  // @ts-expect-error there is no file system
  edge({ ...options, spool: '/spool' })
  // @ts-expect-error not an event of the client
  client.on('flush', () => {})
  client.track({ userId: 'u', event: 'E' }, (error, outcome) => {
    return [error?.code, outcome.status]
  })
}

/** Keys that a plan does not have leave their calls free, and a client without a plan serves for any. */
function partsCompile(client: Millrace, tracked: Millrace<{ track: { A: { b: number } } }>): void {
  tracked.page({ userId: 'u', properties: { anything: 1 } })
  tracked.identify({ userId: 'u' })
  const planned: Millrace<Plan> = client
  planned.alias({ userId: 'u', previousId: 'a' })
}

it('types are checked by the compiler', () => {
  expect([compileOnly, planCompiles, partsCompile, childrenCompile]).toHaveLength(4)
})
