import { describe, expect, it } from 'vitest'
import { NAVIGATION, SCRIPT_REQUEST } from './fake-client.ts'
import { joinUrl, readContext, readRequestedPage } from './request-facts.ts'

const request = (headers: Record<string, string>, url = 'https://shop.test/api/cart') => ({
  method: 'GET',
  headers,
  url,
})

describe('the context of a request', () => {
  it('has what the collector takes for the visitor', () => {
    const url = 'https://shop.test/shoes?utm_source=mail'
    const headers = { ...NAVIGATION, referer: 'https://search.test/', 'sec-gpc': '1' }
    expect(readContext({ ...request(headers, url), ip: '192.0.2.7' })).toEqual({
      userAgent: NAVIGATION['user-agent'],
      page: { path: '/shoes', search: '?utm_source=mail', url, referrer: 'https://search.test/' },
      locale: 'en-GB',
      gpc: true,
      ip: '192.0.2.7',
    })
  })

  it('is empty for a request that says nothing', () => {
    expect(readContext({ headers: {}, url: undefined })).toEqual({})
  })

  it("has a script's page for its request, not the API's address", () => {
    const referer = 'https://shop.test/shoes?size=42'
    expect(readContext(request({ ...SCRIPT_REQUEST, referer }))).toEqual({
      page: { path: '/shoes', search: '?size=42', url: referer },
    })
  })

  it.each([{}, { referer: 'https://other.test/' }, { referer: 'about:client' }])(
    'has no page where the one of a script is not known: %j',
    (headers) => {
      expect(readContext(request({ ...SCRIPT_REQUEST, ...headers }))).toEqual({})
    },
  )

  it.each([
    ['de', 'de'],
    ['zh-Hant-TW;q=0.9, en', 'zh-Hant-TW'],
    ['*', undefined],
    ['<script>', undefined],
    ['x'.repeat(5_000), undefined],
  ])('reads the language %s as %s', (header, locale) => {
    expect((readContext(request({ 'accept-language': header })) as { locale?: string }).locale).toBe(locale)
  })

  it('cuts a user agent where the collector does', () => {
    expect(readContext(request({ 'user-agent': 'x'.repeat(5_000) }))).toMatchObject({
      userAgent: 'x'.repeat(1_024),
    })
  })
})

describe('the page of a request', () => {
  it('has no password and no fragment', () => {
    expect(readRequestedPage(request({}, 'https://ada:secret@shop.test/a?b#c'))).toEqual({
      path: '/a',
      search: '?b',
      url: 'https://shop.test/a?b',
    })
  })

  it.each(['not an address', 'https://search.test/'.padEnd(3_000, 'x')])(
    'has no referrer that is no address or too long',
    (referer) => expect(readRequestedPage(request({ referer }))).not.toHaveProperty('referrer'),
  )

  it('is cut to 2,048 units', () => {
    expect(readRequestedPage(request({}, `https://shop.test/?${'q'.repeat(5_000)}`))?.url).toHaveLength(2_048)
  })

  it('is unknown without an address', () => {
    expect(readRequestedPage({ headers: {}, url: 'https://' })).toBeUndefined()
  })
})

describe('an address', () => {
  it.each([
    ['shop.test:3000', '/a?b', 'https://shop.test:3000/a?b'],
    ['[::1]:3000', '/', 'https://[::1]:3000/'],
    ['shop.test', '//evil.test/a', 'https://shop.test//evil.test/a'],
    ['shop.test/evil', '/', undefined],
    ['ada@shop.test', '/', undefined],
    [undefined, '/', undefined],
    ['shop.test', '*', undefined],
    ['shop.test', 'http://evil.test/', undefined],
    ['shop.test', undefined, undefined],
  ])('of host %s and target %s is %s', (host, target, url) => {
    expect(joinUrl('https', host, target)).toBe(url)
  })
})
