import { describe, expect, test } from 'vitest'
import { snapshot } from './snapshot.ts'

const MAX_UNITS = 32_768

function throwing(): never {
  throw new Error('from the page')
}

/** What arrives at the collector of a value. */
function arrived(value: unknown): unknown {
  const text = JSON.stringify(snapshot(value, MAX_UNITS).copy)
  return text === undefined ? undefined : JSON.parse(text)
}

describe('snapshot', () => {
  test('does not follow later changes', () => {
    const properties = { list: [1, { deep: 'before' }] as unknown[] }
    const { copy } = snapshot(properties, MAX_UNITS)
    properties.list[0] = 2
    ;(properties.list[1] as { deep: string }).deep = 'after'
    expect(copy).toEqual({ list: [1, { deep: 'before' }] })
  })

  test.each([
    ['plain values', { text: 'a', number: 1.5, yes: true, nothing: null, list: [1, [2], {}] }],
    ['what JSON leaves out', { a: undefined, b: () => 1, c: Symbol('c'), list: [undefined, () => 1] }],
    ['what JSON turns to null', { a: Number.NaN, b: Number.POSITIVE_INFINITY }],
    ['dates, URLs and others with toJSON', { date: new Date(0), url: new URL('https://a.example/') }],
    [
      'own fields of class instances',
      new (class {
        own = 1
        get inherited() {
          return 2
        }
      })(),
    ],
    ['maps, sets and errors', { map: new Map([[1, 2]]), set: new Set([1]), error: new Error('x') }],
    ['an object that is there twice', [{ a: 1 }].flatMap((shared) => [{ left: shared, right: shared }])[0]],
    ['null', null],
    ['a text', 'text'],
  ])('reads %s as JSON.stringify does', (_, value) => {
    expect(arrived(value)).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test('leaves out what cannot be read and keeps the rest', () => {
    const circular: Record<string, unknown> = { kept: 1 }
    circular['self'] = circular
    circular['list'] = [circular, 2]
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(
      arrived({
        circular,
        proxy,
        get getter() {
          return throwing()
        },
        toJson: { toJSON: throwing },
        functionWithToJson: Object.assign(() => 1, { toJSON: throwing }),
        big: 12345678901234567890n,
        last: 'kept',
      }),
    ).toEqual({ circular: { kept: 1, list: [null, 2] }, big: '12345678901234567890', last: 'kept' })
  })

  test('cannot be made to throw later by a getter that changes its mind', () => {
    let reads = 0
    const sly = {
      get toJSON() {
        return reads++ ? throwing : undefined
      },
    }
    expect(arrived({ sly, kept: 1 })).toEqual({ sly: {}, kept: 1 })
  })

  test('keeps 60 levels', () => {
    let deep: unknown = 'bottom'
    for (let level = 0; level < 100; level++) deep = [deep]
    expect(JSON.stringify(arrived(deep)).match(/\[/g)).toHaveLength(61)
  })

  test('stops when it has more than the limit, however large the input', () => {
    const wide: Record<string, unknown> = {}
    for (let i = 0; i < 30; i++)
      wide[`key${i}`] = wide[`key${i - 1}`] ? [wide[`key${i - 1}`], wide[`key${i - 1}`]] : [1]
    const { units } = snapshot(wide, 1_000)
    expect(units).toBeGreaterThan(1_000)
    expect(units).toBeLessThan(2_000)
  })

  test('estimates the size from below', () => {
    const value = { name: 'Wool socks', price: 12.5, tags: ['warm', 'red'], nested: { empty: {} } }
    const { units } = snapshot(value, MAX_UNITS)
    expect(units).toBeLessThanOrEqual(JSON.stringify(value).length)
    expect(units).toBeGreaterThan(JSON.stringify(value).length / 2)
  })
})
