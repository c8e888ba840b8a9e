import { expect, test } from 'vitest'
import { createFakeStorage } from './fakes.ts'
import { createStore } from './store.ts'
import { createStreamEndNote } from './stream-end.ts'

test('note is found by the next page of the same source, not by its own page', () => {
  const store = createStore(createFakeStorage.bind(null, {}))
  const storage = createFakeStorage()
  const shared = createStore(() => storage)
  const first = createStreamEndNote(shared, 'key', 'streamA')
  first.leave(3)
  first.leave(5)
  expect(first.find()).toBeUndefined()
  expect(createStreamEndNote(shared, 'key', 'streamB').find()).toEqual({ stream: 'streamA', lastSeq: 5 })
  expect(createStreamEndNote(shared, 'other', 'streamB').find()).toBeUndefined()
  expect(createStreamEndNote(store, 'key', 'streamB').find()).toBeUndefined()
})

test('note is absent where storage is refused', () => {
  const note = createStreamEndNote(
    createStore(() => createFakeStorage({ isRefused: true })),
    'key',
    'streamA',
  )
  note.leave(3)
  expect(note.find()).toBeUndefined()
})

test.each(['', 'nonsense', '-3', 'streamA-', 'streamA-x', 'streamA-0', '{}'])(
  'note with %j in it is absent',
  (text) => {
    const storage = createFakeStorage()
    storage.setItem('millrace.end.key', text)
    expect(
      createStreamEndNote(
        createStore(() => storage),
        'key',
        'streamB',
      ).find(),
    ).toBeUndefined()
  },
)
