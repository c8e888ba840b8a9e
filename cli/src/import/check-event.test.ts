import { describe, expect, it } from 'vitest'
import { checkEvent } from './check-event.ts'

const WHO_WHEN = { userId: 'u1', timestamp: '2024-03-03T09:00:00Z' }

function check(input: unknown, sourceBytes = 100) {
  return checkEvent(input, { mintId: () => 'minted', sourceBytes })
}

describe('an object of a file', () => {
  it('is an event with the fields that its type has', () => {
    const verdict = check({
      ...WHO_WHEN,
      type: 'track',
      event: 'Signed Up',
      messageId: 'm1',
      properties: { plan: 'pro' },
      traits: { no: 1 },
      context: { ip: '192.0.2.1' },
      integrations: { All: true },
      sentAt: '2024-03-03T09:00:09Z',
      receivedAt: '2024-03-03T09:00:10Z',
      version: 2,
    })
    expect(verdict).toEqual({
      kind: 'event',
      event: {
        type: 'track',
        fields: {
          messageId: 'm1',
          timestamp: '2024-03-03T09:00:00.000Z',
          event: 'Signed Up',
          userId: 'u1',
          properties: { plan: 'pro' },
          context: { ip: '192.0.2.1' },
          integrations: { All: true },
        },
      },
    })
  })

  it.each([
    [
      { type: 'page', name: 'Home', category: 'Top' },
      { name: 'Home', category: 'Top' },
    ],
    [{ type: 'identify', traits: { plan: 'pro' } }, { traits: { plan: 'pro' } }],
    [
      { type: 'group', groupId: 7, traits: {} },
      { groupId: '7', traits: {} },
    ],
    [{ type: 'alias', previousId: 'a1' }, { previousId: 'a1' }],
    [
      { type: 'alias', anonymousId: 'a2' },
      { anonymousId: 'a2', previousId: 'a2' },
    ],
    [
      { type: 'track', event: 'E', userId: 12 },
      { event: 'E', userId: '12' },
    ],
  ])('of every type is one (%#)', (input, fields) => {
    expect(check({ ...WHO_WHEN, ...input })).toMatchObject({
      kind: 'event',
      event: { type: input.type, fields: { messageId: 'minted', ...fields } },
    })
  })

  it.each([
    [{ timestamp: '2024-03-03T09:00:00Z', originalTimestamp: '2020-01-01' }, '2024-03-03T09:00:00.000Z'],
    [{ originalTimestamp: '2020-01-01T01:00:00+01:00' }, '2020-01-01T00:00:00.000Z'],
    [{ timestamp: '2024-03-03 09:00' }, '2024-03-03T09:00:00.000Z'],
    [{ timestamp: 1_700_000_000_000 }, '2023-11-14T22:13:20.000Z'],
  ])('happened at its own time (%#)', (times, timestamp) => {
    const verdict = check({ type: 'page', anonymousId: 'a', ...times })
    expect(verdict).toMatchObject({ kind: 'event', event: { fields: { timestamp } } })
  })

  it.each([
    [[1], 'not_an_object'],
    [null, 'not_an_object'],
    [{ ...WHO_WHEN }, 'unknown_type'],
    [{ ...WHO_WHEN, type: 'screem' }, 'unknown_type'],
    [{ ...WHO_WHEN, type: 'track' }, 'missing_field: event'],
    [{ ...WHO_WHEN, type: 'group' }, 'missing_field: groupId'],
    [{ ...WHO_WHEN, type: 'page', properties: [] }, 'invalid_field: properties'],
    [{ ...WHO_WHEN, type: 'page', messageId: 'x'.repeat(257) }, 'field_too_long: messageId'],
    [{ type: 'page', timestamp: WHO_WHEN.timestamp }, 'missing_field: userId'],
    [{ type: 'page', userId: 'u' }, 'missing_field: timestamp'],
    [{ type: 'page', userId: 'u', timestamp: 'yesterday' }, 'impossible_time'],
    [{ type: 'page', userId: 'u', timestamp: '2024-02-31' }, 'impossible_time'],
    [{ ...WHO_WHEN, type: 'page', userId: 2 ** 53 }, 'invalid_field: userId'],
  ])('that is no event has a reason (%#)', (input, reason) => {
    expect(check(input)).toMatchObject({ kind: 'malformed', reason })
  })

  it('that is too deep, or too large for the wire, is malformed', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`)
    expect(check({ ...WHO_WHEN, type: 'page', properties: deep })).toMatchObject({ reason: 'too_deep' })
    const large = (length: number) =>
      check({ ...WHO_WHEN, type: 'page', properties: { text: 'é'.repeat(length) } }, length * 2)
    expect(large(16_100)).toMatchObject({ kind: 'event' })
    expect(large(16_400)).toMatchObject({ reason: 'event_too_large' })
  })

  it('may have a key __proto__, which is data', () => {
    const input = JSON.parse(
      '{"type":"page","userId":"u","timestamp":"2024-03-03","properties":{"__proto__":{"x":1}}}',
    )
    const verdict = check(input)
    expect(JSON.stringify(verdict)).toContain('"properties":{"__proto__":{"x":1}}')
    expect(({} as { x?: number }).x).toBeUndefined()
  })
})
