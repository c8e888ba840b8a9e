import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../wire.ts'
import { createPlanChecker, type PlannedEvent } from './check-event.ts'
import type { TrackingPlan } from './plan.ts'

const info = { version: '1-2-3', owner: 'shop', description: 'Something.' }

function checkOrder(
  properties: z.ZodType<object, object>,
  sent: JsonObject | undefined,
  mode: TrackingPlan['mode'] = 'enforce',
) {
  const check = createPlanChecker({ mode, events: { Ordered: { ...info, properties } } })
  return check({ type: 'track', event: 'Ordered', properties: sent })
}

describe('plan checker', () => {
  test.each(['enforce', 'warn', undefined] as const)('reports violations in mode %s', (mode) => {
    const schema = z.object({ total: z.number() })
    expect(checkOrder(schema, { total: 1 }, mode)).toEqual({ planVersion: '1-2-3', violations: [] })
    expect(checkOrder(schema, { total: '1' }, mode)).toEqual({
      planVersion: '1-2-3',
      violations: [
        {
          path: 'properties.total',
          rule: 'invalid_type',
          found: '"1"',
          message: 'expected number, found "1"',
        },
      ],
    })
  })

  test('reports nothing in mode off, not even a version', () => {
    expect(checkOrder(z.object({ total: z.number() }), { total: '1' }, 'off')).toEqual({ violations: [] })
  })

  test.each<[PlannedEvent, string[]]>([
    [{ type: 'track', event: 'Ordered', properties: { a: 1 } }, []],
    [{ type: 'track', event: 'Ordered' }, ['properties.a']],
    [{ type: 'page', properties: { b: 1 } }, []],
    [{ type: 'page', properties: { b: '1' } }, ['properties.b']],
    [{ type: 'screen', properties: {} }, ['properties.c']],
    [{ type: 'identify', traits: { d: '1' } }, ['traits.d']],
    [{ type: 'identify', properties: { d: 1 } }, ['traits.d']],
    [{ type: 'group', traits: { e: '1' } }, ['traits.e']],
    [{ type: 'alias', traits: { d: '1' } }, []],
    // An event that happens to have the name of a type is no view.
    [{ type: 'track', event: 'page', properties: {} }, []],
  ])('checks %j by the entry of its kind', (event, paths) => {
    const entry = (key: string) => z.object({ [key]: z.number() })
    const check = createPlanChecker({
      mode: 'enforce',
      events: { Ordered: { ...info, properties: entry('a') } },
      page: { ...info, properties: entry('b') },
      screen: { ...info, properties: entry('c') },
      identify: { ...info, traits: entry('d') },
      group: { ...info, traits: entry('e') },
    })
    expect(check(event).violations.map(({ path }) => path)).toEqual(paths)
  })

  test.each([
    [
      true,
      'Placed',
      [
        {
          path: 'event',
          rule: 'unplanned_event',
          found: '"Placed"',
          message: 'the tracking plan has no event "Placed"',
        },
      ],
    ],
    [
      true,
      undefined,
      [
        {
          path: 'event',
          rule: 'unplanned_event',
          found: 'nothing',
          message: 'the tracking plan has no event nothing',
        },
      ],
    ],
    [true, 'constructor', [expect.objectContaining({ rule: 'unplanned_event' })]],
    [false, 'Placed', []],
    [undefined, 'Placed', []],
  ])('with refuseUnplanned %s, an event %s gives %j', (refuseUnplanned, event, violations) => {
    const check = createPlanChecker({
      mode: 'warn',
      ...(refuseUnplanned !== undefined && { refuseUnplanned }),
    })
    expect(check({ type: 'track', event })).toEqual({ violations })
  })

  test('never misses an entry for a view', () => {
    const check = createPlanChecker({ mode: 'enforce', refuseUnplanned: true })
    expect(check({ type: 'page' })).toEqual({ violations: [] })
  })

  test.each<[string, z.ZodType, JsonObject, string, string, string]>([
    [
      'a position in an array',
      z.array(z.object({ price: z.number() })),
      { a: [{ price: 1 }, { price: null }] },
      'properties.a.1.price',
      'invalid_type',
      'null',
    ],
    [
      'what is missing',
      z.object({ b: z.object({ c: z.string() }) }),
      { a: { b: {} } },
      'properties.a.b.c',
      'invalid_type',
      'nothing',
    ],
    [
      'an unknown key',
      z.strictObject({}),
      { a: { extra: true } },
      'properties.a.extra',
      'unrecognized_keys',
      'true',
    ],
    ['an array', z.string(), { a: [1, 2, 3] }, 'properties.a', 'invalid_type', 'an array of 3'],
    ['an object', z.string(), { a: { b: 1 } }, 'properties.a', 'invalid_type', 'an object'],
    [
      'a refinement',
      z.string().refine((text) => text === 'x', 'must be x'),
      { a: 'y' },
      'properties.a',
      'custom',
      '"y"',
    ],
    [
      'a long text',
      z.number(),
      { a: 'x'.repeat(500) },
      'properties.a',
      'invalid_type',
      `"${'x'.repeat(79)}…`,
    ],
  ])('says where %s is, and what was found', (_, a, sent, path, rule, found) => {
    expect(checkOrder(z.object({ a }), sent).violations).toMatchObject([{ path, rule, found }])
  })

  test.each<[string, z.ZodType, JsonValue, string]>([
    ['a kind', z.number(), null, 'expected number, found null'],
    ['what is missing', z.number(), [], 'expected number, found an array of 0'],
    ['a whole number', z.int(), 1.5, 'expected int, found 1.5'],
    ['a value', z.literal('a'), 'b', 'expected "a", found "b"'],
    ['a choice', z.enum(['a', 'b']), 'c', 'expected one of "a"|"b", found "c"'],
    ['a bound', z.number().min(1), 0, 'Too small: expected number to be >=1, found 0'],
    ['an unknown key', z.strictObject({}), { b: 1 }, 'Unrecognized key: "b", found 1'],
    ["the author's words", z.number('must be an amount'), 'x', 'must be an amount, found "x"'],
    ['a union', z.union([z.number(), z.string()]), true, 'expected number or string, found true'],
    [
      'a union in a union',
      z.union([z.union([z.number(), z.literal(['a', 'b'])]), z.null(), z.number()]),
      true,
      'expected number, one of "a"|"b" or null, found true',
    ],
    [
      'a union of objects and arrays',
      z.union([z.object({ id: z.number() }), z.array(z.number()), z.string()]),
      { id: 'x' },
      'expected object with id: number, array or string, found an object',
    ],
    [
      'a union with a check',
      z.union([z.url(), z.number().max(3)]),
      false,
      'expected string or number, found false',
    ],
    [
      'a union told apart by a field',
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
      { kind: 'c' },
      "Invalid discriminator value. Expected 'a' | 'b', found \"c\"",
    ],
    [
      'a union in words',
      z.union([z.number(), z.string()], 'must be an id'),
      true,
      'must be an id, found true',
    ],
  ])('says of %s what was expected and what was found', (_what, a, sent, message) => {
    expect(checkOrder(z.object({ a }), { a: sent }).violations.map((violation) => violation.message)).toEqual(
      [message],
    )
  })

  test('cuts long messages, and tells of ten violations', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`f${index}`, z.string('m'.repeat(999))]),
    )
    const { violations } = checkOrder(z.object(fields), {})
    expect(violations).toHaveLength(10)
    expect(violations.map(({ message }) => message.length)).toEqual(Array(10).fill(301))
    expect(violations.every(({ message }) => message.endsWith('m…'))).toBe(true)
  })

  test('cuts the path of a long key, and keeps it within ten violations', () => {
    const { violations } = checkOrder(z.record(z.string(), z.number()), { ['k'.repeat(14_000)]: 'x' })
    expect(violations).toMatchObject([
      {
        path: `properties.${'k'.repeat(245)}…`,
        found: '"x"',
        message: 'expected number, found "x"',
      },
    ])
  })

  test.each([
    ['is none', { 'a\ud800': 'x' }, 'properties.a\ufffd'],
    ['is cut through', { [`${'k'.repeat(244)}😀😀`]: 'x' }, `properties.${'k'.repeat(244)}\ufffd…`],
  ])('tells valid Unicode of a key that %s', (_, sent, path) => {
    const { violations } = checkOrder(z.record(z.string(), z.number()), sent)
    expect(violations).toMatchObject([{ path, message: 'expected number, found "x"' }])
    expect(Object.values(violations[0] ?? {}).every((text) => text.isWellFormed())).toBe(true)
  })

  test('tells valid Unicode of a text that is cut through', () => {
    const { violations } = checkOrder(z.object({ a: z.number() }), { a: `${'x'.repeat(78)}😀` })
    expect(violations[0]?.found).toBe(`"${'x'.repeat(78)}\ufffd…`)
  })

  test('passes on what a refinement throws: the plan is at fault, not the event', () => {
    const broken = z.object({}).refine(() => {
      throw new Error('a bug in the plan')
    })
    expect(() => checkOrder(broken, {})).toThrow('a bug in the plan')
  })

  test('leaves the event as it was sent', () => {
    const sent = { a: ' x ', unknown: 1 }
    checkOrder(z.object({ a: z.string().trim(), b: z.string().default('b') }), sent)
    expect(sent).toEqual({ a: ' x ', unknown: 1 })
  })
})
