/** The law: what the quick look takes, zod takes; and it takes what plans are usually made of. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { listCandidates } from './candidates.ts'
import { createQuickCheck } from './quick-check.ts'
import { takes } from './read-checks.ts'
import { readShape } from './read-shape.ts'

const NAMES = ['a', 'b', 'toString']

const small = fc.integer({ min: 0, max: 3 })

const { schema } = fc.letrec<{ schema: z.ZodType }>((tie) => {
  const inner = tie('schema')
  const shape = fc.dictionary(fc.constantFrom(...NAMES), inner, { maxKeys: 2 })
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      small.map((min) => z.string().min(min)),
      small.map((max) => z.string().max(max).trim()),
      small.map((min) => z.number().min(min)),
      small.map((low) => z.number().gt(low)),
      small.map((max) => z.int().lt(max)),
      fc.constantFrom<z.ZodType[]>(
        ...[z.string().regex(/^a/), z.email(), z.number().multipleOf(2), z.boolean(), z.null(), z.unknown()],
        ...[z.never(), z.literal(['a', 1]), z.coerce.number(), z.string().transform(Number)],
        ...[z.number().refine((n) => n > 1), z.tuple([z.string()]), z.record(z.string().max(1), z.number())],
      ),
      shape.map((fields) => z.object(fields)),
      shape.map((fields) => z.strictObject(fields)),
      fc.tuple(shape, inner).map(([fields, rest]) => z.object(fields).catchall(rest)),
      inner.map((item) => z.array(item).min(1)),
      inner.map((item) => item.optional()),
      inner.map((item) => item.nullable()),
      inner.map((item) => item.default('x')),
      inner.map((item) => z.record(z.string(), item)),
      fc.tuple(inner, inner).map(([one, other]) => z.union([one, other])),
      fc.tuple(inner, inner).map(([one, other]) => z.intersection(one, other)),
    ),
  }
})

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('', 'a', 'ab', 'abcd', 0, 1, 2, -1, 1.5, Number.POSITIVE_INFINITY, true, false, null),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...NAMES, 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

it('takes nothing that zod does not take', () => {
  let takenCount = 0
  fc.assert(
    fc.property(schema, fc.array(value, { maxLength: 8 }), (made, values) => {
      const isGood = createQuickCheck(made)
      for (const one of [...values, ...listCandidates(readShape(made), readShape(made))]) {
        if (!isGood(one)) continue
        takenCount++
        expect(takes(made, one), JSON.stringify(one)).toBe(true)
      }
    }),
    { numRuns: 3_000 },
  )
  // A look that takes nothing would keep the law, too.
  expect(takenCount).toBeGreaterThan(3_000)
})

it.each<[string, z.ZodType, unknown, boolean]>([
  ['an open object', z.object({ a: z.string() }), { a: 'x', b: 1 }, true],
  ['an open object without its field', z.object({ a: z.string() }), { b: 1 }, false],
  ['a strict object with another field', z.strictObject({ a: z.string() }), { a: 'x', b: 1 }, false],
  ['an optional field that is not there', z.object({ a: z.url().optional() }), {}, true],
  ['a list of products', z.object({ p: z.array(z.object({ n: z.int() })).min(1) }), { p: [{ n: 1 }] }, true],
  ['a number past all limits', z.number(), Number.POSITIVE_INFINITY, false],
  ['a format, which only zod knows', z.email(), 'a@b.example', false],
])('of %s is sure or leaves it to zod', (_what, made, given, expected) => {
  expect(createQuickCheck(made)(given)).toBe(expected)
})
