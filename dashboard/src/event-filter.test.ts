import { expect, it } from 'vitest'
import { meetsFilters, parseFilter, readField } from './event-filter.ts'
import { tailEvent } from './fixtures.ts'

const EVENT = tailEvent('m1', {
  event: 'Order Completed',
  row: { country: 'DE', anonymous_id: 'a1', is_bot: false, properties: { price: 12, tags: ['x'] } },
})

it.each([
  ['country:is:DE', true],
  ['country:is_not:DE', false],
  ['country:in:AT,DE', true],
  ['country:not_in:AT,DE', false],
  ['event:contains:Order', true],
  ['event:not_contains:Order', false],
  ['event:starts_with:Ord', true],
  ['event:ends_with:eted', true],
  ['properties.price:gt:10', true],
  ['properties.price:gte:12', true],
  ['properties.price:lt:12', false],
  ['properties.price:lte:12', true],
  ['properties.missing:lt:12', false],
  ['city:exists', false],
  ['city:not_exists', true],
  ['visitor_id:is:a1', true],
  ['is_bot:is:false', true],
  ['properties.tags.0:is:x', true],
  ['constructor:exists', false],
])('event meets %s: %s', (filter, expected) => {
  expect(meetsFilters(EVENT, [filter])).toBe(expected)
})

it('all conditions must hold', () => {
  expect(meetsFilters(EVENT, ['country:is:DE', 'event:is:page'])).toBe(false)
  expect(meetsFilters(EVENT, [])).toBe(true)
})

it.each([
  ['country:is:DE', 'country:is:DE'],
  ['  Order ', 'event:contains:Order'],
  ['properties.url:is:https://x/', 'properties.url:is:https://x/'],
  ['city:exists:', 'city:exists'],
])('what is typed as %j is %j', (typed, text) => {
  expect(parseFilter(typed)).toEqual({ ok: true, text })
})

it.each([
  ['', 'condition'],
  ['country:equals:DE', 'is, is_not'],
  ['country:is:', 'value is missing'],
])('what is typed as %j is refused', (typed, word) => {
  const parsed = parseFilter(typed)
  expect(parsed.ok ? '' : parsed.message).toContain(word)
})

it('refused event is read from its own text, as far as it can be', () => {
  const refused = tailEvent('m2', {
    status: 'quarantined',
    raw: '{"userId":"u1","properties":{"price":"x"}}',
  })
  expect([readField(refused, 'userId'), readField(refused, 'properties.price')]).toEqual(['u1', 'x'])
  expect(readField({ ...refused, raw: '{"cut' }, 'userId')).toBe('')
})
