/** Hostile events: depth, size, clocks, keys and characters. */

import { MAX_EVENT_BYTES } from '@millrace/schemas/wire'
import { nest, type TextCase } from './bad-input-cases.ts'

/** Text of a good `track` event with more fields, each with its comma before it. */
const track = (more: string) => `{"type":"track","event":"x","userId":"u"${more}}`

const OBJECTS = ['properties', 'traits', 'context', 'integrations'] as const

/** An event that nests so deep in one place; the event and the object are two levels. */
const deep = (place: string, levels: number) => track(`,"${place}":{"a":${nest(levels)}}`)

const DEPTHS: readonly TextCase[] = [...OBJECTS, 'unknown'].flatMap((place): TextCase[] => [
  [`${place} nests as deep as allowed`, deep(place, 62), 'stored'],
  [`${place} nests one level too deep`, deep(place, 63), 'too_deep'],
  [`${place} nests a thousand levels`, track(`,"${place}":${nest(1_000, '{"a":')}`), 'too_deep'],
  [`${place} nests fifteen thousand levels`, deep(place, 15_000), 'too_deep'],
])

const MORE_DEPTHS: readonly TextCase[] = [
  ['an element is nested arrays', nest(15_000), 'not_an_object'],
  ['type nests fifteen thousand levels', `{"userId":"u","type":${nest(15_000)}}`, 'too_deep'],
  ['messageId nests fifteen thousand levels', track(`,"messageId":${nest(15_000)}`), 'too_deep'],
  ['an element is nested objects', nest(5_000, '{"a":'), 'too_deep'],
]

const CLOCK_TEXTS: readonly [string, 'stored' | 'impossible_time' | 'invalid_field'][] = [
  ['-1', 'impossible_time'],
  ['-62135596800000', 'impossible_time'],
  ['-1e999', 'invalid_field'],
  ['0', 'impossible_time'],
  ['1e15', 'impossible_time'],
  ['8640000000000001', 'impossible_time'],
  ['253402300800000', 'impossible_time'],
  ['1763726400.5', 'impossible_time'],
  ['"0000-00-00T00:00:00Z"', 'impossible_time'],
  ['"0001-01-01T00:00:00Z"', 'impossible_time'],
  ['"-000001-01-01T00:00:00Z"', 'impossible_time'],
  ['"+275760-09-13T00:00:00.000Z"', 'impossible_time'],
  ['"1969-12-31T23:59:59.999Z"', 'impossible_time'],
  ['"2199-12-31T23:59:59Z"', 'impossible_time'],
  ['"9999-12-31T23:59:59Z"', 'impossible_time'],
  ['"2026-02-30T00:00:00Z"', 'impossible_time'],
  ['"2026-13-01T00:00:00Z"', 'impossible_time'],
  ['"2026-11-21T25:00:00Z"', 'impossible_time'],
  ['"2026-11-21T12:00:00+99:99"', 'impossible_time'],
  ['"21/11/2026"', 'impossible_time'],
  ['"now"', 'impossible_time'],
  ['"NaN"', 'impossible_time'],
  ['"1763726400000"', 'impossible_time'],
  ['" 2026-11-21T12:00:00Z"', 'impossible_time'],
  ['"２０２６-11-21T12:00:00Z"', 'impossible_time'],
  ['"2026-11-21T12:00:00Z\\u0000"', 'impossible_time'],
  ['"2026-11-21T12:00:00.000000001Z"', 'stored'],
  ['"2026-11-21"', 'stored'],
]

const CLOCKS: readonly TextCase[] = CLOCK_TEXTS.flatMap(([text, outcome]): TextCase[] => [
  [`timestamp is ${text}`, track(`,"timestamp":${text}`), outcome],
  [`originalTimestamp is ${text}`, track(`,"timestamp":"2026-11-21","originalTimestamp":${text}`), outcome],
])

/** One byte less than an event may have, of `x`. */
const FULL = 'x'.repeat(MAX_EVENT_BYTES)

const SIZES: readonly TextCase[] = [
  ['a property is too long', track(`,"properties":{"text":"${FULL}"}`), 'event_too_large'],
  ['a key is too long', track(`,"properties":{"${FULL}":1}`), 'event_too_large'],
  ['an unknown field is too long', track(`,"text":"${FULL}"`), 'event_too_large'],
  ['the name of an unknown field is too long', track(`,"${FULL}":1`), 'event_too_large'],
  ['an event that is refused anyway is too long', `{"type":"nope","text":"${FULL}"}`, 'event_too_large'],
  ['text that is no event is too long', `"${FULL}"`, 'event_too_large'],
  ['a single text has 400 KB', track(`,"properties":{"text":"${'y'.repeat(400_000)}"}`), 'event_too_large'],
  ['emoji count in bytes', track(`,"properties":{"text":"${'😀'.repeat(8_300)}"}`), 'event_too_large'],
  [
    'quotes count as they are written',
    track(`,"properties":{"text":"${'\\"'.repeat(16_400)}"}`),
    'event_too_large',
  ],
  [
    'numbers grow when they are written out',
    track(`,"properties":{"n":[${list('1e20', 2_000)}]}`),
    'event_too_large',
  ],
  ['it has ten thousand properties', track(`,"properties":{${manyKeys(10_000)}}`), 'event_too_large'],
  ['it has two thousand properties', track(`,"properties":{${manyKeys(2_000)}}`), 'stored'],
  ['it has two thousand unknown fields', track(`,${manyKeys(2_000)}`), 'stored'],
  ['it is mostly spaces', track(`${' '.repeat(100_000)}`), 'stored'],
  ['a refused one is mostly spaces', `{"type":"track"${'\t\n'.repeat(50_000)}}`, 'missing_field'],
  ['a refused one is all quotes', `{"type":"nope","text":"${'\\"\\\\'.repeat(8_000)}"}`, 'unknown_type'],
  ['a refused one is all NUL', `{"type":"nope","text":"${'\\u0000'.repeat(5_000)}"}`, 'unknown_type'],
  ['an id is as long as allowed', track(`,"messageId":"${'i'.repeat(256)}"`), 'stored'],
  ['an id is one longer', track(`,"messageId":"${'j'.repeat(257)}"`), 'field_too_long'],
  ['an id is all NUL', track(`,"messageId":"${'\\u0000'.repeat(256)}"`), 'stored'],
  ['a name is one longer', `{"type":"track","userId":"u","event":"${'n'.repeat(513)}"}`, 'field_too_long'],
]

const DANGEROUS_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'then', 'length', '']

const KEYS: readonly TextCase[] = [
  ...[...OBJECTS, 'unknown'].flatMap((place) =>
    DANGEROUS_KEYS.map(
      (key): TextCase => [
        `${place} has the key "${key}"`,
        track(`,"${place}":{"a":{"${key}":{"prototype":{"polluted":1},"polluted":1}},"${key}":5}`),
        'stored',
      ],
    ),
  ),
  ...DANGEROUS_KEYS.map(
    (key): TextCase => [`it has the field "${key}"`, track(`,"${key}":{"polluted":1}`), 'stored'],
  ),
  [
    'it hides a prototype key in an escape',
    track(`,"properties":{"__\\u0070roto__":{"polluted":1}}`),
    'stored',
  ],
  [
    'it has a prototype key in an array',
    track(`,"properties":{"a":[[{"__proto__":{"polluted":1}}]]}`),
    'stored',
  ],
  [
    'its only content is a prototype key',
    '{"__proto__":{"type":"track","event":"x","userId":"u"}}',
    'unknown_type',
  ],
  ['its type comes by a constructor', '{"constructor":{"prototype":{"type":"track"}}}', 'unknown_type'],
  ['its keys are dotted', track(`,"properties":{"a.b":1,"a":{"b":2},"a%2Eb":3,".":4,"..":5}`), 'stored'],
  ['it repeats a key', track(`,"properties":{"a":1,"a":{"b":1},"a":[2]}`), 'stored'],
  ['it repeats its type', '{"type":"nope","userId":"u","event":"x","type":"track"}', 'stored'],
  [
    'it repeats its type and the last one counts',
    '{"type":"track","userId":"u","event":"x","type":1}',
    'unknown_type',
  ],
  ['it repeats a field with null', '{"type":"track","userId":"u","event":"x","event":null}', 'missing_field'],
  [
    'it sets fields of ours',
    track(',"receivedAt":1,"seq":-1,"facts":{"bot":1},"extra":{"a":1},"raw":1,"reason":"x","source":"other"'),
    'stored',
  ],
  ['it brings a write key', track(',"writeKey":"other","sentAt":"never"'), 'stored'],
]

const UNICODE: readonly [string, string][] = [
  ['a high surrogate', '\\ud800'],
  ['a low surrogate', '\\udc00'],
  ['surrogates the wrong way round', '\\ude00\\ud83d'],
  ['half a pair before a pair', '\\ud83d\\ud83d\\ude00'],
  ['a NUL', '\\u0000'],
  ['control characters', '\\u0001\\u001b[31m\\u007f\\u0085'],
  ['a byte order mark', '\\ufeff'],
  ['no character', '\\uffff\\ufffe'],
  ['line separators', '\\u2028\\u2029'],
  ['text that turns around', '\\u202e\\u2066'],
  ['a thousand accents', 'e\\u0301'.repeat(120)],
]

/** Fields of text, each of an event that is good without it. */
const TEXT_PLACES: readonly [string, (text: string) => string][] = [
  ['messageId', (text) => track(`,"messageId":"${text}"`)],
  ['userId', (text) => `{"type":"track","event":"x","userId":"${text}"}`],
  ['anonymousId', (text) => track(`,"anonymousId":"${text}"`)],
  ['event', (text) => `{"type":"track","userId":"u","event":"${text}"}`],
  ['name', (text) => `{"type":"page","userId":"u","name":"${text}"}`],
  ['category', (text) => `{"type":"screen","userId":"u","category":"${text}"}`],
  ['groupId', (text) => `{"type":"group","userId":"u","groupId":"${text}"}`],
  ['previousId', (text) => `{"type":"alias","userId":"u","previousId":"${text}"}`],
  ['properties', (text) => track(`,"properties":{"${text}":"${text}","a":["${text}"]}`)],
  ['traits', (text) => `{"type":"identify","userId":"u","traits":{"${text}":"${text}"}}`],
  [
    'context',
    (text) =>
      track(`,"context":{"${text}":1,"userAgent":"${text}","ip":"${text}","locale":"${text}",
        "page":{"url":"https://a.example/?utm_source=${text}","referrer":"https://${text}"},
        "campaign":{"name":"${text}"},"library":{"name":"${text}"},"userAgentData":{"platform":"${text}"}}`),
  ],
  ['integrations', (text) => track(`,"integrations":{"${text}":"${text}"}`)],
  ['a field that nobody knows', (text) => track(`,"unknown ${text}":"${text}"`)],
]

const CHARACTERS: readonly TextCase[] = [
  ...TEXT_PLACES.flatMap(([place, write]) =>
    UNICODE.map(([what, text]): TextCase => [`${place} has ${what}`, write(text), 'stored']),
  ),
  ['timestamp has a lone surrogate', track(',"timestamp":"\\ud800"'), 'impossible_time'],
  ['a cut message would halve a pair', track(`,"timestamp":"${'😀'.repeat(40)}"`), 'impossible_time'],
  ['a cut type would halve a pair', `{"userId":"u","type":"x${'😀'.repeat(40)}"}`, 'unknown_type'],
  ['the id of a refused one has a lone surrogate', '{"type":"nope","messageId":"m\\ud800"}', 'unknown_type'],
  [
    'the name of a refused one is cut in a pair',
    `{"type":"nope","event":"x${'😀'.repeat(300)}"}`,
    'unknown_type',
  ],
]

/** Texts of events, each to be sent between two good ones. */
export const HOSTILE_EVENTS: readonly TextCase[] = [
  ...DEPTHS,
  ...MORE_DEPTHS,
  ...CLOCKS,
  ...SIZES,
  ...KEYS,
  ...CHARACTERS,
]

function manyKeys(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(',')
}

function list(text: string, count: number): string {
  return Array.from({ length: count }, () => text).join(',')
}
