/** Events of somebody who wants to take over the page of those who look at them: nothing of them runs, and nothing breaks. */

import type { LiveWindow, MonitorStatus, TailEvent } from '@millrace/schemas/live'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { FAR_HOST, HOSTILE_TEXTS } from '../support/hostile-texts.ts'
import { startLiveFixture } from '../support/live-fixture.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'
import { layoutFaults, openWatched, panelWidths, type WatchedPage } from '../support/watched-page.ts'

/** A desk and a phone. */
const SIZES = [
  { width: 1_280, height: 900 },
  { width: 360, height: 740 },
] as const

const TEXTS = Object.entries(HOSTILE_TEXTS)

/** Lists show what is most frequent, so each group of texts comes more often than the one before. */
const AT_ONCE = 8
const WAVES = Array.from({ length: Math.ceil(TEXTS.length / AT_ONCE) }, (_, wave) =>
  TEXTS.slice(wave * AT_ONCE, (wave + 1) * AT_ONCE),
)

let browser: Browser
let stack: TestStack

beforeAll(async () => {
  stack = await startTestStack()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

/** Events with the text in every field that there is. */
function eventsOf(text: string, visitor: string): object[] {
  const page = { path: text, url: text, title: text, referrer: text, search: text }
  const campaign = { source: text, medium: text, name: text, term: text, content: text }
  const fields = { [text]: text, name: text, list: [text, { [text]: text }], currency: text, category: text }
  const shared = {
    ...{ anonymousId: visitor, userId: `${visitor} ${text}`.slice(0, 200), properties: fields },
    context: {
      page,
      campaign,
      locale: text,
      timezone: text,
      library: { name: text, version: text },
      [text]: text,
    },
  }
  const revenue = { ...fields, revenue: 10, value: 10, order_id: text, products: [fields] }
  return [
    { ...shared, type: 'page', name: text, category: text, properties: { ...page, ...fields } },
    { ...shared, type: 'track', event: text },
    { ...shared, type: 'track', event: 'Order Completed', properties: revenue },
    { ...shared, type: 'track', event: 'Web Vital', properties: { ...fields, value: 5, id: text } },
    { ...shared, type: 'identify', traits: { ...fields, email: text } },
    { ...shared, type: 'group', groupId: text, traits: fields },
    // Refused, each for another reason.
    { ...shared, type: text, event: text },
    { ...shared, type: 'track', event: text, timestamp: text },
    { ...shared, type: 'track', event: text, properties: text, messageId: text },
  ]
}

/** Sends the texts of a wave, so often that they are ahead of those before. */
async function sendWave(wave: number): Promise<void> {
  for (const [name, text] of WAVES[wave] ?? []) {
    const batch = Array.from({ length: wave + 1 }, (_, turn) =>
      eventsOf(text, `${name} ${wave} ${turn}`),
    ).flat()
    const headers = { 'user-agent': text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 500) }
    // Long texts in every field make a batch that is too large: then each goes alone.
    const post = (events: object[]) =>
      fetch(`${stack.worker.url}/v1/batch?writeKey=dev`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ batch: events }),
      })
    const answers =
      text.length > 500 ? await Promise.all(batch.map((event) => post([event]))) : [await post(batch)]
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  }
}

/** What is wrong on the page, in one list. */
async function faultsOf({ page, faults }: WatchedPage): Promise<string[]> {
  return [...(await faults()), ...(await layoutFaults(page))]
}

async function openAll(url: string): Promise<WatchedPage[]> {
  return Promise.all(
    SIZES.map(async (viewport) => {
      const watched = await openWatched(browser, url, { viewport })
      await watched.page.goto(`${url}/dashboard`)
      return watched
    }),
  )
}

/** Opens one event after the other in the inspector, with its JSON. */
async function inspectAll(page: Page, most: number): Promise<number> {
  const lines = page.locator('.events .event')
  const count = Math.min(most, await lines.count())
  for (let place = 0; place < count; place++) {
    await lines.nth(place).click()
    const details = page.locator('#inspector details').first()
    if ((await details.count()) > 0) await details.evaluate((one) => one.setAttribute('open', ''))
  }
  return count
}

/** A picture of the page for whoever wants to look at it, where a folder for such is named. */
async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['MILLRACE_SCREENSHOTS']
  if (folder === undefined) return
  const height = Math.min(8_000, await page.evaluate(() => document.documentElement.scrollHeight))
  const width = page.viewportSize()?.width ?? 0
  await page.screenshot({
    path: `${folder}/${name}.png`,
    fullPage: true,
    clip: { x: 0, y: 0, width, height },
  })
}

describe('the live page', () => {
  it('shows hostile events as text, at a desk and on a phone', async () => {
    await stack.post({ batch: [{ type: 'track', event: 'Harmless', anonymousId: 'a' }] })
    const all = await openAll(stack.worker.url)
    for (const { page } of all) await page.locator('#stream .events .event').first().waitFor()
    const widths = await Promise.all(all.map(({ page }) => panelWidths(page)))
    for (const [wave, texts] of WAVES.entries()) {
      await sendWave(wave)
      for (const [index, watched] of all.entries()) {
        const { page } = watched
        const [, first = ''] = texts[0] ?? []
        await waitFor(async () =>
          (await page.locator('main').innerText()).includes(first.toWellFormed().trim().slice(0, 20)),
        )
        // What came last is drawn within a second.
        await page.waitForTimeout(1_500)
        expect([wave, index, await inspectAll(page, 12)]).toEqual([wave, index, 12])
        expect([wave, index, await faultsOf(watched)]).toEqual([wave, index, []])
        expect(await panelWidths(page)).toMatchObject(widths[index] ?? {})
        await shoot(page, `wave-${wave}-${SIZES[index]?.width}`)
      }
    }
    // Their texts were there, as each wave waited for one of its own; not one element of them is.
    for (const { page } of all) {
      const made = page.locator(
        'main :is(script, iframe, img, object, embed, link, style, base, form[action])',
      )
      expect(await made.count()).toBe(0)
    }
    await Promise.all(all.map(({ close }) => close()))
  }, 240_000)

  it('shows what is asked from the warehouse as text, too', async () => {
    await stack.worker.triggerCron()
    const all = await openAll(stack.worker.url)
    for (const [index, watched] of all.entries()) {
      const { page } = watched
      await page.locator('#range').waitFor()
      for (const range of ['Today', '7 days', 'Last 7 days', '24 hours', '7d']) {
        const choice = page.locator('#range').getByText(range, { exact: true })
        if ((await choice.count()) > 0) await choice.first().click()
      }
      await page.waitForTimeout(3_000)
      expect(await faultsOf(watched)).toEqual([])
      await shoot(page, `stored-${SIZES[index]?.width}`)
      await watched.close()
    }
  })

  it('takes hostile conditions, tokens and addresses as text', async () => {
    for (const text of ['handler', 'script', 'javascript', 'attribute', 'long', 'proto', 'backwards']) {
      const hostile = HOSTILE_TEXTS[text] ?? ''
      const watched = await openWatched(browser, stack.worker.url, { viewport: SIZES[1] })
      const { page } = watched
      await page.goto(
        `${stack.worker.url}/dashboard?x=${encodeURIComponent(hostile)}#${encodeURIComponent(hostile)}`,
      )
      const filter = page.locator('.filter input')
      await filter.waitFor()
      await filter.fill(`event:is:${hostile.slice(0, 300)}`)
      await filter.press('Enter')
      await filter.fill(hostile.slice(0, 300))
      await filter.press('Enter')
      await page.waitForTimeout(300)
      expect([text, await faultsOf(watched)]).toEqual([text, []])
      await watched.close()
    }
  })
})

/** What a server could say at worst, in every field of its messages. */
function worstChange(now: number) {
  const texts = TEXTS.map(([, text]) => text.toWellFormed())
  // The server cuts what it says itself, as in the sentence of a monitor, far earlier.
  const said = texts.map((text) => text.slice(0, 300).toWellFormed())
  const values = texts.map((value, index) => ({ value, count: 1_000 - index, error: index }))
  const windowOf = (
    name: string,
    measures: (index: number) => LiveWindow['groups'][0]['values'],
  ): LiveWindow => {
    const end = Math.ceil(now / 60_000) * 60_000
    return {
      ...{ name, start: end - 300_000, end, state: 'provisional', version: 0, events: 9_999 },
      groups: texts.map((text, index) => ({
        key: [text, text],
        events: 900 - index,
        values: measures(index),
      })),
    }
  }
  const numbers = (index: number) => ({
    ...{
      count: 900 - index,
      visitors: 900 - index,
      views: 900 - index,
      orders: 1e15,
      revenue: 1e15 - index,
      signups: 5,
    },
    ...{
      pages: values,
      referrers: values,
      classes: values,
      value: { '0.5': 1e12, '0.75': 1e12, '0.95': 1e12 },
    },
  })
  const names = [
    'events',
    'top_pages',
    'top_referrers',
    'countries',
    'devices',
    'orders',
    'revenue',
    'funnel',
    'vitals',
  ]
  const monitors = said.map(
    (text, index): MonitorStatus => ({
      ...{ name: text, kind: 'threshold', title: text, state: index % 2 === 0 ? 'firing' : 'ok' },
      ...{
        since: now - 60_000 * index,
        message: `${text} was 5 of ${text}`,
        keys: said.slice(0, 9),
        more: 7,
      },
      undelivered: [{ webhook: text, at: now, count: 3, error: text }],
    }),
  )
  const events = texts.flatMap((text, index): TailEvent[] => {
    const base = {
      messageId: `${index}${text}`,
      type: text,
      event: text,
      batchId: text,
      receivedAt: now,
      timestamp: now,
    }
    const violations = [{ path: text, rule: 'invalid_type' as never, found: text, message: text }]
    const row = {
      page_path: text,
      page_url: text,
      user_id: text,
      [text]: text,
      properties: { [text]: text },
      country: text,
    }
    return [
      { ...base, status: 'accepted', row, violations },
      {
        ...base,
        messageId: `q${index}`,
        status: 'quarantined',
        reason: text,
        path: text,
        message: text,
        raw: text,
        index,
      },
    ]
  })
  const counts = Object.fromEntries(said.map((text, index) => [text, 1 + index]))
  const health = {
    ...{ receivedAt: now, events: 1e12, quarantined: counts, omitted: counts, duplicates: 1e12, late: 1e12 },
    ...{
      latencyMs: { p50: 1e9, p95: 1e9, p99: 1e9 },
      retries: counts,
      deadLetters: 1_000,
      spilled: 1_000,
      gaps: 1e9,
    },
    stages: said.map((stage) => ({ stage, lagMs: 1e9, at: now })),
  }
  return {
    windows: [...names, 'signups_by_plan'].map((name) => windowOf(name, numbers)),
    monitors,
    events,
    health,
  }
}

describe('the live page, of a source whose every text is hostile', () => {
  it('runs none of it, and keeps its shape', async () => {
    const fixture = await startLiveFixture()
    try {
      const all = await openAll(fixture.url)
      for (const { page } of all) await page.locator('#stream .events .event').first().waitFor()
      const widths = await Promise.all(all.map(({ page }) => panelWidths(page)))
      await fixture.order({ change: worstChange(Date.now()) })
      for (const [index, watched] of all.entries()) {
        const { page } = watched
        await waitFor(async () => (await page.locator('#attention').innerText()).includes('constructor'))
        await page.waitForTimeout(1_500)
        for (const summary of await page.locator('main details:not([open]) > summary').all())
          if (await summary.isVisible()) await summary.click()
        await inspectAll(page, 20)
        expect([index, await watched.faults()]).toEqual([index, []])
        await shoot(page, `worst-${SIZES[index]?.width}`)
        // Thirty monitors with nine keys each are a long list, and may be.
        expect([index, await layoutFaults(page, '.panel', 40_000)]).toEqual([index, []])
        expect(await panelWidths(page)).toMatchObject(widths[index] ?? {})
        await watched.close()
      }
    } finally {
      await fixture.stop()
    }
  }, 120_000)
})

describe('the download page', () => {
  it('tells a refusal that quotes a hostile text as text', async () => {
    const watched = await openWatched(browser, stack.worker.url, { viewport: SIZES[1] })
    const { page } = watched
    await page.goto(`${stack.worker.url}/download`)
    await page.locator('input[name=token]').fill('dev-read')
    for (const [name, text] of TEXTS.filter(([, one]) => one.length < 400)) {
      const condition = `${name} ${text} and no condition`
      await page.locator('input[name=filter]').fill(condition)
      await page.locator('button[type=submit]').click()
      await waitFor(async () => (await page.locator('.problem').innerText()).includes(`"${name}`))
      const [scrollWidth = 0, clientWidth = 0] = await page.evaluate(() => {
        const { documentElement: all } = document
        return [all.scrollWidth, all.clientWidth]
      })
      expect([name, scrollWidth <= clientWidth, await watched.faults()]).toEqual([name, true, []])
    }
    await watched.close()
  })
})

describe('the demo shop', () => {
  it('runs nothing of its address, its storage or its form', async () => {
    const watched = await openWatched(browser, stack.worker.url, { viewport: SIZES[1] })
    const { page } = watched
    const hostile = HOSTILE_TEXTS['handler'] ?? ''
    for (const path of [`product/${hostile}`, `${hostile}?${hostile}#${hostile}`, 'thanks']) {
      await page.goto(`${stack.worker.url}/demo/${path.split('/').map(encodeURIComponent).join('/')}`)
      await page.evaluate((text) => {
        const order = JSON.stringify({ id: text, name: text })
        for (const key of ['demo.order', 'demo.cart', 'cart']) sessionStorage.setItem(key, order)
        for (const key of ['demo.order', 'demo.cart', 'cart']) localStorage.setItem(key, order)
      }, hostile)
      await page.reload()
      expect([path, await watched.faults()]).toEqual([path, []])
    }
    await page.goto(`${stack.worker.url}/demo/thanks`)
    expect(await page.locator('main').innerText()).toContain(hostile)
    expect(await watched.faults()).toEqual([])
    await watched.close()
  })

  it('is protected by its policy as well: what a fault of it let in would not run', async () => {
    const watched = await openWatched(browser, stack.worker.url)
    const { page } = watched
    for (const path of ['/demo/', '/dashboard', '/download']) {
      await page.goto(`${stack.worker.url}${path}`)
      await page.evaluate(
        (texts) => {
          const place = document.createElement('div')
          place.innerHTML = texts.join('')
          document.body.append(place)
          const script = document.createElement('script')
          script.textContent = 'window.__ran = "inline script"'
          document.body.append(script)
        },
        [HOSTILE_TEXTS['handler'] ?? '', `<img src="https://${FAR_HOST}/i">`],
      )
      await page.waitForTimeout(200)
      const faults = await watched.faults()
      expect(faults.filter((fault) => /^(ran|asked|went|dialog)/.test(fault))).toEqual([])
      expect(faults.join('\n')).toMatch(
        /policy script-src-attr stopped inline[\s\S]*policy script-src-elem stopped inline/,
      )
      expect(faults.join('\n')).toMatch(/policy img-src stopped/)
    }
    await watched.close()
  })
})

describe('the debug overlay', () => {
  it('shows hostile events as text, under the policy of the shop', async () => {
    const watched = await openWatched(browser, stack.worker.url, { viewport: SIZES[1] })
    const { page } = watched
    await page.goto(`${stack.worker.url}/demo/`)
    // As text: the tests' own loader would make something else of an import.
    await page.evaluate(`(async (texts) => {
      const { debug } = await import('/millrace/debug.js')
      const heard = {}
      const on = (name, listener) => {
        heard[name] = listener
        return () => {}
      }
      debug({ on }, { open: true })
      for (const text of texts) {
        const timestamp = new Date().toISOString()
        const fields = { [text]: text, nested: { [text]: [text] } }
        heard.event({ type: 'track', event: text, messageId: text, properties: fields, timestamp })
        heard.event({ type: text, name: text, userId: text, traits: fields, timestamp: text })
        heard.batch({ id: text, events: 1, bytes: 10, status: text, error: text })
        heard.dropped(text, 1)
      }
    })(${JSON.stringify(TEXTS.map(([, text]) => text))})`)
    const overlay = page.getByLabel('Millrace events')
    await overlay.waitFor()
    await overlay.locator('details').evaluateAll((all) => {
      for (const one of all) one.setAttribute('open', '')
    })
    expect(await watched.faults()).toEqual([])
    expect(await overlay.innerText()).toContain(HOSTILE_TEXTS['handler'])
    const { x = -1, width = 0 } = (await overlay.boundingBox()) ?? {}
    expect([x >= 0, x + width <= SIZES[1].width]).toEqual([true, true])
    await shoot(page, 'debug-360')
    await watched.close()
  })
})
