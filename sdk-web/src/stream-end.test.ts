import { describe, expect, test } from 'vitest'
import { createFakeStorage } from './fakes.ts'
import { createStore } from './store.ts'
import { createStreamEndNote } from './stream-end.ts'

const isOpen = () => true

function openTab(storage = createFakeStorage()) {
  const store = createStore(() => storage, isOpen)
  return { storage, openPage: (writeKey = 'key') => createStreamEndNote(store, writeKey) }
}

describe('note', () => {
  test('is found by the next page of the same source and tab, not by its own page', () => {
    const tab = openTab()
    const first = tab.openPage()
    expect(first.read()).toBeUndefined()
    first.save({ stream: 'streamA', lastSeq: 3 })
    first.save({ stream: 'streamA', lastSeq: 5 })
    expect(first.read()).toBeUndefined()
    expect(tab.openPage().read()).toEqual({ stream: 'streamA', lastSeq: 5 })
    expect(tab.openPage('other').read()).toBeUndefined()
    expect(openTab().openPage().read()).toBeUndefined()
  })

  test('stays until the next page has numbers of its own', () => {
    const tab = openTab()
    tab.openPage().save({ stream: 'streamA', lastSeq: 5 })
    const second = tab.openPage()
    second.save({ stream: 'streamB', lastSeq: 0 })
    expect(second.read()).toEqual({ stream: 'streamA', lastSeq: 5 })
    second.save({ stream: 'streamB', lastSeq: 1 })
    expect(second.read()).toBeUndefined()
    expect(tab.openPage().read()).toEqual({ stream: 'streamB', lastSeq: 1 })
  })

  test('is absent where storage is refused', () => {
    const note = openTab(createFakeStorage({ isRefused: true })).openPage()
    note.save({ stream: 'streamA', lastSeq: 3 })
    expect(note.read()).toBeUndefined()
  })

  test.each(['', 'nonsense', '{', 'null', '0'])('with %j in it is absent', (text) => {
    const { storage, openPage } = openTab()
    storage.setItem('millrace.end.key', text)
    expect(openPage().read()).toBeUndefined()
  })
})
