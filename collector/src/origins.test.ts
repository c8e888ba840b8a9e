import { describe, expect, it } from 'vitest'
import { createOriginTest, readPageOrigin } from './origins.ts'

describe('an origin', () => {
  const isAllowed = createOriginTest([
    'https://shop.example',
    'https://*.shop.example',
    'http://localhost:3000',
  ])

  it.each([
    ['https://shop.example', true],
    ['https://www.shop.example', true],
    ['https://a.b.shop.example', true],
    ['http://localhost:3000', true],
    ['http://shop.example', false],
    ['https://shop.example:8443', false],
    ['https://shop.example.evil.example', false],
    ['https://evilshop.example', false],
    ['https://evil.example/.shop.example', false],
    ['https://evil.example?.shop.example', false],
    ['https://.shop.example', false],
    ['null', false],
    ['', false],
  ])('%s may send: %s', (origin, expected) => {
    expect(isAllowed(origin)).toBe(expected)
  })

  it('may be any when none are named', () => {
    expect(createOriginTest(undefined)('https://any.example')).toBe(true)
  })

  it.each([
    [{ origin: 'https://a.example', referer: 'https://b.example/x' }, 'https://a.example'],
    [{ referer: 'https://b.example/x?y' }, 'https://b.example'],
    [{ referer: 'nonsense' }, undefined],
    [{}, undefined],
  ])('is read from %o', (headers, expected) => {
    expect(readPageOrigin(new Headers(headers as Record<string, string>))).toBe(expected)
  })
})
