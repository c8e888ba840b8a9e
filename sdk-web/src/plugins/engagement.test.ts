import { describe, expect, test, vi } from 'vitest'
import { engagement } from './engagement.ts'
import { createFakeClient, createFakePage } from './fakes.ts'

/** A page 1,000 high in a window of 500, at time 0. */
function start(options: { focused?: boolean } = {}) {
  const { client, tracked, emit } = createFakeClient()
  const clock = { now: 0 }
  const timers: (() => void)[] = []
  const document = {
    visibilityState: 'visible',
    scrollingElement: { scrollHeight: 1_000 },
    hasFocus: () => true,
  }
  const page = createFakePage({
    document,
    location: { pathname: '/one' },
    performance: { now: () => clock.now },
    innerHeight: 500,
    scrollY: 0,
    setTimeout: (run: () => void) => timers.push(run),
    clearTimeout: vi.fn(),
  })
  const stop = engagement(client, { ...options, window: page.window })
  const look = () => {
    for (const run of timers.splice(0)) run()
  }
  const change = (visibilityState: string) => {
    document.visibilityState = visibilityState
    page.dispatch('visibilitychange')
  }
  return { ...page, tracked, emit, clock, look, change, document, stop }
}

const engaged = (path: string, visibleMs: number, scrollPercent: number) => [
  'Page Engaged',
  { path, visibleMs, scrollPercent },
]

describe('engagement', () => {
  test('records each stretch of visible time once, however often the page hides', () => {
    const { tracked, clock, change, dispatch } = start()
    clock.now = 1_000
    change('hidden')
    dispatch('pagehide')
    clock.now = 60_000
    change('visible')
    clock.now = 60_250.5
    change('hidden')
    expect(tracked).toEqual([engaged('/one', 1_000, 50), engaged('/one', 250, 50)])
  })

  test('records a view under its own path as the next one begins', () => {
    const { tracked, clock, emit, look, fields, dispatch } = start()
    emit('page')
    fields.scrollY = 300
    dispatch('scroll')
    look()
    clock.now = 700
    Object.assign(fields, { scrollY: 0, location: { pathname: '/two' } })
    emit('page')
    look()
    clock.now = 900
    dispatch('pagehide')
    expect(tracked).toEqual([engaged('/one', 700, 80), engaged('/two', 200, 50)])
  })

  test('takes the path that a page call gives', () => {
    const { tracked, clock, emit } = start()
    emit('page', 'Product', { path: '/virtual' })
    clock.now = 10
    emit('page')
    expect(tracked.map(([, { path }]) => path)).toEqual(['/virtual'])
  })

  test('starts no second view with the page call for the one it was started in', () => {
    const { tracked, clock, emit } = start()
    clock.now = 5
    emit('page')
    expect(tracked).toEqual([])
    clock.now = 9
    emit('page')
    expect(tracked).toEqual([engaged('/one', 9, 0)])
  })

  test('keeps the deepest place, in proportion to how high the page has grown', () => {
    const { tracked, clock, fields, dispatch, look, change, document } = start()
    fields.scrollY = 500
    dispatch('scroll')
    look()
    document.scrollingElement.scrollHeight = 4_000
    fields.scrollY = 0
    clock.now = 1
    change('hidden')
    expect(tracked).toEqual([engaged('/one', 1, 25)])
  })

  test('counts time without focus only if it is not asked to leave it out', () => {
    for (const [focused, visibleMs] of [
      [false, 300],
      [true, 100],
    ] as const) {
      const { tracked, clock, dispatch, change } = start({ focused })
      clock.now = 100
      dispatch('blur')
      clock.now = 300
      change('hidden')
      expect(tracked).toEqual([engaged('/one', visibleMs, 50)])
    }
  })

  test('looks at the page once for many scroll events', () => {
    const { fields, dispatch, document, look } = start()
    look()
    const read = vi.fn(() => 1_000)
    Object.defineProperty(document.scrollingElement, 'scrollHeight', { get: read })
    for (let i = 0; i < 50; i++) dispatch('scroll')
    fields.scrollY = 10
    look()
    expect(read).toHaveBeenCalledTimes(1)
  })

  test('records nothing once stopped', () => {
    const { tracked, clock, emit, change, stop } = start()
    clock.now = 100
    stop()
    change('hidden')
    emit('page', { path: '/two' })
    expect(tracked).toEqual([])
  })
})
