import { describe, expect, it } from 'vitest'
import { checkLiveSettings, checkWindows, filterValues } from './check-windows.ts'
import { shippedWindows } from './shipped-windows.ts'

const OK = { name: 'w', window: { kind: 'tumbling', size: '10s' }, measures: { n: { kind: 'count' } } }
const of = (measure: object) => ({ ...OK, measures: { n: measure } })
const spanned = (window: object) => ({ ...OK, window })
const where = (...filters: object[]) => ({ ...OK, where: filters })
const SIZED = spanned({ kind: 'sliding', size: '1m', every: '7s' })

const check = (...windows: unknown[]) => checkWindows(windows as never, ['shop', 'blog'])
const messageOf = (act: () => void) => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return (error as Error).message
  }
  return 'nothing is wrong'
}

const WRONG: [wrong: unknown, message: string][] = [
  [
    { ...OK, name: 'Top' },
    'windows[0].name must be 1 to 64 of a-z, 0-9, "_", beginning with a letter, got "Top"',
  ],
  [{ ...OK, size: '5m' }, 'windows[0].size is not known'],
  [
    spanned({ kind: 'hopping', size: '1m' }),
    'windows[0].window.kind must be one of tumbling, sliding, session',
  ],
  [
    spanned({ kind: 'tumbling', size: 10 }),
    'windows[0].window.size must be a duration such as 10s, 5m or 1h, got 10',
  ],
  [spanned({ kind: 'tumbling', size: '0s' }), 'windows[0].window.size must be a duration'],
  [spanned({ kind: 'tumbling', size: '4s' }), 'windows[0].window.size must be from 5s to 1h, got "4s"'],
  [spanned({ kind: 'tumbling', size: '61m' }), 'windows[0].window.size must be from 5s to 1h, got "61m"'],
  [
    spanned({ kind: 'session', gap: '1m' }),
    'windows[0].by must say whose session it is, such as ["visitor_id"]',
  ],
  [SIZED, 'windows[0].window.every must divide the size 1m into 2 to 120 parts, got "7s"'],
  [spanned({ kind: 'sliding', size: '1m', every: '1m' }), 'into 2 to 120 parts, got "1m"'],
  [spanned({ kind: 'sliding', size: '1h', every: '5s' }), 'into 2 to 120 parts, got "5s"'],
  [spanned({ kind: 'sliding', size: '1m' }), 'windows[0].window.every must be a duration'],
  [{ ...OK, measures: {} }, 'windows[0].measures must hold at least one measure'],
  [of({ kind: 'mean', of: 'x' }), 'windows[0].measures.n.kind must be one of count, sum, avg'],
  [of({ kind: 'sum', of: 'country' }), 'windows[0].measures.n.of must be a field of numbers, got "country"'],
  [
    of({ kind: 'sum', of: 'properties.n', times: 'country' }),
    'windows[0].measures.n.times must be a field of numbers',
  ],
  [of({ kind: 'sum', of: 'item.price' }), 'windows[0].measures.n.of must be one of'],
  [of({ kind: 'quantiles', of: 'properties.n', quantiles: [95] }), 'must be numbers from 0 to 1, got 95'],
  [of({ kind: 'quantiles', of: 'properties.n', quantiles: [] }), 'quantiles must not be empty'],
  [{ ...OK, by: ['contry'] }, 'windows[0].by[0] must be one of visitor_id, '],
  [{ ...OK, by: ['ip'] }, 'windows[0].by[0] must be one of visitor_id, '],
  [{ ...OK, by: ['person_id'] }, 'see visitor_id, got "person_id"'],
  [{ ...OK, by: ['properties'] }, 'windows[0].by[0] must be a path'],
  [{ ...OK, by: ['event', 'type', 'country', 'city'] }, 'windows[0].by must be at most 3 fields'],
  [{ ...OK, each: 'products' }, 'windows[0].each must be a path such as properties.products, got "products"'],
  [where({ field: 'event', op: 'is' }), 'windows[0].where[0] value is missing'],
  [
    where({ field: 'event', op: 'is', value: ['a', 'b'] }),
    'windows[0].where[0] value must be a single one for is',
  ],
  [
    where({ field: 'event', op: 'gt', value: 1 }),
    'windows[0].where[0] op must not compare: event is no number',
  ],
  [where({ field: 'seq', op: 'gt', value: 'x' }), 'windows[0].where[0] value must be a number, got "x"'],
  [where({ field: 'event', op: 'in', value: [] }), 'windows[0].where[0].value must not be empty'],
  [{ ...OK, sources: ['nope'] }, 'windows[0].sources must be of shop, blog, got "nope"'],
  [null, 'windows[0] must be an object, got null'],
]

/** What a schema would say in words of its own. */
const BOUNDS: [wrong: unknown, option: string][] = [
  [{ ...OK, maxGroups: 0 }, 'windows[0].maxGroups must be'],
  [{ ...OK, maxGroups: 1_001 }, 'windows[0].maxGroups must be'],
  [{ ...OK, maxGroups: 1.5 }, 'windows[0].maxGroups must be'],
  [of({ kind: 'top', of: 'country', limit: 0 }), 'windows[0].measures.n.limit must be'],
  [of({ kind: 'top', of: 'country', limit: 101 }), 'windows[0].measures.n.limit must be'],
  [where(...Array(21).fill({ field: 'event', op: 'exists' })), 'windows[0].where must be'],
  [{ ...OK, measures: { N: { kind: 'count' } } }, 'windows[0].measures.N must be 1 to 64 of a-z'],
  [{ ...OK, measures: undefined }, 'windows[0].measures must be an object'],
]

describe('check of windows', () => {
  it('takes those that are shipped, and what is at a bound', () => {
    check(...shippedWindows)
    check(
      OK,
      { ...spanned({ kind: 'sliding', size: '1h', every: '30s' }), name: 'a'.repeat(64), maxGroups: 1_000 },
      { ...spanned({ kind: 'session', gap: '5s' }), name: 's', by: ['visitor_id', 'event', 'properties.a'] },
      { ...where({ field: 'properties.n', op: 'gte', value: -1.5 }), name: 'f', sources: ['blog'] },
      { ...of({ kind: 'sum', of: 'item', times: 'item.quantity' }), name: 'i', each: 'properties.products' },
      { ...of({ kind: 'quantiles', of: 'seq', quantiles: [0, 1] }), name: 'q' },
    )
    check()
  })

  it.each(WRONG)('says what is wrong with %j', (wrong, message) => {
    expect(messageOf(() => check(wrong))).toContain(message)
  })

  it.each(BOUNDS)('says in its own words what is wrong with %j', (wrong, beginning) => {
    const message = messageOf(() => check(wrong))
    expect(message.startsWith(beginning) ? beginning : message).toBe(beginning)
    expect(message).not.toMatch(/Too (small|big)|Invalid|expected|record|an int\b/)
  })

  it('says which of several is wrong, and which name is there twice', () => {
    expect(messageOf(() => check(OK, { ...OK, name: 'v', by: ['x'] }))).toContain('windows[1].by[0]')
    expect(messageOf(() => check(OK, OK))).toBe('windows[1].name must be unique, got "w" twice')
    expect(
      messageOf(() => check(...Array.from({ length: 31 }, (_, i) => ({ ...OK, name: `w${i}` })))),
    ).toContain('windows must be at most 30')
  })
})

describe('check of live settings', () => {
  it.each([{}, { allowedLateness: '1s' }, { allowedLateness: '10m', retention: '6h' }, { retention: '10m' }])(
    'takes %j',
    (settings) => {
      expect(messageOf(() => checkLiveSettings(settings as never))).toBe('nothing is wrong')
    },
  )

  it.each([
    [{ allowedLateness: '0s' }, 'live.allowedLateness must be a duration such as 10s, 5m or 1h, got "0s"'],
    [{ allowedLateness: '11m' }, 'live.allowedLateness must be from 1s to 10m, got "11m"'],
    [{ retention: '9m' }, 'live.retention must be from 10m to 6h, got "9m"'],
    [{ retention: 3600 }, 'live.retention must be a duration such as 10s, 5m or 1h, got 3600'],
    [{ lateness: '1m' }, 'live.lateness is not known; known are allowedLateness, retention'],
  ])('says what is wrong with %j', (settings, message) => {
    expect(messageOf(() => checkLiveSettings(settings as never))).toBe(message)
  })
})

describe('values of a filter', () => {
  it.each([
    [undefined, []],
    ['x', ['x']],
    [1.5, ['1.5']],
    [false, ['false']],
    [
      ['a', 2],
      ['a', '2'],
    ],
    ['', ['']],
  ])('%j are %j', (value, expected) => {
    expect(filterValues({ field: 'f', op: 'is', ...(value === undefined ? {} : { value }) })).toEqual(
      expected,
    )
  })
})
