import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SCRIPT_REQUEST } from './frameworks/fake-client.ts'
import { type ContextSource, readRequestContext } from './visitor-context.ts'

const { 'sec-fetch-dest': SCRIPT } = SCRIPT_REQUEST

const PAGE = { path: '/shoes', search: '?size=42', url: 'https://shop.test/shoes?size=42' }

/** What a script on the page asks. */
const HEADERS = { 'sec-fetch-dest': SCRIPT, host: 'shop.test', referer: PAGE.url, 'user-agent': 'Test' }

function nodeRequest(): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { url: '/api/cart', headers: HEADERS })
}

const pageOf = (url: string | undefined, headers: Record<string, string>) =>
  (readRequestContext({ url, headers }) as { page?: object }).page

describe('readRequestContext', () => {
  it.each<[string, ContextSource]>([
    ['a request of Next', new Request('http://localhost:3000/api/cart', { headers: HEADERS })],
    ['Fetch headers alone', new Headers(HEADERS)],
    ['headers in an object', { headers: new Headers(HEADERS) }],
    ["Node's headers", HEADERS],
    ["Node's request", nodeRequest()],
    ["Next's headers", Object.assign(new Headers(HEADERS), { headers: {} })],
  ])("has the page of a script's request by %s", (_, source) => {
    expect(readRequestContext(source)).toEqual({ userAgent: 'Test', page: PAGE })
  })

  it.each([
    ['no Host: the one of the address', 'https://shop.test/api', { host: '' }],
    ['a Host that a proxy wrote', 'https://shop.test/api', { host: 'upstream:3000' }],
    ['the port of https', 'http://localhost:3000/api', { host: 'shop.test:443' }],
  ])('knows the page of a script with %s', (_, url, headers) => {
    expect(pageOf(url, { ...HEADERS, ...headers })).toEqual(PAGE)
  })

  it.each([
    ['another host', { referer: 'https://other.test/' }],
    ['another port', { host: 'shop.test:8443' }],
    ['a Host that is none', { host: 'shop.test/shoes?' }],
    ['no Referer', { referer: '' }],
    ['what anybody may send', { host: 'other.test', 'x-forwarded-host': 'shop.test' }],
  ])('has no page of a script with %s', (_, headers) => {
    expect(pageOf('http://localhost:3000/api', { ...HEADERS, ...headers })).toBeUndefined()
  })

  it.each([
    ['http://localhost:3000/a?b#c', 'shop.test', 'http://shop.test/a?b'],
    ['http://0.0.0.0:3000/a', 'shop.test:8080', 'http://shop.test:8080/a'],
    ['https://[::]:3000/a', 'shop.test', 'https://shop.test/a'],
    ['http://3f2a9c:3000/a', 'shop.test', 'http://shop.test/a'],
    ['http://localhost:3000/a', '', 'http://localhost:3000/a'],
    ['http://localhost:3000/a', 'ada@shop.test', 'http://localhost:3000/a'],
    ['https://shop.test/a', '127.0.0.1:3000', 'https://shop.test/a'],
  ])('has of a page at %s, asked for at the host "%s", the address %s', (url, host, asked) => {
    expect(pageOf(url, { host })).toMatchObject({ url: asked })
  })

  it('has no page of a navigation whose address is not known', () => {
    expect(readRequestContext(new Headers({ host: 'shop.test', 'accept-language': 'de' }))).toEqual({
      locale: 'de',
    })
  })

  it("has the address of Express's request, which has a `get` as well", () => {
    const get = () => undefined
    const request = { method: 'GET', get, headers: { 'accept-language': 'de' }, ip: '192.0.2.7' }
    expect(readRequestContext(request)).toEqual({ locale: 'de', ip: '192.0.2.7' })
  })

  it('sends an address only where it is given one', () => {
    expect(readRequestContext({ headers: {}, ip: '192.0.2.7' })).toEqual({ ip: '192.0.2.7' })
    expect(readRequestContext({ 'x-forwarded-for': '192.0.2.7' })).toEqual({})
  })
})
