/** The visit as a page makes it, with the SDKs as npm has them: this file is bundled and runs in the browser. */

import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'
import { AnalyticsBrowser, type Context, type InitOptions } from '@segment/analytics-next'
import { GROUP_TRAITS, type Person, PRODUCTS, type SentEvent, USER_TRAITS } from './stock-visit.ts'

/** What a page is told; all of it is what a customer would set. */
export interface PageVisit {
  /** Of the collector, or with a path of one segment for what Segment calls its CDN. */
  settingsUrl: string
  collectorUrl: string
  person: Person
  /** Whether events are held back until the page ends: Segment's batching, RudderStack's beacon. */
  isHeldBack: boolean
}

/** A visit of one SDK; resolves with what it was given to send, in the order of the calls. */
export type MakeVisit = (visit: PageVisit) => Promise<SentEvent[]>

/** Longer than any test. */
const HOLD_MS = 600_000

const SEGMENT_HELD_BACK: InitOptions = {
  integrations: {
    'Segment.io': { deliveryStrategy: { strategy: 'batching', config: { size: 100, timeout: HOLD_MS } } },
  },
}

const RUDDER_HELD_BACK = {
  useBeacon: true,
  beaconQueueOptions: { maxItems: 100, flushQueueInterval: HOLD_MS },
}

const visitWithSegment: MakeVisit = async ({ settingsUrl, person, isHeldBack }) => {
  const { userId, groupId } = person
  const settings = { writeKey: 'dev', cdnURL: settingsUrl }
  const analytics = AnalyticsBrowser.load(settings, isHeldBack ? SEGMENT_HELD_BACK : {})
  const contexts: Context[] = [
    await analytics.page('Home', { section: 'top' }),
    // Before `identify`: once it knows the user, analytics.js puts that id into every event, an alias too.
    await analytics.alias(userId),
    await analytics.identify(userId, USER_TRAITS),
    ...(await Promise.all(PRODUCTS.map((properties) => analytics.track('Product Added', properties)))),
    await analytics.page('Shop', 'Pricing'),
    await analytics.screen('Settings'),
    await analytics.group(groupId, GROUP_TRAITS),
  ]
  await analytics.reset()
  contexts.push(await analytics.track('Signed Out', { last: true }))
  return contexts.map(({ event }) => pickIds(event as SentEvent))
}

const visitWithRudder: MakeVisit = async ({ settingsUrl, collectorUrl, person, isHeldBack }) => {
  const { userId, groupId } = person
  const analytics = new RudderAnalytics()
  const sent: Promise<SentEvent>[] = []
  const note = () => {
    const { promise, resolve } = Promise.withResolvers<SentEvent>()
    sent.push(promise)
    return (event: SentEvent) => resolve(pickIds(event))
  }

  analytics.load('dev', collectorUrl, { configUrl: settingsUrl, ...(isHeldBack ? RUDDER_HELD_BACK : {}) })
  analytics.page('Home', { section: 'top' }, note())
  analytics.alias(userId, note())
  analytics.identify(userId, USER_TRAITS, note())
  for (const properties of PRODUCTS) analytics.track('Product Added', properties, note())
  analytics.page('Shop', 'Pricing', note())
  analytics.group(groupId, GROUP_TRAITS, note())
  analytics.reset({ entries: { anonymousId: true } })
  analytics.track('Signed Out', { last: true }, note())
  return Promise.all(sent)
}

function pickIds({ type, messageId, anonymousId, userId }: SentEvent): SentEvent {
  return { type, messageId, anonymousId, userId }
}

Object.assign(window, { stockVisits: { segment: visitWithSegment, rudder: visitWithRudder } })
