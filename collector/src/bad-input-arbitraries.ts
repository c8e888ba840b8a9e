/** Arbitrary bad input for properties, as JSON texts: only a text can have a key twice, `__proto__` or 1e999. */

import { fitsBytes, MAX_BATCH_BYTES } from '@millrace/schemas'
import * as fc from 'fast-check'
import { batchText, goodEvent, nest } from './bad-input-cases.ts'
import { VALUES } from './bad-input-values.ts'

const KEYS = [
  ...['type', 'event', 'name', 'category', 'userId', 'anonymousId', 'groupId', 'previousId', 'messageId'],
  ...['properties', 'traits', 'context', 'integrations', 'timestamp', 'originalTimestamp', 'sentAt', 'batch'],
  ...[
    'writeKey',
    'source',
    'stream',
    'firstSeq',
    'previous',
    'lastSeq',
    'batchId',
    'page',
    'url',
    'referrer',
  ],
  ...['search', 'campaign', 'ip', 'userAgent', 'userAgentData', 'brands', 'library', 'device', 'consent'],
  ...[
    'categoryPreferences',
    'analytics',
    'gpc',
    'webdriver',
    'email',
    'products',
    'n',
    'a.b',
    '',
    '*',
    '\u0000',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'then', 'length', 'hasOwnProperty'],
] as const

/** Texts that are nearly, or wholly, what a field wants. */
const NEAR: readonly string[] = [
  ...['track', 'page', 'Track', 'identify', 'wk', 'sk', 'shop', 'Good', 'a1', 'u', 's-1', 'm1', 'm1', 'm1'],
  ...['2026-11-21T12:00:00.000Z', '2026-11-21', '2026-02-30', '0001-01-01', '2200-01-01T00:00:00Z', 'Z'],
  ...['https://shop.example/?utm_source=%ff&gclid=1', 'http://[', '//', '203.0.113.77', '::1', '1.2.3.4.5'],
  ...['4111-1111-1111-1111', 'ann@shop.example', 'Mozilla/5.0 (iPhone)', 'Googlebot/2.1', 'true', 'null'],
  ...[
    'x'.repeat(256),
    'x'.repeat(257),
    'x'.repeat(513),
    '\ud800',
    '\udc00\ud800',
    'a\u0000b',
    '\u2028\ufeff',
  ],
]

const NUMBERS: readonly string[] = [
  ...['0', '-0', '1', '-1', '0.5', '1e20', '1e999', '-1e999', '4294967295', '4294967296', '1e-400'],
  ...['1763726400000', '1763726400000.5', '1795262400000', '9007199254740993', '8640000000000001'],
]

const surrogates = fc
  .array(fc.constantFrom('\ud83d', '\ude00', '\\', '"', 'd800', 'u', '\u0000'), { maxLength: 6 })
  .map((parts) => parts.join(''))

/** Rare: a few of them are more than a batch may be. */
const large = fc.oneof(
  fc.constantFrom(2_000, 12_000).map((levels) => nest(levels)),
  fc.constantFrom(30_000, 32_700, 33_000).map((bytes) => `"${'é'.repeat(bytes / 2)}"`),
)

const leaf = fc.oneof(
  { arbitrary: fc.constantFrom(...NEAR).map((text) => JSON.stringify(text)), weight: 12 },
  { arbitrary: fc.constantFrom(...NUMBERS), weight: 6 },
  { arbitrary: fc.constantFrom(...Object.values(VALUES)), weight: 6 },
  { arbitrary: surrogates.map((text) => JSON.stringify(text)), weight: 3 },
  { arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)), weight: 3 },
  { arbitrary: fc.constantFrom(60, 63, 64, 65).map((levels) => nest(levels)), weight: 2 },
  { arbitrary: large, weight: 1 },
)

const key = fc.oneof(
  { arbitrary: fc.constantFrom(...KEYS), weight: 6 },
  { arbitrary: surrogates, weight: 1 },
  { arbitrary: fc.string(), weight: 1 },
)

function writeObject(fields: readonly (readonly [string, string])[]): string {
  return `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

/** The JSON text of any value. */
export const anyJson: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }).map(writeObject),
    fc.array(tie('value'), { maxLength: 4 }).map((texts) => `[${texts.join(',')}]`),
  ),
})).value

const BASES: readonly (readonly [string, string][])[] = [
  [
    ['type', '"track"'],
    ['event', '"Good"'],
    ['userId', '"u"'],
  ],
  [
    ['type', '"page"'],
    ['anonymousId', '"a1"'],
  ],
  [
    ['type', '"screen"'],
    ['userId', '"u"'],
  ],
  [
    ['type', '"identify"'],
    ['userId', '"u"'],
  ],
  [
    ['type', '"group"'],
    ['userId', '"u"'],
    ['groupId', '"g"'],
  ],
  [
    ['type', '"alias"'],
    ['userId', '"u"'],
    ['previousId', '"p"'],
  ],
]

/** An event of some type with any values in up to five fields; of two fields of one name the last counts. */
const anyEvent: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...BASES), fc.array(fc.tuple(key, anyJson), { maxLength: 5 }))
  .map(([base, fields]) => writeObject([...base, ...fields]))

const anyElement = fc.oneof({ arbitrary: anyEvent, weight: 6 }, { arbitrary: anyJson, weight: 1 })

/** A batch of any events with good ones between them, as long as allowed. */
export interface MixedBatch {
  text: string
  count: number
  goodIds: string[]
}

/** @param fields texts of the fields that all events share, each with its comma */
export function mixedBatch(fields: fc.Arbitrary<string>): fc.Arbitrary<MixedBatch> {
  return fc
    .tuple(fields, fc.array(anyElement, { maxLength: 6 }))
    .map(([shared, elements]) => {
      const goodIds = Array.from({ length: elements.length + 1 }, (_, index) => `good-${index}`)
      const events = goodIds.flatMap((id, index) => [goodEvent(id), ...elements.slice(index, index + 1)])
      return { text: batchText(events, shared), count: events.length, goodIds }
    })
    .filter(({ text }) => fitsBytes(text, MAX_BATCH_BYTES))
}

/** Fields of a batch that its events share and that cost none of them anything. */
export const harmlessFields: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(fc.constantFrom('sentAt', 'batchId', 'stream', 'firstSeq', 'previous', '__proto__'), anyJson),
    { maxLength: 3 },
  )
  .map((fields) => fields.map(([name, text]) => `"${name}":${text},`).join(''))

/** A body that often is a batch, with any fields. */
export const anyBody: fc.Arbitrary<string> = fc.oneof(
  anyJson,
  fc
    .tuple(
      fc.array(fc.tuple(key, anyJson), { maxLength: 4 }),
      fc.array(anyElement, { maxLength: 4 }),
      fc.boolean(),
    )
    .map(([fields, elements, isBatchLast]) => {
      const own: [string, string][] = [
        ['writeKey', '"wk"'],
        ['batch', `[${elements.join(',')}]`],
      ]
      return writeObject(isBatchLast ? [...fields, ...own] : [...own, ...fields])
    }),
)

/** Bytes of a batch of good events with some of them changed, or bytes of nothing at all. */
export const anyBytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => changeBytes(new TextEncoder().encode(batchText([goodEvent('a'), '5'])), changes)),
)

/** The same bytes with some of them changed; positions count around. */
export function changeBytes(
  bytes: Uint8Array,
  changes: readonly (readonly [position: number, value: number])[],
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes)
  for (const [position, value] of changes) copy[position % copy.length] = value
  return copy
}
