import { decodeEnvelope, encodeJson } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createEnvelopes, ENVELOPE_EVENTS } from './envelopes.ts'

describe('createEnvelopes', () => {
  const envelopes = createEnvelopes({ events: 1_000, startMs: Date.UTC(2026, 10, 21) })

  it('makes envelopes that consumers read, the same each time', () => {
    expect(envelopes).toHaveLength(1_000 / ENVELOPE_EVENTS)
    expect(envelopes.every((envelope) => decodeEnvelope(encodeJson(envelope)).ok)).toBe(true)
    expect(createEnvelopes({ events: 1_000, startMs: Date.UTC(2026, 10, 21) })).toEqual(envelopes)
  })

  it('gives every event an id of its own, also in another call', () => {
    const more = createEnvelopes({ events: 1_000, first: envelopes.length, startMs: Date.UTC(2026, 10, 21) })
    const ids = [...envelopes, ...more].flatMap(({ events }) => events.map(({ messageId }) => messageId))
    expect(new Set(ids).size).toBe(2_000)
  })
})
