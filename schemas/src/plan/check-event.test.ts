import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { JsonObject } from '../wire.ts'
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
          message: 'properties.total: Invalid input: expected number, received string',
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
        message: expect.stringContaining('…: Invalid input'),
      },
    ])
  })

  test.each([
    ['is none', { 'a\ud800': 'x' }, 'properties.a\ufffd'],
    ['is cut through', { [`${'k'.repeat(244)}😀😀`]: 'x' }, `properties.${'k'.repeat(244)}\ufffd…`],
  ])('tells valid Unicode of a key that %s', (_, sent, path) => {
    const { violations } = checkOrder(z.record(z.string(), z.number()), sent)
    expect(violations).toMatchObject([{ path, message: expect.stringContaining(`${path}: `) }])
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
