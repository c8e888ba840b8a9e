import { expect, test } from 'vitest'
import { z } from 'zod'
import { changesValues, writeChanges, writeSchema } from './schema-text.ts'

const same = (one: z.ZodType, other: z.ZodType) => writeSchema(one).text === writeSchema(other).text

test.each<[string, z.ZodType, z.ZodType]>([
  ['order of fields', z.object({ a: z.int(), b: z.string() }), z.object({ b: z.string(), a: z.int() })],
  ['messages', z.string('no').min(2, 'short'), z.string().min(2)],
  ['descriptions', z.string().meta({ title: 'T' }), z.string()],
  ['lazy schemas', z.lazy(() => z.string()), z.lazy(() => z.string())],
])('text does not depend on %s', (_, one, other) => {
  expect(same(one, other)).toBe(true)
})

test.each<[string, z.ZodType, z.ZodType]>([
  ['limits', z.string().min(1), z.string().min(2)],
  ['patterns', z.string().regex(/a/), z.string().regex(/a/i)],
  ['refinements', z.string().refine((v) => v === 'a'), z.string().refine((v) => v === 'b')],
  ['the order of checks', z.string().trim().min(1), z.string().min(1).trim()],
  ['defaults', z.string().default('a'), z.string().default('b')],
  ['strictness', z.object({}), z.strictObject({})],
  ['options of a format', z.url(), z.url({ hostname: /x/ })],
  ['coercion', z.number(), z.coerce.number()],
  ['what lazy schemas give', z.lazy(() => z.string()), z.lazy(() => z.int())],
])('text depends on %s', (_, one, other) => {
  expect(same(one, other)).toBe(false)
})

test.each<[string, z.ZodType, boolean]>([
  ['refine', z.string().refine((v) => v !== ''), true],
  ['superRefine', z.string().superRefine(() => {}), false],
  ['check', z.array(z.string()).check(() => {}), false],
  ['a native function', z.string().refine(Number.isFinite), false],
  ['a default that differs each time', z.number().default(() => Math.random()), false],
  ['a recursive schema', z.json(), true],
])('text of %s knows whether it is complete', (_, schema, isComplete) => {
  expect(writeSchema(schema).isComplete).toBe(isComplete)
})

test('changes of values are found where they are', () => {
  const plain = z.object({ a: z.array(z.string().min(1)) })
  expect([changesValues(plain), writeChanges(plain)]).toEqual([false, ':strip'])
  expect(changesValues(z.object({ a: z.array(z.string().trim()) }))).toBe(true)
  expect(writeChanges(z.object({ a: z.string().default('') }))).not.toBe(
    writeChanges(z.object({ b: z.string().default('') })),
  )
})
