/** The functions a page calls: they stamp what happened and queue it; forming and sending is left to others. */

import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import type { DropReason, Millrace } from './api.ts'
import type { Delivery } from './delivery.ts'
import type { Identity } from './identity.ts'
import type { EventFields, Queue } from './queue.ts'
import { isObject, snapshot } from './snapshot.ts'
import type { Stamp } from './stamp.ts'

/** About what an event's ids, time and names add to its properties, in UTF-16 units. */
const EVENT_OVERHEAD_UNITS = 200

/**
 * Creates a client over its parts.
 *
 * Arguments are passed on as they came, even a missing event name: the collector quarantines such an event with a
 * reason, where its owner sees it, while one that is dropped here is seen by nobody.
 *
 * @param options.stamp reads the moment and place of a call
 */
export function createClient(options: {
  stamp: () => Stamp
  identity: Identity
  queue: Queue
  delivery: Delivery
  onDropped: (reason: DropReason) => void
  dropped: Millrace['dropped']
}): Millrace {
  const { stamp, identity, queue, delivery, onDropped, dropped } = options

  function record(call: object): void {
    try {
      const { copy, units } = snapshot(call, MAX_EVENT_BYTES)
      const fields = { ...(copy as EventFields), ...identity.ids }
      if (units > MAX_EVENT_BYTES) onDropped('event_too_large')
      else if (queue.push({ ...stamp(), fields, units: units + EVENT_OVERHEAD_UNITS })) delivery.wake()
      else onDropped('queue_full')
    } catch {
      onDropped('invalid_call') // a global that the page has patched threw: never the caller's problem
    }
  }

  return {
    track(event: string, properties?: unknown) {
      record({ type: 'track', event, properties: properties ?? undefined })
    },
    page(...parts: unknown[]) {
      const [name, category] = parts.filter((part) => typeof part === 'string').reverse()
      record({ type: 'page', category, name, properties: parts.find(isObject) })
    },
    identify(user?: unknown, traits?: unknown) {
      if (user && !isObject(user)) identity.identify(String(user))
      record({ type: 'identify', traits: [user, traits].find(isObject) })
    },
    reset: identity.reset,
    flush: delivery.flush,
    dropped,
  }
}

/** A client that does nothing, for servers that render pages and browsers that lack what is needed. */
export function createInertClient(): Millrace {
  const ignore = () => Promise.resolve()
  return {
    track: ignore,
    page: ignore,
    identify: ignore,
    reset: ignore,
    flush: ignore,
    dropped: {},
  }
}
