import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type CookieSource, readBrowserIdentity } from './browser-identity.ts'
import { setUp } from './fake-client.ts'

const COOKIE = 'a=b; millrace_aid=visitor-1.mb2x0k7d; c=d'

function nodeRequest(cookie: string): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.headers.cookie = cookie
  return request
}

describe('readBrowserIdentity', () => {
  it.each<[string, CookieSource]>([
    ['a Fetch request', new Request('https://shop.test', { headers: { cookie: COOKIE } })],
    ['Fetch headers', new Headers({ cookie: COOKIE })],
    ["Node's request", nodeRequest(COOKIE)],
    ["Node's headers", { cookie: COOKIE }],
    ["a gateway's headers, as they were written", { headers: { Cookie: COOKIE } }],
    ['the text of the header', COOKIE],
  ])('reads %s', (_, source) => {
    expect(readBrowserIdentity(source)).toEqual({ anonymousId: 'visitor-1' })
  })

  it.each([
    ['no cookie', 'a=b'],
    ['a cookie that was removed', 'millrace_aid='],
    ['no time', 'millrace_aid=visitor-1'],
    ['no id', 'millrace_aid=.mb2x0k7d'],
    ['a broken escape', 'millrace_aid=%E0%A4.mb2x0k7d'],
    ['a control character', 'millrace_aid=a%0Ab.mb2x0k7d'],
    ['an id over 256 units', `millrace_aid=${'x'.repeat(257)}.mb2x0k7d`],
    ['an endless one', `millrace_aid=${'%41'.repeat(10_000)}.mb2x0k7d`],
    ['a name that only ends alike', 'other_millrace_aid=visitor-1.mb2x0k7d'],
    ['a value that quotes it', 'a=millrace_aid=visitor-1.mb2x0k7d'],
  ])('knows nobody by %s', (_, cookie) => {
    expect(readBrowserIdentity(cookie)).toEqual({})
  })

  it.each([undefined, null, '', {}, { headers: {} }, new Headers()])('knows nobody by %j', (source) => {
    expect(readBrowserIdentity(source as CookieSource)).toEqual({})
  })

  it.each([
    ['an id with dots', 'millrace_aid=a.b.c.mb2x0k7d', 'a.b.c'],
    ['an escaped id', 'millrace_aid=%C3%A4%3B%20x.mb2x0k7d', 'ä; x'],
    ['an id of 256 units', `millrace_aid=${'%E2%82%AC'.repeat(256)}.0`, '€'.repeat(256)],
    ['the first intact of several', 'millrace_aid=%.1; millrace_aid=one.1; millrace_aid=two.2', 'one'],
    ['cookies without spaces', 'a=b;millrace_aid=one.1', 'one'],
  ])('takes %s', (_, cookie, anonymousId) => {
    expect(readBrowserIdentity(cookie)).toEqual({ anonymousId })
  })

  it("prefers the collector's cookie only when told its name", () => {
    const cookie = 'millrace_aid=browser.1; millrace_id=kept%2E1'
    expect(readBrowserIdentity(cookie)).toEqual({ anonymousId: 'browser' })
    expect(readBrowserIdentity(cookie, { identityCookie: 'millrace_id' })).toEqual({ anonymousId: 'kept.1' })
    expect(readBrowserIdentity(cookie, { identityCookie: 'other' })).toEqual({ anonymousId: 'browser' })
  })

  it.each([
    ['no cookie', 'a=b', 'made'],
    ['a broken cookie', 'millrace_aid=visitor-1', 'made'],
    ['a cookie', COOKIE, 'visitor-1'],
  ])('asks `anonymous` for an id only where there is none: %s', (_, cookie, anonymousId) => {
    let asked = 0
    const anonymous = () => `made${'!'.repeat(asked++)}`
    expect(readBrowserIdentity(cookie, { anonymous })).toEqual({ anonymousId })
    expect(asked).toBe(anonymousId === 'made' ? 1 : 0)
  })

  it("sends the sale of a visitor without a cookie under an id of the caller's", async () => {
    const { client, requests, drops } = setUp({ flushAt: 1 })
    const visitor = readBrowserIdentity(new Request('https://shop.test'), { anonymous: () => 'made' })
    expect(client.with({ ...visitor, context: {} }).track({ event: 'Order Completed' })).toBe(true)
    await client.flush()
    expect(requests[0]?.body.batch[0]).toMatchObject({ anonymousId: 'made', event: 'Order Completed' })
    expect(drops).toEqual([])
  })
})
