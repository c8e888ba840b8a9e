import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  byteLength,
  decodeEnvelope,
  type EnvelopeHead,
  encodeEnvelopes,
  MAX_ENVELOPE_BYTES,
} from './envelope.ts'

const head: EnvelopeHead = { source: 'shop', route: 'batch', receivedAt: 1_000, batchId: 'b1' }

function event(messageId: string, size = 10) {
  return JSON.stringify({ messageId, type: 'track', timestamp: 1, event: 'ü'.repeat(size) })
}

function decodeAll(texts: string[]) {
  return texts.map((text) => {
    const result = decodeEnvelope(text)
    if (!result.ok) throw new Error(result.message)
    return result.envelope
  })
}

describe('encodeEnvelopes', () => {
  it('puts a small batch into one envelope', () => {
    const texts = encodeEnvelopes(head, [event('a'), event('b')], ['{"messageId":"c"}'])
    expect(decodeAll(texts)).toMatchObject([
      {
        version: 1,
        part: 0,
        ...head,
        events: [{ messageId: 'a' }, { messageId: 'b' }],
        quarantined: [{ messageId: 'c' }],
      },
    ])
  })

  it('makes no envelope of nothing', () => {
    expect(encodeEnvelopes(head, [], [])).toEqual([])
  })

  it('throws when one entry alone is too large', () => {
    expect(() => encodeEnvelopes(head, [event('a', 100_000)], [])).toThrow(/at most 126000 bytes/)
  })

  it('keeps every entry once and in order, within the limit, however large they are', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 16_000 }), { maxLength: 60 })
    fc.assert(
      fc.property(sizes, sizes, (eventSizes, quarantinedSizes) => {
        const eventTexts = eventSizes.map((size, i) => event(`e${i}`, size))
        const quarantinedTexts = quarantinedSizes.map((size, i) => event(`q${i}`, size))
        const texts = encodeEnvelopes(head, eventTexts, quarantinedTexts)
        const envelopes = decodeAll(texts)
        expect(texts.every((text) => byteLength(text) <= MAX_ENVELOPE_BYTES)).toBe(true)
        expect(envelopes.map(({ part }) => part)).toEqual(texts.map((_, i) => i))
        expect(envelopes.flatMap(({ events }) => events.map((e) => e.messageId))).toEqual(
          eventSizes.map((_, i) => `e${i}`),
        )
        expect(envelopes.flatMap(({ quarantined }) => quarantined.map((e) => e.messageId))).toEqual(
          quarantinedSizes.map((_, i) => `q${i}`),
        )
      }),
      { numRuns: 30 },
    )
  })
})

describe('decodeEnvelope', () => {
  it.each([
    ['no text', 5],
    ['no JSON', '{'],
    ['null', 'null'],
    ['another version', '{"version":99}'],
    ['no source', '{"version":1,"receivedAt":1,"events":[],"quarantined":[]}'],
    ['no events', '{"version":1,"source":"s","receivedAt":1}'],
  ])('refuses %s', (_what, input) => {
    expect(decodeEnvelope(input)).toMatchObject({ ok: false })
  })
})
