import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  byteLength,
  decodeEnvelope,
  ENVELOPE_VERSION,
  type EnvelopeEntries,
  type EnvelopeHead,
  encodeEnvelopes,
  MAX_ENVELOPE_BYTES,
} from './envelope.ts'

const head: EnvelopeHead = { source: 'shop', route: 'batch', receivedAt: 1_000, batchId: 'b1' }

function event(messageId: string, size = 10) {
  return JSON.stringify({ messageId, type: 'track', timestamp: 1, event: 'ü'.repeat(size) })
}

function entries(some: Partial<EnvelopeEntries>): EnvelopeEntries {
  return { events: [], quarantined: [], omitted: [], ...some }
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
    const texts = encodeEnvelopes(head, {
      events: [event('a'), event('b')],
      quarantined: ['{"messageId":"c"}'],
      omitted: ['{"messageId":"d"}'],
    })
    expect(decodeAll(texts)).toMatchObject([
      {
        version: ENVELOPE_VERSION,
        part: 0,
        ...head,
        events: [{ messageId: 'a' }, { messageId: 'b' }],
        quarantined: [{ messageId: 'c' }],
        omitted: [{ messageId: 'd' }],
      },
    ])
  })

  it('makes no envelope of nothing', () => {
    expect(encodeEnvelopes(head, entries({}))).toEqual([])
  })

  it.each(['events', 'quarantined', 'omitted'] as const)('makes an envelope of %s alone', (name) => {
    const [envelope] = decodeAll(encodeEnvelopes(head, entries({ [name]: [event('a')] })))
    expect(envelope?.[name]).toMatchObject([{ messageId: 'a' }])
  })

  it('throws when one entry alone is too large', () => {
    expect(() => encodeEnvelopes(head, entries({ events: [event('a', 100_000)] }))).toThrow(
      /at most 126000 bytes/,
    )
  })

  it('keeps every entry once and in order, within the limit, however large they are', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 16_000 }), { maxLength: 40 })
    const lists = fc.record({ events: sizes, quarantined: sizes, omitted: sizes })
    const names = ['events', 'quarantined', 'omitted'] as const
    fc.assert(
      fc.property(lists, (sizesOf) => {
        const textsOf = entries(
          Object.fromEntries(
            names.map((name) => [name, sizesOf[name].map((size, i) => event(`${name}${i}`, size))]),
          ),
        )
        const texts = encodeEnvelopes(head, textsOf)
        const envelopes = decodeAll(texts)
        expect(texts.every((text) => byteLength(text) <= MAX_ENVELOPE_BYTES)).toBe(true)
        expect(envelopes.map(({ part }) => part)).toEqual(texts.map((_, i) => i))
        for (const name of names) {
          expect(envelopes.flatMap((envelope) => envelope[name].map(({ messageId }) => messageId))).toEqual(
            sizesOf[name].map((_, i) => `${name}${i}`),
          )
        }
      }),
      { numRuns: 30 },
    )
  })

  it('keeps within a limit that it is given, and counts its parts from the one that it is given', () => {
    const events = ['a', 'b', 'c'].map((id) => event(id))
    const texts = encodeEnvelopes(head, entries({ events }), { maxBytes: 250, firstPart: 4 })
    const envelopes = decodeAll(texts)
    expect(Math.max(...texts.map(byteLength))).toBeLessThanOrEqual(250)
    expect(envelopes.map(({ part }) => part)).toEqual(texts.map((_, i) => 4 + i))
    expect(texts.length).toBeGreaterThan(1)
    expect(envelopes.flatMap((envelope) => envelope.events.map(({ messageId }) => messageId))).toEqual([
      'a',
      'b',
      'c',
    ])
  })
})

describe('decodeEnvelope', () => {
  it('reads version 1, which knew no omitted events, as this one', () => {
    const text = JSON.stringify({
      version: 1,
      part: 0,
      ...head,
      events: [{ messageId: 'a' }],
      quarantined: [],
    })
    expect(decodeEnvelope(text)).toEqual({
      ok: true,
      envelope: {
        version: ENVELOPE_VERSION,
        part: 0,
        ...head,
        events: [{ messageId: 'a' }],
        quarantined: [],
        omitted: [],
      },
    })
  })

  it('tells a later version, which a later Worker reads, from what nobody does', () => {
    const text = JSON.stringify({ version: ENVELOPE_VERSION + 1 })
    expect(decodeEnvelope(text)).toEqual({
      ok: false,
      fault: 'newer_version',
      message: `envelope version ${ENVELOPE_VERSION + 1} is not one this Worker reads`,
    })
  })

  it.each([
    ['no text', 5],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a version before the one before', '{"version":0}'],
    ['a version that is no number', '{"version":"3"}'],
    ['no version', '{}'],
    ['no source', '{"version":2,"receivedAt":1,"events":[],"quarantined":[],"omitted":[]}'],
    ['no events', '{"version":1,"source":"s","receivedAt":1,"quarantined":[]}'],
    ['no omitted events', '{"version":2,"source":"s","receivedAt":1,"events":[],"quarantined":[]}'],
  ])('refuses %s', (_what, input) => {
    expect(decodeEnvelope(input)).toMatchObject({ ok: false, fault: 'unreadable' })
  })
})
