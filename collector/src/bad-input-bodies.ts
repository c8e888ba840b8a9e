/** Hostile bodies: broken compression, wrong encodings, what is no JSON, what is no batch, and what is too much. */

import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from '@millrace/schemas/wire'
import { type BodyCase, batchText, goodEvent, nest, type Outcome } from './bad-input-cases.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** One good event, `good-0`. */
const GOOD = batchText([goodEvent('good-0')])

const GZIP = { 'content-encoding': 'gzip' }
const DEFLATE = { 'content-encoding': 'deflate' }

async function compress(
  content: string | Bytes,
  format: 'gzip' | 'deflate' | 'deflate-raw' = 'gzip',
): Promise<Bytes> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream(format))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const utf8 = (text: string): Bytes => Uint8Array.from(new TextEncoder().encode(text))

function join(...parts: Bytes[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)))
}

/** The same bytes with one turned over; counted from the end when the position is negative. */
function corrupt(bytes: Bytes, position: number): Bytes {
  const copy = bytes.slice()
  const at = position < 0 ? copy.length + position : position
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}

/** Each UTF-16 unit in so many bytes. */
function wide(text: string, bytesPerUnit: 2 | 4, isLittleEndian: boolean): Bytes {
  const view = new DataView(new ArrayBuffer(text.length * bytesPerUnit))
  for (let i = 0; i < text.length; i++) {
    const at = i * bytesPerUnit
    if (bytesPerUnit === 2) view.setUint16(at, text.charCodeAt(i), isLittleEndian)
    else view.setUint32(at, text.charCodeAt(i), isLittleEndian)
  }
  return new Uint8Array(view.buffer)
}

/** One byte a character. */
const latin1 = (text: string): Bytes => Uint8Array.from(text, (char) => char.charCodeAt(0))

/** A good event and beside it one whose property holds these bytes. */
function withBytes(...bytes: number[]): Bytes {
  const [before = '', after = ''] = batchText([
    goodEvent('good-0'),
    '{"type":"track","event":"x","userId":"u","properties":{"text":"HERE"}}',
  ]).split('HERE')
  return join(utf8(before), Uint8Array.from(bytes), utf8(after))
}

const truncated = (cut: (bytes: Bytes) => number) => async () => {
  const bytes = await compress(GOOD)
  return bytes.slice(0, cut(bytes))
}

type CompressedRow = [string, BodyCase['makeBody'], Record<string, string>, Outcome]

const COMPRESSED: CompressedRow[] = [
  ['gzip that ends halfway', truncated(({ length }) => length >> 1), GZIP, 'invalid_encoding'],
  ['gzip without its last byte', truncated(({ length }) => length - 1), GZIP, 'invalid_encoding'],
  ['gzip without its trailer', truncated(({ length }) => length - 8), GZIP, 'invalid_encoding'],
  ['gzip that is only a header', truncated(() => 10), GZIP, 'invalid_encoding'],
  ['gzip that is only its first two bytes', truncated(() => 2), GZIP, 'invalid_encoding'],
  ['gzip with a wrong checksum', async () => corrupt(await compress(GOOD), -6), GZIP, 'invalid_encoding'],
  ['gzip with a wrong length', async () => corrupt(await compress(GOOD), -1), GZIP, 'invalid_encoding'],
  ['gzip with a wrong method', async () => corrupt(await compress(GOOD), 2), GZIP, 'invalid_encoding'],
  ['gzip with a broken block', async () => corrupt(await compress(GOOD), 10), GZIP, 'invalid_encoding'],
  ['gzip with a broken end', async () => corrupt(await compress(GOOD), -12), GZIP, 'invalid_encoding'],
  [
    'gzip with something after it',
    async () => join(await compress(GOOD), utf8('more')),
    GZIP,
    'invalid_encoding',
  ],
  ['gzip of gzip', async () => compress(await compress(GOOD)), GZIP, 'invalid_json'],
  [
    'gzip that nobody announces, cut short',
    async () => (await compress(GOOD)).slice(0, 20),
    {},
    'invalid_encoding',
  ],
  ['gzip of nothing', () => compress(''), GZIP, 'invalid_json'],
  ['gzip of UTF-16', () => compress(wide(GOOD, 2, true)), GZIP, 'invalid_json'],
  ['gzip that is plain text', () => GOOD, GZIP, 'invalid_encoding'],
  ['gzip that is empty', () => '', GZIP, 'invalid_encoding'],
  ['gzip that is deflate', () => compress(GOOD, 'deflate'), GZIP, 'invalid_encoding'],
  ['deflate that is gzip', () => compress(GOOD), DEFLATE, 'invalid_encoding'],
  ['deflate that is raw', () => compress(GOOD, 'deflate-raw'), DEFLATE, 'invalid_encoding'],
  ['deflate that is plain text', () => GOOD, DEFLATE, 'invalid_encoding'],
  ['deflate', () => compress(GOOD, 'deflate'), DEFLATE, 'stored'],
  [
    'deflate with a broken end',
    async () => corrupt(await compress(GOOD, 'deflate'), -1),
    DEFLATE,
    'invalid_encoding',
  ],
  ['a bomb of 50 MB of gzip', () => compress('x'.repeat(50_000_000)), GZIP, 'body_too_large'],
  [
    'a bomb of 50 MB of deflate',
    () => compress('x'.repeat(50_000_000), 'deflate'),
    DEFLATE,
    'body_too_large',
  ],
  ['a bomb of spaces before a batch', () => compress(' '.repeat(20_000_000) + GOOD), GZIP, 'body_too_large'],
  ['one byte over the limit of gzip', () => compress(padded(MAX_BATCH_BYTES + 1)), GZIP, 'body_too_large'],
  ['the limit of gzip', () => compress(padded(MAX_BATCH_BYTES)), GZIP, 'stored'],
]

const ENCODING_NAMES: [string, Outcome][] = [
  ['br', 'unsupported_encoding'],
  ['zstd', 'unsupported_encoding'],
  ['compress', 'unsupported_encoding'],
  ['x-gzip', 'unsupported_encoding'],
  ['gzip, gzip', 'unsupported_encoding'],
  ['identity, gzip', 'unsupported_encoding'],
  ['gzip;q=1', 'unsupported_encoding'],
  ['utf-8', 'unsupported_encoding'],
  ['null', 'unsupported_encoding'],
  ['__proto__', 'unsupported_encoding'],
  ['e'.repeat(10_000), 'unsupported_encoding'],
  ['identity', 'stored'],
  ['IDENTITY', 'stored'],
  ['', 'stored'],
  ['GZip', 'invalid_encoding'],
]

type TextRow = [string, string, Outcome]

const NO_JSON: TextRow[] = [
  ['empty', '', 'invalid_json'],
  ['only spaces', ' \n\t ', 'invalid_json'],
  ['only a byte order mark', '\ufeff', 'invalid_json'],
  ['null', 'null', 'invalid_batch'],
  ['true', 'true', 'invalid_batch'],
  ['a number', '5', 'invalid_batch'],
  ['a number past all limits', '1e999', 'invalid_batch'],
  ['text', '"{}"', 'invalid_batch'],
  ['an array', '[]', 'invalid_batch'],
  ['an array of batches', `[${GOOD}]`, 'invalid_batch'],
  ['an empty object', '{}', 'missing_write_key'],
  ['a batch without its end', GOOD.slice(0, -1), 'invalid_json'],
  ['half a batch', GOOD.slice(0, GOOD.length >> 1), 'invalid_json'],
  ['two batches', GOOD + GOOD, 'invalid_json'],
  ['a batch a line', `${GOOD}\n${GOOD}\n`, 'invalid_json'],
  ['a batch and a word', `${GOOD}x`, 'invalid_json'],
  ['a batch and a NUL', `${GOOD}\u0000`, 'invalid_json'],
  ['a comma too many', `${GOOD.slice(0, -1)},}`, 'invalid_json'],
  ['NaN', withText('NaN'), 'invalid_json'],
  ['Infinity', withText('-Infinity'), 'invalid_json'],
  ['undefined', withText('undefined'), 'invalid_json'],
  ['a plus sign', withText('+1'), 'invalid_json'],
  ['a leading zero', withText('01'), 'invalid_json'],
  ['a bare point', withText('.5'), 'invalid_json'],
  ['hexadecimal', withText('0x10'), 'invalid_json'],
  ['a big integer', withText('1n'), 'invalid_json'],
  ['single quotes', withText("'a'"), 'invalid_json'],
  ['a comment', withText('1/* one */'), 'invalid_json'],
  ['a bad escape', withText('"\\x41"'), 'invalid_json'],
  ['a short escape', withText('"\\u12"'), 'invalid_json'],
  ['a line break in text', withText('"a\nb"'), 'invalid_json'],
  ['a NUL in text', withText('"a\u0000b"'), 'invalid_json'],
  ['text without an end', withText('"abc'), 'invalid_json'],
  ['a form', `data=${encodeURIComponent(GOOD)}`, 'invalid_json'],
  ['a multipart form', `--x\r\nContent-Disposition: form-data\r\n\r\n${GOOD}\r\n--x--`, 'invalid_json'],
  ['XML', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><batch/>', 'invalid_json'],
  ['percent-encoded', encodeURIComponent(GOOD), 'invalid_json'],
  ['base64', btoa(GOOD), 'invalid_json'],
  ['250,000 brackets without an end', '['.repeat(250_000), 'invalid_json'],
  ['80,000 objects without an end', '{"a":'.repeat(80_000), 'invalid_json'],
  ['250,000 nested arrays', nest(250_000), 'invalid_batch'],
  ['80,000 nested objects', nest(80_000, '{"a":'), 'missing_write_key'],
]

const BATCHES: TextRow[] = [
  ['a batch that comes twice', `{"writeKey":"wk","batch":[1,2],"batch":[${goodEvent('good-0')}]}`, 'stored'],
  ['a batch hidden in an escape', `{"writeKey":"wk","b\\u0061tch":[${goodEvent('good-0')}]}`, 'stored'],
  ['a key that comes twice', `{"writeKey":"other",${GOOD.slice(1)}`, 'stored'],
  ['a key that comes twice, wrong at last', `${GOOD.slice(0, -1)},"writeKey":"other"}`, 'unknown_write_key'],
  [
    'a batch by prototype',
    `{"writeKey":"wk","__proto__":{"batch":[${goodEvent('good-0')}]}}`,
    'invalid_batch',
  ],
  [
    'a key by prototype',
    `{"__proto__":{"writeKey":"wk"},"batch":[${goodEvent('good-0')}]}`,
    'missing_write_key',
  ],
  ['a prototype key beside the batch', `{"__proto__":{"batch":[1],"length":9},${GOOD.slice(1)}`, 'stored'],
  ['a constructor beside the batch', `{"constructor":{"prototype":{"batch":[1]}},${GOOD.slice(1)}`, 'stored'],
  ['an escaped prototype key', `{"\\u005f_proto__":{"writeKey":"x"},${GOOD.slice(1)}`, 'stored'],
  ['80,000 nested objects beside the batch', `{"x":${nest(80_000, '{"a":')},${GOOD.slice(1)}`, 'stored'],
  [
    'a context as deep as allowed',
    batchText([goodEvent('good-0')], `"context":{"a":${nest(62)}},`),
    'stored',
  ],
  [
    'a context one level too deep',
    batchText([goodEvent('good-0')], `"context":{"a":${nest(63)}},`),
    'too_deep',
  ],
  [
    'a context of 80,000 levels',
    batchText([goodEvent('good-0')], `"context":${nest(80_000, '{"a":')},`),
    'too_deep',
  ],
  [
    'integrations too deep',
    batchText([goodEvent('good-0')], `"integrations":{"a":${nest(9_000)}},`),
    'too_deep',
  ],
  ['a context too large', withContext('x'.repeat(33_000)), 'event_too_large'],
  ['a context that is just too large with its event', withContext('x'.repeat(32_740)), 'event_too_large'],
  ['a context too large in bytes alone', withContext('ü'.repeat(16_500)), 'event_too_large'],
  ['thirty thousand keys beside the batch', `{${manyKeys(30_000)},${GOOD.slice(1)}`, 'stored'],
  ['a batch between spaces', padded(MAX_BATCH_BYTES), 'stored'],
  ['a batch with one space too many', padded(MAX_BATCH_BYTES + 1), 'body_too_large'],
  ['10 MB of spaces', ' '.repeat(10_000_000), 'body_too_large'],
]

const ENCODED: [string, () => Bytes, Outcome][] = [
  ['UTF-8 with a byte order mark', () => join(Uint8Array.of(0xef, 0xbb, 0xbf), utf8(GOOD)), 'stored'],
  ['two byte order marks', () => utf8(`\ufeff\ufeff${GOOD}`), 'invalid_json'],
  ['UTF-16, little end first', () => wide(GOOD, 2, true), 'invalid_json'],
  ['UTF-16, big end first', () => wide(GOOD, 2, false), 'invalid_json'],
  ['UTF-16 with a byte order mark', () => wide(`\ufeff${GOOD}`, 2, true), 'invalid_json'],
  ['UTF-32', () => wide(GOOD, 4, true), 'invalid_json'],
  ['EBCDIC', () => Uint8Array.of(0xc0, 0x7f, 0x82, 0x81, 0x7f, 0x7a, 0xd0), 'invalid_json'],
  [
    'bytes of no encoding before the batch',
    () => join(Uint8Array.of(0xff, 0xfe), utf8(GOOD)),
    'invalid_json',
  ],
  ['a thousand zeros', () => new Uint8Array(1_000), 'invalid_json'],
  ['a thousand times 0xFF', () => new Uint8Array(1_000).fill(0xff), 'invalid_json'],
  ['an image', () => latin1('GIF89a\u0001\u0000\u0001\u0000\u0000\u0000\u0000;'), 'invalid_json'],
]

/** Bytes in a text beside a good event: what is no UTF-8 becomes U+FFFD and costs nobody. */
const IN_TEXT: [string, number[]][] = [
  ['Latin-1', [0xfc, 0xe9]],
  ['a byte that never is', [0xff]],
  ['a continuation alone', [0x80, 0xbf]],
  ['a sequence without its end', [0xf0, 0x9f, 0x98]],
  ['a slash written too long', [0xc0, 0xaf]],
  ['a surrogate of CESU-8', [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]],
  ['a character past the last', [0xf4, 0x90, 0x80, 0x80]],
  ['Shift-JIS', [0x83, 0x65, 0x83, 0x58]],
]

/** Bodies that hold at most one good event, `good-0`. */
export const HOSTILE_BODIES: readonly BodyCase[] = [
  ...COMPRESSED.map(([what, makeBody, headers, outcome]) => ({ what, makeBody, headers, outcome })),
  ...ENCODING_NAMES.map(([name, outcome]) => ({
    what: `a content encoding "${name.slice(0, 40)}"`,
    makeBody: () => GOOD,
    headers: { 'content-encoding': name },
    outcome,
  })),
  ...[...NO_JSON, ...BATCHES].map(([what, text, outcome]) => ({ what, makeBody: () => text, outcome })),
  ...ENCODED.map(([what, makeBody, outcome]) => ({ what, makeBody, outcome })),
  ...IN_TEXT.map(([what, bytes]) => ({
    what: `text in ${what}`,
    makeBody: () => withBytes(...bytes),
    outcome: 'stored' as const,
    count: 2,
  })),
  {
    what: 'a text of 10 MB',
    makeBody: () => withText(`"${'x'.repeat(10_000_000)}"`),
    outcome: 'body_too_large',
  },
  {
    what: 'a text of 10 MB in gzip',
    makeBody: () => compress(withText(`"${'x'.repeat(10_000_000)}"`)),
    headers: GZIP,
    outcome: 'body_too_large',
  },
  { what: 'an empty batch', makeBody: () => batchText([]), outcome: 'stored', count: 0 },
  {
    what: 'a batch of 3,000 events',
    makeBody: () => batchText(Array.from({ length: 3_000 }, (_, i) => goodEvent(`good-${i}`))),
    outcome: 'too_many_events',
  },
  {
    what: 'a batch of one element too many',
    makeBody: () => batchText(Array.from({ length: MAX_BATCH_EVENTS + 1 }, () => '1')),
    outcome: 'too_many_events',
  },
  {
    what: 'a batch of as many elements as allowed, none an event',
    makeBody: () => batchText(Array.from({ length: MAX_BATCH_EVENTS }, () => '{}')),
    outcome: 'unknown_type',
    count: MAX_BATCH_EVENTS,
  },
]

/** A batch whose one event has this text as a property. */
function withText(text: string): string {
  return batchText([`{"type":"track","event":"x","userId":"u","properties":{"a":${text}}}`])
}

function withContext(text: string): string {
  return batchText([goodEvent('good-0')], `"context":{"text":"${text}"},`)
}

/** {@link GOOD} with spaces around it, so many bytes in all. */
function padded(bytes: number): string {
  return GOOD.padStart(GOOD.length + 10).padEnd(bytes)
}

function manyKeys(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(',')
}
