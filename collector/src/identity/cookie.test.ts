import { describe, expect, it } from 'vitest'
import { decideCookieId, readIdCookie, writeIdCookie } from './cookie.ts'

const LONGEST = '€'.repeat(256)

describe('the id cookie', () => {
  it.each([
    ['millrace_id=a1', 'a1'],
    ['x=1; millrace_id=a1; y=2', 'a1'],
    ['  millrace_id = a1 ;', 'a1'],
    ['millrace_id=a%3Bb%20%E2%82%AC', 'a;b €'],
    ['millrace_id=a=b', 'a=b'],
    ['millrace_id=first; millrace_id=second', 'first'],
    ['millrace_id=%zz; millrace_id=second', 'second'],
    [`millrace_id=${encodeURIComponent(LONGEST)}`, LONGEST],
    [null, undefined],
    ['', undefined],
    ['millrace_id', undefined],
    ['millrace_id=', undefined],
    ['MILLRACE_ID=a1', undefined],
    ['xmillrace_id=a1; millrace_id2=a2', undefined],
    ['millrace_id=%', undefined],
    ['millrace_id=%ff', undefined],
    ['millrace_id=a%00b', undefined],
    ['millrace_id=a%0d%0ab', undefined],
    ['millrace_id=a%C2%85b', undefined],
    [`millrace_id=${'a'.repeat(257)}`, undefined],
    [`millrace_id=${'%41'.repeat(257)}`, undefined],
    [`millrace_id=${'a'.repeat(100_000)}`, undefined],
  ])('is read from %.50j: %.20j', (header, id) => {
    expect(readIdCookie(header)).toBe(id)
  })

  it('is read by its name', () => {
    expect(readIdCookie('millrace_id=a1; visitor=a2', 'visitor')).toBe('a2')
  })

  it('lives for 400 days and is out of reach of scripts', () => {
    expect(writeIdCookie({ id: 'a1', isSecure: true })).toBe(
      'millrace_id=a1; Max-Age=34560000; Path=/; HttpOnly; Secure; SameSite=Lax',
    )
  })

  it('is of a domain where the source has one, and not secure where that cannot be', () => {
    expect(writeIdCookie({ name: 'visitor', id: 'a1', domain: 'shop.example', isSecure: false })).toBe(
      'visitor=a1; Max-Age=34560000; Path=/; Domain=shop.example; HttpOnly; SameSite=Lax',
    )
  })

  it.each([['a1'], ['a; Domain=evil.example'], ['x\r\ny'], ['"quoted", \\ €'], [LONGEST]])(
    'carries %.30j and adds no attribute',
    (id) => {
      const header = writeIdCookie({ id, isSecure: true })
      expect(header).toMatch(/^millrace_id=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+; Max-Age=/)
      expect(header.split('; ')).toHaveLength(6)
      expect(header.length).toBeLessThan(4_096)
      const hasControl = /[\r\n]/.test(id)
      expect(readIdCookie(header)).toBe(hasControl ? undefined : id)
    },
  )

  it('is written for a lone surrogate too', () => {
    expect(readIdCookie(writeIdCookie({ id: 'a\ud800', isSecure: true }))).toBe('a\ufffd')
  })
})

describe('the id of an event', () => {
  it.each([
    ['the cookie over the client', 'c', 'a', { anonymousId: 'c', clientAnonymousId: 'a', shouldSet: 'c' }],
    ['the cookie that the client has too', 'c', 'c', { anonymousId: 'c', shouldSet: 'c' }],
    ['the cookie of a client without one', 'c', undefined, { anonymousId: 'c', shouldSet: 'c' }],
    ['the client where there is no cookie', undefined, 'a', { anonymousId: 'a', shouldSet: 'a' }],
    ['a new one where there is nothing', undefined, undefined, { anonymousId: 'new', shouldSet: 'new' }],
  ])('is that of %s', (_, cookieId, clientId, decision) => {
    expect(decideCookieId({ cookieId, clientId, randomId: () => 'new' })).toEqual(decision)
  })
})
