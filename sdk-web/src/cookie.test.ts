import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readIdCookie, writeIdCookie } from './cookie.ts'
import { createFakeCookieJar } from './fake-cookies.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

describe('cookie', () => {
  test.each([
    ['https://example.com/', '.example.com'],
    ['https://www.example.com/', '.example.com'],
    ['https://a.b.shop.example.co.uk/', '.example.co.uk'],
    ['https://someone.github.io/', '.someone.github.io'],
    ['https://github.io/', 'github.io'],
    ['http://localhost:8080/', 'localhost'],
    ['http://127.0.0.1:8080/', '127.0.0.1'],
    ['https://[::1]/', '[::1]'],
    ['https://example.com./', 'example.com.'],
  ])('of %s is on the widest domain that the browser allows, and nowhere else', (url, domain) => {
    const jar = createFakeCookieJar()
    const page = jar.open(url)
    writeIdCookie(page, 'id-1', NOW_MS)
    expect(jar.list()).toEqual([`${domain} millrace_aid=id-1.${NOW_MS.toString(36)}`])
    expect(readIdCookie(page)).toBe('id-1')
    writeIdCookie(page, undefined, NOW_MS)
    expect(jar.list()).toEqual([])
    expect(readIdCookie(page)).toBe('')
  })

  test('is shared by the hosts of a site, and not by other sites', () => {
    const jar = createFakeCookieJar()
    writeIdCookie(jar.open('https://shop.example.co.uk/'), 'id-1', NOW_MS)
    expect(readIdCookie(jar.open('https://www.example.co.uk/'))).toBe('id-1')
    expect(readIdCookie(jar.open('https://other.co.uk/'))).toBe('')
  })

  test('is written anew on the same domain, with its 400 days', () => {
    const jar = createFakeCookieJar()
    const page = jar.open('https://www.example.com/')
    writeIdCookie(page, 'id-1', NOW_MS)
    writeIdCookie(page, 'id-1', NOW_MS + 1)
    expect(jar.list()).toEqual([`.example.com millrace_aid=id-1.${(NOW_MS + 1).toString(36)}`])
    expect(jar.writes.at(-1)).toBe(
      `millrace_aid=id-1.${(NOW_MS + 1).toString(36)}; path=/; samesite=lax; max-age=34560000; secure; domain=example.com`,
    )
  })

  test('is not marked secure where the page is not', () => {
    const jar = createFakeCookieJar()
    writeIdCookie(jar.open('http://example.com/'), 'id-1', NOW_MS)
    expect(jar.writes.some((text) => text.includes('secure'))).toBe(false)
    expect(jar.list()).toHaveLength(1)
  })

  test('reads back any id, whatever other cookies there are', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    const id = fc.oneof(text, fc.constantFrom('a.b.c', '.', 'a; b=c.d', 'ä ö', '%', '"', '日本語', 'a=b'))
    fc.assert(
      fc.property(id, (written) => {
        const jar = createFakeCookieJar()
        const page = jar.open('https://example.com/')
        page.cookie = 'xmillrace_aid=wrong.1; path=/; max-age=60'
        page.cookie = 'millrace_id=wrong.1; path=/; max-age=60'
        writeIdCookie(page, written, NOW_MS)
        page.cookie = 'last=wrong.1; path=/; max-age=60'
        expect(readIdCookie(page)).toBe(written)
      }),
    )
  })

  test.each(['', 'no-dot', '.', '.only-time'])('with %j in it is none', (value) => {
    const page = createFakeCookieJar().open('https://example.com/')
    page.cookie = `millrace_aid=${value}; max-age=60`
    page.cookie = 'other=a.b; max-age=60'
    expect(readIdCookie(page)).toBe('')
  })

  test('throws for what we cannot have written, and where cookies are refused', () => {
    const page = createFakeCookieJar().open('https://example.com/')
    page.cookie = 'millrace_aid=%E0%A4%A.x; max-age=60'
    expect(() => readIdCookie(page)).toThrow(URIError)
    const sandboxed = createFakeCookieJar().open('https://example.com/', true)
    expect(() => readIdCookie(sandboxed)).toThrow(DOMException)
    expect(() => writeIdCookie(sandboxed, 'id-1', NOW_MS)).toThrow(DOMException)
  })
})
