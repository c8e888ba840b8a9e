/** Events as they may come: few people, moved times, several copies of each, in three deliveries. */

import type { Envelope, EnvelopeEvent } from '@millrace/schemas'
import fc from 'fast-check'
import { buildEnvelope } from '../envelope.ts'

const START = Date.UTC(2026, 9, 31, 22)

/** Few ids, so that they meet; among them words for nobody. */
const anonymousId = fc.constantFrom('a1', 'a2', 'a3', 'a4', 'undefined', 'u1', undefined)
const userId = fc.constantFrom('u1', 'u2', 'u3', 'null', undefined, undefined, undefined)

/** Minutes apart, hours apart, or in the same millisecond. */
const at = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((minute) => START + minute * 60_000),
  fc.integer({ min: 0, max: 4 * 3_600_000 }).map((ms) => START + ms),
  fc.integer({ min: 0, max: 10 }).map((step) => START + step * 1_800_000),
)

const kind = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('page' as const),
      properties: fc.record({ path: fc.constantFrom('/', '/a', '/b') }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('track' as const),
      event: fc.constantFrom('Buy', 'Click'),
      properties: fc.record(
        {
          revenue: fc.oneof(fc.integer({ min: -5, max: 900 }), fc.constantFrom(0.1, 0.2, 19.99, '7.5', 'x')),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('track' as const),
      event: fc.constant('Page Engaged'),
      properties: fc.record({ visibleMs: fc.integer({ min: 0, max: 9_000 }) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('identify' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('alias' as const),
      previousId: fc.constantFrom('u1', 'u2', 'u3', 'u4', 'a1', 'a2', 'null'),
    }),
  },
)

const campaign = fc.option(fc.record({ source: fc.constantFrom('x', 'y'), medium: fc.constant('cpc') }), {
  nil: undefined,
  freq: 4,
})
const session = fc.option(
  fc.record({ id: fc.constantFrom('s1', 's2', 's3'), index: fc.integer({ min: 1, max: 3 }) }),
  { nil: undefined, freq: 2 },
)

const event = fc.record({
  kind,
  anonymousId,
  userId,
  at,
  campaign,
  session,
  stream: fc.constantFrom('k', 'l'),
})

/** An event, and the times at which it comes: in which delivery, received when, with which error of the clock. */
export const delivered = fc.record({
  event,
  copies: fc.array(
    fc.record({
      delivery: fc.integer({ min: 0, max: 2 }),
      delayMs: fc.integer({ min: 0, max: 720_000 }),
      skewMs: fc.oneof(fc.constant(0), fc.integer({ min: -120_000, max: 120_000 })),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

/** The three deliveries of some of them. */
export function envelopesOf(
  source: string,
  items: readonly (typeof delivered extends fc.Arbitrary<infer T> ? T : never)[],
): Envelope[][] {
  const deliveries: Envelope[][] = [[], [], []]
  items.forEach(({ event: { kind, anonymousId, userId, at, campaign, session, stream }, copies }, index) => {
    const base = {
      messageId: `${stream}-${index}`,
      originalTimestamp: at,
      seq: index,
      ...kind,
      ...(anonymousId === undefined ? {} : { anonymousId }),
      ...(userId === undefined ? {} : { userId }),
      context: {
        ...(session === undefined ? {} : { session }),
        location: { country: index % 3 === 0 ? 'DE' : 'FR' },
      },
      facts: campaign === undefined ? {} : { campaign },
    }
    for (const [copy, { delivery, delayMs, skewMs }] of copies.entries()) {
      const envelope = buildEnvelope({
        source,
        // Different for every copy, so that it is clear which one came first.
        receivedAt: at + delayMs * 10 + copy,
        batchId: `b${index}`,
        stream,
        events: [{ ...base, timestamp: Math.min(at + skewMs, at + delayMs * 10) } as EnvelopeEvent],
      })
      deliveries[delivery]?.push(envelope)
    }
  })
  return deliveries
}
