import { describe, expect, test } from 'vitest'
import { createFakeWindow } from './fakes.ts'
import { watchPage } from './page-lifecycle.ts'

function setUp() {
  const page = createFakeWindow()
  const hides: string[] = []
  const isHidden = watchPage(() => hides.push(isHidden() ? 'hidden' : 'shown'), page.window)
  return { page, hides, isHidden }
}

describe('page', () => {
  test('hides and shows', () => {
    const { page, hides, isHidden } = setUp()
    expect(isHidden()).toBe(false)
    page.setVisibility('hidden')
    expect([isHidden(), hides]).toEqual([true, ['hidden']])
    page.setVisibility('visible')
    expect([isHidden(), hides]).toEqual([false, ['hidden']])
  })

  test('is hidden from pagehide until it comes back from the cache', () => {
    const { page, hides, isHidden } = setUp()
    page.fire('pagehide')
    expect([isHidden(), hides]).toEqual([true, ['hidden']])
    page.fire('pageshow')
    expect(isHidden()).toBe(false)
  })

  test('is never listened to for unload, which would keep it out of the cache', () => {
    expect(setUp().page.types()).toEqual(['visibilitychange', 'pagehide', 'pageshow'])
  })
})
