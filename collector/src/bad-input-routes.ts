/** Hostile requests to the routes beside the batch: single events, images, history, replays, tables, what SDKs boot with. */

import { goodEvent, nest, type Outcome } from './bad-input-cases.ts'
import type { OtherCase, RequestCase } from './bad-input-requests.ts'

/** Proves to hold the secret key. */
const SECRET = { authorization: `Basic ${btoa('sk:')}` }

const TYPES = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const

/** Bodies of single events, and what becomes of each whatever the type. */
const SINGLE_BODIES: [what: string, body: string, Outcome][] = [
  ['nothing', '', 'invalid_json'],
  ['null', 'null', 'invalid_batch'],
  ['text', '"track"', 'invalid_batch'],
  ['an array of events', `[${goodEvent('good-0')}]`, 'invalid_batch'],
  ['no key', '{"userId":"u","event":"x"}', 'missing_write_key'],
  ['the secret key', '{"writeKey":"sk","userId":"u"}', 'unknown_write_key'],
  ['a key that is no text', '{"writeKey":["wk"],"userId":"u"}', 'missing_write_key'],
  ['a key by prototype', '{"__proto__":{"writeKey":"wk"},"userId":"u"}', 'missing_write_key'],
  ['an unknown key', '{"writeKey":"x","userId":"u"}', 'unknown_write_key'],
  ['fifteen thousand levels', `{"writeKey":"wk","a":${nest(15_000)}}`, 'too_deep'],
  ['too much', `{"writeKey":"wk","userId":"u","a":"${'x'.repeat(33_000)}"}`, 'event_too_large'],
  ['a list of properties', '{"writeKey":"wk","userId":"u","properties":[],"traits":[]}', 'invalid_field'],
  [
    'a clock of year one',
    '{"writeKey":"wk","userId":"u","event":"x","groupId":"g","previousId":"p","timestamp":"0001-01-01"}',
    'impossible_time',
  ],
  [
    'another type, a wrong clock of the batch and prototype keys',
    '{"type":{"a":1},"writeKey":"wk","userId":"u","event":"x","groupId":"g","previousId":"p","sentAt":{"a":1},' +
      '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"batch":[1],"source":{"a":1}}',
    'stored',
  ],
]

const SINGLES: [path: string, body: string, Outcome][] = [
  ['/v1/track', '{"writeKey":"wk"}', 'missing_field'],
  ['/v1/track', `{"writeKey":"wk","batch":[${goodEvent('good-0')}]}`, 'missing_field'],
  ['/v1/page', '{"writeKey":"wk"}', 'missing_identity'],
  ['/v1/i', '{"writeKey":"wk","traits":{"a":1}}', 'missing_identity'],
  ['/v1/group', '{"writeKey":"wk","userId":"u","groupId":""}', 'missing_field'],
  ['/v1/a', '{"writeKey":"wk","userId":"u","previousId":null}', 'missing_field'],
  ['/v1/s', '{"writeKey":"wk","userId":{"$ne":null}}', 'invalid_field'],
]

/** Bodies of history, with the secret key unless they say otherwise. */
const IMPORTS: [what: string, init: RequestCase['init'], Outcome][] = [
  ['no key', { body: '{"batch":[]}', headers: {} }, 'missing_write_key'],
  ['a write key', { body: '{"batch":[]}', headers: { authorization: 'Bearer wk' } }, 'secret_key_required'],
  ['a key in its body alone', { body: '{"writeKey":"sk","batch":[]}', headers: {} }, 'missing_write_key'],
  ['the secret key in its body too', { body: '{"writeKey":"sk","batch":[]}' }, 'unknown_write_key'],
  ['half a body and no key', { body: '{"batch":[', headers: {} }, 'missing_write_key'],
  [
    'a write key before the secret one',
    { body: '{"writeKey":"sk","batch":[]}', headers: { authorization: 'Bearer wk' } },
    'secret_key_required',
  ],
  ['another source', { body: '{"source":"blog","batch":[]}' }, 'wrong_source'],
  ['no batch', { body: '{}' }, 'invalid_batch'],
  ['a batch that is no array', { body: '{"batch":{"length":1}}' }, 'invalid_batch'],
  ['an element that is no event', { body: '{"batch":[[]]}' }, 'not_an_object'],
  ['nobody', { body: '{"batch":[{"type":"track","event":"x"}]}' }, 'missing_identity'],
  ...['0', '"1969-12-31"', '"2200-01-01"', '-1', '1e300', '"2026-11-21T12:00:00+99:99"'].map(
    (timestamp): [string, RequestCase['init'], Outcome] => [
      `the time ${timestamp}`,
      { body: `{"batch":[{"type":"page","userId":"u","timestamp":${timestamp}}]}` },
      timestamp === '0' ? 'stored' : 'impossible_time',
    ],
  ),
]

const BEACONS: [what: string, init: RequestCase['init'], Outcome, number][] = [
  ['no key', { path: '', body: '{"batch":[]}' }, 'missing_write_key', 0],
  ['an empty key', { path: '?writeKey=', body: '{"batch":[]}' }, 'missing_write_key', 0],
  ['an unknown key', { path: '?writeKey=%F0%9F%98%80', body: '{"batch":[]}' }, 'unknown_write_key', 0],
  ['the secret key', { path: '?writeKey=sk', body: '{"batch":[]}' }, 'unknown_write_key', 0],
  ['a form', { path: '?writeKey=wk', body: 'data=%7B%22batch%22%3A%5B%5D%7D' }, 'invalid_json', 0],
  ['nothing', { path: '?writeKey=wk', body: '' }, 'invalid_json', 0],
  ['an event without a batch', { path: '?writeKey=wk', body: goodEvent('good-0') }, 'invalid_batch', 0],
  ['an empty batch', { path: '?writeKey=wk', body: '{"batch":[]}' }, 'stored', 0],
  ['null in a batch', { path: '?writeKey=wk', body: '{"batch":[null]}' }, 'not_an_object', 1],
  ['a good event', { path: '?writeKey=wk&a=%', body: `{"batch":[${goodEvent('good-0')}]}` }, 'stored', 1],
]

/** Requests to the routes that take events as JSON, without a good one. */
export const ROUTE_REQUESTS: readonly RequestCase[] = [
  ...TYPES.flatMap((type) =>
    SINGLE_BODIES.map(([what, body, outcome]) => ({
      what: `/v1/${type} gets ${what}`,
      init: { path: `/v1/${type}`, body },
      outcome,
      isGood: false,
    })),
  ),
  ...SINGLES.map(([path, body, outcome]) => ({
    what: `${path} gets ${body}`,
    init: { path, body },
    outcome,
    isGood: false,
  })),
  ...IMPORTS.map(([what, init, outcome]) => ({
    what: `/v1/import gets ${what}`,
    init: { path: '/v1/import', headers: SECRET, ...init },
    outcome,
    isGood: false,
  })),
  ...BEACONS.map(([what, { path, body = '' }, outcome, count]) => ({
    what: `/beacon/v1/batch gets ${what}`,
    init: { path: `/beacon/v1/batch${path}`, body },
    outcome,
    count,
    isGood: what === 'a good event',
  })),
]

/** UTF-8 text as base64. */
const base64 = (text: string) =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))

const DATA: [what: string, data: string, Outcome][] = [
  ['nothing', '', 'invalid_json'],
  ['no base64', '%25%25%25', 'invalid_json'],
  ['broken escapes', '%', 'invalid_json'],
  ['base64 cut short', base64('{"userId":"u"}').slice(0, -3), 'invalid_json'],
  ['base64 of nothing but spaces', base64('   '), 'invalid_json'],
  ['JSON that is not encoded', encodeURIComponent('{"userId":"u"}'), 'invalid_json'],
  ['a number', base64('5'), 'invalid_json'],
  ['null', base64('null'), 'invalid_json'],
  ['text', base64('"x"'), 'invalid_json'],
  ['an array', base64('[{}]'), 'invalid_json'],
  ['half an object', base64('{"userId":'), 'invalid_json'],
  ['bytes that are no text', btoa('\xff\xfe\x00\x80'), 'invalid_json'],
  ['a byte order mark and an event', base64('\ufeff{"event":"x","userId":"u"}'), 'stored'],
  ['Latin-1 in an event', btoa('{"event":"\xfc","userId":"u"}'), 'stored'],
  ['spaces for plus signs', base64('{"event":"x","userId":">>>~~~"}').replaceAll('+', ' '), 'stored'],
  ['an empty object', base64('{}'), 'missing_field'],
  ['a name that is no text', base64('{"event":{"a":1},"userId":"u"}'), 'invalid_field'],
  ['a key that is no text', base64('{"event":"x","userId":"u","writeKey":{"a":1}}'), 'stored'],
  ['another key', base64('{"event":"x","userId":"u","writeKey":"other"}'), 'stored'],
  ['the secret key', base64('{"event":"x","userId":"u","writeKey":"sk"}'), 'unknown_write_key'],
  ['another type', base64('{"type":"alias","event":"x","userId":"u"}'), 'stored'],
  ['too many levels', base64(`{"event":"x","userId":"u","properties":{"a":${nest(5_000)}}}`), 'too_deep'],
  ['what exhausts the stack', base64(`{"event":"x","userId":"u","a":${nest(15_000)}}`), 'too_deep'],
  ['too much', base64(`{"event":"x","userId":"u","a":"${'x'.repeat(33_000)}"}`), 'event_too_large'],
  [
    'prototype keys',
    base64('{"event":"x","userId":"u","__proto__":{"polluted":1},"properties":{"__proto__":{"polluted":1}}}'),
    'stored',
  ],
  [
    'prototype keys deep down',
    base64('{"event":"x","userId":"u","a":[{"constructor":{"prototype":{"polluted":1}}}]}'),
    'stored',
  ],
  ['lone surrogates', base64('{"event":"\\ud800","userId":"\\udc00","a":{"\\udfff":"\\ud83d"}}'), 'stored'],
]

const WHO = 'event=x&userId=u'

const FIELDS: [query: string, Outcome][] = [
  ['', 'missing_field'],
  ['&&&=&==&', 'missing_field'],
  ['event=x', 'missing_identity'],
  ['event=&userId=u', 'missing_field'],
  ['event=%ff&userId=%', 'stored'],
  ['event=%E0%A4%A&userId=%ED%A0%80', 'stored'],
  ['event=%00&userId=%00', 'stored'],
  [`event=${'x'.repeat(513)}&userId=u`, 'field_too_long'],
  [`${WHO}&messageId=${'m'.repeat(257)}`, 'field_too_long'],
  [`${WHO}&timestamp=yesterday`, 'impossible_time'],
  [`${WHO}&sentAt=yesterday&type=identify&source=blog`, 'stored'],
  [`${WHO}&properties=1`, 'invalid_field'],
  [`${WHO}&properties=1&properties.a=2`, 'stored'],
  [`${WHO}&properties.a=2&properties=1`, 'invalid_field'],
  [`${WHO}&properties.a=1&properties.a.b=2&properties.a.b.c=3`, 'stored'],
  [`${WHO}&context=1`, 'invalid_field'],
  [`${WHO}&context.ip=x&context.page=x&context.userAgent.a=x&context.page.url.b=x`, 'stored'],
  [`${WHO}&event.a=1`, 'invalid_field'],
  [`${WHO}&__proto__=1&__proto__.polluted=1`, 'stored'],
  [`${WHO}&__proto__.__proto__.polluted=1`, 'stored'],
  [`${WHO}&constructor.prototype.polluted=1`, 'stored'],
  [`${WHO}&properties.__proto__.polluted=1&properties.constructor.prototype.polluted=1`, 'stored'],
  [`${WHO}&toString=1&valueOf.a=1&hasOwnProperty=1&properties.toJSON=1`, 'stored'],
  [`${WHO}&.=1&..=1&...a=1&properties.=1&=1`, 'stored'],
  [`${WHO}&${'a.'.repeat(4_000)}=1`, 'stored'],
  [`${WHO}&${Array.from({ length: 2_000 }, (_, i) => `properties.k${i}=1`).join('&')}`, 'stored'],
  [`${WHO}&properties.text=${'x'.repeat(33_000)}`, 'event_too_large'],
  [`${WHO}&writeKey=other`, 'stored'],
]

/** Requests for an image, each with one event; all have the write key in the query. */
export const PIXEL_REQUESTS: readonly { what: string; path: string; outcome: Outcome }[] = [
  ...DATA.map(([what, data, outcome]) => ({
    what: `data is ${what}`,
    path: `/v1/pixel/track?writeKey=wk&data=${data.includes('%') ? data : encodeURIComponent(data)}`,
    outcome,
  })),
  ...FIELDS.map(([query, outcome]) => ({
    what: `the query is ${query.slice(0, 80)}`,
    path: `/pixel/v1/track?writeKey=wk&${query}`,
    outcome,
  })),
  ...(['/v1/pixel/track', '/pixel/v1/track'] as const).flatMap((path) => [
    { what: `${path} gets no key`, path: `${path}?data=e30`, outcome: 'missing_write_key' as const },
    {
      what: `${path} gets an unknown key`,
      path: `${path}?data=e30&writeKey=%ff`,
      outcome: 'unknown_write_key' as const,
    },
    {
      what: `${path} gets the secret key`,
      path: `${path}?data=e30&writeKey=sk`,
      outcome: 'unknown_write_key' as const,
    },
  ]),
]

/** An event as the quarantine keeps it; `fields` in their JSON text, each with its comma before it, win over those here. */
function kept(fields: string): string {
  const raw = JSON.stringify(goodEvent('good-0'))
  return `{"events":[{"raw":${raw},"messageId":"good-0","receivedAt":"2026-11-01T00:00:00Z","route":"batch"${fields}}]}`
}

const REPLAYS: [what: string, body: string, Outcome][] = [
  ['no list', '{}', 'invalid_batch'],
  ['a list that is an object', '{"events":{"0":1,"length":1}}', 'invalid_batch'],
  ['null', '{"events":[null]}', 'invalid_batch'],
  ['an event as a client sends it', `{"events":[${goodEvent('good-0')}]}`, 'invalid_batch'],
  ['101 events', `{"events":[${Array.from({ length: 101 }, () => '{}').join(',')}]}`, 'invalid_batch'],
  ['a text that is an object', kept(',"raw":{}'), 'invalid_batch'],
  ['an id that is empty', kept(',"messageId":""'), 'invalid_batch'],
  ['an id that is too long', kept(`,"messageId":"${'m'.repeat(257)}"`), 'invalid_batch'],
  ['a time that is none', kept(',"receivedAt":"2026-02-30"'), 'invalid_batch'],
  ['a time of year one', kept(',"receivedAt":"0001-01-01"'), 'invalid_batch'],
  ['a time that is a number', kept(',"receivedAt":1'), 'invalid_batch'],
  ['a route that is none', kept(',"route":"__proto__"'), 'invalid_batch'],
  ['the number zero', kept(',"stream":"s","seq":0'), 'invalid_batch'],
  ['a number that is too large', kept(',"stream":"s","seq":4294967296'), 'invalid_batch'],
  ['a context that is a list', kept(',"context":[]'), 'invalid_batch'],
  ['a sender that is text', kept(',"request":"x"'), 'invalid_batch'],
  ['a sender of 200 KB', kept(`,"request":{"city":"${'x'.repeat(200_000)}"}`), 'invalid_batch'],
  ['a sender of 80,000 levels', kept(`,"request":{"city":${nest(80_000)}}`), 'invalid_batch'],
  ['a user agent of 200 KB', kept(`,"userAgent":"${'x'.repeat(200_000)}"`), 'invalid_batch'],
  ['a sender with prototype keys', kept(',"request":{"__proto__":{"polluted":1},"country":"DE"}'), 'stored'],
  ['surrogates', kept(',"userAgent":"\\ud800","stream":"\\udc00","seq":1,"request":{"\\ud800":1}'), 'stored'],
  ['an unknown field', kept(',"__proto__":{"raw":1},"polluted":1'), 'stored'],
  ['a context of 80,000 levels', kept(`,"context":{"a":${nest(80_000)}}`), 'too_deep'],
  ['a context of 200 KB', kept(`,"context":{"a":"${'x'.repeat(200_000)}"}`), 'event_too_large'],
  ['no text', kept(',"raw":""'), 'not_an_object'],
  ['half a text', kept(',"raw":"{\\"type\\":\\"track\\","'), 'not_an_object'],
  ['a text of nested arrays', kept(`,"raw":"${nest(15_000)}"`), 'not_an_object'],
  ['a text of nested objects', kept(`,"raw":${JSON.stringify(nest(5_000, '{"a":'))}`), 'too_deep'],
  ['a text of 200,000 brackets', kept(`,"raw":"${nest(100_000)}"`), 'event_too_large'],
  ['a text of 1 MB', kept(`,"raw":"\\"${'x'.repeat(1_000_000)}\\""`), 'event_too_large'],
  [
    'a text with prototype keys',
    kept(
      `,"raw":${JSON.stringify('{"type":"track","event":"Good","userId":"u","__proto__":{"polluted":1}}')}`,
    ),
    'stored',
  ],
]

/** Replays of one event each, with the secret key. */
export const REPLAY_REQUESTS: readonly RequestCase[] = REPLAYS.map(([what, body, outcome]) => ({
  what,
  init: { path: '/v1/replay', headers: SECRET, body },
  outcome,
}))

const TABLES: [what: string, body: string, status: number][] = [
  ['nothing', '', 400],
  ['null', 'null', 400],
  ['a list', '[]', 400],
  ['no key', '{"rows":{}}', 400],
  ['a key that is no text', '{"key":{"a":1},"rows":{}}', 400],
  ['rows that are a list', '{"key":"id","rows":[{}]}', 400],
  ['a row that is text', '{"key":"id","rows":{"a":"x"}}', 400],
  ['a row of null', '{"key":"id","rows":{"a":null}}', 400],
  ['a row without a key', '{"key":"id","rows":{"":{}}}', 400],
  ['a row that nests too deep', `{"key":"id","rows":{"a":{"b":${nest(15_000)}}}}`, 400],
  ['a row of 5 KB', `{"key":"id","rows":{"a":{"b":"${'x'.repeat(5_000)}"}}}`, 400],
  ['a key of half a character', '{"key":"id","rows":{"\\ud800":5}}', 400],
  [
    'prototype keys',
    '{"key":"id","rows":{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}}',
    200,
  ],
  ['a row named constructor', '{"key":"id","rows":{"constructor":{"a":1},"toString":{}}}', 200],
  ['an unknown field', '{"key":"id","rows":{},"more":1e999}', 200],
]

const TABLE_NAMES = [
  'Products',
  '-a',
  '_',
  'a.b',
  '__proto__',
  'a%2fb',
  '..%2fblog%2fproducts',
  '%00',
  '%ff',
  '%',
  'ü',
  'a'.repeat(65),
]

/** What an SDK asks before it boots, and whether it is told. */
const BOOTS: [path: string, status: number, code?: string][] = [
  ['/v1/projects/x/settings', 404, 'unknown_write_key'],
  ['/v1/projects/sk/settings', 401, 'unknown_write_key'],
  ['/v1/projects/%/settings', 404, 'unknown_write_key'],
  ['/v1/projects/%E0%A4%A/settings', 404, 'unknown_write_key'],
  ['/v1/projects/wk%00/settings', 404, 'unknown_write_key'],
  ['/v1/projects/__proto__/settings', 404, 'unknown_write_key'],
  ['/v1/projects/..%2fwk/settings', 404, 'unknown_write_key'],
  [`/v1/projects/${'k'.repeat(8_192)}/settings`, 404, 'unknown_write_key'],
  ['/v1/projects//settings', 404, 'not_found'],
  ['/v1/projects/wk', 404, 'not_found'],
  ['/a/b/v1/projects/wk/settings', 404, 'not_found'],
  ['/v1/projects/%77k/settings', 200],
  ['/%/v1/projects/wk/settings', 200],
  ['/__proto__/v1/projects/wk/settings/', 200],
  ['/sourceConfig', 404, 'unknown_write_key'],
  ['/sourceConfig?writeKey=', 404, 'unknown_write_key'],
  ['/sourceConfig?writeKey=sk', 401, 'unknown_write_key'],
  ['/sourceConfig?writeKey[]=wk', 404, 'unknown_write_key'],
  ['/sourceConfig?writeKey=%ff%00', 404, 'unknown_write_key'],
  ['/sourceConfig?writeKey=x&writeKey=wk', 404, 'unknown_write_key'],
  [`/sourceConfig?p=${'%'.repeat(8_192)}&writeKey=wk`, 200],
  ['/%ff/sourceConfig/?writeKey=wk', 200],
]

/** Routes for operators that no other table has. */
const OPERATOR_ROUTES: readonly [method: string, path: string][] = [
  ['GET', '/v1/dead'],
  ['GET', '/v1/dead/2026-11-21/a.json'],
  ['GET', '/v1/dead/%ff%'],
  ['POST', '/v1/dead/replay'],
  ['GET', '/v1/spill'],
  ['POST', '/v1/spill/drain'],
]

const OPERATOR_BODIES = ['', '{', 'null', '{"events":[]}']

/** Requests that store no event. */
export const OTHER_REQUESTS: readonly OtherCase[] = [
  ...TABLES.map(([what, body, status]) => ({
    what: `/v1/lookups/products gets ${what}`,
    init: { method: 'PUT', path: '/v1/lookups/products', headers: SECRET, body },
    status,
    ...(status === 200 ? {} : { code: 'invalid_lookup' }),
  })),
  ...TABLE_NAMES.map((name) => ({
    what: `/v1/lookups/${name.slice(0, 40)} gets a table`,
    init: { method: 'PUT', path: `/v1/lookups/${name}`, headers: SECRET, body: '{"key":"id","rows":{}}' },
    status: 400,
    code: 'invalid_lookup',
  })),
  {
    what: '/v1/lookups/products gets a table of another source',
    init: { method: 'PUT', path: '/v1/lookups/products?source=blog', headers: SECRET, body: '{}' },
    status: 403,
    code: 'wrong_source',
  },
  {
    what: '/v1/lookups/products gets 11 MB',
    init: { method: 'PUT', path: '/v1/lookups/products', headers: SECRET, body: ' '.repeat(11_000_000) },
    status: 413,
    code: 'body_too_large',
  },
  {
    what: '/v1/replay gets a byte over 1 MiB',
    init: { path: '/v1/replay', headers: SECRET, body: ' '.repeat(1024 * 1024 + 1) },
    status: 413,
    code: 'body_too_large',
  },
  {
    what: '/v1/replay gets the secret key by query',
    init: { path: '/v1/replay?writeKey=sk', body: '{"events":[]}' },
    status: 401,
    code: 'unknown_write_key',
  },
  {
    what: '/v1/lookups/products gets the secret key by query',
    init: { method: 'PUT', path: '/v1/lookups/products?writeKey=sk', body: '{"key":"id","rows":{}}' },
    status: 401,
    code: 'unknown_write_key',
  },
  ...['', 'Bearer wk', 'Bearer \x7f', 'Basic Og=='].flatMap((authorization): OtherCase[] => [
    {
      what: `/v1/lookups/products is asked with the key "${authorization}"`,
      init: { method: 'PUT', path: '/v1/lookups/products', headers: { authorization }, body: '{}' },
      ...refusalOf(authorization),
    },
    {
      what: `/v1/replay is asked with the key "${authorization}"`,
      init: { path: '/v1/replay', headers: { authorization }, body: '{"events":[]}' },
      ...refusalOf(authorization),
    },
  ]),
  ...OPERATOR_ROUTES.flatMap(([method, path]): OtherCase[] => [
    {
      what: `${path} gets the secret key by query`,
      init: { method, path: `${path}?writeKey=sk` },
      status: 401,
      code: 'unknown_write_key',
    },
    ...['', 'Bearer wk', 'Bearer \x7f', 'Basic Og=='].map((authorization) => ({
      what: `${path} is asked with the key "${authorization}"`,
      init: { method, path, headers: { authorization } },
      ...refusalOf(authorization),
    })),
    {
      what: `${path} is asked for another source`,
      init: { method, path: `${path}?source=blog`, headers: SECRET },
      status: 403,
      code: 'wrong_source',
    },
  ]),
  ...BOOTS.map(([path, status, code]) => ({
    what: `${path.slice(0, 60)} is asked for`,
    init: { method: 'GET', path },
    status,
    ...(code === undefined ? {} : { code }),
  })),
  ...[...OPERATOR_BODIES, nest(250_000), 'x'.repeat(600_000)].map((body) => ({
    what: `/v1/m gets ${body.slice(0, 20)}`,
    init: { path: '/v1/m', body, headers: { 'content-encoding': 'gzip' } },
    status: 200,
  })),
  { what: '/health is asked with a query', init: { method: 'GET', path: '/health/?%=%' }, status: 200 },
]

function refusalOf(authorization: string): Pick<OtherCase, 'status'> & { code: string } {
  if (authorization === '') return { status: 401, code: 'missing_write_key' }
  if (authorization === 'Bearer wk') return { status: 403, code: 'secret_key_required' }
  return { status: 401, code: 'unknown_write_key' }
}
