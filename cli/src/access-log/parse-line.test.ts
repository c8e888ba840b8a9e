import { describe, expect, it } from 'vitest'
import { parseLine } from './parse-line.ts'

const HEAD = '192.0.2.1 - - [03/Mar/2024:09:00:01 +0100]'

function entry(line: string | Buffer) {
  const parsed = parseLine(Buffer.from(line))
  return parsed.ok ? parsed.entry : parsed.reason
}

describe('a log line', () => {
  it('of the combined format is read with all its fields', () => {
    expect(entry(`${HEAD} "GET /a?b=1 HTTP/1.1" 200 512 "https://ref.example/" "Agent/1.0"`)).toEqual({
      client: '192.0.2.1',
      timestampMs: Date.UTC(2024, 2, 3, 8, 0, 1),
      request: { method: 'GET', path: '/a', search: '?b=1' },
      status: 200,
      bytes: 512,
      referrer: 'https://ref.example/',
      userAgent: 'Agent/1.0',
    })
  })

  it('of the common format has no referrer and no user agent', () => {
    expect(entry(`${HEAD} "GET / HTTP/1.0" 304 -`)).toMatchObject({
      bytes: 0,
      referrer: undefined,
      userAgent: undefined,
    })
  })

  it('may have more fields after the user agent', () => {
    expect(entry(`${HEAD} "GET / HTTP/1.1" 200 5 "-" "A" "203.0.113.7" 0.012 -`)).toMatchObject({
      userAgent: 'A',
      referrer: undefined,
    })
  })

  it.each([
    ['2001:db8::1 - - [03/Mar/2024:09:00:01 +0100] "GET / HTTP/2.0" 200 5', '2001:db8::1'],
    ['host.example ident jane [03/Mar/2024:09:00:01 +0100] "GET / HTTP/2.0" 200 5', 'host.example'],
    ['192.0.2.1 - jane [x] doe [03/Mar/2024:09:00:01 +0100] "GET / HTTP/2.0" 200 5', '192.0.2.1'],
  ])('begins with the client: %s', (line, client) => {
    expect(entry(line)).toMatchObject({ client, status: 200 })
  })

  it.each([
    [String.raw`say \"hi\"`, 'say "hi"'],
    [String.raw`back\\slash`, 'back\\slash'],
    [String.raw`caf\xC3\xA9`, 'café'],
    [String.raw`\x22x\x5Cy`, '"x\\y'],
    [String.raw`a\tb\qc`, 'a\tb\\qc'],
    [String.raw`\xFF`, '\uFFFD'],
    ['café', 'café'],
  ])('has its escapes undone: %s', (field, text) => {
    expect(entry(`${HEAD} "GET / HTTP/1.1" 200 5 "-" "${field}"`)).toMatchObject({ userAgent: text })
  })

  it('with bytes that are not UTF-8 is read', () => {
    const line = Buffer.concat([
      Buffer.from(`${HEAD} "GET /caf`),
      Buffer.from([0xe9]),
      Buffer.from(' HTTP/1.1" 200 5'),
    ])
    expect(entry(line)).toMatchObject({ request: { path: '/caf\uFFFD' } })
  })

  it.each([
    ['GET /a%20b#frag?x HTTP/1.1', { method: 'GET', path: '/a%20b', search: '' }],
    ['GET /a?b=1?c#d HTTP/1.1', { method: 'GET', path: '/a', search: '?b=1?c' }],
    ['GET http://shop.example/a?b HTTP/1.1', { method: 'GET', path: '/a', search: '?b' }],
    ['GET /with space HTTP/1.1', { method: 'GET', path: '/with space', search: '' }],
    ['GET /old', { method: 'GET', path: '/old', search: '' }],
    ['GET //double HTTP/1.1', { method: 'GET', path: '//double', search: '' }],
    ['-', undefined],
    ['', undefined],
    ['OPTIONS * HTTP/1.0', undefined],
    ['CONNECT shop.example:443 HTTP/1.1', undefined],
    [String.raw`\x16\x03\x01`, undefined],
  ])('has the request %s', (line, request) => {
    expect(entry(`${HEAD} "${line}" 200 5`)).toMatchObject({ request })
  })

  it.each([
    ['03/Mar/2024:09:00:01 +0000', '2024-03-03T09:00:01.000Z'],
    ['03/Mar/2024:09:00:01 -0530', '2024-03-03T14:30:01.000Z'],
    ['01/Jan/2024:00:30:00 +0200', '2023-12-31T22:30:00.000Z'],
    ['29/Feb/2024:12:00:00 +0000', '2024-02-29T12:00:00.000Z'],
    ['30/Jun/2012:23:59:60 +0000', '2012-07-01T00:00:00.000Z'],
  ])('at %s is at %s', (time, iso) => {
    const found = entry(`192.0.2.1 - - [${time}] "GET / HTTP/1.1" 200 5`)
    expect(typeof found === 'object' && new Date(found.timestampMs).toISOString()).toBe(iso)
  })

  it.each([
    '31/Feb/2024:09:00:01 +0000',
    '03/Foo/2024:09:00:01 +0000',
    '03/Mar/2024:24:00:01 +0000',
    '03/03/2024 09:00',
  ])('at %s is malformed', (time) => {
    expect(entry(`192.0.2.1 - - [${time}] "GET / HTTP/1.1" 200 5`)).toBe('impossible time')
  })

  it.each([
    ['', 'empty line'],
    ['   ', 'empty line'],
    ['nonsense', 'not a common or combined log line'],
    [`${HEAD} "GET / HTTP/1.1" 200 5 "-" "never closed`, 'not a common or combined log line'],
    [`${HEAD} "GET / HTTP/1.1" 200`, 'not a common or combined log line'],
    [`${HEAD} "GET / HTTP/1.1" OK 5`, 'not a common or combined log line'],
  ])('that is none is malformed (%#)', (line, reason) => {
    expect(entry(line)).toBe(reason)
  })

  it.each(['['.repeat(100_000), `${HEAD} "${'\\"'.repeat(50_000)}`, `- - ${' ['.repeat(50_000)}`])(
    'made to be slow is refused quickly (%#)',
    (line) => {
      const startedAt = performance.now()
      expect(entry(line)).toBe('not a common or combined log line')
      expect(performance.now() - startedAt).toBeLessThan(1_000)
    },
  )
})
