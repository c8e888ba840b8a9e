/** The browser SDK, as it was built, on the pages that sites really have: what the collector gets, and what stays behind. */

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AppKind, buildApp } from '../support/sdk-apps.ts'
import { readBuilt, type SdkPage, type SdkSite, startSdkSite } from '../support/sdk-site.ts'
import { launchVisitorBrowser, listStored, NOTHING_STORED, openTab } from '../support/sdk-visitor.ts'
import { waitFor } from '../support/wait.ts'

const NONCE = 'nonce-of-the-page'

/** Longer than any event waits for company. */
const QUIET_MS = 1_000

/** As long in the apps, whose events wait for a second. */
const SETTLED_MS = 1_300

/** Attributes of the script tag, by path. */
const TAGS: Record<string, string> = {
  '/plain': '',
  '/auto': 'data-auto-page',
  '/pending': 'data-consent="pending"',
  '/denied': 'data-consent="denied"',
  '/granted': 'data-consent="granted"',
  '/ignore-gpc': 'data-ignore-gpc',
  '/cookieless': 'data-cookieless',
  '/strict': `nonce="${NONCE}"`,
  '/csp-sandbox': '',
}

let site: SdkSite
let browser: Browser
let context: BrowserContext
let page: Page
let thrown: string[]

beforeAll(async () => {
  const apps = new Map<string, string>()
  site = await startSdkSite((path, collector) => {
    const app = apps.get(path.split('/')[1] ?? '')
    apps.set('collector', collector)
    return app === undefined ? findPage(path, collector) : { html: app }
  })
  const { collector } = await fetch(site.url('/collector')).then((response) => response.json())
  for (const kind of ['react', 'vue'] as const) apps.set(kind, await buildApp(kind, collector))
  browser = await launchVisitorBrowser()
})
afterAll(async () => {
  await browser?.close()
  await site?.stop()
})
beforeEach(async () => {
  context = await browser.newContext()
  ;({ page, thrown } = await openTab(context))
})
afterEach(async () => {
  site.setDown(false)
  await context.close()
})

function findPage(path: string, collector: string): SdkPage | undefined {
  if (path === '/collector') return { html: JSON.stringify({ collector }) }
  if (path === '/framed')
    return { html: '<!doctype html><iframe sandbox="allow-scripts" src="/plain"></iframe>' }
  const attributes = TAGS[path]
  if (attributes === undefined) return undefined
  const nonce = path === '/strict' ? ` nonce="${NONCE}"` : ''
  const html = `<!doctype html><html lang="en"><title>Page ${path}</title>
<script${nonce}>violations = []
addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective))</script>
<script${nonce}>${readBuilt('stub.js')}</script>
<script${nonce}>millrace.track('Loaded', { path: '${path}' })</script>
<script src="/millrace.js" data-write-key="dev" data-endpoint="${collector}" ${attributes}></script>
<h1>${path}</h1>`
  const policies: Record<string, string> = {
    '/strict': `default-src 'none'; script-src 'nonce-${NONCE}'; connect-src ${collector}`,
    '/csp-sandbox': 'sandbox allow-scripts',
  }
  const policy = policies[path]
  return policy === undefined ? { html } : { html, headers: { 'content-security-policy': policy } }
}

/** Waits until so many events of a name have arrived, and gives them. */
function arrive(name: string, count = 1) {
  return waitFor(
    () => site.events(name),
    (found) => found.length >= count,
    15_000,
  )
}

/** Events of this test's own: a name that no other test uses. */
let names = 0
const mintName = () => `Event ${++names}`
const track = (name: string, on = page) => on.evaluate((event) => millrace.track(event), name)

declare const millrace: {
  track(event: unknown, properties?: unknown): Promise<void>
  identify(...args: unknown[]): Promise<void>
  reset(): void
  user(): { id(): string | undefined; anonymousId(): string | undefined }
  consent(change: unknown): void
  use(middleware: (event: Record<string, unknown>) => unknown): void
  on(name: string, listener: (...args: unknown[]) => void): void
  flush(): Promise<void>
  dropped: Record<string, number>
}

describe.each<AppKind>(['react', 'vue'])('a page with the router of %s', (kind) => {
  it('has each view recorded once, with its own address, title and referrer', async () => {
    const at = (path: string) => site.url(`/${kind}${path}`)
    const isOf = ({ context: { page: place } }: { context: { page?: unknown } }) =>
      String((place as { url: string }).url).startsWith(at(''))
    const click = async (id: string, title: string) => {
      await page.click(`[id="${id}"]`)
      await page.waitForFunction((wanted) => document.title === wanted, title)
      await page.waitForTimeout(SETTLED_MS)
    }
    await page.goto(at('/'), { referer: 'https://from.example/' })
    await page.waitForTimeout(SETTLED_MS)
    await click('/list', 'List')
    await click('/item/7', 'Item 7')
    await click('filter', 'Item 7') // replaces the query: the same view
    await click('/old', 'List') // sends on by itself
    await click('/list?sort=price', 'List')
    await page.evaluate(() => history.back())
    await page.waitForTimeout(SETTLED_MS)
    await page.evaluate(() => history.back())
    await page.waitForFunction(() => document.title === 'Item 7')
    await page.waitForTimeout(SETTLED_MS)
    const views = site.arrivals().filter((event) => event.type === 'page' && isOf(event))
    expect(
      views.map(({ properties }) => [properties?.['url'], properties?.['title'], properties?.['referrer']]),
    ).toEqual([
      [at('/'), 'Home', 'https://from.example/'],
      [at('/list'), 'List', at('/')],
      [at('/item/7'), 'Item 7', at('/list')],
      [at('/list'), 'List', at('/item/7')],
      [at('/list?sort=price'), 'List', at('/list')],
      [at('/list'), 'List', at('/list?sort=price')],
      [at('/item/7?q=x'), 'Item 7', at('/list')],
    ])
    expect(thrown).toEqual([])
  })

  it('has views recorded with their own titles that follow each other at once', async () => {
    const before = site.events('page').length
    await page.goto(site.url(`/${kind}/`))
    await page.waitForTimeout(SETTLED_MS)
    await page.evaluate(async () => {
      for (const [id, title] of Object.entries({ '/list': 'List', '/item/7': 'Item 7' })) {
        document.getElementById(id)?.click()
        while (document.title !== title) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    await page.waitForTimeout(SETTLED_MS)
    const views = site.events('page').slice(before)
    expect(views.map(({ properties }) => [properties?.['path'], properties?.['title']])).toEqual([
      [`/${kind}/`, 'Home'],
      [`/${kind}/list`, 'List'],
      [`/${kind}/item/7`, 'Item 7'],
    ])
  })

  it('has a view that sends its visitor on at once recorded as where it ends', async () => {
    const url = site.url(`/${kind}/old?run=${names}`)
    const before = site.events('page').length
    await page.goto(url, { referer: 'https://from.example/' })
    await page.waitForTimeout(SETTLED_MS)
    const views = site.events('page').slice(before)
    expect(
      views.map(({ properties }) => [properties?.['path'], properties?.['title'], properties?.['referrer']]),
    ).toEqual([[`/${kind}/list`, 'List', 'https://from.example/']])
  })
})

describe('a view that is shown when events are about to be numbered', () => {
  it('has the title that the page sets a moment later, and its place among the others', async () => {
    const [before, after] = [mintName(), mintName()]
    await page.goto(site.url('/auto'))
    await page.waitForTimeout(QUIET_MS)
    await page.evaluate(
      ([earlier, later]) => {
        const start = Date.now()
        void millrace.track(earlier)
        while (Date.now() < start + 300); // the time to number it is over when the page has its hands free again
        history.pushState(null, '', '/auto/second')
        setTimeout(() => {
          document.title = 'Second'
          void millrace.track(later)
        }, 50)
      },
      [before, after],
    )
    await arrive(after)
    const all = site.arrivals()
    const ours = all.slice(all.findIndex(({ event }) => event === before))
    expect(
      ours.map(({ event, context }) => [event, (context['page'] as { title?: string } | undefined)?.title]),
    ).toEqual([
      [before, 'Page /auto'],
      [undefined, 'Second'],
      [after, 'Second'],
    ])
    expect(thrown).toEqual([])
  })
})

describe('the back/forward cache', () => {
  it('keeps a page with the SDK, whose view is recorded again, and what comes later once', async () => {
    const [shown, late] = [mintName(), mintName()]
    await page.goto(site.url('/auto'))
    await page.evaluate((name) => {
      addEventListener('pageshow', (event) => void millrace.track(name, { isRestored: event.persisted }))
    }, shown)
    await page.waitForTimeout(QUIET_MS)
    await page.goto(site.url('/plain'))
    await page.waitForTimeout(QUIET_MS)
    const before = site.events('page').length
    await page.evaluate(() => history.back())
    const [restored] = await arrive(shown)
    expect(restored?.properties).toEqual({ isRestored: true })
    await track(late)
    await page.evaluate((name) => void setTimeout(() => millrace.track(name), 100), late)
    await arrive(late, 2)
    const views = site.events('page').slice(before)
    expect(views.map(({ properties }) => properties?.['path'])).toEqual(['/auto'])
    await page.waitForTimeout(QUIET_MS)
    expect(site.arrivals().filter(({ event }) => event === late || event === shown)).toHaveLength(3)
  })
})

describe('a strict policy', () => {
  it('is not violated', async () => {
    const name = mintName()
    await page.goto(site.url('/strict'))
    await track(name)
    await arrive(name)
    await page.evaluate(() => millrace.flush())
    expect([await page.evaluate('violations'), thrown]).toEqual([[], []])
  })

  it('that puts the page into a sandbox costs nothing but memory between pages', async () => {
    const name = mintName()
    await page.goto(site.url('/csp-sandbox'))
    await track(name)
    await arrive(name)
    expect(thrown).toEqual([])
  })
})

describe('consent', () => {
  it('that is pending holds everything in memory; granted sends it, with one id; withdrawn leaves nothing', async () => {
    const [before, after] = [mintName(), mintName()]
    await page.goto(site.url('/pending'))
    await track(before)
    await page.waitForTimeout(QUIET_MS)
    expect(site.events(before)).toEqual([])
    expect(await listStored(page)).toEqual(NOTHING_STORED)
    await page.evaluate(() => millrace.consent('granted'))
    await track(after)
    const [[first], [second]] = [await arrive(before), await arrive(after)]
    expect(first?.anonymousId).toMatch(/^\w{16}$/)
    expect(second?.anonymousId).toBe(first?.anonymousId)
    expect(second?.context['consent']).toEqual({ categoryPreferences: { analytics: true } })
    expect((await listStored(page)).cookie).toContain(first?.anonymousId)
    await page.evaluate(() => millrace.consent('denied'))
    await waitFor(() => listStored(page), isNothing, 5_000)
    await track(mintName())
    await page.waitForTimeout(QUIET_MS)
    expect(await listStored(page)).toEqual(NOTHING_STORED)
    expect(await page.evaluate(() => millrace.dropped)).toEqual({ no_consent: 1 })
  })

  it('that is denied drops what waits, and leaves nothing of earlier pages', async () => {
    const name = mintName()
    site.setDown(true)
    await page.goto(site.url('/plain'))
    await track(name)
    await page.waitForTimeout(QUIET_MS)
    expect((await listStored(page)).databases).toEqual(['millrace.dev'])
    await page.goto(site.url('/denied'))
    site.setDown(false)
    await waitFor(() => listStored(page), isNothing, 5_000)
    await track(name)
    await page.evaluate(() => millrace.flush())
    await page.waitForTimeout(QUIET_MS)
    expect(site.events(name)).toEqual([])
    expect(await listStored(page)).toEqual(NOTHING_STORED)
    expect(await page.evaluate(() => millrace.dropped)).toEqual({ no_consent: 2 })
  })

  it('that is denied while it is pending drops what is held', async () => {
    const name = mintName()
    await page.goto(site.url('/pending'))
    await track(name)
    await page.evaluate(() => millrace.consent({ analytics: 'denied' }))
    await page.goto(site.url('/granted'))
    await page.evaluate(() => millrace.flush())
    await page.waitForTimeout(QUIET_MS)
    expect(site.events(name)).toEqual([])
  })

  it('that is withdrawn in one tab removes the outbox while another tab has it open', async () => {
    const { page: other } = await openTab(context)
    await other.goto(site.url('/plain'))
    await page.goto(site.url('/plain'))
    await Promise.all([track(mintName(), other), track(mintName())])
    await page.waitForTimeout(QUIET_MS)
    await page.evaluate(() => millrace.consent('denied'))
    await waitFor(
      () => listStored(page),
      ({ databases }) => databases.length === 0,
      5_000,
    )
    const name = mintName()
    await page.evaluate(() => millrace.consent('granted'))
    await track(name)
    await arrive(name)
    await waitFor(
      () => listStored(page),
      ({ databases }) => databases.length === 1,
      5_000,
    )
  })

  const isNothing = (stored: unknown) => JSON.stringify(stored) === JSON.stringify(NOTHING_STORED)
})

describe('Global Privacy Control', () => {
  beforeEach(() =>
    context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })
    }),
  )

  it('denies, where nothing else was said', async () => {
    const name = mintName()
    await page.goto(site.url('/plain'))
    await track(name)
    await page.evaluate(() => millrace.flush())
    await page.waitForTimeout(QUIET_MS)
    expect(site.events(name)).toEqual([])
    expect(await listStored(page)).toEqual(NOTHING_STORED)
  })

  it.each(['/ignore-gpc', '/granted'])('is not asked by %s', async (path) => {
    const name = mintName()
    await page.goto(site.url(path))
    await track(name)
    await arrive(name)
  })
})

describe('a page without cookies of ours', () => {
  it('stores nothing, and its events arrive', async () => {
    const name = mintName()
    await page.goto(site.url('/cookieless'))
    await track(name)
    await arrive(name)
    site.setDown(true)
    await track(name)
    await page.waitForTimeout(QUIET_MS)
    expect(await listStored(page)).toEqual(NOTHING_STORED)
    await page.goto(site.url('/cookieless'))
    expect(await listStored(page)).toEqual(NOTHING_STORED)
  })
})

describe('two tabs', () => {
  it('see of each other who the visitor is, when they are shown', async () => {
    const { page: other } = await openTab(context)
    const whoIs = (on: Page) => on.evaluate(() => [millrace.user().id(), millrace.user().anonymousId()])
    // Both tabs are visible to themselves here: the browser has no window.
    const show = (on: Page) => on.evaluate(() => void dispatchEvent(new Event('visibilitychange')))
    await page.goto(site.url('/plain'))
    await other.goto(site.url('/plain'))
    const [, anonymousId] = await whoIs(page)
    expect(await whoIs(other)).toEqual([undefined, anonymousId])
    await page.evaluate(async () => {
      await millrace.identify('ada', { plan: 'pro' })
      await millrace.flush()
    })
    await show(other)
    expect(await whoIs(other)).toEqual(['ada', anonymousId])
    await other.evaluate(async () => {
      millrace.reset()
      await millrace.track('Signed Out')
      await millrace.flush()
    })
    await show(page)
    const [userId, next] = await whoIs(other)
    expect([userId, next === anonymousId]).toEqual([undefined, false])
    expect(await whoIs(page)).toEqual([undefined, next])
  })
})

describe('storage that is refused', () => {
  it('by a sandboxed frame: events arrive, nothing throws', async () => {
    const name = mintName()
    await page.goto(site.url('/framed'))
    const frame = page.frames()[1]
    await frame?.waitForFunction(() => 'user' in millrace)
    await frame?.evaluate((event) => millrace.track(event), name)
    await arrive(name)
    expect(thrown).toEqual([])
  })

  it.each<[string, string[]]>([
    ['IndexedDB', ['indexedDB']],
    ['localStorage', ['localStorage']],
    ['both storages', ['localStorage', 'sessionStorage']],
    ['all but cookies', ['indexedDB', 'localStorage', 'sessionStorage']],
  ])('by an error at %s: events arrive, nothing throws', async (_, blocked) => {
    await context.addInitScript((properties) => {
      const get = () => {
        throw new DOMException('blocked', 'SecurityError')
      }
      for (const name of properties) Object.defineProperty(window, name, { get })
    }, blocked)
    await trackOnTwoPages()
  })

  it('by an error at cookies: events arrive, nothing throws', async () => {
    await context.addInitScript(() => {
      const refuse = () => {
        throw new DOMException('blocked', 'SecurityError')
      }
      Object.defineProperty(Document.prototype, 'cookie', { get: refuse, set: refuse })
    })
    await trackOnTwoPages()
  })

  it('with no locks: events arrive, nothing throws', async () => {
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })
    })
    await trackOnTwoPages()
  })

  it('by an opening of IndexedDB that hangs: events arrive, nothing throws', async () => {
    await context.addInitScript(() => {
      IDBFactory.prototype.open = () => ({}) as IDBOpenDBRequest
    })
    await trackOnTwoPages()
  })

  async function trackOnTwoPages(): Promise<void> {
    const [first, second] = [mintName(), mintName()]
    await page.goto(site.url('/plain'))
    await track(first)
    await page.goto(site.url('/plain'))
    await track(second)
    await arrive(first)
    await arrive(second)
    expect(thrown).toEqual([])
  }
})

describe('a page without https', () => {
  it('records, and what its killed tab left is delivered by another one later', async () => {
    const [live, left] = [mintName(), mintName()]
    await page.goto(site.url('/plain', 'shop.test'))
    const has = () => [isSecureContext, 'locks' in navigator, 'randomUUID' in crypto]
    expect(await page.evaluate(has)).toEqual([false, false, false])
    await track(live)
    await arrive(live)
    site.setDown(true)
    await track(left)
    await page.waitForTimeout(QUIET_MS)
    await page.goto('chrome://crash').catch(() => {})
    site.setDown(false)
    const { page: next, thrown: thrownThere } = await openTab(context)
    await next.goto(site.url('/plain', 'shop.test'))
    await next.waitForTimeout(QUIET_MS)
    expect(site.events(left)).toEqual([])
    const { page: later } = await openTab(context)
    await later.addInitScript(() => {
      const { now } = Date
      Date.now = () => now() + 200_000
    })
    await later.goto(site.url('/plain', 'shop.test'))
    const [found] = await arrive(left)
    expect(found?.messageId).toMatch(/^\w{16}-\d+$/)
    expect([thrown, thrownThere]).toEqual([[], []])
  })
})

describe('a page whose scripts are broken', () => {
  it('that throw where they listen and look: the rest is recorded, and nothing is thrown', async () => {
    const [kept, changed, lost] = [mintName(), mintName(), mintName()]
    await page.goto(site.url('/plain'))
    await page.evaluate(
      async ([keptName, changedName, lostName]) => {
        const fail = () => {
          throw new Error('of the page')
        }
        for (const name of ['track', 'event', 'batch', 'dropped', 'consent', 'reset']) millrace.on(name, fail)
        millrace.use((event) => {
          if (event['event'] === lostName) fail()
          const properties: Record<string, unknown> = { seen: true }
          if (event['event'] === changedName) properties['self'] = properties
          return { ...event, properties }
        })
        for (const name of [keptName, lostName, changedName, keptName]) await millrace.track(name)
        millrace.consent({ ads: 'denied' })
        millrace.reset()
        await millrace.flush()
      },
      [kept, changed, lost],
    )
    await arrive(kept, 2)
    expect(site.events(kept).map(({ properties }) => properties)).toEqual([{ seen: true }, { seen: true }])
    expect(site.events(lost)).toEqual([])
    expect(await page.evaluate(() => millrace.dropped)).toMatchObject({ middleware_failed: 1 })
    expect(thrown).toEqual([])
  })

  it('that hand over what cannot be sent: it is left out or counted, and nothing is thrown', async () => {
    const name = mintName()
    await page.goto(site.url('/plain'))
    const failures = await page.evaluate((event) => {
      const fail = () => {
        throw new Error('of the page')
      }
      const circular: Record<string, unknown> = { kept: 1 }
      circular['self'] = circular
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      let deep: unknown = {}
      for (let i = 0; i < 5_000; i++) deep = { deep }
      const hostile = [
        circular,
        { n: 1n },
        { at: new Date(Number.NaN) },
        { f: fail, s: Symbol('s'), u: undefined },
      ]
      hostile.push(Object.defineProperty({}, 'bad', { get: fail, enumerable: true }), { toJSON: fail }, proxy)
      hostile.push(
        new Proxy({}, { ownKeys: fail }),
        { deep },
        { text: 'x'.repeat(10_000_000) },
        { window, document },
      )
      hostile.push((() => {}) as never, 'text' as never, 7 as never, null as never, [] as never)
      const caught: string[] = []
      const calls: [string, (value: unknown) => unknown][] = [
        ['track', (value) => millrace.track(event, value)],
        ['track name', (value) => millrace.track(value)],
        ['identify', (value) => millrace.identify('u', value)],
        ['identify id', (value) => millrace.identify(value)],
        ['consent', (value) => millrace.consent(value)],
      ]
      for (const [what, call] of calls.slice(0, -1)) {
        for (const [i, value] of hostile.entries()) {
          try {
            void call(value)
          } catch (error) {
            caught.push(`${what} ${i}: ${error}`)
          }
        }
      }
      return caught
    }, name)
    await page.evaluate(() => millrace.flush())
    expect([failures, thrown]).toEqual([[], []])
    const last = mintName()
    await track(last)
    await arrive(last)
    const said = site.events(name).map(({ properties }) => properties)
    expect(said).toEqual(expect.arrayContaining([{ kept: 1 }, { n: '1' }, { at: null }, {}]))
  })

  it('that have replaced the clock and the title with what throws: the call is counted, and the next one recorded', async () => {
    const name = mintName()
    await page.goto(site.url('/auto'))
    const caught = await page.evaluate(async (event) => {
      const fail = () => {
        throw new Error('of the page')
      }
      const { now } = Date
      Date.now = fail
      Object.defineProperty(document, 'title', { get: fail, configurable: true })
      const errors: string[] = []
      try {
        await millrace.track(event)
      } catch (error) {
        errors.push(String(error))
      }
      Date.now = now
      Reflect.deleteProperty(document, 'title')
      await millrace.track(event)
      return errors
    }, name)
    expect(caught).toEqual([])
    await arrive(name)
    expect(await page.evaluate(() => millrace.dropped)).toEqual({ invalid_call: 1 })
    expect(thrown).toEqual([])
  })

  it('that have replaced what the time zone is read from: events arrive, nothing is thrown', async () => {
    const name = mintName()
    await context.addInitScript(() => {
      Intl.DateTimeFormat = (() => {
        throw new Error('of the page')
      }) as never
    })
    await page.goto(site.url('/plain'))
    await track(name)
    await arrive(name)
    expect(thrown).toEqual([])
  })
})

describe('a page without network', () => {
  it('answers flush, and sends once it is back, by itself', async () => {
    const name = mintName()
    await page.goto(site.url('/plain'))
    await context.setOffline(true)
    await track(name)
    await page.evaluate(() => millrace.flush())
    expect(site.events(name)).toEqual([])
    const backAt = performance.now()
    await context.setOffline(false)
    await arrive(name)
    expect(performance.now() - backAt).toBeLessThan(1_500)
    await page.evaluate(() => millrace.flush())
    expect(site.arrivals().filter(({ event }) => event === name)).toHaveLength(1)
    expect(thrown).toEqual([])
  })
})
