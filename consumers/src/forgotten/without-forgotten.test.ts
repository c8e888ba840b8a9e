/** Which events are left out, and what remains of them. */

import type { Envelope, EnvelopeEvent, QuarantinedEvent } from '@millrace/schemas'
import { forgottenHash } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createEnvelopeFor } from '../fakes.ts'
import type { Delivery, Sink } from '../sink.ts'
import type { ForgottenHashes } from './lookup.ts'
import { withoutForgotten } from './without-forgotten.ts'

const forgotten: ForgottenHashes = new Set([
  await forgottenHash('user', 'u1'),
  await forgottenHash('anonymous', 'a1'),
  await forgottenHash('message', 'm1'),
])

/** A sink that keeps the envelopes it gets. */
function createKeeper(name: Sink['name'] = 'warehouse') {
  const kept: Envelope[] = []
  const sink: Sink = {
    name,
    async write(deliveries) {
      kept.push(...deliveries.map(({ envelope }) => envelope))
      return deliveries.map(() => ({ kind: 'written' as const }))
    },
  }
  return { sink, kept }
}

function deliver(more: Partial<Envelope>): Delivery {
  return { messageId: 'd', envelope: { ...createEnvelopeFor('x'), ...more } }
}

const event = (more: Partial<EnvelopeEvent>): EnvelopeEvent => ({
  messageId: 'm',
  type: 'track',
  timestamp: 1,
  event: 'x',
  ...more,
})

const refused = (more: Partial<QuarantinedEvent>): QuarantinedEvent => ({
  messageId: 'q',
  index: 0,
  reason: 'missing_field',
  path: '',
  message: '',
  raw: '{}',
  rawBytes: 2,
  ...more,
})

async function write(more: Partial<Envelope>): Promise<Envelope | undefined> {
  const { sink, kept } = createKeeper()
  await withoutForgotten(sink, async () => forgotten).write([deliver(more)])
  return kept[0]
}

describe('an event of a forgotten person', () => {
  it.each<[string, Partial<EnvelopeEvent>]>([
    ['user', { userId: 'u1' }],
    ['anonymous id', { anonymousId: 'a1', userId: 'other' }],
    ['alias of the user', { type: 'alias', previousId: 'u1', userId: 'other' }],
    ['alias of the anonymous id', { type: 'alias', previousId: 'a1', userId: 'other' }],
    ['event on a device of several', { messageId: 'm1', anonymousId: 'shared' }],
    ['correction', { event: '$correct', properties: { messageId: 'm', changes: { userId: 'u1' } } }],
  ])('is left out by its %s', async (_, more) => {
    const envelope = await write({ events: [event({ messageId: 'm0', seq: 4, ...more })] })
    expect(envelope?.events).toEqual([])
    expect(envelope?.omitted).toMatchObject([{ seq: 4, status: 'filtered', reason: 'forgotten' }])
  })

  it.each<[string, Partial<EnvelopeEvent>]>([
    ['another user', { userId: 'u2' }],
    ['an anonymous id that is the text of the user', { anonymousId: 'u1' }],
    ['a property', { properties: { userId: 'u1' } }],
  ])('is not one of %s', async (_, more) => {
    expect(await write({ events: [event(more)] })).toMatchObject({ events: [more], omitted: [] })
  })

  it('leaves the others of its batch as they are, and what was omitted before', async () => {
    const before = { messageId: 'o', index: 0, status: 'filtered' as const, reason: 'bot' as const }
    const envelope = await write({
      events: [event({}), event({ userId: 'u1' }), event({ userId: 'u2' })],
      omitted: [before],
    })
    expect(envelope?.events).toEqual([event({}), event({ userId: 'u2' })])
    expect(envelope?.omitted).toEqual([
      before,
      { messageId: 'm', index: 1, status: 'filtered', reason: 'forgotten', wasAccepted: true },
    ])
  })

  it.each<[string, Partial<QuarantinedEvent>]>([
    ['text', { raw: '{"type":"x", "userId" : "u1"}' }],
    ['text with escapes', { raw: String.raw`{"userId":"\u0075\u0031"}` }],
    ['text that is cut off', { raw: '{"previousId":"a1","properties":{"x":"' }],
    ['anonymous id of the edge', { anonymousId: 'a1' }],
  ])('is left out where it was refused, by its %s', async (_, more) => {
    expect(await write({ quarantined: [refused(more), refused({ messageId: 'r' })] })).toMatchObject({
      quarantined: [{ messageId: 'r' }],
      omitted: [{ messageId: 'q', status: 'filtered', reason: 'forgotten' }],
    })
  })
})

describe('a sink without a list', () => {
  it('is not written to where it is the warehouse', async () => {
    const { sink, kept } = createKeeper()
    await expect(withoutForgotten(sink, async () => undefined).write([deliver({})])).rejects.toThrow(
      'not known yet',
    )
    expect(kept).toEqual([])
  })

  it('goes on where it is another one', async () => {
    const { sink, kept } = createKeeper('quarantine')
    await withoutForgotten(sink, async () => undefined).write([deliver({})])
    expect(kept.length).toBe(1)
  })
})

it('a source where nobody is forgotten gets the very envelope', async () => {
  const { sink, kept } = createKeeper()
  const delivery = deliver({ events: [event({ userId: 'u1' })] })
  await withoutForgotten(sink, async () => new Set()).write([delivery])
  expect(kept[0]).toBe(delivery.envelope)
})
