/** Compile-time promises of the public types: each marked line must not type-check. Nothing here is executed. */

import { expect, it } from 'vitest'
import type { Millrace, MillraceOptions } from './types.ts'

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

it('types are checked by the compiler', () => {
  expect(compileOnly).toBeTypeOf('function')
})
