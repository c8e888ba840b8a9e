import { describe, expect, test } from 'vitest'
import { createFakeWindow } from './fakes.ts'
import { watchPage } from './page-lifecycle.ts'

function setUp() {
  const page = createFakeWindow()
  const heard: unknown[] = []
  const state = watchPage((...change) => heard.push(change), page.window)
  return { page, heard, state }
}

describe('page lifecycle', () => {
  test('tells of each change, and nothing else', () => {
    const { page, heard, state } = setUp()
    expect([state(), heard]).toEqual(['shown', []])
    page.setVisibility('hidden')
    page.setVisibility('visible')
    page.setVisibility('hidden')
    page.fire('pagehide')
    expect(heard).toEqual([
      ['hidden', false],
      ['shown', false],
      ['hidden', false],
      ['gone', false],
    ])
    expect(state()).toBe('gone')
  })

  test('knows a page that goes without a change of visibility', () => {
    const { page, state } = setUp()
    page.fire('pagehide')
    expect(state()).toBe('gone')
  })

  test('knows a page that comes back from the cache', () => {
    const { page, heard, state } = setUp()
    page.fire('pagehide')
    page.fire('pageshow')
    expect([state(), heard.at(-1)]).toEqual(['shown', ['shown', false]])
  })

  test.each(['visible', 'hidden'] as const)(
    'tells that the network is back, on a page that is %s',
    (visibility) => {
      const { page, heard } = setUp()
      page.setVisibility(visibility)
      page.fire('online')
      expect(heard.at(-1)).toEqual([visibility === 'hidden' ? 'hidden' : 'shown', true])
    },
  )

  test('takes a page that went for gone when the network is back', () => {
    const { page, heard } = setUp()
    page.fire('pagehide')
    page.fire('online')
    expect(heard.at(-1)).toEqual(['gone', true])
  })

  test('begins on a page that is hidden', () => {
    const page = createFakeWindow()
    page.setVisibility('hidden')
    expect(watchPage(() => {}, page.window)()).toBe('hidden')
  })

  test('never listens to unload, which would keep the page out of the cache', () => {
    const { page } = setUp()
    expect(page.types().filter((type) => /unload/.test(type))).toEqual([])
  })
})
