import type { EventView, WindowMeasure } from '@millrace/schemas/live'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../ground-truth.ts'
import { createMeasure } from './measure.ts'

const view = (value: unknown, quantity: unknown = 1): EventView => ({
  row: {
    anonymous_id: String(value),
    page_path: String(value),
    properties: { value, quantity } as EventView['row'],
  },
})

/** What the measure says of events with these values. */
function measured(definition: WindowMeasure, values: readonly unknown[]): unknown {
  const measure = createMeasure(definition, false)
  const state = measure.create()
  for (const value of values) measure.add(state, view(value))
  return measure.read(state, values.length)
}

const OF = 'properties.value'

const DEFINITIONS: WindowMeasure[] = [
  { kind: 'count' },
  { kind: 'sum', of: OF },
  { kind: 'sum', of: OF, times: 'properties.quantity' },
  { kind: 'avg', of: OF },
  { kind: 'min', of: OF },
  { kind: 'max', of: OF },
  { kind: 'uniques', of: 'visitor_id' },
  { kind: 'quantiles', of: OF, quantiles: [0, 0.5, 0.95, 1] },
  { kind: 'top', of: OF, limit: 100 },
]

/** What is no number to questions: https://clickhouse.com/docs, `toFloat64OrNull`, within 1e15. */
const NO_NUMBERS = [
  ...[
    '',
    ' ',
    ' 1',
    '1 ',
    'NaN',
    'nan',
    'inf',
    '-Infinity',
    '1,5',
    '0x10',
    '1e',
    '１',
    '1_000',
    '--1',
    '1e16',
    '1e999',
  ],
  ...[1e16, -1e16, Number.MAX_VALUE, null, undefined, true, false, [], [1], {}, { value: 1 }],
]

describe('measure', () => {
  it.each<[WindowMeasure, unknown[], unknown]>([
    [{ kind: 'count' }, [1, 'x', null], 3],
    [{ kind: 'sum', of: OF }, ['1.5', 2, '-0.5', '+1', '.5', '5.', '1e2'], 109.5],
    [{ kind: 'avg', of: OF }, ['1', 2, 'x', ''], 1.5],
    [{ kind: 'min', of: OF }, [3, '-2', 'x'], -2],
    [{ kind: 'max', of: OF }, ['1e15', 3], 1e15],
    [{ kind: 'uniques', of: 'visitor_id' }, ['a', 'a', '', 'b'], 2],
    [{ kind: 'quantiles', of: OF, quantiles: [0, 1] }, [0, -0, '0', 1e-300], { 0: 0, 1: 0 }],
    [{ kind: 'top', of: OF, limit: 1 }, ['a', 'b', 'b', '', null], [{ value: 'b', count: 2, error: 0 }]],
    [
      { kind: 'top', of: OF },
      ['__proto__', 'constructor', '__proto__'],
      [
        { value: '__proto__', count: 2, error: 0 },
        { value: 'constructor', count: 1, error: 0 },
      ],
    ],
  ])('%j of %j', (definition, values, expected) => {
    expect(measured(definition, values)).toEqual(expected)
  })

  it('takes nothing for a number that questions do not', () => {
    expect(measured({ kind: 'min', of: OF }, NO_NUMBERS)).toBeNull()
    expect(measured({ kind: 'avg', of: OF }, NO_NUMBERS)).toBeNull()
    expect(measured({ kind: 'sum', of: OF }, NO_NUMBERS)).toBe(0)
    expect(measured({ kind: 'quantiles', of: OF, quantiles: [0.5] }, NO_NUMBERS)).toEqual({ 0.5: null })
  })

  it('multiplies only where both are numbers', () => {
    const measure = createMeasure({ kind: 'sum', of: OF, times: 'properties.quantity' }, false)
    const state = measure.create()
    for (const [value, quantity] of [
      [2, 3],
      ['2.5', '2'],
      [7, 'x'],
      ['x', 7],
      [9, null],
      [-1, 0.5],
    ] as const)
      measure.add(state, view(value, quantity))
    expect(measure.read(state, 6)).toBe(10.5)
  })

  it('reads items, and what is no item, without a throw', () => {
    const measure = createMeasure({ kind: 'sum', of: 'item.price', times: 'item.quantity' }, true)
    const state = measure.create()
    const items = [
      { price: 1, quantity: 2 },
      null,
      undefined,
      5,
      'x',
      [],
      [{ price: 9 }],
      { price: {} },
      { __proto__: null },
    ]
    for (const item of items) measure.add(state, { row: {}, item })
    expect(measure.read(state, 1)).toBe(2)
  })

  describe.each(DEFINITIONS)('%j', (definition) => {
    const measure = createMeasure(definition, false)
    const random = createRandom(11)
    const values = Array.from({ length: 400 }, (_, i) =>
      i % 7 === 0 ? `v${Math.floor(random() * 30)}` : Math.round((random() - 0.4) * 1e6) / 1e3,
    )
    const whole = measure.create()
    for (const value of values) measure.add(whole, view(value, '0.5'))

    it('is the same in any grouping, stored in between', () => {
      let merged = measure.create()
      for (let i = values.length; i > 0; i -= 23) {
        const part = measure.create()
        for (const value of values.slice(Math.max(0, i - 23), i)) measure.add(part, view(value, '0.5'))
        measure.merge(merged, measure.decode(JSON.parse(JSON.stringify(measure.encode(part)))))
        merged = measure.decode(JSON.parse(JSON.stringify(measure.encode(merged))))
      }
      expect(JSON.stringify(measure.encode(merged))).toBe(JSON.stringify(measure.encode(whole)))
      expect(measure.read(merged, 400)).toEqual(measure.read(whole, 400))
    })

    it('leaves what is merged as it was', () => {
      const before = JSON.stringify(measure.encode(whole))
      const into = measure.create()
      measure.merge(into, whole)
      measure.add(into, view(123_456))
      measure.merge(into, whole)
      expect(JSON.stringify(measure.encode(whole))).toBe(before)
    })
  })
})
