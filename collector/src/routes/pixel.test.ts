import { describe, expect, it } from 'vitest'
import { eventOfData, eventOfQuery } from './pixel.ts'

describe('a query', () => {
  it('is an event whose dotted parameters are paths', () => {
    const query = 'writeKey=k&type=evil&event=Mail%20Opened&userId=u1&properties.mail.id=7&properties.ok=yes'
    expect(JSON.parse(JSON.stringify(eventOfQuery(new URLSearchParams(query), 'track')))).toEqual({
      type: 'track',
      event: 'Mail Opened',
      userId: 'u1',
      properties: { mail: { id: '7' }, ok: 'yes' },
    })
  })

  it('cannot reach a prototype', () => {
    const query = new URLSearchParams(
      '__proto__.a=1&properties.__proto__.b=2&properties.constructor.prototype.c=3',
    )
    expect(JSON.stringify(eventOfQuery(query, 'page'))).toBe('{"properties":{},"type":"page"}')
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  it('lets a later parameter replace an earlier one of another kind', () => {
    const event = eventOfQuery(new URLSearchParams('properties=x&properties.a=1'), 'track')
    expect(JSON.stringify(event)).toBe('{"properties":{"a":"1"},"type":"track"}')
  })
})

describe('the data of a pixel', () => {
  it('is base64 or base64url of the event', () => {
    const json = JSON.stringify({ event: 'Ünï?>', userId: 'u' })
    const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(json)))
    const expected = { event: { event: 'Ünï?>', userId: 'u' }, text: json }
    expect(eventOfData(base64)).toEqual(expected)
    const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    expect(eventOfData(urlSafe)).toEqual(expected)
  })

  it('cannot reach a prototype', () => {
    const data = btoa('{"__proto__":{"a":1},"properties":{"__proto__":{"b":2},"c":3}}')
    expect(JSON.stringify(eventOfData(data)?.event)).toBe('{"properties":{"c":3}}')
  })

  it.each(['%%%', 'bm90IGpzb24=', 'WzFd', 'bnVsbA=='])('is nothing when it is %s', (data) => {
    expect(eventOfData(data)).toBeUndefined()
  })
})
