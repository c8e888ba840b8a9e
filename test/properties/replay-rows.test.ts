/** An event that went through the lake is inserted as the Worker would have inserted it, byte for byte. */

import type { Envelope, EnvelopeEvent, JsonObject } from '@millrace/schemas'
import { bytesOf, encodeLakeFile, openLakeFile } from '@millrace/schemas/lake'
import { encodeNative, type Row } from '@millrace/schemas/native'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ROW_COLUMNS, toRows, toStorableRow } from '../../cli/src/replay/rows.ts'
import { transformRow } from '../../cli/src/replay/transform.ts'
import { buildBatch } from '../../consumers/src/lake/batch.ts'
import { buildEventRows } from '../../consumers/src/rows/rows.ts'
import { buildEnvelope } from '../support/envelope.ts'

const text = fc.string({ unit: 'binary', maxLength: 12 })
const key = fc.oneof(text, fc.constantFrom('a', 'a.b', 'a%2Eb', '%2E', '%252E', '', '__proto__', 'x%25'))
const leaf = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(1e20, 2 ** 64, -(2 ** 63), 1e21, 123456789012345680000, '12345678901234567890', 0.1, -0),
)
const { object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries) as JsonObject),
}))

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const time = fc.integer({ min: 1, max: Date.UTC(2100, 0, 1) })

const event = fc
  .record(
    {
      type: fc.constantFrom('track' as const, 'page' as const, 'identify' as const, 'alias' as const),
      timestamp: time,
      originalTimestamp: time,
      event: text,
      userId: text,
      anonymousId: text,
      previousId: text,
      seq: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      properties: object,
      traits: object,
      context: object,
      integrations: object,
      extra: object,
      facts: fc.record(
        {
          violations: fc.array(fc.record({ path: text, rule: text, found: text, message: text }), {
            maxLength: 2,
          }),
          lookups: fc.dictionary(text, fc.record({ row: object, version: text }), { maxKeys: 2 }),
          campaign: fc.record({ source: text, medium: text }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['type', 'timestamp'] },
  )
  .map((fields) => fields as Partial<EnvelopeEvent>)

const envelope = fc
  .record({
    events: fc.array(event, { minLength: 1, maxLength: 5 }),
    sentAt: optional(time),
    context: optional(object),
    receivedAt: time,
  })
  .map(
    ({ events, sentAt, context, receivedAt }): Envelope =>
      buildEnvelope({
        source: 'shop',
        receivedAt,
        stream: 's',
        ...(sentAt === undefined ? {} : { sentAt }),
        ...(context === undefined ? {} : { context }),
        events: events.map((fields, index) => ({ ...fields, messageId: `m${index}` }) as EnvelopeEvent),
      }),
  )

const ALWAYS = { from: 0, to: Number.MAX_SAFE_INTEGER }

/** The block, with the columns in one order whoever made the rows. */
function encode(rows: readonly Row[]): Buffer {
  const sorted = rows.map((row) => Object.fromEntries(ROW_COLUMNS.map((name) => [name, row[name] as never])))
  return Buffer.from(encodeNative(ROW_COLUMNS, sorted))
}

async function throughLake(given: Envelope): Promise<Row[]> {
  const file = await openLakeFile(bytesOf(encodeLakeFile(buildBatch([given])).buffer))
  const rows: Row[] = []
  for await (const batch of file.batches()) rows.push(...toRows('shop', batch, ALWAYS))
  return rows
}

it('rows from the lake are those of the sink', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(envelope, async (given) => {
      const rows = await throughLake(given)
      const direct = buildEventRows(given)
      expect(Object.keys(rows[0] ?? {})).toEqual([...ROW_COLUMNS])
      expect(new Set(Object.keys(direct[0] ?? {}))).toEqual(new Set(ROW_COLUMNS))
      expect(encode(rows.map(toStorableRow)).equals(encode(direct))).toBe(true)
    }),
  )
})

it('a transform that changes nothing changes no byte', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(envelope, async (given) => {
      const same = await Promise.all(
        (await throughLake(given)).map(async (row) => {
          const kept = await transformRow((item) => item, row)
          expect(kept.kind).toBe('same')
          // As one that has changed something else is encoded.
          const changed = await transformRow((item) => ({ ...item, country: `${item.country}x` }), row)
          if (changed.kind !== 'changed') throw new Error('it must have changed')
          return { ...changed.row, country: row['country'] as string }
        }),
      )
      expect(encode(same.map(toStorableRow)).equals(encode(buildEventRows(given)))).toBe(true)
    }),
  )
})
