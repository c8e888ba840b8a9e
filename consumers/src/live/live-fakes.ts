/** What the tests of live windows share: envelopes of events at given times, and a sink whose objects are the real ones. */

import { ENVELOPE_VERSION, type Envelope, type EnvelopeEvent } from '@millrace/schemas'
import { type LivePlan, resolveLivePlan, type WindowDefinition } from '@millrace/schemas/live'
import type { Delivery, Sink } from '../sink.ts'
import type { LiveObject } from './rpc.ts'
import { createLiveSink, createLiveSinkMemory } from './sink.ts'

/** An envelope of events; each is received when the envelope is. */
export function envelopeOf(
  events: readonly (Partial<EnvelopeEvent> & Pick<EnvelopeEvent, 'messageId' | 'timestamp'>)[],
  more: Partial<Envelope> = {},
): Envelope {
  const [first] = events
  return {
    version: ENVELOPE_VERSION,
    part: 0,
    source: 'shop',
    route: 'batch',
    receivedAt: first?.timestamp ?? 0,
    batchId: `batch of ${first?.messageId}`,
    quarantined: [],
    omitted: [],
    ...more,
    events: events.map((event) => ({ type: 'track', event: 'x', ...event })),
  }
}

/** Deliveries of envelopes. */
export function deliveriesOf(...envelopes: Envelope[]): Delivery[] {
  return envelopes.map((envelope, index) => ({ messageId: `m${index}`, envelope }))
}

/** A plan of these windows. */
export function planOf(windows: readonly WindowDefinition[], more: Partial<LivePlan> = {}): LivePlan {
  return { ...resolveLivePlan(windows, undefined, 'shop'), ...more }
}

/** A sink to the objects of a namespace. */
export function sinkTo(namespace: { getByName: (name: string) => LiveObject }, plan: LivePlan): Sink {
  return createLiveSink({
    objectOf: (source) => namespace.getByName(source),
    planOf: () => plan,
    memory: createLiveSinkMemory(),
  })
}
