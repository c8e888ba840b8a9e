import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import { describe, expect, it } from 'vitest'
import { buildEvent } from './event.ts'
import { START_MS } from './fakes.ts'
import { SHARED_CONTEXT } from './shared-context.ts'

const NOW = new Date(START_MS).toISOString()

/** The event as the collector reads it, or why it was refused. */
function build(type: Parameters<typeof buildEvent>[0], argument: unknown): unknown {
  const built = buildEvent(type, argument, { now: NOW })
  return built.ok ? JSON.parse(built.event.json) : built.message
}

describe('an event', () => {
  it.each([
    ['track', { userId: 'u', event: 'E', properties: { a: 1 } }],
    ['page', { anonymousId: 'a', name: 'N', category: 'C', properties: {} }],
    ['screen', { userId: 'u', anonymousId: 'a', name: 'N' }],
    ['identify', { userId: 'u', traits: { plan: 'pro' } }],
    ['group', { userId: 'u', groupId: 'g', traits: {} }],
    ['alias', { userId: 'u', previousId: 'p' }],
    ['track', { userId: 'u', event: 'E', messageId: 'm', context: { ip: '192.0.2.1' }, integrations: {} }],
  ] as const)('%s keeps the fields of its type', (type, argument) => {
    expect(build(type, argument)).toEqual({ type, ...argument, timestamp: NOW })
  })

  it('fields that its type does not have are left out', () => {
    expect(build('identify', { userId: 'u', event: 'E', writeKey: 'k' })).toEqual({
      type: 'identify',
      userId: 'u',
      timestamp: NOW,
    })
  })

  it.each([
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    ['2015-05-17T12:05:03+02:00', '2015-05-17T10:05:03.000Z'],
    [undefined, NOW],
  ])('timestamp %s is written as UTC', (timestamp, expected) => {
    expect(build('track', { userId: 'u', event: 'E', timestamp })).toMatchObject({ timestamp: expected })
  })

  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  it.each([
    ['track', undefined, 'track takes one object, got undefined'],
    ['track', ['x'], 'track takes one object, got an array'],
    ['track', { event: 'E' }, 'track: userId or anonymousId must be given'],
    [
      'track',
      { userId: '', event: 'E' },
      'track: userId must be a string of 1 to 256 characters, got an empty string',
    ],
    [
      'track',
      { userId: 7, event: 'E' },
      'track: userId must be a string of 1 to 256 characters, got a value of type number',
    ],
    [
      'track',
      { userId: 'x'.repeat(257), event: 'E' },
      'track: userId must be a string of 1 to 256 characters, got one of 257',
    ],
    ['track', { userId: 'u' }, 'track: event must be a string of 1 to 512 characters, got undefined'],
    [
      'track',
      { userId: 'u', event: 'E', properties: [] },
      'track: properties must be an object, got an array',
    ],
    [
      'track',
      { userId: 'u', event: 'E', timestamp: 'soon' },
      'track: timestamp must be a Date, ISO 8601 text or milliseconds since the epoch, got one that is no date',
    ],
    ['group', { userId: 'u' }, 'group: groupId must be a string of 1 to 256 characters, got undefined'],
    ['alias', { userId: 'u' }, 'alias: previousId must be a string of 1 to 256 characters, got undefined'],
    [
      'track',
      { userId: 'u', event: 'E', properties: { n: 1n } },
      expect.stringContaining('cannot be written as JSON'),
    ],
    [
      'track',
      { userId: 'u', event: 'E', properties: circular },
      expect.stringContaining('cannot be written as JSON'),
    ],
  ] as const)('%s of a wrong shape is refused (%#)', (type, argument, message) => {
    expect(build(type, argument)).toEqual(message)
  })

  it('a field that is null counts as absent', () => {
    const argument = { userId: null, anonymousId: 'a', event: 'E', properties: null, context: null }
    expect(build('track', argument)).toEqual({ type: 'track', anonymousId: 'a', event: 'E', timestamp: NOW })
  })

  it('what is known fills in what the call does not say, the nearest first, contexts key by key', () => {
    const argument = { userId: 'own', event: 'E', context: { page: { path: '/' } } }
    const defaults = [
      { userId: 'near', anonymousId: 'a', context: { ip: '192.0.2.1', page: { path: '/other' } } },
      { anonymousId: 'far', context: { ip: '192.0.2.2', locale: 'de' } },
    ]
    const built = buildEvent('track', argument, { now: NOW, defaults })
    expect(built.ok && JSON.parse(built.event.json)).toEqual({
      type: 'track',
      event: 'E',
      userId: 'own',
      anonymousId: 'a',
      timestamp: NOW,
      context: { ip: '192.0.2.1', locale: 'de', page: { path: '/' } },
    })
  })

  it('what is known is checked like what is said', () => {
    const built = buildEvent('track', { event: 'E' }, { now: NOW, defaults: [{ userId: 'x'.repeat(257) }] })
    expect(built).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^track: userId must be a string/),
    })
  })

  it('a key called __proto__ is a key', () => {
    const context = JSON.parse('{"__proto__":{"a":1}}')
    const built = buildEvent(
      'track',
      { userId: 'u', event: 'E', context },
      { now: NOW, defaults: [{ context: { b: 2 } }] },
    )
    expect(built.ok && built.event.json).toContain('"__proto__":{"a":1}')
  })

  it('an event of exactly the largest size with the shared context is taken, and of one byte more refused', () => {
    const frame = JSON.stringify(build('track', { userId: 'u', event: 'E', properties: { t: '' } })).length
    const sized = (bytes: number) =>
      buildEvent(
        'track',
        { userId: 'u', event: 'E', properties: { t: 'x'.repeat(bytes - frame) } },
        { now: NOW },
      )
    // The collector adds the batch's context to each event; it is ASCII, so its length is its bytes.
    const largest = MAX_EVENT_BYTES - JSON.stringify(SHARED_CONTEXT).length
    expect(sized(largest)).toMatchObject({ ok: true, event: { bytes: largest } })
    expect(sized(largest + 1)).toMatchObject({
      ok: false,
      reason: 'event_too_large',
      message: `track: the event must be at most 32768 bytes of JSON with the batch's context, got 32769`,
    })
  })

  it('bytes are those of UTF-8', () => {
    const argument = { userId: 'u', event: 'é€🙂', properties: { lone: '\ud800' } }
    const built = buildEvent('track', argument, { now: NOW })
    expect(built).toMatchObject({ ok: true })
    if (built.ok) expect(built.event.bytes).toBe(Buffer.byteLength(built.event.json))
  })

  it('a thrown value that has no text is refused as well', () => {
    const properties = {
      toJSON() {
        throw Object.create(null)
      },
    }
    expect(build('track', { userId: 'u', event: 'E', properties })).toBe(
      'track: the event cannot be written as JSON: a value of type object was thrown',
    )
  })
})
