/** The law of the proof: whatever is proved holds for every value, of every pair of schemas that chance makes. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { listCandidates } from './candidates.ts'
import { proveInclusion } from './inclusion.ts'
import { takes } from './read-checks.ts'
import { readShape } from './read-shape.ts'

/** Small domains, so that two schemas made by chance are often one inside the other. */
const limit = fc.integer({ min: 0, max: 3 })

const texts = fc.tuple(limit, limit, fc.constantFrom(undefined, /^a/, /b$/)).map(([min, more, pattern]) => {
  const text = z
    .string()
    .min(min)
    .max(min + more)
  return pattern === undefined ? text : text.regex(pattern)
})

const numbers = fc
  .record({
    low: limit,
    more: limit,
    isOpen: fc.boolean(),
    isInteger: fc.boolean(),
    step: fc.constantFrom(0, 1, 2, 4),
  })
  .map(({ low, more, isOpen, isInteger, step }) => {
    const number = isInteger ? z.int() : z.number()
    const limited = isOpen ? number.gt(low).lt(low + more) : number.min(low).max(low + more)
    return step === 0 ? limited : limited.multipleOf(step)
  })

const values = fc
  .uniqueArray(fc.constantFrom('', 'a', 'ab', 1, 2, true, null), { minLength: 1, maxLength: 4 })
  .map((list) => z.literal(list))

const { schema } = fc.letrec<{ schema: z.ZodType }>((tie) => {
  const inner = tie('schema')
  const fields = fc
    .dictionary(fc.constantFrom('a', 'b'), fc.tuple(inner, fc.boolean()), { maxKeys: 2 })
    .map((given) =>
      Object.fromEntries(
        Object.entries(given).map(([name, [field, isOptional]]) => [
          name,
          isOptional ? field.optional() : field,
        ]),
      ),
    )
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      texts,
      numbers,
      values,
      fc.constantFrom(z.unknown(), z.never(), z.boolean(), z.email()),
      // Open objects are left out: what they do not name is not part of the law.
      fields.map((shape) => z.strictObject(shape)),
      fc.tuple(fields, inner).map(([shape, rest]) => z.object(shape).catchall(rest)),
      fc.tuple(texts, inner).map(([name, value]) => z.record(name, value)),
      fc.tuple(inner, limit, limit).map(([item, min, more]) =>
        z
          .array(item)
          .min(min)
          .max(min + more),
      ),
      fc.tuple(inner, inner).map((items) => z.tuple(items)),
      fc.tuple(inner, inner, inner).map(([one, other, rest]) => z.tuple([one, other.optional()], rest)),
      fc.tuple(inner, inner).map((options) => z.union(options)),
      fc.tuple(inner, inner).map(([one, other]) => z.xor([one, other])),
      fc.tuple(inner, inner).map(([one, other]) => z.intersection(one, other)),
      inner.map((part) => part.nullable()),
      inner.map((part) => part.refine((value) => JSON.stringify(value ?? null).length < 9)),
      inner.map((part) => part.transform((value) => [value])),
      inner.map((part) => part.catch(null)),
    ),
  }
})

const scalars = fc.constantFrom('', 'a', 'ab', 'cab', 'aab', 'x', 0, 1, 2, 3, 4, 0.5, 2.5, true, false, null)

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'ab'), tie('value'), { maxKeys: 3 }),
  ),
}))

test('proof holds for every value that the older schema takes', () => {
  const pairs = fc.oneof(
    fc.tuple(schema, schema),
    schema.map((one): [z.ZodType, z.ZodType] => [one, one.nullable()]),
    fc.tuple(schema, schema).map(([one, other]): [z.ZodType, z.ZodType] => [one, z.union([other, one])]),
    fc.tuple(schema, schema).map(([one, other]): [z.ZodType, z.ZodType] => [z.intersection(one, other), one]),
  )
  let proved = 0
  fc.assert(
    fc.property(pairs, fc.array(value, { minLength: 20, maxLength: 20 }), ([before, after], random) => {
      const [old, young] = [readShape(before), readShape(after)]
      if (proveInclusion(old, young, '').obstacles.length > 0) return
      proved += 1
      for (const given of [...random, ...listCandidates(old, young)]) {
        // A schema that throws, as intersections may, refuses nothing.
        if (takes(before, given) === true) expect([given, takes(after, given)]).not.toEqual([given, false])
      }
    }),
    { numRuns: 600 },
  )
  expect(proved).toBeGreaterThan(60)
})

test('candidates are taken by the older schema, and reach the edges of the newer', () => {
  const before = z.object({ a: z.int().max(9), b: z.array(z.string().max(4)).optional() })
  const after = z.object({ a: z.int().max(5), b: z.array(z.string().max(2)) })
  const candidates = listCandidates(readShape(before), readShape(after))
  expect(candidates.length).toBeGreaterThan(60)
  expect(candidates.filter((candidate) => !before.safeParse(candidate).success)).toEqual([])
  const numbers = candidates.map((candidate) => (candidate as { a: number }).a)
  expect(numbers).toEqual(expect.arrayContaining([4, 5, 6, 8, 9]))
})
