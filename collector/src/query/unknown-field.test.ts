import { describe, expect, it } from 'vitest'
import { EVENT_FIELD_NAMES, findEventField, SESSION_FIELD_NAMES } from './fields.ts'
import { describeUnknownField, findNearest } from './unknown-field.ts'

describe('findNearest', () => {
  it.each([
    ['page_pth', 'page_path'],
    ['pagePath', 'page_path'],
    ['Page-Title', 'page_title'],
    ['contry', 'country'],
    ['campain_source', 'campaign_source'],
    ['type_', 'type'],
    ['browser', 'browser_name'],
    ['device', 'device_brand'],
    ['os', 'os_name'],
    ['path', 'page_path'],
  ])('finds for %s the field %s', (name, nearest) => {
    expect(findNearest(name, EVENT_FIELD_NAMES)).toBe(nearest)
  })

  it.each(['', 'x', 'nope', 'colour', '__proto__', 'properties.', 'x'.repeat(256)])(
    'finds none for %s',
    (name) => {
      expect(findNearest(name, EVENT_FIELD_NAMES)).toBeUndefined()
    },
  )
})

describe('a field that there is not', () => {
  // ClickHouse would read these as something else than a key.
  it.each(['properties.^a', 'properties.:a', 'properties.a[]', 'properties.`a`', 'properties.a.'])(
    'is a path such as %s',
    (name) => {
      expect(findEventField(name)).toBeUndefined()
    },
  )

  it.each([
    ['ip', 'must be another field: addresses of people cannot be asked for'],
    ['click_id', 'must be another field: ids of clicks cannot be asked for'],
    ['properties', 'must go on with a path, such as properties.plan'],
  ])('such as %s is told why', (name, message) => {
    expect(describeUnknownField(name, EVENT_FIELD_NAMES, true)).toEqual({ message })
  })

  it('is told all that there are, also of lookup tables, and which is near', () => {
    const { message, hint } = describeUnknownField('contry', EVENT_FIELD_NAMES, true)
    expect(message).toMatch(
      /^must be one of type, event, .*lookup_today\.products\(properties\.product_id\)\.brand/,
    )
    expect(hint).toBe('did you mean country?')
  })

  it('of sessions has no paths', () => {
    expect(describeUnknownField('properties', SESSION_FIELD_NAMES, false).message).toMatch(
      /^must be one of [\w, ]+$/,
    )
  })
})
