/** What others publish as their price, in US dollars a month, as far as a source is at hand. Nothing is estimated. */

/** A price list of somebody else. */
export interface Peer {
  name: string
  /** What is left out or assumed. */
  note: string
  /** Page that has the prices. */
  page: string
  /** Where they were read, and from when that is. */
  readAt: string
  /** Dollars a month for so many events; `undefined` where nothing is published. */
  monthly: (events: number) => number | undefined
}

/** Dollars for units that get cheaper: each rung is a price up to a number of units. */
export function tiered(rungs: readonly (readonly [upTo: number, dollars: number])[], units: number): number {
  let below = 0
  let dollars = 0
  for (const [upTo, price] of rungs) {
    dollars += Math.max(0, Math.min(units, upTo) - below) * price
    below = upTo
  }
  return dollars
}

const MILLION = 1_000_000

/** Product analytics, an event. */
const POSTHOG = [
  ...[[MILLION, 0] as const, [2 * MILLION, 0.00005] as const, [15 * MILLION, 0.0000343] as const],
  ...[[50 * MILLION, 0.0000295] as const, [100 * MILLION, 0.0000218] as const],
  ...[[250 * MILLION, 0.000015] as const, [Number.POSITIVE_INFINITY, 0.000009] as const],
]

/** A tracked user of a month, over the base fee. */
const SEGMENT = [
  ...[[10_000, 0] as const, [25_000, 0.012] as const],
  ...[[100_000, 0.011] as const, [Number.POSITIVE_INFINITY, 0.01] as const],
]

const SEGMENT_BASE = 120

/** API calls that Segment's throughput limit allows for a tracked user. */
const SEGMENT_EVENTS_A_USER = 250

/** All of them. Left out, because no price list was found that somebody says to have read on the page: Snowplow, Amplitude, Mixpanel. */
export const PEERS: readonly Peer[] = [
  {
    name: 'Plausible Growth',
    note: 'Page views and events; plans for customers from before May 2025. More than 10 million is quoted.',
    page: 'https://github.com/plausible/analytics, priv/plans_v4.json and priv/plan_prices.json',
    readAt: 'their source code, stored copy',
    monthly: (events) => (events <= MILLION ? 69 : events <= 10 * MILLION ? 169 : undefined),
  },
  {
    name: 'RudderStack Growth',
    note: 'Only the first rung of the ladder is in the copy; from 25 million on it is quoted.',
    page: 'https://www.rudderstack.com/pricing/',
    readAt: 'transcribed by API Evangelist on 2026-08-13',
    monthly: (events) => (events <= MILLION ? 265 : undefined),
  },
  {
    name: 'PostHog product analytics',
    note: 'With identified and anonymous events at the price of the ladder.',
    page: 'https://posthog.com/pricing',
    readAt:
      'a guide of flexprice.io, undated; the same ladder is in a bulk list of API Evangelist of 2026-05-04',
    monthly: (events) => tiered(POSTHOG, events),
  },
  {
    name: 'Segment Team',
    note: 'By tracked users; at 250 events of each, the most that the plan allows. Today their page quotes.',
    page: 'https://segment.com/pricing (former)',
    readAt: 'as documented by getlago.com and docs.amberflo.io, undated',
    monthly: (events) => SEGMENT_BASE + tiered(SEGMENT, events / SEGMENT_EVENTS_A_USER),
  },
]
