import { describe, expect, it } from 'vitest'
import { compilePath, isAtOrBelow, REMOVED, readPath, readPathAll, updatePath } from './paths.ts'

const remove = () => REMOVED
const shout = (value: unknown) => (typeof value === 'string' ? value.toUpperCase() : value)

describe('a path', () => {
  it('ends in ** or has none', () => {
    expect(compilePath('traits.**')).toEqual({ steps: ['traits', '*'], isDeep: true })
    expect(compilePath('traits.a.*')).toEqual({ steps: ['traits', 'a', '*'], isDeep: false })
    expect(() => compilePath('traits.**.email')).toThrow('"**" only at its end, got traits.**.email')
  })

  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.b.c', true],
    ['a.b', 'a', false],
    ['a.b', 'a.bc', false],
    ['a.*.c', 'a.0.c', true],
    ['a.*.c', 'a.0.d', false],
    ['a.**', 'a', false],
    ['a.**', 'a.x.y', true],
  ])('%s covers %s: %s', (rule, path, isCovered) => {
    expect(isAtOrBelow(path.split('.'), compilePath(rule))).toBe(isCovered)
  })
})

describe('reading', () => {
  it.each([
    ['a.b', { a: { b: 1 } }, 1],
    ['a.1', { a: ['x', 'y'] }, 'y'],
    ['a.length', { a: ['x'] }, undefined],
    ['a.constructor', { a: {} }, undefined],
    ['a.__proto__', { a: {} }, undefined],
    ['a.length', { a: 'text' }, undefined],
    ['a.b.c', { a: null }, undefined],
  ])('finds %s in %j: %j', (path, value, found) => {
    expect(readPath(value, path.split('.'))).toBe(found)
  })

  it.each([
    ['a.*.id', { a: [{ id: 1 }, {}, 7, { id: 2 }] }, [1, undefined, undefined, 2]],
    ['a.*', { a: { x: 1, y: 2 } }, [1, 2]],
    ['a.*.b.*', { a: [{ b: [1, 2] }, { b: [3] }] }, [1, 2, 3]],
    ['a.*', { a: 'text' }, []],
    ['a.*', {}, []],
  ])('finds all %s in %j: %j', (path, value, found) => {
    expect(readPathAll(value, path.split('.'))).toEqual(found)
  })
})

describe('changing', () => {
  it('copies what lies along the path and shares the rest', () => {
    const value = { a: { b: 'x', c: { d: 1 } }, e: {} }
    const changed = updatePath(value, ['a', 'b'], shout) as typeof value
    expect(changed).toEqual({ a: { b: 'X', c: { d: 1 } }, e: {} })
    expect(value.a.b).toBe('x')
    expect([changed.a.c === value.a.c, changed.e === value.e]).toEqual([true, true])
  })

  it.each([['a.x'], ['a.b.c'], ['z'], ['a.n'], ['a.*.c']])(
    'gives the same value when %s changes nothing',
    (path) => {
      const value = { a: { b: 'X', n: 1 } }
      expect(updatePath(value, path.split('.'), shout)).toBe(value)
    },
  )

  it.each([
    ['a', { a: 1, b: 2 }, { b: 2 }],
    ['a.0', { a: ['x', 'y'] }, { a: [null, 'y'] }],
    ['a.*', { a: ['x', 'y'] }, { a: [null, null] }],
    ['a.*.b', { a: [{ b: 1, c: 2 }, 3] }, { a: [{ c: 2 }, 3] }],
    ['*', { a: 1, b: 2 }, {}],
  ])('removes %s from %j', (path, value, left) => {
    expect(updatePath(value, path.split('.'), remove)).toEqual(left)
  })

  it('leaves prototypes alone, and keeps a key named __proto__ a key', () => {
    const value = JSON.parse('{"a":{"__proto__":{"x":"y"},"b":"c"}}')
    const changed = updatePath(value, ['a', '__proto__', 'x'], shout) as { a: object }
    expect(JSON.stringify(changed)).toBe('{"a":{"__proto__":{"x":"Y"},"b":"c"}}')
    expect(Object.getPrototypeOf(changed.a)).toBe(Object.prototype)
    expect(updatePath({ a: {} }, ['a', '__proto__', 'x'], remove)).toEqual({ a: {} })
  })
})
