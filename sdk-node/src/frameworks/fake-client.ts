/** For the tests of the frameworks: a client that keeps its events, with what `with` put under them, and what a browser sends. */

import type { Defaults } from '../event-arguments.ts'
import { mergeDefaults } from './merge-defaults.ts'

/** An event as the collector would get it. */
export interface KeptEvent extends Defaults {
  type: 'track' | 'page'
  event?: string
  timestamp?: number
  properties?: Record<string, unknown>
  context?: Record<string, unknown>
}

/** The client, its events in order, and how often it was flushed. */
export function createFakeClient() {
  const events: KeptEvent[] = []
  const flushes: unknown[] = []
  const keep = (type: KeptEvent['type'], defaults: Defaults, fields: object): boolean => {
    events.push({ type, ...mergeDefaults(defaults, fields as Defaults) } as KeptEvent)
    return true
  }
  const callsWith = (defaults: Defaults) => ({
    track: (fields: object) => keep('track', defaults, fields),
    page: (fields: object) => keep('page', defaults, fields),
    with: (more: Defaults) => callsWith(mergeDefaults(defaults, more)),
    flush: async (options?: unknown) => void flushes.push(options),
  })
  return { ...callsWith({}), events, flushes }
}

/** The client that a request has in the tests. */
export type FakeClient = ReturnType<typeof createFakeClient>

/** Headers of a browser that navigates to a page, with the cookie of `@millrace/web`. */
export const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'accept-language': 'en-GB,en;q=0.9',
  cookie: 'theme=dark; millrace_aid=visitor-1.mb2x0k7d',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Test',
} as const

/** Headers of a script's request, of the same visitor. */
export const SCRIPT_REQUEST = {
  accept: '*/*',
  cookie: NAVIGATION.cookie,
  'sec-fetch-dest': 'empty',
  'sec-fetch-mode': 'cors',
} as const

/** What a visitor's `track({ event: 'Order Completed' })` on `/orders?x=1` is kept as, once `identify` gave `u1`. */
export function orderEvent(url: string, more: Record<string, unknown> = {}): KeptEvent {
  return {
    type: 'track',
    event: 'Order Completed',
    userId: 'u1',
    anonymousId: 'visitor-1',
    context: {
      userAgent: NAVIGATION['user-agent'],
      locale: 'en-GB',
      page: { path: '/orders', search: '?x=1', url },
      ...more,
    },
  }
}
