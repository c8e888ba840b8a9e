import { describe, expect, test } from 'vitest'
import { decodeLinkToken, encodeLinkToken } from './link-token.ts'

const ID = '7b0c2a52-9d0f-4a10-8f5e-4d3f6b1f9a01'
const NOW = 1_790_000_000_000
const MAX_AGE_MS = 120_000

describe('link token', () => {
  test('has the documented form', () => {
    const [version, id, time, check] = encodeLinkToken(ID, NOW, 'b').split('.')
    expect([version, Buffer.from(id ?? '', 'base64url').toString()]).toEqual(['1', ID])
    expect(Number.parseInt(time ?? '', 36)).toBe(NOW)
    expect(check).toMatch(/^[0-9a-z]{1,7}$/)
  })

  test.each([ID, 'x', 'ümlaut ✓ 😀', '~~~???>>>', 'a.b=c&d+e/f', '%7E'])('carries %j', (id) => {
    const token = encodeLinkToken(id, NOW, 'b')
    expect(token).toMatch(/^[\w.-]+$/)
    expect(decodeLinkToken(token, NOW, 'b', MAX_AGE_MS)).toBe(id)
  })

  test.each([
    [0, ID],
    [MAX_AGE_MS, ID],
    [MAX_AGE_MS + 1, undefined],
    [-60_000, ID],
    [-60_001, undefined],
  ])('%d ms later gives %s', (later, id) => {
    expect(decodeLinkToken(encodeLinkToken(ID, NOW, 'b'), NOW + later, 'b', MAX_AGE_MS)).toBe(id)
  })

  test('is refused in another browser, and with any character altered', () => {
    const token = encodeLinkToken(ID, NOW, 'b')
    expect(decodeLinkToken(token, NOW, 'c', MAX_AGE_MS)).toBeUndefined()
    for (let i = 0; i < token.length; i++) {
      const altered = `${token.slice(0, i)}${token[i] === 'x' ? 'y' : 'x'}${token.slice(i + 1)}`
      expect(decodeLinkToken(altered, NOW, 'b', MAX_AGE_MS)).toBeUndefined()
    }
  })

  test.each(['', '1', '1...', 'a.b.c.d', '2.eA.x.1', '1.eA..1', 'NaN'])('is refused as %j', (token) => {
    expect(decodeLinkToken(token, NOW, 'b', MAX_AGE_MS)).toBeUndefined()
  })

  test('is refused with an id too long to be one', () => {
    const token = encodeLinkToken('x'.repeat(400), NOW, 'b')
    expect(decodeLinkToken(token, NOW, 'b', MAX_AGE_MS)).toBeUndefined()
  })

  // http://www.isthe.com/chongo/src/fnv/test_fnv.c: FNV-1a of `foobar` is 0xbf9cf968.
  test('ends with FNV-1a of what is before it and of the browser', () => {
    const body = '1.eA.1'
    let hash = 0x811c9dc5
    for (const byte of Buffer.from(`${body}foobar`))
      hash = Number((BigInt(hash ^ byte) * 16777619n) & 0xffffffffn)
    const token = encodeLinkToken('x', 1, 'foobar')
    expect(token).toBe(`${body}.${(hash >>> 0).toString(36)}`)
  })
})
