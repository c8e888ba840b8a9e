import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { MAX_NESTING } from './json-text.ts'
import { EVENT_SCHEMAS, parseEvent } from './parse-event.ts'
import { REASONS } from './reasons.ts'
import { EVENT_TYPES } from './wire.ts'

const track = { type: 'track', event: 'Signed Up', anonymousId: 'a1' }

function nest(levels: number): unknown {
  return levels === 0 ? 1 : { a: nest(levels - 1) }
}

describe('parseEvent', () => {
  it.each([
    ['track', track],
    ['page', { type: 'page', userId: 'u1', name: 'Home', properties: { path: '/' } }],
    ['screen', { type: 'screen', userId: 'u1' }],
    ['identify', { type: 'identify', userId: 'u1', traits: { plan: 'free' } }],
    ['group', { type: 'group', userId: 'u1', groupId: 'g1' }],
    ['alias', { type: 'alias', userId: 'u1', previousId: 'a1' }],
  ])('accepts a %s event', (_type, input) => {
    expect(parseEvent(input)).toEqual({ ok: true, event: input })
  })

  it.each([
    ['text', 'hello', 'not_an_object', ''],
    ['null', null, 'not_an_object', ''],
    ['an array', [track], 'not_an_object', ''],
    ['no type', { event: 'x', userId: 'u' }, 'unknown_type', 'type'],
    ['an unknown type', { ...track, type: 'click' }, 'unknown_type', 'type'],
    ['a type from the prototype', { ...track, type: 'constructor' }, 'unknown_type', 'type'],
    ['a track without a name', { type: 'track', userId: 'u' }, 'missing_field', 'event'],
    ['a track with an empty name', { ...track, event: '' }, 'missing_field', 'event'],
    ['a name of the wrong kind', { ...track, event: { a: 1 } }, 'invalid_field', 'event'],
    ['a name too long', { ...track, event: 'x'.repeat(513) }, 'field_too_long', 'event'],
    ['an id too long', { ...track, userId: 'x'.repeat(257) }, 'field_too_long', 'userId'],
    ['an id of the wrong kind', { ...track, userId: [] }, 'invalid_field', 'userId'],
    ['properties that are an array', { ...track, properties: [1] }, 'invalid_field', 'properties'],
    ['properties that are text', { ...track, properties: 'x' }, 'invalid_field', 'properties'],
    ['a group without groupId', { type: 'group', userId: 'u' }, 'missing_field', 'groupId'],
    ['an alias without an id of before', { type: 'alias', userId: 'u' }, 'missing_field', 'previousId'],
    [
      'an alias with an empty anonymousId alone',
      { type: 'alias', userId: 'u', anonymousId: '' },
      'missing_field',
      'previousId',
    ],
    ['an alias without userId', { type: 'alias', anonymousId: 'a' }, 'missing_field', 'userId'],
    [
      'fields that hide in a prototype',
      JSON.parse('{"__proto__":{"type":"track","event":"x","userId":"u"}}'),
      'unknown_type',
      'type',
    ],
    ['a nesting too deep', { ...track, properties: nest(MAX_NESTING) }, 'too_deep', ''],
    [
      'a nesting of a hundred thousand',
      { ...track, properties: JSON.parse('['.repeat(1e5) + ']'.repeat(1e5)) },
      'too_deep',
      '',
    ],
  ])('refuses %s', (_what, input, reason, path) => {
    expect(parseEvent(input)).toMatchObject({
      ok: false,
      reason,
      path,
      message: expect.stringMatching(/\w+ \w+/),
    })
  })

  it.each([
    [{ event: 'x' }, 'type is required, one of track, page, screen, identify, group, alias'],
    [{ type: null }, 'type is required, one of track, page, screen, identify, group, alias'],
    [{ type: '' }, 'type is required, one of track, page, screen, identify, group, alias'],
    [{ type: 'click' }, 'type must be one of track, page, screen, identify, group, alias, got "click"'],
    [{ type: 5 }, 'type must be one of track, page, screen, identify, group, alias, got a number'],
  ])('says of the type of %j what is wrong', (input, message) => {
    expect(parseEvent(input)).toMatchObject({ reason: 'unknown_type', message })
  })

  it('takes null and empty ids as absent and a numeric id as text', () => {
    const result = parseEvent({
      ...track,
      anonymousId: '',
      userId: 42,
      traits: null,
      context: null,
      groupId: null,
    })
    expect(result).toEqual({ ok: true, event: { type: 'track', event: 'Signed Up', userId: '42' } })
  })

  it('keeps fields that the wire or the type does not know, but not those of the batch', () => {
    const sent = {
      ...track,
      channel: 'web',
      name: 'x',
      _metadata: { a: 1 },
      empty: null,
      writeKey: 'k',
      sentAt: 't',
    }
    const result = parseEvent(sent)
    expect(result).toEqual({
      ok: true,
      event: { ...track, extra: { channel: 'web', name: 'x', _metadata: { a: 1 } } },
    })
  })

  it.each([
    [
      'moved from the context',
      { context: { traits: { a: 1 }, b: 2 } },
      { traits: { a: 1 }, context: { b: 2 } },
    ],
    ['its own where it has them', { traits: { a: 1 }, context: { traits: { a: 2 } } }, undefined],
    ['none where the context has no object', { context: { traits: 'x' } }, undefined],
  ])('gives an identify the traits that are %s', (_what, given, expected) => {
    const event = { type: 'identify', userId: 'u', ...given }
    expect(parseEvent(event)).toEqual({
      ok: true,
      event: { type: 'identify', userId: 'u', ...(expected ?? given) },
    })
  })

  it.each<[string, { anonymousId: string | number; previousId?: string | null }, string]>([
    ['its anonymousId where it has none', { anonymousId: 'a1' }, 'a1'],
    ['its anonymousId where its own is empty', { anonymousId: 'a1', previousId: '' }, 'a1'],
    ['a numeric anonymousId as text', { anonymousId: 42, previousId: null }, '42'],
    ['its own where it has both', { anonymousId: 'a1', previousId: 'p1' }, 'p1'],
  ])('gives an alias for a previousId %s', (_what, given, previousId) => {
    const result = parseEvent({ type: 'alias', userId: 'u1', ...given })
    const anonymousId = given.anonymousId.toString()
    const event = { type: 'alias', userId: 'u1', anonymousId, previousId }
    expect(result).toEqual({ ok: true, event })
    expect(EVENT_SCHEMAS.alias.parse({ ...event, previousId: given.previousId || undefined })).toEqual(event)
  })

  it('describes an alias as needing one of the two ids', () => {
    const { anyOf, required } = z.toJSONSchema(EVENT_SCHEMAS.alias, { io: 'input', unrepresentable: 'any' })
    expect({ anyOf, required }).toEqual({
      anyOf: [{ required: ['previousId'] }, { required: ['anonymousId'] }],
      required: ['userId', 'type'],
    })
  })

  it('leaves it to others to find out whose event it is', () => {
    expect(parseEvent({ type: 'track', event: 'x' }).ok).toBe(true)
  })

  it('accepts the deepest nesting that is allowed', () => {
    expect(parseEvent({ ...track, properties: nest(MAX_NESTING - 2) }).ok).toBe(true)
  })

  it('agrees with the published schemas about what is an event and what is in it', () => {
    const value = fc.oneof(
      fc.string(),
      fc.string({ minLength: 250, maxLength: 600 }),
      fc.double({ noNaN: false }),
      fc.boolean(),
      fc.dictionary(fc.string(), fc.integer(), { noNullPrototype: true }),
      fc.array(fc.integer()),
      fc.constantFrom('', null, Number.POSITIVE_INFINITY, '2026-11-21T00:00:00Z'),
    )
    const names = [...new Set(EVENT_TYPES.flatMap((type) => Object.keys(EVENT_SCHEMAS[type].shape)))]
    const fields = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), value), {
      selector: ([name]) => name,
      maxLength: 6,
    })
    fc.assert(
      fc.property(fc.constantFrom(...EVENT_TYPES), fields, (type, entries) => {
        const given: Record<string, unknown> = { ...Object.fromEntries(entries), type }
        const present = Object.fromEntries(
          Object.entries(given).filter(([, field]) => field !== null && field !== ''),
        )
        const published = EVENT_SCHEMAS[type].safeParse(present)
        const result = parseEvent(given)
        expect(result.ok).toBe(published.success)
        if (result.ok && published.success) {
          const { extra: _, ...event } = result.event
          expect(event).toEqual(published.data)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('never throws and always gives a reason of the closed list', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.object({ key: fc.constantFrom('type', 'event', 'userId', 'context', 'x') }),
        ),
        (input) => {
          const result = parseEvent(input)
          expect(result.ok || REASONS.includes(result.reason)).toBe(true)
        },
      ),
    )
  })
})
