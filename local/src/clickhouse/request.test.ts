import { expect, test } from 'vitest'
import { parseRequest, withFormFields } from './request.ts'

const parse = (search: string, headers: Record<string, string> = {}, method = 'POST') =>
  parseRequest(method, `/?${search}`, headers)

test('request takes query, parameters and settings from the URL', () => {
  const request = parse(
    '&query=SELECT%201&param_x=a%5Ctb&max_threads=1&database=d&user=u&password=p&buffer_size=1',
  )
  expect(request).toMatchObject({
    query: 'SELECT 1',
    params: [['x', 'a\\tb']],
    settings: [['max_threads', '1']],
    database: 'd',
    defaultFormat: 'TabSeparated',
    session: undefined,
    isReadOnly: false,
    waitsForEnd: false,
    requestEncoding: undefined,
    responseEncoding: undefined,
  })
  expect(request.queryId).toMatch(/^[0-9a-f-]{36}$/)
})

test('request headers come before URL parameters', () => {
  const headers = { 'x-clickhouse-database': 'h', 'x-clickhouse-format': 'JSON' }
  expect(parse('database=u&default_format=CSV&query_id=q', headers)).toMatchObject({
    database: 'h',
    defaultFormat: 'JSON',
    queryId: 'q',
  })
})

test.each([
  ['GET', true],
  ['HEAD', true],
  ['POST', false],
])('request by %s is read-only: %s', (method, expected) => {
  expect(parse('', {}, method).isReadOnly).toBe(expected)
})

test.each([
  ['enable_http_compression=1', 'gzip', 'gzip'],
  ['enable_http_compression=1', 'gzip, deflate, br;q=0.5', 'br'],
  ['enable_http_compression=1', 'br;q=0, gzip', 'gzip'],
  ['enable_http_compression=1', 'snappy', undefined],
  ['enable_http_compression=0', 'gzip', undefined],
  ['', 'gzip', undefined],
])('request with %j accepting %j is answered in %s', (search, accepted, expected) => {
  expect(parse(search, { 'accept-encoding': accepted }).responseEncoding).toBe(expected)
})

test('request names its session', () => {
  expect(parse('session_id=s').session).toEqual({
    id: 's',
    timeoutSeconds: 60,
    mustExist: false,
    closes: false,
  })
  expect(parse('session_id=s&session_timeout=5&session_check=1&close_session=1').session).toEqual({
    id: 's',
    timeoutSeconds: 5,
    mustExist: true,
    closes: true,
  })
})

test.each([
  ['session_id=s&session_timeout=x', {}, 374],
  ['session_id=s&session_timeout=', {}, 374],
  ['session_id=s&session_timeout=3601', {}, 374],
  ['compress=1', {}, 48],
  ['decompress=1', {}, 48],
  ['role=admin', {}, 511],
  ['', { 'content-encoding': 'lzma' }, 89],
])('request with %j and %j is refused with code %i', (search, headers, code) => {
  expect(() => parse(search, headers)).toThrow(expect.objectContaining({ code }))
})

test('request takes query and parameters from a form', () => {
  const form = new FormData()
  form.set('query', 'SELECT {x:String}')
  form.set('param_x', 'a\nb')
  expect(withFormFields(parse('param_y=1'), form)).toMatchObject({
    query: 'SELECT {x:String}',
    params: [
      ['y', '1'],
      ['x', 'a\nb'],
    ],
  })
})

test('request with an external table is refused', () => {
  const form = new FormData()
  form.set('ids', new Blob(['1\n2\n']), 'ids.tsv')
  expect(() => withFormFields(parse(''), form)).toThrow(expect.objectContaining({ code: 48 }))
})
