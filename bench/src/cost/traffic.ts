/** Batches of events of a wanted size, every id another. */

import { createEvent } from '../collector/event.ts'

/** Sizes of events by what they are called; bytes of JSON, on average. */
export const EVENT_SIZES = { '250 B': 250, '650 B': 650, '2 KB': 2_000 } as const

/** One of {@link EVENT_SIZES}. */
export type EventSize = keyof typeof EVENT_SIZES

/** A sender of batches, all of whose events are different ones. */
export function createTraffic(now: () => number = Date.now): {
  next: (events: number, size: EventSize) => string
} {
  let index = 0
  return {
    next(events, size) {
      const at = now()
      const batch = Array.from({ length: events }, () => buildEvent(index++, EVENT_SIZES[size], at))
      return JSON.stringify({ writeKey: 'dev', sentAt: new Date(at).toISOString(), batch })
    },
  }
}

/** What a page or a small server sends, as short or as long as it is to be. */
export function buildEvent(index: number, bytes: number, nowMs: number): Record<string, unknown> {
  const whole = createEvent(index, nowMs)
  const event = bytes < 500 ? shorten(whole) : whole
  const missing = bytes - JSON.stringify(event).length
  if (missing < 30) return event
  const properties = { ...(event['properties'] as object), description: describe(index, missing - 20) }
  return { ...event, properties }
}

function shorten({
  type,
  messageId,
  anonymousId,
  timestamp,
}: Record<string, unknown>): Record<string, unknown> {
  const name = type === 'page' ? { name: 'Product' } : { event: 'Product Viewed' }
  return { type, ...name, messageId, anonymousId, timestamp }
}

const WORDS =
  'light trail shoe for wet ground with a grip that holds and a sole made to last in colours of autumn'.split(
    ' ',
  )

/** Words in an order of their own, so that no two texts are the same. */
function describe(index: number, length: number): string {
  let text = ''
  for (let place = 0; text.length < length; place++) {
    text += `${WORDS[(index * 7 + place * (1 + (index % 5))) % WORDS.length]} `
  }
  return text.slice(0, length)
}
