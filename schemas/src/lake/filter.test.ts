/** The table that the same filters are tried by on ClickHouse is in `test/journeys/lake-export.test.ts`. */

import { describe, expect, it } from 'vitest'
import { batchOfRows } from './columns.ts'
import { chooseRows, parseLakeFilter } from './filter.ts'

function holds(filter: string, row: Record<string, string | number | boolean>): boolean {
  const result = parseLakeFilter(filter)
  if (!result.ok) throw new Error(result.message)
  return chooseRows(batchOfRows([row]), [result.condition]).length === 1
}

const EVENT = {
  event: 'Order Completed',
  country: 'DE',
  asn: 64_496,
  is_bot: true,
  properties: JSON.stringify({
    price: 12.5,
    text: '7',
    huge: 1e16,
    far: 1e21,
    none: null,
    empty: '',
    zero: 0,
    yes: true,
    'a.b': 1,
    'a%2Eb': 2,
    a: { b: 3, list: [1, 2] },
    list: ['x', "it's", null],
    items: [{ id: 1, none: null }],
  }),
}

describe('a filter', () => {
  it.each([
    ['country:is:DE', true],
    ['country:is:de', false],
    ['country:is_not:DE', false],
    ['country:in:AT,DE', true],
    ['country:not_in:AT,DE', false],
    ['event:contains:der C', true],
    ['event:not_contains:x', true],
    ['event:starts_with:Order', true],
    ['event:ends_with:order', false],
    ['region:exists', false],
    ['region:is:', true],
    ['asn:exists', true],
    ['session_index:exists', false],
    ['session_index:not_exists', true],
    ['asn:gte:64496', true],
    ['asn:is:64496', true],
    ['is_bot:is:true', true],
    ['gpc:exists', true],
    ['properties.price:gt:12', true],
    ['properties.price:lt:1.25e1', false],
    ['properties.text:gte:7', true],
    ['properties.huge:gt:1', false],
    ['properties.far:is:1e21', true],
    ['properties.none:exists', false],
    ['properties.empty:not_exists', true],
    ['properties.zero:exists', true],
    ['properties.yes:is:true', true],
    ['properties.nothing:is_not:x', true],
    ['properties.nothing:lt:5', false],
    ['properties.a.b:is:3', true],
    ['properties.a%2Eb:is:1', true],
    ['properties.a%252Eb:is:2', true],
    ['properties.a:exists', false],
    ['properties.a.list:is:[1,2]', true],
    ['properties.price.x:exists', false],
    ['properties.toString:exists', false],
    ["properties.list:is:['x','it\\'s',NULL]", true],
    [`properties.items:is:['{"id":1}']`, true],
    ['traits.plan:exists', false],
  ])('%s is %s of the event', (filter, expected) => {
    expect(holds(filter, EVENT)).toBe(expected)
  })

  it.each([
    ['country', 'must have a field, an op and mostly a value, such as country:is:DE'],
    ['country:', 'must have a field'],
    [':is:x', 'must have a field'],
    ['country:like:x', 'op must be one of is, is_not'],
    ['country:is', 'value is missing: write country:is:<value>'],
    ['country:exists:1', 'must end with exists: it has no value'],
    ['country:gt:1', 'op must not compare: country is no number'],
    ['asn:gt:many', 'value must be a number, got "many"'],
    ['event:contains:', 'value must not be empty'],
    [`event:in:${'x,'.repeat(100)}`, 'value must be at most 100 in number'],
    [`event:is:${'x'.repeat(1_001)}`, 'value must be at most 1000 characters long'],
    ['agee:is:1', 'field must be one of message_id, type, event'],
    ['timestamp:gt:1', 'field must be another field: times are chosen by from and to'],
    ['person_id:is:1', 'field must be another field: whose an event is only the warehouse knows'],
    ['properties:exists', 'field must go on with a path, such as properties.plan'],
    ['properties.a..b:exists', 'field must be a path of at most 16 keys'],
    ['properties.^a:exists', 'field must be a path of at most 16 keys'],
    ['violations:exists', 'field must be one of'],
  ])('%.40s is refused', (filter, message) => {
    expect(parseLakeFilter(filter)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })

  it('chooses rows together with others', () => {
    const batch = batchOfRows([
      { event: 'a', asn: 1 },
      { event: 'a', asn: 2 },
      { event: 'b', asn: 2 },
    ])
    const conditions = ['event:is:a', 'asn:gt:1'].map((text) => {
      const result = parseLakeFilter(text)
      if (!result.ok) throw new Error(result.message)
      return result.condition
    })
    expect(chooseRows(batch, conditions)).toEqual([1])
    expect(chooseRows(batch, [])).toEqual([0, 1, 2])
  })
})
