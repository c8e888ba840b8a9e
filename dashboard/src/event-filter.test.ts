import { MAX_WATCH_FILTERS } from '@millrace/schemas/live'
import { expect, it } from 'vitest'
import { createEventTest, parseFilter } from './event-filter.ts'
import { tailEvent } from './fixtures.ts'

const EVENT = tailEvent('m1', {
  event: 'Order Completed',
  row: { country: 'DE', anonymous_id: 'a1', session_index: 2, properties: { price: 12, tags: ['x'] } },
})

it.each([
  ['country:is:DE', true],
  ['country:is_not:DE', false],
  ['country:in:AT,DE', true],
  ['country:not_in:AT,DE', false],
  ['event:contains:Order', true],
  ['event:ends_with:eted', true],
  ['message_id:is:m1', true],
  ['batch_id:is:b1', true],
  ['properties.price:gt:10', true],
  ['properties.price:lt:12', false],
  ['properties.missing:lt:12', false],
  ['session_index:gte:2', true],
  ['city:exists', false],
  ['city:not_exists', true],
  ['visitor_id:is:a1', true],
  // A list is one value, as ClickHouse writes it.
  ['properties.tags.0:is:x', false],
  ['properties.tags:exists', true],
  ["properties.tags:is:['x']", true],
  // What cannot be read fits nothing, as at the server.
  ['constructor:exists', false],
  ['country:equals:DE', false],
])('event meets %s: %s', (filter, expected) => {
  expect(createEventTest([filter])(EVENT)).toBe(expected)
})

it('all conditions must hold', () => {
  expect(createEventTest(['country:is:DE', 'event:is:page'])(EVENT)).toBe(false)
  expect(createEventTest([])(EVENT)).toBe(true)
})

it('refused event has its name and no columns', () => {
  const raw = '{"type":"track","properties":{"price":"x"}}'
  const refused = tailEvent('m2', { status: 'quarantined', event: 'Bought', raw })
  expect(createEventTest(['event:is:Bought', 'properties.price:not_exists'])(refused)).toBe(true)
})

it.each([
  ['country:is:DE', 'country:is:DE'],
  ['  Order ', 'event:contains:Order'],
  ['Order Completed: again', 'event:contains:Order Completed: again'],
  ['properties.url:is:https://x/', 'properties.url:is:https://x/'],
  ['city:exists', 'city:exists'],
  ['city:is:', 'city:is:'],
])('what is typed as %j is %j', (typed, text) => {
  expect(parseFilter(typed)).toEqual({ ok: true, text })
})

it.each([
  ['', 'Write a condition'],
  ['contry:is:DE', 'There is no field “contry”'],
  ['ip:is:10.0.0.1', 'There is no field “ip”'],
  ['person_id:is:x', 'see visitor_id'],
  ['country:equals:DE', 'op must be one of is, is_not'],
  ['country:gt:1', 'country is no number'],
  ['properties.price:gt:x', 'value must be a number'],
  ['country:is', 'value is missing'],
  ['city:exists:', 'must end with exists'],
])('what is typed as %j is refused', (typed, words) => {
  const parsed = parseFilter(typed)
  expect(parsed.ok ? '' : parsed.message).toContain(words)
})

it('conditions are as many and as long as the server takes', () => {
  const ten = Array.from({ length: MAX_WATCH_FILTERS }, (_, index) => `event:is_not:${index}`)
  expect(parseFilter('country:is:DE', ten)).toMatchObject({ ok: false })
  expect(parseFilter('event:is_not:3', ten)).toEqual({ ok: true, text: 'event:is_not:3' })
  const long = Array.from({ length: 5 }, (_, index) => `event:is:${index}${'x'.repeat(800)}`)
  expect(parseFilter('country:is:DE', long.slice(1))).toMatchObject({ ok: true })
  expect(parseFilter('country:is:DE', long)).toMatchObject({ ok: false })
})
