import { render } from '@millrace/schemas/sql'
import { describe, expect, it } from 'vitest'
import { findEventField } from './fields.ts'

describe('a field of a lookup table', () => {
  it('asks for the row of the source, with everything that was said as a parameter', () => {
    const field = findEventField("lookup_today.products(properties.product_id).maker.it's")
    expect(field?.kind).toBe('json')
    const { text, parameters } = render(field?.text ?? expect.fail())
    expect(text).toBe(
      "JSONExtractString(dictGetOrDefault(concat(currentDatabase(), '.lookup_today'), 'row', ({source:String}, {p0:String}, ifNull(toString(getSubcolumn(properties, {p1:String})), '')), ''), {p2:String}, {p3:String})",
    )
    expect(parameters).toEqual({ p0: 'products', p1: 'product_id', p2: 'maker', p3: "it's" })
  })

  it('asks for the time of the event where it is of then', () => {
    const { text } = render(findEventField('lookup_then.plans(group_id).tier')?.text ?? expect.fail())
    expect(text).toContain(
      "'.lookup_then'), 'row', ({source:String}, {p0:String}, group_id), toUnixTimestamp64Milli(timestamp), '')",
    )
  })

  it.each([
    'lookup_today.products.category',
    'lookup_today.products().category',
    'lookup_today.products(nothing).category',
    'lookup_today.products(properties.id)',
    'lookup_today.products(properties.id).',
    'lookup_today.products(properties.id).a..b',
    'lookup_today.Products(properties.id).a',
    'lookup_today.products(lookup_today.products(properties.id).a).b',
    'lookup_never.products(properties.id).a',
    `lookup_today.products(properties.id).${Array(17).fill('a').join('.')}`,
  ])('is not %s', (name) => {
    expect(findEventField(name)).toBeUndefined()
  })
})
