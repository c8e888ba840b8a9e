/** The visit as a server makes it, with the SDKs as npm has them; only their host is ours. */

import { gunzipSync } from 'node:zlib'
import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { Analytics } from '@segment/analytics-node'
import {
  GROUP_TRAITS,
  type Person,
  PRODUCTS,
  readSentEvents,
  type SentEvent,
  USER_TRAITS,
} from './stock-visit.ts'

/**
 * Makes the visit with `@segment/analytics-node`.
 *
 * @returns what was sent, once it was all taken
 * @throws Error when the SDK gives an event up
 */
export async function visitWithSegment(collectorUrl: string, person: Person): Promise<SentEvent[]> {
  const { userId, anonymousId, groupId } = person
  const analytics = new Analytics({ writeKey: 'dev', host: collectorUrl, maxRetries: 0 })
  const sent: SentEvent[] = []
  const failures: unknown[] = []
  analytics.on('http_request', ({ body }) => sent.push(...readSentEvents(String(body))))
  analytics.on('error', (error) => failures.push(error))

  analytics.page({ anonymousId, name: 'Home', properties: { section: 'top' } })
  analytics.alias({ userId, previousId: anonymousId })
  analytics.identify({ userId, anonymousId, traits: USER_TRAITS })
  for (const properties of PRODUCTS)
    analytics.track({ userId, anonymousId, event: 'Product Added', properties })
  analytics.page({ userId, anonymousId, name: 'Pricing', category: 'Shop' })
  analytics.screen({ userId, anonymousId, name: 'Settings' })
  analytics.group({ userId, anonymousId, groupId, traits: GROUP_TRAITS })
  await analytics.closeAndFlush()
  if (failures.length > 0) throw new Error('the SDK gave events up', { cause: failures[0] })
  return sent
}

/**
 * Makes the visit with `@rudderstack/rudder-sdk-node`. It sends the first event at once and the others by `flush`.
 *
 * @returns what was sent, once it was all taken
 * @throws Error when a batch is refused
 */
export async function visitWithRudder(collectorUrl: string, person: Person): Promise<SentEvent[]> {
  const { userId, anonymousId, groupId } = person
  const analytics = new RudderAnalytics('dev', {
    dataPlaneUrl: collectorUrl,
    retryCount: 0,
    logLevel: 'none',
  })
  const bodies: Promise<Buffer>[] = []
  const note = () => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    bodies.push(promise)
    // Its types leave out what the callback is called with: the body of the request that the event was in, as sent.
    return ((error: unknown, body: Buffer) => (error ? reject(error) : resolve(body))) as () => void
  }

  analytics.page({ anonymousId, name: 'Home', properties: { section: 'top' } }, note())
  analytics.alias({ userId, previousId: anonymousId }, note())
  analytics.identify({ userId, anonymousId, traits: USER_TRAITS }, note())
  for (const properties of PRODUCTS) {
    analytics.track({ userId, anonymousId, event: 'Product Added', properties }, note())
  }
  analytics.page({ userId, anonymousId, name: 'Pricing', category: 'Shop' }, note())
  analytics.screen({ userId, anonymousId, name: 'Settings' }, note())
  analytics.group({ userId, anonymousId, groupId, traits: GROUP_TRAITS }, note())
  await analytics.flush()
  const distinct = new Set(await Promise.all(bodies))
  return [...distinct].flatMap((body) => readSentEvents(gunzipSync(body).toString()))
}
