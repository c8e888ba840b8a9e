/** Values of the wrong kind, put into every field of an event and of a batch. */

import { batchText, goodEvent, type Outcome, type TextCase } from './bad-input-cases.ts'

/** JSON texts by what they are. */
export const VALUES = {
  null: 'null',
  true: 'true',
  false: 'false',
  'a number': '5',
  'minus zero': '-0',
  'a negative number': '-1.5',
  'a number past all limits': '1e999',
  'a number of thirty digits': '123456789012345678901234567890',
  'empty text': '""',
  text: '"text"',
  'long text': `"${'x'.repeat(600)}"`,
  'text with a lone surrogate': '"\\ud800x"',
  'text with a NUL': '"a\\u0000b"',
  'an empty array': '[]',
  'an array of text': '["a"]',
  'an array of null': '[null]',
  'nested arrays': '[[[]]]',
  'an empty object': '{}',
  'a nested object': '{"a":{"b":[1]}}',
  'an object with a prototype key': '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
} as const

/** One of {@link VALUES}. */
export type ValueName = keyof typeof VALUES

const NAMES = Object.keys(VALUES) as ValueName[]

const isText = (name: ValueName) => VALUES[name].startsWith('"') && name !== 'empty text'
const isObject = (name: ValueName) => VALUES[name].startsWith('{')
const isFiniteNumber = (name: ValueName) => /^-?\d/.test(VALUES[name]) && VALUES[name] !== '1e999'

/** What the kinds of field make of a value; `absent` is then as if the field were not there. */
const KINDS: Record<string, (name: ValueName) => Outcome | 'absent'> = {
  id: (name) => {
    if (name === 'long text') return 'field_too_long'
    return isText(name) || isFiniteNumber(name) ? 'stored' : 'invalid_field'
  },
  name: (name) => {
    if (name === 'long text') return 'field_too_long'
    return isText(name) ? 'stored' : 'invalid_field'
  },
  time: (name) => (isText(name) || isFiniteNumber(name) ? 'impossible_time' : 'invalid_field'),
  object: (name) => (isObject(name) ? 'stored' : 'invalid_field'),
}

/** Field, kind, an event that has all else, and what becomes of the event when the field is absent. */
const EVENT_FIELDS: readonly [string, string, object, Outcome][] = [
  ['messageId', 'id', { type: 'track', event: 'x', userId: 'u' }, 'stored'],
  ['userId', 'id', { type: 'track', event: 'x', anonymousId: 'a' }, 'stored'],
  ['userId', 'id', { type: 'identify' }, 'missing_identity'],
  ['anonymousId', 'id', { type: 'track', event: 'x' }, 'missing_identity'],
  ['userId', 'id', { type: 'alias', previousId: 'p' }, 'missing_field'],
  ['previousId', 'id', { type: 'alias', userId: 'u' }, 'missing_field'],
  ['groupId', 'id', { type: 'group', userId: 'u' }, 'missing_field'],
  ['event', 'name', { type: 'track', userId: 'u' }, 'missing_field'],
  ['name', 'name', { type: 'page', userId: 'u' }, 'stored'],
  ['category', 'name', { type: 'screen', userId: 'u' }, 'stored'],
  ['timestamp', 'time', { type: 'track', event: 'x', userId: 'u' }, 'stored'],
  ['originalTimestamp', 'time', { type: 'track', event: 'x', userId: 'u' }, 'stored'],
  ['properties', 'object', { type: 'track', event: 'x', userId: 'u' }, 'stored'],
  ['traits', 'object', { type: 'identify', userId: 'u' }, 'stored'],
  ['context', 'object', { type: 'page', userId: 'u' }, 'stored'],
  ['integrations', 'object', { type: 'page', userId: 'u' }, 'stored'],
]

function withField(event: object, field: string, text: string): string {
  return `{${JSON.stringify(event).slice(1, -1)},"${field}":${text}}`
}

function outcomeOf(kind: string, name: ValueName, ifAbsent: Outcome): Outcome {
  if (name === 'null' || name === 'empty text') return ifAbsent
  const outcome = KINDS[kind]?.(name) ?? 'absent'
  return outcome === 'absent' ? ifAbsent : outcome
}

/** Texts of events: every value in every field that the wire knows, in `type`, and in a field that it does not know. */
export const EVENT_FIELD_CASES: readonly TextCase[] = [
  ...EVENT_FIELDS.flatMap(([field, kind, event, ifAbsent]) =>
    NAMES.map((name): TextCase => {
      const { type } = event as { type: string }
      return [
        `${field} of ${type} is ${name}`,
        withField(event, field, VALUES[name]),
        outcomeOf(kind, name, ifAbsent),
      ]
    }),
  ),
  ...NAMES.map(
    (name): TextCase => [
      `type is ${name}`,
      `{"event":"x","userId":"u","type":${VALUES[name]}}`,
      'unknown_type',
    ],
  ),
  ...NAMES.map(
    (name): TextCase => [
      `a field that nobody knows is ${name}`,
      withField({ type: 'page', userId: 'u' }, 'newsletter', VALUES[name]),
      'stored',
    ],
  ),
]

/** Texts of elements that are no event at all. */
export const ELEMENT_CASES: readonly TextCase[] = NAMES.map(
  (name): TextCase => [
    `an element is ${name}`,
    VALUES[name],
    isObject(name) ? 'unknown_type' : 'not_an_object',
  ],
)

/** Fields of a batch that are left out when they make no sense, and so cost no event. */
const HARMLESS_FIELDS = ['sentAt', 'batchId', 'stream', 'firstSeq', 'previous', 'context', 'integrations']

/** Fields that are read only beside another one. */
const PAIRED_FIELDS: readonly [string, (text: string) => string][] = [
  ['stream beside firstSeq', (text) => `"firstSeq":1,"stream":${text},`],
  ['firstSeq beside stream', (text) => `"stream":"s1","firstSeq":${text},`],
  ['previous.stream', (text) => `"previous":{"lastSeq":3,"stream":${text}},`],
  ['previous.lastSeq', (text) => `"previous":{"stream":"s0","lastSeq":${text}},`],
  ['context.page', (text) => `"context":{"page":${text}},`],
  ['context.page.url', (text) => `"context":{"page":{"url":${text},"referrer":${text},"search":${text}}},`],
  ['context.userAgent', (text) => `"context":{"userAgent":${text},"ip":${text},"library":${text}},`],
  [
    'context.userAgentData',
    (text) => `"context":{"userAgentData":{"brands":${text},"platform":${text},"mobile":${text}}},`,
  ],
  ['context.userAgentData.brands', (text) => `"context":{"userAgentData":{"brands":[${text}]}},`],
  ['context.campaign', (text) => `"context":{"campaign":${text},"consent":${text},"gpc":${text}},`],
  [
    'context.campaign.name',
    (text) => `"context":{"campaign":{"name":${text}},"consent":{"categoryPreferences":${text}}},`,
  ],
]

/** Texts of bodies that hold one good event, `good-0`: every value in every field of a batch. */
export const BATCH_FIELD_CASES: readonly TextCase[] = [
  ...HARMLESS_FIELDS.flatMap((field) =>
    NAMES.map(
      (name): TextCase => [
        `${field} is ${name}`,
        batchText([goodEvent('good-0')], `"${field}":${VALUES[name]},`),
        'stored',
      ],
    ),
  ),
  ...PAIRED_FIELDS.flatMap(([what, write]) =>
    NAMES.map(
      (name): TextCase => [
        `${what} is ${name}`,
        batchText([goodEvent('good-0')], write(VALUES[name])),
        'stored',
      ],
    ),
  ),
  ...NAMES.map(
    (name): TextCase => [
      `source is ${name}`,
      batchText([goodEvent('good-0')], `"source":${VALUES[name]},`),
      isText(name) || name === 'empty text' ? 'wrong_source' : 'stored',
    ],
  ),
  ...NAMES.map(
    (name): TextCase => [
      `writeKey is ${name}`,
      `{"writeKey":${VALUES[name]},"batch":[${goodEvent('good-0')}]}`,
      isText(name) ? 'unknown_write_key' : 'missing_write_key',
    ],
  ),
  ...NAMES.filter((name) => !VALUES[name].startsWith('[')).map(
    (name): TextCase => [`batch is ${name}`, `{"writeKey":"wk","batch":${VALUES[name]}}`, 'invalid_batch'],
  ),
]
