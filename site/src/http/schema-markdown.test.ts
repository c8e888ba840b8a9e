import { expect, test } from 'vitest'
import { listFields } from './schema-markdown.ts'

const SHAPES = new Map([
  ['Receipt', '[receipt](#receipt)'],
  ['TrackEvent', '[event](#event)'],
  ['PageEvent', '[event](#event)'],
])

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

test.each([
  [{ type: 'integer', minimum: 1, maximum: 2500, default: 5 }, 'whole number, 1 to 2,500, default `5`'],
  [{ type: ['string', 'null'], maxLength: 10 }, 'text or null, at most 10 characters'],
  [{ enum: ['a', 'b', 'c'] }, '`a`, `b` or `c`'],
  [{ const: true }, '`true`'],
  [{ type: 'string', format: 'date-time' }, 'text, ISO 8601'],
  [{ type: 'array', items: ref('Receipt'), minItems: 2 }, 'list of [receipt](#receipt), at least 2 items'],
  [{ type: 'array', items: { anyOf: [ref('TrackEvent'), ref('PageEvent')] } }, 'list of [event](#event)'],
  [{ oneOf: [{ properties: { op: {} } }] }, '[filter](../query.md#what-questions-have-in-common)'],
  [{ allOf: [ref('Receipt')] }, '[receipt](#receipt)'],
])('field of %j is %s', (field, text) => {
  expect(listFields('', { properties: { x: field } }, SHAPES)).toBe(`- **\`x\`** (${text})`)
})

test('fields of objects and of items of lists stand below, and what is required says so', () => {
  const inner = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } }
  const schema = { properties: { one: inner, many: { type: 'array', items: inner } } }
  expect(listFields('', schema, SHAPES)).toBe(
    '- **`one`** (object)\n  - **`a`** (text, required)\n- **`many`** (list of object)\n  - **`a`** (text, required)',
  )
})

test('a field is told of by the description, or else by our word, which what is answered does not take', () => {
  const schema = {
    properties: { userId: { type: 'string' }, event: { type: 'string', description: 'Said' } },
  }
  expect(listFields('/v1/track', schema, SHAPES)).toBe(
    '- **`userId`** (text): Id of a known user\n- **`event`** (text): Said',
  )
  expect(listFields('', schema, SHAPES)).toContain('- **`userId`** (text)\n')
})
