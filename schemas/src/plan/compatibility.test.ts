/** Comparison of plans: what is proved, what is shown by an event, and what is left open. */

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { comparePlans, type EntryComparison } from './compatibility.ts'
import type { TrackingPlan } from './plan.ts'

type Schema = z.ZodType<object, object>

function planOf(properties: Schema, extra: Partial<TrackingPlan> = {}): TrackingPlan {
  return {
    events: { Ordered: { version: '1-0-0', owner: 'shop', description: 'An order.', properties } },
    ...extra,
  }
}

function compare(before: Schema, after: Schema): EntryComparison {
  const [entry] = comparePlans(planOf(before), planOf(after)).entries
  if (entry === undefined) throw new Error('nothing was compared')
  return entry
}

const inField = (before: z.ZodType, after: z.ZodType) =>
  compare(z.object({ a: before }), z.object({ a: after }))

interface Tree {
  name: string
  parts: Tree[]
}
const tree = (name: z.ZodType<string, string>): z.ZodType<Tree, Tree> => {
  const Node: z.ZodType<Tree, Tree> = z.object({
    name,
    get parts() {
      return z.array(Node)
    },
  })
  return Node
}

describe('comparePlans', () => {
  test.each<[string, z.ZodType, z.ZodType]>([
    ['the same kind', z.string(), z.string()],
    ['another message', z.string().min(1, 'one'), z.string().min(1, 'two')],
    ['a description', z.string(), z.string().describe('Its name.')],
    ['values in another order', z.enum(['a', 'b']), z.enum(['b', 'a'])],
    ['one literal as an enumeration', z.literal('a'), z.enum(['a'])],
    [
      'a refinement of the same text',
      z.string().refine((v) => v !== 'x'),
      z.string().refine((v) => v !== 'x'),
    ],
    [
      'a transform of the same text',
      z.string().transform((v) => v.length),
      z.string().transform((v) => v.length),
    ],
    ['an integer written otherwise', z.int().gt(0), z.int().min(1)],
    ['a schema that contains itself', tree(z.string()), tree(z.string())],
  ])('finds %s unchanged', (_, before, after) => {
    expect(inField(before, after).result).toBe('unchanged')
  })

  test.each<[string, z.ZodType, z.ZodType]>([
    ['a wider enumeration', z.enum(['a']), z.enum(['a', 'b'])],
    ['a wider range', z.number().min(1).max(5), z.number().min(0).max(5)],
    ['a limit that is now inclusive', z.number().gt(1), z.number().min(1)],
    ['integers to numbers', z.int(), z.number().min(-1e16)],
    ['multiples to their factors', z.int().multipleOf(6), z.int().multipleOf(3)],
    ['longer texts', z.string().max(5), z.string().max(6)],
    ['a pattern that is gone', z.string().regex(/^a/), z.string()],
    ['a format that is gone', z.email(), z.string()],
    ['a refinement that is gone', z.string().refine((v) => v !== 'x'), z.string()],
    ['a superRefine that is gone', z.string().superRefine(() => {}), z.string()],
    ['texts to texts and null', z.string(), z.string().nullable()],
    ['a required field to an optional one', z.string(), z.string().optional()],
    ['a value of an enumeration to a format', z.enum(['a@b.example']), z.email()],
    ['one of a union to the union', z.string().min(3), z.union([z.number(), z.string()])],
    ['a tuple to an array', z.tuple([z.string(), z.string()]), z.array(z.string())],
    ['more items', z.array(z.string()).max(5), z.array(z.string().nullable()).max(6)],
    ['named fields to a record', z.strictObject({ b: z.string() }), z.record(z.string(), z.string())],
    [
      'a record of names to optional fields',
      z.partialRecord(z.enum(['x', 'y']), z.int()),
      z.record(z.string(), z.number()),
    ],
    [
      'an intersection to one of its parts',
      z.intersection(z.object({ b: z.int() }), z.object({ c: z.int() })),
      z.object({ b: z.int() }),
    ],
    ['checks before the value is trimmed', z.string().min(2).trim(), z.string().min(1)],
    ['what a caught field takes', z.string(), z.string().catch('')],
    ['a strict object to an open one', z.strictObject({ b: z.int() }), z.object({ b: z.int() })],
    ['a wider schema that contains itself', tree(z.string().min(1)), tree(z.string())],
    ['anything JSON to anything', z.json(), z.unknown()],
    [
      'a discriminated union to one with more',
      z.discriminatedUnion('k', [z.object({ k: z.literal('a'), n: z.int() })]),
      z.discriminatedUnion('k', [
        z.object({ k: z.literal('a'), n: z.number() }),
        z.object({ k: z.literal('b') }),
      ]),
    ],
  ])('proves %s', (_, before, after) => {
    expect(inField(before, after)).toMatchObject({ result: 'compatible', newFields: [] })
  })

  test.each<[string, z.ZodType, z.ZodType, unknown]>([
    ['a narrower enumeration', z.enum(['a', 'b']), z.enum(['a']), 'b'],
    ['another kind', z.string(), z.number(), expect.any(String)],
    ['a number that must be an integer', z.number(), z.int(), expect.any(Number)],
    ['a higher minimum', z.number().min(3), z.number().min(4), 3],
    ['a limit that is now exclusive', z.number().max(3), z.number().lt(3), 3],
    ['fewer multiples', z.int(), z.int().multipleOf(7), expect.any(Number)],
    ['shorter texts', z.string().max(50), z.string().max(49), expect.stringMatching(/^.{50}$/)],
    ['a longer text', z.string(), z.string().min(1), ''],
    ['a new format', z.string(), z.email(), expect.any(String)],
    ['a null that is gone', z.string().nullable(), z.string(), null],
    ['a field that must be there', z.string().optional(), z.string(), undefined],
    [
      'an old pattern and a new length',
      z.string().regex(/^ord-[a-z0-9]{3,8}$/),
      z.string().max(11),
      expect.stringMatching(/^ord-.{8}$/),
    ],
    [
      'a pattern that takes less',
      z.string().regex(/^[a-z]+$/),
      z.string().regex(/^[a-y]+$/),
      expect.stringContaining('z'),
    ],
    ['a branch that is gone', z.union([z.string(), z.boolean()]), z.string(), expect.any(Boolean)],
    ['fewer items', z.array(z.int()).max(3), z.array(z.int()).max(2), [1, 1, 1]],
    ['an array that must not be empty', z.array(z.int()), z.array(z.int()).min(1), []],
    [
      'a field deep inside',
      z.array(z.object({ b: z.object({ c: z.int().max(9) }) })),
      z.array(z.object({ b: z.object({ c: z.int().max(8) }) })),
      [{ b: { c: 9 } }],
    ],
    [
      'a record with narrower values',
      z.record(z.string(), z.number()),
      z.record(z.string(), z.int()),
      expect.any(Object),
    ],
    [
      'a record with narrower names',
      z.record(z.string(), z.int()),
      z.record(z.string().max(4), z.int()),
      expect.any(Object),
    ],
    [
      'a new refinement',
      z.int().min(0).max(100),
      z
        .int()
        .min(0)
        .max(100)
        .refine((v) => v !== 100),
      100,
    ],
    [
      'dates of another offset',
      z.iso.datetime({ offset: true }),
      z.iso.datetime(),
      expect.stringContaining('+'),
    ],
    ['a schema that contains itself', tree(z.string()), tree(z.string().min(1)), expect.any(Object)],
    ['anything', z.unknown(), z.string(), expect.anything()],
    [
      'a named field of a record',
      z.record(z.string(), z.number()),
      z.looseObject({ total: z.string().optional() }),
      expect.objectContaining({ total: expect.any(Number) }),
    ],
  ])('shows an event that breaks by %s', (_, before, after, a) => {
    const result = inField(before, after)
    expect(result).toMatchObject({
      result: 'breaking',
      counterExample: { type: 'track', event: 'Ordered', properties: a === undefined ? {} : { a } },
    })
    const { counterExample, violations } = result as EntryComparison & { result: 'breaking' }
    const event = counterExample.properties
    expect(z.object({ a: before }).safeParse(event).success).toBe(true)
    expect(z.object({ a: after }).safeParse(event).success).toBe(false)
    expect(violations[0]?.path).toMatch(/^properties\.a/)
  })

  test.each<[string, z.ZodType, z.ZodType, string, string]>([
    [
      'a superRefine',
      z.string().superRefine(() => {}),
      z.string().superRefine(() => {}),
      'properties.a',
      'superRefine',
    ],
    [
      'a new refinement that takes all samples',
      z.string(),
      z.string().refine((v) => v !== 'x9'),
      'properties.a',
      'a refinement',
    ],
    [
      'a pattern that differs',
      z.string().regex(/^a*$/i),
      z.string().regex(/^[aA]*$/),
      'properties.a',
      'the pattern /^[aA]*$/',
    ],
    ['a preprocess', z.string(), z.preprocess((v) => v, z.string()), 'properties.a', 'a transform or pipe'],
    ['a custom type', z.string(), z.custom<string>((v) => v !== 'x9'), 'properties.a', 'a custom check'],
    ['a coercion', z.string(), z.coerce.string(), 'properties.a', 'z.coerce.string'],
    [
      'a field deep inside',
      z.array(z.object({ b: z.string() })),
      z.array(z.object({ b: z.string().refine((v) => v !== 'x9') })),
      'properties.a.*.b',
      'a refinement',
    ],
    ['a trim before a check', z.string().min(1), z.string().trim().max(1e6), 'properties.a', 'checks after'],
    [
      'a refinement of other values',
      z.object({ b: z.string() }).refine((v) => v.b !== 'x9'),
      z.object({ b: z.string().transform((v) => `${v}!`) }).refine((v) => v.b !== 'x9'),
      'properties.a',
      'a refinement',
    ],
    [
      'an asynchronous refinement',
      z.string(),
      z.string().refine(async () => false),
      'properties.a',
      'a refinement',
    ],
  ])('leaves %s undecided', (_, before, after, path, why) => {
    const result = inField(before, after)
    expect(result).toMatchObject({ result: 'undecided' })
    const { obstacles } = result as EntryComparison & { result: 'undecided' }
    expect(obstacles[0]?.path).toBe(path)
    expect(obstacles.map((obstacle) => obstacle.why).join()).toContain(why)
  })

  test.each([
    [z.string(), true],
    [z.string().max(99), false],
  ])('says whether an undecided schema looks the same', (before, looksSame) => {
    const check = () => {}
    expect(inField(before.superRefine(check), z.string().superRefine(check))).toMatchObject({ looksSame })
  })

  test('judges a newly named field by its absence, and says that it was let through before', () => {
    const before = z.object({ a: z.int() })
    const after = z.object({ a: z.int(), coupon: z.string().optional(), note: z.unknown().optional() })
    expect(compare(before, after)).toMatchObject({ result: 'compatible', newFields: ['properties.coupon'] })
    expect(compare(after, before)).toMatchObject({ result: 'compatible', newFields: [] })
  })

  test.each([
    ['must be there', z.object({ a: z.int() }), z.object({ a: z.int(), b: z.int() }), 'properties.b'],
    [
      'is refused by a strict object',
      z.object({ a: z.int() }),
      z.strictObject({ a: z.int() }),
      'properties.another_field',
    ],
    [
      'is gone from a strict object',
      z.strictObject({ a: z.int().optional() }),
      z.strictObject({}),
      'properties.a',
    ],
  ])('finds a field that %s', (_, before, after, path) => {
    expect(compare(before, after)).toMatchObject({ result: 'breaking', violations: [{ path }] })
  })

  test('finds what two fields must have together', () => {
    const range = z.object({ low: z.int().min(0).max(9), high: z.int().min(0).max(9) })
    const result = compare(
      range,
      range.refine(({ low, high }) => low <= high, 'low must not be above high'),
    )
    expect(result).toMatchObject({ result: 'breaking', violations: [{ path: 'properties', rule: 'custom' }] })
  })

  test('uses the examples of a schema where nothing else is taken', () => {
    const code = z
      .string()
      .refine((text) => text.length === 8 && text.endsWith('-K'))
      .meta({ examples: ['QX-123-K'] })
    const before = z.object({ code, n: z.int().max(9) })
    expect(compare(before, z.object({ code, n: z.int().max(8) }))).toMatchObject({
      result: 'breaking',
      counterExample: { properties: { code: 'QX-123-K', n: 9 } },
    })
  })

  test('gives the plainest of the events that break', () => {
    const before = z.object({ a: z.int().max(5), b: z.string().optional(), c: z.string().max(3) })
    expect(compare(before, before.extend({ a: z.int().max(4) }))).toMatchObject({
      counterExample: { type: 'track', event: 'Ordered', properties: { a: 5, c: expect.any(String) } },
      violations: [{ path: 'properties.a', rule: 'too_big', found: '5' }],
    })
  })

  test('compares entries of all types, the newer plan first', () => {
    const info = { version: '1-0-0', owner: 'web', description: 'Something.' }
    const before: TrackingPlan = {
      ...planOf(z.object({})),
      page: { ...info, properties: z.object({ path: z.string() }) },
    }
    const after: TrackingPlan = {
      identify: { ...info, traits: z.object({}) },
      page: { ...info, version: '1-0-1', properties: z.object({}) },
    }
    expect(comparePlans(before, after).entries).toEqual([
      { type: 'page', result: 'compatible', before: '1-0-0', after: '1-0-1', newFields: [] },
      { type: 'identify', result: 'added', after: '1-0-0' },
      { type: 'track', event: 'Ordered', result: 'removed', before: '1-0-0', breaksOldEvents: false },
    ])
  })

  test.each([
    [{ mode: 'enforce', refuseUnplanned: true }, true],
    [{ mode: 'enforce' }, false],
    [{ mode: 'warn', refuseUnplanned: true }, false],
  ] as const)('says whether a removed event breaks under %j', (after, breaksOldEvents) => {
    expect(comparePlans(planOf(z.object({})), after).entries).toMatchObject([
      { result: 'removed', breaksOldEvents },
    ])
  })

  test('notes what changes for the whole plan', () => {
    const plan = planOf(z.object({}))
    expect(comparePlans(plan, plan).notes).toEqual([])
    expect(comparePlans(plan, { ...plan, mode: 'enforce', refuseUnplanned: true }).notes).toEqual([
      'the mode goes from warn to enforce',
      'track events without an entry now break the plan',
    ])
  })
})
