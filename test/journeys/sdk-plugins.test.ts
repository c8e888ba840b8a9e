/** The plugins of the browser SDK on real pages: what they hear of a visitor, with a client that only keeps the calls. */

import { createServer } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { launchBrowser } from '../support/browser.ts'

type Call = [event: string, properties: Record<string, unknown>]

const NAMES = ['autocapture', 'vitals', 'engagement', 'errors', 'consent', 'debug', 'linker']

/** Typed into every kind of field; nothing recorded may have it. */
const SECRET = 'hunter2'

/** A client that keeps its calls for the next page of the origin too. */
const CLIENT = `
const calls = JSON.parse(localStorage.getItem('calls') ?? '[]')
const listeners = {}
let id = localStorage.getItem('id')
const client = {
  track(event, properties) {
    calls.push([event, JSON.parse(JSON.stringify(properties))])
    localStorage.setItem('calls', JSON.stringify(calls))
  },
  consent(change) { emit('consent', change) },
  user: () => ({ anonymousId: () => id ?? 'visitor-' + location.hostname }),
  setAnonymousId(given) { localStorage.setItem('id', id = given) },
  on(name, listener) {
    (listeners[name] ??= new Set()).add(listener)
    return () => listeners[name].delete(listener)
  },
}
const emit = (name, ...args) => { for (const listener of listeners[name] ?? []) listener(...args) }
const violations = []
addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective))
`

const AUTOCAPTURE = `<form id="signup" name="Sign up" action="/join?token=1">
  <input name="id" value="${SECRET}"><input type="password" name="action" value="${SECRET}">
  <textarea>${SECRET}</textarea><select><option>${SECRET}</option></select>
  <input type="hidden" name="elements2" value="${SECRET}"><button id="send">Send</button>
</form>
<button id="own" data-millrace-event="Plan Chosen" data-millrace-plan-name="pro"><b>Pro</b></button>
<label data-millrace-event="Ticked"><span id="tick">Tick</span> <input type="checkbox"></label>
<a id="out" href="https://me:${SECRET}@other.invalid/a#${SECRET}">Other
  site</a>
<a id="file" href="/files/terms.pdf">Terms</a>
<div contenteditable="true"><a id="written" href="https://other.invalid/w">${SECRET}</a></div>
<p data-millrace-ignore><a id="ignored" href="https://other.invalid/i">Ignored</a></p>
<div id="host"></div>
<script>
const root = document.getElementById('host').attachShadow({ mode: 'open' })
root.innerHTML = '<a id="inner" href="https://other.invalid/s">Inner</a><form id="f"><input id="field" value="${SECRET}"></form>'
root.addEventListener('submit', (event) => event.preventDefault())
for (const type of ['click', 'auxclick', 'submit']) {
  document.addEventListener(type, (event) => {
    const isLink = event.composedPath().some((target) => target.localName === 'a')
    if (isLink || type === 'submit') event.preventDefault()
  })
}
</script>`

const LINKS = (other: string) => `<a id="link" href="${other}/to?a=%20b">Pay</a>
<form id="get" action="${other}/to"><input name="a" value="1"><button id="getButton">Go</button></form>
<form id="post" method="post" action="${other}/to?a=1"><button id="postButton">Go</button></form>`

let browser: Browser
let context: BrowserContext
let page: Page
let server: ReturnType<typeof createServer>
let port = 0

const site = (host = 'localhost') => `http://${host}:${port}`

beforeAll(async () => {
  const entry = NAMES.map((name) => `export * from './${name}.ts'`).join('\n')
  const resolveDir = join(ROOT, 'sdk-web/src/plugins')
  const options = { bundle: true, write: false, format: 'iife', globalName: 'plugins' } as const
  const { outputFiles } = await build({ stdin: { contents: entry, resolveDir, loader: 'ts' }, ...options })
  const script = `${outputFiles[0]?.text};${CLIENT}`
  const bodies: Record<string, () => string> = {
    '/autocapture': () => AUTOCAPTURE,
    '/links': () => LINKS(site('127.0.0.1')),
    '/long': () => '<p style="height: 4000px">Long</p>',
  }
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '', site()).pathname
    if (path.endsWith('.js')) {
      const text = path === '/throws.js' ? 'throw new Error("inside")' : script
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(text)
      return
    }
    const csp = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'"
    const headers = path === '/strict' ? { 'content-security-policy': csp } : {}
    response.writeHead(path.endsWith('.png') ? 404 : 200, { 'content-type': 'text/html', ...headers })
    response.end(`<!doctype html><title>A page</title><script src="/plugins.js"></script>
      <h1>A page</h1>${bodies[path]?.() ?? ''}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(async () => {
  context = await browser.newContext()
  page = await context.newPage()
})
afterEach(() => context.close())

/** Opens a page and starts a plugin in it, given as the text of a call. */
async function open(path: string, start: string, host?: string): Promise<void> {
  await page.goto(site(host) + path)
  await page.evaluate(start)
}

const callsOf = (on: Page) => on.evaluate<Call[]>('calls')

describe('autocapture', () => {
  beforeEach(() => open('/autocapture', 'plugins.autocapture(client)'))

  it('hears mouse, middle button and keyboard', async () => {
    await page.click('#own b')
    await page.click('#tick')
    await page.click('#out')
    await page.click('#out', { button: 'middle' })
    await page.focus('#out')
    await page.keyboard.press('Enter')
    await page.click('#out', { button: 'right' })
    await page.click('#file')
    await page.click('#ignored')
    const out = ['Outbound Link Clicked', { href: 'https://other.invalid/a', text: 'Other site' }]
    expect(await callsOf(page)).toEqual([
      ['Plan Chosen', { planName: 'pro' }],
      ['Ticked', {}],
      ...[out, out, out],
      ['File Downloaded', { href: `${site()}/files/terms.pdf`, extension: 'pdf' }],
    ])
  })

  it('records forms, and never what is in their fields', async () => {
    await page.fill('input[name=action]', SECRET)
    await page.keyboard.press('Enter')
    await page.click('#send')
    await page.click('textarea')
    await page.click('#written')
    const form = { id: 'signup', name: 'Sign up', action: `${site()}/join`, fields: 4 }
    const calls = await callsOf(page)
    expect(calls).toEqual([
      ['Form Submitted', form],
      ['Form Submitted', form],
      ['Outbound Link Clicked', { href: 'https://other.invalid/w' }],
    ])
    expect(JSON.stringify(calls)).not.toContain(SECRET)
  })

  it('works inside of shadow roots', async () => {
    await page.click('#inner')
    await page.focus('#field')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    const form = ['Form Submitted', { id: 'f', name: null, action: `${site()}/autocapture`, fields: 1 }]
    expect(await callsOf(page)).toEqual([
      ['Outbound Link Clicked', { href: 'https://other.invalid/s', text: 'Inner' }],
      ...[form, form],
    ])
  })
})

describe('vitals', () => {
  it('records the metrics of a page by the time it is left', async () => {
    await open('/long', 'plugins.vitals(client)')
    await page.waitForTimeout(300)
    await page.click('h1')
    await page.waitForTimeout(300)
    await page.goto(`${site()}/next`)
    const calls = await callsOf(page)
    const fields = ['delta', 'id', 'name', 'navigationType', 'rating', 'value']
    for (const [event, properties] of calls) {
      expect([event, Object.keys(properties).sort()]).toEqual(['Web Vital', fields])
    }
    const names = calls.map(([, { name }]) => name)
    expect([...new Set(names)].sort()).toEqual(['CLS', 'FCP', 'INP', 'LCP', 'TTFB'])
  })
})

describe('engagement', () => {
  it('records how long and how far down a page was seen, as it is left', async () => {
    await open('/long', 'plugins.engagement(client)')
    await page.mouse.wheel(0, 1_500)
    await page.waitForFunction(() => window.scrollY === 1_500)
    await page.goto(`${site()}/next`)
    const calls = await callsOf(page)
    expect(calls).toEqual([
      ['Page Engaged', { path: '/long', visibleMs: expect.any(Number), scrollPercent: expect.any(Number) }],
    ])
    expect(calls[0]?.[1]['scrollPercent']).toBeGreaterThanOrEqual(50)
    expect(calls[0]?.[1]['scrollPercent']).toBeLessThan(60)
    expect(calls[0]?.[1]['visibleMs']).toBeLessThan(10_000)
  })
})

describe('errors', () => {
  it('records what nobody catches, each once', async () => {
    await open('/errors', 'plugins.errors(client, { resources: true })')
    for (let times = 0; times < 2; times++) {
      await page.evaluate(`{
        setTimeout(() => { throw new TypeError('thrown') })
        setTimeout(() => Promise.reject(new RangeError('rejected')))
      }`)
    }
    await page.evaluate(`document.body.append(
      Object.assign(new Image(), { src: '/lost.png' }),
      Object.assign(document.createElement('script'), { src: '${site('127.0.0.1')}/throws.js' }),
    )`)
    await page.waitForFunction('calls.length === 4')
    const calls = await callsOf(page)
    const kinds = calls.map(([, { kind, message }]) => `${kind}: ${message}`).sort()
    expect(kinds).toEqual([
      'error: Script error.',
      'error: thrown',
      'rejection: rejected',
      'resource: img could not be loaded',
    ])
    expect(calls.find(([, { message }]) => message === 'thrown')?.[1]['stack']).toContain('TypeError: thrown')
  })
})

describe('rememberConsent', () => {
  it('gives the next page what the visitor granted, and forgets it when they deny', async () => {
    await open('/', "plugins.rememberConsent(client), client.consent({ analytics: 'granted' })")
    await open('/', "client.on('consent', (c) => client.track('heard', c)), plugins.rememberConsent(client)")
    expect(await callsOf(page)).toEqual([['heard', { analytics: 'granted' }]])
    await page.evaluate("client.consent({ analytics: 'denied' })")
    expect(await page.evaluate('localStorage.getItem("millrace_consent")')).toBeNull()
  })
})

describe('debug', () => {
  const shown = () =>
    page.evaluate<string>("document.querySelector('html > div').shadowRoot.querySelector('.panel').innerText")

  it('shows events as text under a strict policy, and closes with Escape', async () => {
    await open('/strict', 'stop = plugins.debug(client)')
    await page.evaluate(`{
      const timestamp = new Date().toISOString()
      const image = '<img src=x onerror="attacked = true">'
      emit('event', { type: 'track', event: image, properties: { image }, timestamp })
      emit('event', { type: 'page', name: 'Second', timestamp })
      emit('batch', { id: 'stream.1', events: 1, bytes: 210, status: 200 })
      emit('dropped', 'no_consent', 3)
    }`)
    const button = page.getByTitle('Show Millrace events')
    await button.click()
    expect(await button.isVisible()).toBe(false)
    await page.getByText('onerror').first().click()
    const text = await shown()
    for (const part of ['1 sent', '1 waiting', '3 no_consent', 'Second', '<img src=x onerror=']) {
      expect(text).toContain(part)
    }
    expect(await page.evaluate("['attacked' in window, violations, calls]")).toEqual([false, [], []])
    await page.keyboard.press('Escape')
    expect(await button.evaluate((element) => element.matches(':focus'))).toBe(true)
    await page.evaluate('stop()')
    expect(await page.locator('html > div').count()).toBe(0)
  })

  it('is styled under a strict policy', async () => {
    await open('/strict', 'plugins.debug(client, { open: true })')
    const position = await page.evaluate("getComputedStyle(document.querySelector('html > div')).position")
    expect(position).toBe('fixed')
  })
})

describe('linker', () => {
  const start = "plugins.linker(client, { domains: ['localhost', '127.0.0.1'] })"
  const adopted = async (on: Page) => {
    await on.evaluate(start)
    return on.evaluate('[client.user().anonymousId(), location.search]')
  }

  it.each([
    ['#link', '?a=%20b'],
    ['#getButton', '?a=1'],
    ['#postButton', '?a=1'],
  ])('takes the visitor along by %s', async (selector, search) => {
    await open('/links', start)
    await page.click(selector)
    await page.waitForURL(`${site('127.0.0.1')}/to?**`)
    expect(page.url()).toContain('_ml=1.')
    expect(await adopted(page)).toEqual(['visitor-localhost', search])
  })

  it('takes the visitor into a new tab, and leaves nothing in the link', async () => {
    await open('/links', start)
    const opened = context.waitForEvent('page')
    await page.click('#link', { button: 'middle' })
    const tab = await opened
    await tab.waitForLoadState()
    expect(await adopted(tab)).toEqual(['visitor-localhost', '?a=%20b'])
    const href = await page.getAttribute('#link', 'href')
    expect(href).toBe(`${site('127.0.0.1')}/to?a=%20b`)
  })

  it('refuses what another browser was given', async () => {
    await open('/links', start)
    await page.click('#link')
    await page.waitForURL(`${site('127.0.0.1')}/to?**`)
    const other = await browser.newContext({ userAgent: 'Another/1' })
    const copy = await other.newPage()
    await copy.goto(page.url())
    expect(await adopted(copy)).toEqual(['visitor-127.0.0.1', '?a=%20b'])
    await other.close()
  })
})
