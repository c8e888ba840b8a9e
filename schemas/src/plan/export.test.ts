import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { exportJsonSchema, exportMarkdown } from './export.ts'
import type { TrackingPlan } from './plan.ts'

const info = { version: '1-0-2', owner: 'shop team', description: 'Something.' }

const fieldsOf = (fields: z.ZodRawShape) => ({
  events: { Ordered: { ...info, properties: z.object(fields) } },
})

/** The row of a field, its cells without the bars. */
function rowOf(schema: z.ZodType, path = 'a'): string[] | undefined {
  const line = exportMarkdown(fieldsOf({ a: schema }), 'T')
    .split('\n')
    .find((text) => text.startsWith(`| \`${path}\` `))
  return line?.slice(2, -2).split(' | ')
}

describe('exportJsonSchema', () => {
  const plan: TrackingPlan = {
    events: {
      'Order Completed': {
        ...info,
        properties: z
          .strictObject({ total: z.number().min(0).describe('In euros.'), at: z.iso.datetime().default('') })
          .meta({ title: 'X', description: 'Y' }),
      },
    },
    identify: {
      ...info,
      version: '2-0-0',
      traits: z.object({ email: z.email().transform((text) => text.length) }),
    },
  }

  test('gives a document of JSON Schema an entry', () => {
    const [order, person] = exportJsonSchema(plan)
    expect(order).toMatchObject({ type: 'track', event: 'Order Completed' })
    expect(order?.document).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Order Completed',
      description: 'Something.',
      'x-type': 'track',
      'x-field': 'properties',
      'x-owner': 'shop team',
      'x-version': '1-0-2',
      type: 'object',
      properties: {
        total: { type: 'number', minimum: 0, description: 'In euros.' },
        at: { format: 'date-time' },
      },
      required: ['total'],
      additionalProperties: false,
    })
    expect(person).toMatchObject({
      type: 'identify',
      document: {
        title: 'identify',
        'x-field': 'traits',
        'x-version': '2-0-0',
        properties: { email: { type: 'string' } },
      },
    })
    expect(person).not.toHaveProperty('event')
  })

  test('gives what zod reads back as the same', () => {
    const document = exportJsonSchema(plan)[0]?.document
    const schema = z.fromJSONSchema(document as Parameters<typeof z.fromJSONSchema>[0])
    expect(schema.safeParse({ total: 1, at: '2026-01-02T03:04:05Z' }).success).toBe(true)
    expect(schema.safeParse({ total: -1 }).success).toBe(false)
    expect(schema.safeParse({ total: 1, more: 1 }).success).toBe(false)
  })
})

describe('exportMarkdown', () => {
  test('reads as a data dictionary', () => {
    const plan: TrackingPlan = {
      mode: 'enforce',
      refuseUnplanned: true,
      events: {
        'Order Completed': {
          ...info,
          description: 'An order was placed.',
          properties: z.strictObject({
            order_id: z.string().min(1).describe('As in the shop.'),
            items: z
              .array(z.object({ sku: z.string(), gift: z.boolean().optional() }))
              .min(1)
              .max(50),
          }),
        },
      },
      page: { ...info, owner: 'web', description: 'A page was seen.', properties: z.object({}) },
    }
    expect(exportMarkdown(plan, 'Events of shop')).toBe(`# Events of shop

2 entries. An event that differs goes to quarantine (mode \`enforce\`); \`track\` events that are not listed here count as differing.

| Event | Type | Owner | Version | Meaning |
| --- | --- | --- | --- | --- |
| Order Completed | \`track\` | shop team | 1-0-2 | An order was placed. |
| page | \`page\` | web | 1-0-2 | A page was seen. |

## Order Completed

\`track\` · version 1-0-2 · owner: shop team

An order was placed.

| Field of \`properties\` | Type | Required | Allowed | Meaning |
| --- | --- | --- | --- | --- |
| \`order_id\` | string | yes | not empty | As in the shop. |
| \`items\` | array of object | yes | 1 to 50 items |  |
| \`items.*.sku\` | string | yes |  |  |
| \`items.*.gift\` | boolean | no |  |  |

Other fields are not allowed.

## page

\`page\` · version 1-0-2 · owner: web

A page was seen.

No fields of \`properties\` are described.
`)
  })

  test.each([
    [{}, '0 entries. An event that differs is stored, with the differences beside it (mode `warn`);'],
    [{ mode: 'off' as const, ...fieldsOf({}) }, '1 entry. Nothing is checked (mode `off`).'],
  ])('says what the mode of %j means', (plan, text) => {
    expect(exportMarkdown(plan, 'T')).toContain(text)
  })

  test.each<[z.ZodType, string, string]>([
    [z.int().min(0).max(5), 'integer', 'at least 0, at most 5'],
    [z.number().gt(0).lt(1).multipleOf(0.25), 'number', 'more than 0, less than 1, a multiple of 0.25'],
    [z.string().min(3).max(20), 'string', '3 to 20 characters'],
    [z.string().length(1), 'string', '1 character'],
    [z.string().max(9).regex(/^a|b/), 'string', 'at most 9 characters, matches `^a\\|b`'],
    [z.email(), 'string (email)', ''],
    [z.enum(['new', 'old']), 'string', '`new`, `old`'],
    [z.literal(7), 'number', '`7`'],
    [z.literal(['x', 1, null]), 'string or number or null', '`x`, `1`, `null`'],
    [z.string().nullable(), 'string or null', ''],
    [z.union([z.int().min(1), z.enum(['none'])]), 'integer or string', '`none`, at least 1'],
    [z.array(z.string().nullable()), 'array of string or null', ''],
    [z.array(z.unknown()).min(2), 'array', 'at least 2 items'],
    [z.tuple([z.string(), z.int()]), 'tuple', ''],
    [z.unknown(), 'any', ''],
    [z.custom<string>(), 'any', ''],
    [z.record(z.string(), z.int()), 'object', ''],
  ])('describes a field %#', (schema, type, allowed) => {
    const [, shown, , limits] = rowOf(schema) ?? []
    expect([shown, limits?.trim()]).toEqual([type, allowed])
  })

  test.each<[z.ZodType, string, string | undefined]>([
    [z.record(z.string(), z.int()), 'a.*', 'integer'],
    [z.tuple([z.string(), z.object({ b: z.int() })]), 'a.1.b', 'integer'],
    [z.object({ b: z.int() }).nullable(), 'a.b', 'integer'],
    [z.intersection(z.object({ b: z.int() }), z.object({ c: z.boolean() })), 'a.c', 'boolean'],
    [z.array(z.object({ b: z.array(z.object({ c: z.int() })) })), 'a.*.b.*.c', 'integer'],
  ])('finds the field inside another %#', (schema, path, type) => {
    expect(rowOf(schema, path)?.[1]).toBe(type)
  })

  test('tells a field of several branches once', () => {
    const branches = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('card'), last4: z.string().length(4) }),
      z.object({ kind: z.literal('bill'), days: z.int() }),
    ])
    expect(rowOf(branches, 'a.kind')).toEqual(['`a.kind`', 'string', 'yes', '`card`, `bill`', ''])
    expect([rowOf(branches, 'a.last4')?.[2], rowOf(branches, 'a.days')?.[1]]).toEqual(['yes', 'integer'])
  })

  test('ends for a schema that contains itself', () => {
    const Node: z.ZodType<object, object> = z.object({
      name: z.string(),
      get parts() {
        return z.array(Node)
      },
    })
    const text = exportMarkdown({ events: { Ordered: { ...info, properties: Node } } }, 'T')
    expect(text).toContain('| `parts.*.name` | string | yes |')
    expect(text.length).toBeLessThan(5_000)
  })

  test('keeps what would be Markdown as text', () => {
    const nasty = 'a|b `c` <img src=x>\n*d* [e](f) & _g_ snake_case \\'
    const plan: TrackingPlan = {
      events: {
        '# A|B <b>': {
          version: '1-0-0',
          owner: nasty,
          description: nasty,
          properties: z.object({ 'x|`y': z.enum(['p|q', 'r`s', '']).describe(nasty) }),
        },
      },
    }
    const text = exportMarkdown(plan, nasty)
    const shown = 'a\\|b \\`c\\` \\<img src=x\\> \\*d\\* \\[e\\](f) \\& \\_g\\_ snake_case \\\\'
    expect(text.split('\n')[0]).toBe(`# ${shown}`)
    expect(text).toContain('## \\# A\\|B \\<b\\>\n')
    expect(text).toContain(
      `| \`\` x\\|\`y \`\` | string | yes | \`p\\|q\`, \`\` r\`s \`\`, (empty) | ${shown} |`,
    )
    const tables = text.split('\n').filter((line) => line.startsWith('|'))
    expect(tables.map((line) => line.replaceAll('\\|', '').split('|').length - 2)).toEqual([5, 5, 5, 5, 5, 5])
  })
})
