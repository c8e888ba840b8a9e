import { describe, expect, test } from 'vitest'
import { createFakeClient, createFakeElement, createFakePage } from './fakes.ts'
import { decodeLinkToken, encodeLinkToken } from './link-token.ts'
import { linker } from './linker.ts'

const NOW = 1_790_000_000_000
const BROWSER = ['Test/1', 'de', new Date().getTimezoneOffset()].join()
const DOMAINS = ['shop.example', 'pay.example']

function start(options: { href?: string; referrer?: string; anonymousId?: string | null } = {}) {
  const { href = 'https://shop.example/', referrer = '', anonymousId = 'visitor' } = options
  const fake = createFakeClient()
  fake.state.anonymousId = anonymousId ?? undefined
  const timers: (() => void)[] = []
  const location = new URL(href)
  const page = createFakePage({
    location,
    document: { referrer },
    navigator: { userAgent: 'Test/1', language: 'de' },
    history: {
      state: { kept: true },
      replaceState: (_state: object, _: string, url: string) => Object.assign(location, { href: url }),
    },
    setTimeout: (run: () => void) => timers.push(run),
  })
  const stop = linker(fake.client, { domains: DOMAINS, now: () => NOW, window: page.window })
  const click = (link: object, button = 0) =>
    page.dispatch(button ? 'auxclick' : 'click', { composedPath: () => [link, page.window], button })
  return { ...fake, ...page, location, timers, click, stop }
}

const link = (href: string) => createFakeElement(['a[href]'], { href })
const idIn = (href: string | null, name = '_ml') =>
  decodeLinkToken(new URL(href ?? '').searchParams.get(name) ?? '', NOW, BROWSER, 1)
const arrive = (rest = '', id = 'brought', time = NOW) =>
  `https://shop.example/a?x=%20&_ml=${encodeLinkToken(id, time, BROWSER)}${rest}#f`

describe('linker', () => {
  test.each([
    ['https://pay.example/a', 0],
    ['https://www.pay.example/a?b=%20+#top', 1],
    ['https://pay.example/?_ml=old&b=1', 0],
  ])('adds the id to %s (button %d), and takes it away again', (href, button) => {
    const { click, timers } = start()
    const element = link(href)
    click(element, button)
    const decorated = element.getAttribute('href')
    expect(idIn(decorated)).toBe('visitor')
    expect(decorated).not.toContain('old')
    for (const run of timers) run()
    expect(element.getAttribute('href')).toBe(href)
  })

  test('leaves the rest of an address as it was written', () => {
    const { click } = start()
    const element = link('https://pay.example/a?b=%20+&c#top')
    click(element)
    expect(element.getAttribute('href')).toMatch(/^https:\/\/pay\.example\/a\?b=%20\+&c&_ml=[\w.-]+#top$/)
  })

  test.each(['https://other.example', 'https://notpay.example', '/cart', 'mailto:a@pay.example'])(
    'leaves %s alone',
    (href) => {
      const { click } = start()
      const element = link(href)
      click(element)
      expect(element.getAttribute('href')).toBe(href)
    },
  )

  test('adds nothing without consent', () => {
    const { click } = start({ anonymousId: null })
    const element = link('https://pay.example/')
    click(element)
    expect(element.getAttribute('href')).toBe('https://pay.example/')
  })

  test('adds the id to the address of a form that posts', () => {
    const { dispatch } = start()
    const form = createFakeElement(['form'], { action: 'https://pay.example/pay', method: 'POST' })
    dispatch('submit', { target: form, submitter: null })
    expect(idIn(form.getAttribute('action'))).toBe('visitor')
  })

  test('takes over what the address brings, and removes it from there', () => {
    const { state, location } = start({ href: arrive('&y=1'), referrer: 'https://www.pay.example/' })
    expect(state.anonymousId).toBe('brought')
    expect(location.href).toBe('https://shop.example/a?x=%20&y=1#f')
  })

  test.each([
    ['too old', arrive('', 'brought', NOW - 120_001), ''],
    ['altered', arrive('x'), ''],
    ['from a page of another owner', arrive(), 'https://evil.example/'],
    ['not a token', 'https://shop.example/a?x=%20&_ml=%E0%A4%A#f', ''],
  ])('takes over nothing that is %s, but removes it', (_, href, referrer) => {
    const { state, location } = start({ href, referrer })
    expect(state.anonymousId).toBe('visitor')
    expect(location.href).toBe('https://shop.example/a?x=%20#f')
  })

  test('takes over what was brought once there is consent, once', () => {
    const { state, emit } = start({ href: arrive(), anonymousId: null })
    emit('consent', { analytics: 'denied' })
    expect(state.anonymousId).toBeUndefined()
    state.anonymousId = 'own'
    emit('consent', { analytics: 'granted' })
    expect(state.anonymousId).toBe('brought')
    state.anonymousId = 'later'
    emit('consent', { analytics: 'granted' })
    expect(state.anonymousId).toBe('later')
  })

  test('adds nothing once stopped', () => {
    const { click, stop } = start()
    stop()
    const element = link('https://pay.example/')
    click(element)
    expect(element.getAttribute('href')).toBe('https://pay.example/')
  })
})
