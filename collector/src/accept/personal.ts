/** What of an event tells who a person is or where they are, so that it can be left out. */

import type { JsonObject, ParsedEvent, RequestFacts } from '@millrace/schemas'

/** Keys of `context` that identify a person or a device, or place them. */
const PERSONAL_CONTEXT: ReadonlySet<string> = new Set([
  'ip',
  'traits',
  'location',
  'groupId',
  'network',
  'session',
  'sessionId',
  'externalId',
  'externalIds',
  'userAgent',
  'userAgentData',
])

/** Keys of `context.device` that identify it. */
const PERSONAL_DEVICE: ReadonlySet<string> = new Set(['id', 'advertisingId', 'token', 'name'])

/** Types that say nothing but who a person is. */
const PERSONAL_TYPES: ReadonlySet<string> = new Set(['identify', 'group', 'alias'])

/** Whether nothing of an event is left once identity is taken away. */
export function isAllPersonal(event: Pick<ParsedEvent, 'type'>): boolean {
  return PERSONAL_TYPES.has(event.type)
}

/** The event without ids, traits, what is meant for other tools, and the personal parts of its context. */
export function anonymize(event: ParsedEvent): ParsedEvent {
  const {
    userId: _,
    anonymousId: __,
    groupId: ___,
    previousId: ____,
    traits: _____,
    integrations: ______,
    context,
    extra: _______,
    ...rest
  } = event
  return { ...rest, ...(context === undefined ? {} : { context: anonymizeContext(context) }) }
}

/** Of what a request tells only what many have in common. */
export function anonymizeFacts({ country, continent, device, bot, gpc }: RequestFacts): RequestFacts {
  const facts = { country, continent, device, bot, gpc }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as RequestFacts
}

/** The context without its personal parts. */
export function anonymizeContext(context: JsonObject): JsonObject {
  const kept = Object.entries(context).filter(([key]) => !PERSONAL_CONTEXT.has(key))
  return Object.fromEntries(
    kept.map(([key, value]) => {
      const isDevice =
        key === 'device' && typeof value === 'object' && value !== null && !Array.isArray(value)
      return [key, isDevice ? withoutKeys(value, PERSONAL_DEVICE) : value]
    }),
  )
}

function withoutKeys(object: JsonObject, keys: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.has(key)))
}
