import { expect, test } from 'vitest'
import { createFakeStorage } from './fakes.ts'
import { createStore } from './store.ts'

test('store reads what it wrote', () => {
  const storage = createFakeStorage()
  const store = createStore(() => storage)
  expect(store.get('a')).toBeNull()
  store.set('a', '1')
  expect(store.get('a')).toBe('1')
})

test.each<[string, () => Storage]>([
  ['the area throws', () => createFakeStorage({ isRefused: true })],
  [
    'there is no area',
    () => {
      throw new ReferenceError('localStorage is not defined')
    },
  ],
])('store reads nothing and swallows writes when %s', (_, open) => {
  const store = createStore(open)
  store.set('a', '1')
  expect(store.get('a')).toBeNull()
})
