/** From a tracking plan to a compiler's error: the plan of the demo shop, and the declarations that are published. */

import { createMillrace as createNodeClient } from '@millrace/node'
import { createMillrace as createWebClient } from '@millrace/web'
import { expect, test } from 'vitest'
import type { Plan } from '../../millrace.config.ts'

function webCompiles(): void {
  const client = createWebClient<Plan>({ writeKey: 'dev', endpoint: '/' })
  void client.track('Cart Viewed', { products: [] })
  void client.page('Shop', 'Cart')
  // @ts-expect-error a name that the plan does not have
  void client.track('Card Viewed', { products: [] })
  // @ts-expect-error a property is missing deep inside
  void client.track('Cart Viewed', { products: [{ product_id: 'mug' }] })
  // @ts-expect-error properties are missing
  void client.track('Order Completed')
}

function nodeCompiles(): void {
  const client = createNodeClient<Plan>({ writeKey: 'dev', endpoint: 'http://127.0.0.1:8787' })
  client.track({ userId: 'u1', event: 'Cart Viewed', properties: { products: [] } })
  // @ts-expect-error a name that the plan does not have
  client.track({ userId: 'u1', event: 'Card Viewed', properties: { products: [] } })
  // @ts-expect-error a property of the wrong kind
  client.track({ userId: 'u1', event: 'Cart Viewed', properties: { products: 'none' } })
}

test('both SDKs take a plan, which the compiler checks', () => {
  expect([webCompiles, nodeCompiles]).toHaveLength(2)
})
