import { describe, expect, it } from 'vitest'
import { EVENT_FIELD_NAMES, type EventView, findEventField, isListPath, readItems } from './event-field.ts'

function read(name: string, row: Record<string, unknown>, item?: unknown) {
  const found = findEventField(name, item !== undefined)
  if (!found.ok) throw new Error(found.message)
  const { text, number } = found.field
  const view = { row, item } as EventView
  return [text(view), number?.(view)]
}

describe('field of an event', () => {
  it.each<[string, Record<string, unknown>, string, number | undefined]>([
    ['visitor_id', { anonymous_id: 'a', user_id: 'u' }, 'a', undefined],
    ['visitor_id', { anonymous_id: '', user_id: 'u' }, 'u', undefined],
    ['visitor_id', {}, '', undefined],
    ['event', { event: 'x' }, 'x', undefined],
    ['event', {}, '', undefined],
    ['seq', { seq: 7 }, '7', 7],
    ['seq', {}, '', 0],
    ['properties.plan', { properties: { plan: 'pro' } }, 'pro', undefined],
    ['properties.n', { properties: { n: '1.5' } }, '1.5', 1.5],
    ['properties.n', { properties: { n: 1e21 } }, '1e21', undefined],
    ['properties.a.b', { properties: { a: { b: true } } }, 'true', undefined],
    ['properties.a.b', { properties: { 'a.b': 1 } }, '', undefined],
    ['properties.a%2Eb', { properties: { 'a.b': 1 } }, '1', 1],
    ['properties.list', { properties: { list: [1, 'a', null] } }, "[1,'a',NULL]", undefined],
    ['properties.o', { properties: { o: { a: 1 } } }, '', undefined],
    ['properties.length', { properties: [1] }, '', undefined],
    ['properties.toString', { properties: {} }, '', undefined],
    ['properties.__proto__', { properties: {} }, '', undefined],
    ['properties.constructor.name', { properties: {} }, '', undefined],
    ['properties.n', { properties: null }, '', undefined],
    ['traits.n', { traits: { n: '١' } }, '١', undefined],
  ])('%s of %j', (name, row, text, number) => {
    expect(read(name, row)).toEqual([text, number])
  })

  it('is of an item where there are items', () => {
    expect(read('item.price', {}, { price: '2' })).toEqual(['2', 2])
    expect(read('item', {}, 'x')).toEqual(['x', undefined])
    expect(read('item.price', {}, null)).toEqual(['', undefined])
    expect(findEventField('item.price')).toMatchObject({ ok: false })
    expect(findEventField('item')).toMatchObject({ ok: false })
  })

  it.each([
    'ip',
    'user_agent',
    'click_id',
    'client_anonymous_id',
    'raw',
    'timestamp',
    '',
    'Event',
    'event ',
    '__proto__',
  ])('is none: %j', (name) => {
    expect(findEventField(name)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^must be one of visitor_id, /),
    })
  })

  it.each([
    'properties',
    'properties.',
    'properties..a',
    'properties.a.',
    'properties.a[]',
    'properties.`a`',
    'item.',
    'context.:a',
  ])('is no path: %j', (name) => {
    expect(findEventField(name, true)).toMatchObject({ ok: false })
  })

  it('is no path of too many or too long keys', () => {
    expect(findEventField(`properties.${Array(17).fill('a').join('.')}`)).toMatchObject({ ok: false })
    expect(findEventField(`properties.${'a'.repeat(201)}`)).toMatchObject({ ok: false })
    expect(findEventField(`properties.${Array(16).fill('a').join('.')}`)).toMatchObject({ ok: true })
  })

  it('is each that is listed, and none of a person', () => {
    expect(EVENT_FIELD_NAMES.filter((name) => !findEventField(name).ok)).toEqual([])
    expect(EVENT_FIELD_NAMES).not.toContain('ip')
  })
})

describe('items of a list', () => {
  it.each<[unknown, readonly unknown[]]>([
    [{ a: { list: [1, null, {}] } }, [1, null, {}]],
    [{ a: { list: { 0: 1, length: 1 } } }, []],
    [{ a: { list: 'abc' } }, []],
    [{ a: [] }, []],
    [null, []],
    [undefined, []],
  ])('of %j are %j', (properties, items) => {
    expect(readItems('properties.a.list')({ properties } as never)).toEqual(items)
  })

  it.each([
    ['properties.products', true],
    ['traits.a.b', true],
    ['products', false],
    ['item.a', false],
    ['properties', false],
    ['event.a', false],
  ])('may be at %s: %s', (path, expected) => {
    expect(isListPath(path)).toBe(expected)
  })
})
