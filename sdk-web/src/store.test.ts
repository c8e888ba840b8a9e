import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeStorage } from './fakes.ts'
import { createStore } from './store.ts'

const isOpen = () => true

describe('store', () => {
  test('reads what it wrote, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (key, value) => {
        const storage = createFakeStorage()
        const store = createStore(() => storage, isOpen)
        expect(store.load(key)).toBeUndefined()
        expect(store.keep(key, value)).toBe(true)
        // What is falsy is absent.
        expect(store.load(key)).toEqual(value ? JSON.parse(JSON.stringify(value)) : undefined)
      }),
    )
  })

  test('removes a key that has no value', () => {
    const storage = createFakeStorage()
    const store = createStore(() => storage, isOpen)
    store.keep('a', 1)
    expect(Object.entries(storage)).toEqual([['millrace.a', '1']])
    expect(store.keep('a')).toBe(true)
    expect(Object.entries(storage)).toEqual([])
  })

  test('lists its own keys by their beginning', () => {
    const storage = createFakeStorage()
    const store = createStore(() => storage, isOpen)
    for (const key of ['outbox.a.1', 'outbox.a.2', 'outbox.b.1', 'session']) store.keep(key, 1)
    storage.setItem('outbox.a.3', 'of the page')
    expect(store.list('outbox.a.')).toEqual(['1', '2'])
    expect(store.list('')).toHaveLength(4)
    expect(store.list('none')).toEqual([])
  })

  test.each(['', ' ', 'nonsense', '{', '{"a":', 'undefined', 'null', '0', '""', 'false', 'NaN'])(
    'reads %j as absent',
    (text) => {
      const storage = createFakeStorage()
      storage.setItem('millrace.a', text)
      expect(createStore(() => storage, isOpen).load('a')).toBeUndefined()
    },
  )

  test('neither reads nor writes while it is closed', () => {
    let open = true
    const storage = createFakeStorage()
    const store = createStore(
      () => storage,
      () => open,
    )
    store.keep('a', 1)
    open = false
    expect([store.load('a'), store.keep('a', 2), store.keep('a'), store.list('')]).toEqual([
      undefined,
      false,
      false,
      [],
    ])
    open = true
    expect(store.load('a')).toBe(1)
  })

  const full = Object.assign(createFakeStorage(), {
    setItem() {
      throw new DOMException('full', 'QuotaExceededError')
    },
  })
  test.each<[string, () => Storage]>([
    ['the area throws', () => createFakeStorage({ isRefused: true })],
    [
      'reading the area throws',
      () => {
        throw new DOMException('blocked', 'SecurityError')
      },
    ],
    ['there is no area', () => undefined as unknown as Storage],
    ['the area is null', () => null as unknown as Storage],
    ['there is no room', () => full],
  ])('never throws when %s', (_, area) => {
    const store = createStore(area, isOpen)
    expect(store.keep('a', 1)).toBe(false)
    expect(store.load('a')).toBeUndefined()
    expect(store.list('')).toEqual([])
  })

  test('never throws for a value that is not JSON', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const storage = createFakeStorage()
    const store = createStore(() => storage, isOpen)
    expect([store.keep('a', circular), store.keep('b', 1n)]).toEqual([false, false])
    expect(store.list('')).toEqual([])
  })
})
