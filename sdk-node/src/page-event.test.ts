import { describe, expect, it } from 'vitest'
import { NAVIGATION, SCRIPT_REQUEST } from './frameworks/fake-client.ts'
import { isApiCall, isPageView, type Outcome } from './page-event.ts'

const HTML: Outcome = {
  status: 200,
  contentType: 'text/html; charset=utf-8',
  route: '/shop',
  isAborted: false,
}
const JSON_ANSWER: Outcome = { ...HTML, contentType: 'application/json' }

const request = (headers: Record<string, string> = {}, method = 'GET', url = 'https://shop.test/shop') => ({
  method,
  headers,
  url,
})

describe('a page view', () => {
  it.each([
    ['a navigation', NAVIGATION, HTML],
    ['a browser that does not tell what it fetches for', {}, HTML],
    ['XHTML', NAVIGATION, { ...HTML, contentType: 'application/xhtml+xml' }],
    ['another success', NAVIGATION, { ...HTML, status: 203 }],
    ['a page that the browser has already', NAVIGATION, { ...HTML, status: 304, contentType: '' }],
  ])('is %s', (_, headers, outcome) => {
    expect(isPageView(request(headers), outcome)).toBe(true)
  })

  it.each<[string, Record<string, string>, Outcome]>([
    ['a redirect, which has HTML in Express', NAVIGATION, { ...HTML, status: 302 }],
    ['a page that is not there', NAVIGATION, { ...HTML, status: 404 }],
    ['an error', NAVIGATION, { ...HTML, status: 500 }],
    ['no answer', NAVIGATION, { ...HTML, status: undefined }],
    ['an answer that was cut off', NAVIGATION, { ...HTML, isAborted: true }],
    ['JSON', NAVIGATION, JSON_ANSWER],
    ['no type', NAVIGATION, { ...HTML, contentType: '' }],
    ['a type that begins alike', NAVIGATION, { ...HTML, contentType: 'text/html5' }],
    ['a part that a script fetches', SCRIPT_REQUEST, HTML],
    ['a frame', { ...NAVIGATION, 'sec-fetch-dest': 'iframe' }, HTML],
    ['a prefetch', { ...NAVIGATION, 'sec-purpose': 'prefetch' }, HTML],
    ['a prerendering', { ...NAVIGATION, 'sec-purpose': 'prefetch;prerender' }, HTML],
    ['a prefetch of older browsers', { purpose: 'prefetch' }, HTML],
    ['a known answer to a script', SCRIPT_REQUEST, { ...HTML, status: 304, contentType: '' }],
  ])('is not %s', (_, headers, outcome) => {
    expect(isPageView(request(headers), outcome)).toBe(false)
  })

  it.each(['HEAD', 'POST', 'OPTIONS'])('is not a %s', (method) => {
    expect(isPageView(request(NAVIGATION, method), HTML)).toBe(false)
  })

  it.each([
    ['https://shop.test/logo.png?v=1', false],
    ['https://shop.test/index.html', true],
    ['https://shop.test/', true],
    ['https://shop.test/v1.2/start', true],
  ])('that is not sent again is told by its name: %s', (url, isPage) => {
    expect(isPageView(request(NAVIGATION, 'GET', url), { ...HTML, status: 304, contentType: '' })).toBe(
      isPage,
    )
  })
})

describe('an API call', () => {
  it.each<[string, Record<string, string>, Outcome]>([
    ['a request of a script', SCRIPT_REQUEST, JSON_ANSWER],
    ['a request of a program', { accept: '*/*' }, JSON_ANSWER],
    ['one that fails', SCRIPT_REQUEST, { ...JSON_ANSWER, status: 500 }],
    ['one without content', SCRIPT_REQUEST, { ...HTML, status: 204, contentType: '' }],
    ['one that was cut off', SCRIPT_REQUEST, { ...JSON_ANSWER, isAborted: true }],
  ])('is %s', (_, headers, outcome) => {
    expect(isApiCall(request(headers), outcome)).toBe(true)
  })

  it.each<[string, Record<string, string>, Outcome]>([
    ['what no route answers', SCRIPT_REQUEST, { ...JSON_ANSWER, route: undefined }],
    ['a page', { accept: '*/*' }, HTML],
    ['a redirect of a navigation', NAVIGATION, { ...HTML, status: 302, contentType: '' }],
    ['a navigation of an older browser', { accept: 'text/html' }, { ...HTML, status: 302, contentType: '' }],
    ['an image of a page', { 'sec-fetch-dest': 'image' }, { ...HTML, contentType: 'image/png' }],
    ['a style sheet that a script fetches', SCRIPT_REQUEST, { ...HTML, contentType: 'text/css' }],
    ['an image, in older browsers', {}, { ...HTML, contentType: 'image/png' }],
  ])('is not %s', (_, headers, outcome) => {
    expect(isApiCall(request(headers), outcome)).toBe(false)
  })

  it.each([
    ['POST', true],
    ['DELETE', true],
    ['HEAD', false],
    ['OPTIONS', false],
  ])('with %s: %j', (method, isCall) => {
    expect(isApiCall(request(SCRIPT_REQUEST, method), JSON_ANSWER)).toBe(isCall)
  })
})
