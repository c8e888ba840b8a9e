/** The live page in a real Chromium, in front of a server that pretends: `test/support/live-fixture.ts`. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type LiveFixture, startLiveFixture } from '../support/live-fixture.ts'
import type { FixtureOrders } from '../support/live-fixture-worker.ts'
import { waitFor } from '../support/wait.ts'

const MAX_PAGE_BYTES = 80 * 1024

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What the server does unless a test says otherwise. */
const AT_FIRST: FixtureOrders = {
  isEmpty: false,
  tellsToken: true,
  takesSockets: true,
  answersWindows: true,
  refusesQuestions: '',
  plays: false,
}

/** Panels, and a text that the fixture's numbers put into each. */
const PANELS: Readonly<Record<string, RegExp>> = {
  attention: /Prices of products added/,
  here: /\d+\s*visitors/,
  happening: /Product Viewed/,
  pages: /\/p\/stoneware-mug/,
  referrers: /Instagram/,
  countries: /Germany/,
  funnel: /To the checkout/,
  sold: /€[\d,]+/,
  devices: /Tablet/,
  visits: /21,480/,
  returning: /Day 6/,
  speed: /Largest contentful paint/,
  pipeline: /3 events of the last day did not arrive/,
  refused: /It differs from the tracking plan/,
  stream: /quarantined/,
}

let fixture: LiveFixture
let browser: Browser

beforeAll(async () => {
  fixture = await startLiveFixture()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await fixture.stop()
})
beforeEach(() => fixture.order(AT_FIRST))

/** Opens the page and hands it to `use`; what the browser complains of is an error. */
async function visit(
  use: (page: Page) => Promise<void>,
  { hash = '', ...options }: BrowserContextOptions & { hash?: string } = {},
): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Sockets and requests that the fixture refuses are complained of by the browser itself.
    if (message.type() === 'error' && /Content Security Policy/.test(message.text()))
      complaints.push(message.text())
  })
  try {
    await page.goto(`${fixture.url}/dashboard${hash}`)
    await use(page)
    expect(complaints).toEqual([])
  } finally {
    await context.close()
  }
}

/** The text of an element, as it is seen. */
function textOf(page: Page, selector: string): Promise<string> {
  return page.locator(selector).first().innerText()
}

function waitForText(page: Page, selector: string, pattern: RegExp): Promise<string> {
  return waitFor(
    () => textOf(page, selector),
    (text) => pattern.test(text),
  )
}

describe('the live page', () => {
  it('fills every panel from the snapshot and from stored events, within its content security policy', () =>
    visit(async (page) => {
      for (const [id, pattern] of Object.entries(PANELS)) await waitForText(page, `#${id}`, pattern)
      expect(await textOf(page, '#pill')).toBe('Live')
      expect(await page.title()).toMatch(/^\d+ here · dev · Millrace$/)
      expect(await page.locator('#happening canvas').count()).toBe(1)
      const { questions } = await fixture.report()
      expect(questions.map((question) => question.split('?')[0]).sort()).toEqual([
        'retention',
        'sessions',
        'sessions',
      ])
    }))

  it('shows a change, acknowledges it, and marks what is still counted', () =>
    visit(async (page) => {
      await waitForText(page, '#visitors', /\d/)
      const end = Math.ceil(Date.now() / 10_000) * 10_000
      const windows = [0, 10_000].map((later) => ({
        ...{ name: 'active_visitors', start: end + later - 120_000, end: end + later, events: 9 },
        ...{ state: 'provisional' as const, version: 0 },
        groups: [{ key: [], events: 9, values: { visitors: 4_321 } }],
      }))
      await fixture.order({ change: { windows } })
      await waitForText(page, '#visitors', /^4,321$/)
      expect(await textOf(page, '#here .basis')).toContain('still counting')
      // The change is the one after the snapshot.
      await waitFor(fixture.report, ({ acks }) => Number(acks.at(-1)) === Number(acks.at(-2)) + 1)
    }))

  it('says that it is disconnected and since when, and resumes where it was', () =>
    visit(async (page) => {
      await waitForText(page, '#pill', /Live/)
      await fixture.order({ takesSockets: false, answersWindows: false, drops: true })
      await waitForText(page, '#banner', /Disconnected since \d\d:\d\d:\d\d: what you see is from then/)
      await waitForText(page, '#banner', /The live windows do not answer/)
      await fixture.order({ takesSockets: true, answersWindows: true })
      await page.getByRole('button', { name: 'Try now' }).click()
      await waitForText(page, '#pill', /^Live$/)
      expect(await page.locator('#banner').isVisible()).toBe(false)
      const { sinces } = await fixture.report()
      expect(sinces.at(-1)).toMatch(/^\d+$/)
    }))

  it('polls where WebSockets do not get through', async () => {
    await fixture.order({ takesSockets: false })
    await visit(async (page) => {
      await waitForText(page, '#visitors', /\d/)
      await waitForText(page, '#pill', /every 2 s/)
      const { polls } = await fixture.report()
      await waitFor(fixture.report, (report) => report.polls >= polls + 2)
    })
  })

  it('says why a token is refused, takes another, and forgets it when it is told to', async () => {
    await fixture.order({ tellsToken: false })
    await visit(async (page) => {
      await page.fill('#token', 'nonsense')
      await page.click('#token-form button')
      await waitForText(page, '#refusal', /No source has this read token/)
      await page.fill('#token', 'dev-read')
      await page.click('#token-form button')
      await waitForText(page, '#visitors', /\d/)
      await page.reload()
      await waitForText(page, '#visitors', /\d/)
      expect(await textOf(page, '#source')).toBe('dev')
      await page.getByRole('button', { name: 'Sources …' }).click()
      await page.getByRole('button', { name: 'Forget the token of dev' }).click()
      await page.getByRole('button', { name: 'Close' }).click()
      expect(await page.locator('#token').isVisible()).toBe(true)
      expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('dev-read')
    })
  })

  it('says how to send the first event while there is none', async () => {
    await fixture.order({ isEmpty: true })
    await visit(async (page) => {
      await waitForText(page, '#welcome', /Nothing has come of “dev” yet/)
      const welcome = await textOf(page, '#welcome')
      expect(welcome).toContain(`src="${fixture.url}/millrace.js" data-write-key="dev"`)
      expect(welcome).toContain(`curl ${fixture.url}/v1/batch`)
      expect(await page.locator('#here').isVisible()).toBe(false)
      const event = {
        ...{ messageId: 'm1', status: 'accepted' as const, type: 'track', event: 'The First', batchId: 'b1' },
        ...{ timestamp: Date.now(), receivedAt: Date.now() },
      }
      await fixture.order({ change: { events: [event] } })
      await waitForText(page, '#stream .events', /The First/)
      expect(await page.locator('#welcome').isVisible()).toBe(false)
    })
  })

  it('asks for a range, also of years ago, and says what is refused', () =>
    visit(
      async (page) => {
        await waitForText(page, '#here', /18,204/)
        expect(await textOf(page, '#here h3')).toBe('Who was here?')
        await waitForText(page, '#pages .basis', /2015-05-17 to 2015-05-20/)
        // Panels ask one after the other.
        await waitFor(fixture.report, ({ questions }) => {
          const asked = questions.filter((question) => question.includes('from=2015-05-17&to=2015-05-21'))
          const kinds = new Set(asked.map((question) => question.split('?')[0]))
          return ['timeseries', 'top', 'breakdown', 'funnel', 'sessions', 'retention'].every((kind) =>
            kinds.has(kind),
          )
        })
        await fixture.order({ refusesQuestions: 'ask of a shorter range' })
        await page.getByRole('radio', { name: '30 d' }).check()
        await waitForText(page, '#pages', /Ask of a shorter range/)
        await waitForText(page, '#pipeline', /How far behind/)
        await page.getByRole('radio', { name: 'Live' }).check()
        await waitForText(page, '#visitors', /^\d{2,3}$/)
        expect(new URL(page.url()).hash).toBe('')
      },
      { hash: '#from=2015-05-17&to=2015-05-20' },
    ))

  it('shows an event whole, by the keyboard alone, and never as HTML', () =>
    visit(async (page) => {
      await waitForText(page, '#stream .events', /quarantined/)
      await page.locator('.events button[tabindex="0"]').focus()
      for (let line = 0; line < 40; line++) {
        if (/quarantined/.test(await page.evaluate(() => document.activeElement?.textContent ?? ''))) break
        await page.keyboard.press('ArrowDown')
      }
      await page.keyboard.press('Enter')
      const inspector = await waitForText(page, '.inspector', /Refused, kept in quarantine/)
      expect(inspector).toContain('must be a number, got a string')
      expect(inspector).toContain('<b>24,00</b>')
      expect(await page.locator('.inspector b').count()).toBe(0)
      await page.keyboard.press('Escape')
      await waitForText(page, '.inspector', /Choose an event/)
      expect(await page.evaluate(() => document.activeElement?.className)).toBe('event')
    }))

  it('filters the stream here and at the server, and holds it', () =>
    visit(async (page) => {
      await waitForText(page, '#stream .events', /page/)
      await page.fill('#stream-filter', 'event:equals:page')
      await page.keyboard.press('Enter')
      await waitForText(page, '#stream .problem', /is_not/)
      await page.fill('#stream-filter', 'event:is:page')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: /^filtered/ }).click()
      await waitFor(
        fixture.report,
        ({ tails }) =>
          JSON.stringify(tails.at(-1)) ===
          JSON.stringify({
            ...{
              type: 'tail',
              filters: ['event:is:page'],
              statuses: ['accepted', 'quarantined', 'duplicate'],
            },
          }),
      )
      const names = await page.locator('.events .name').allInnerTexts()
      expect(new Set(names)).toEqual(new Set(['page']))
      await page.getByRole('button', { name: 'Pause' }).click()
      await fixture.order({ plays: true })
      await waitForText(page, '#stream [role=status]', /Paused\. \d+ newer events?/)
      expect(await page.locator('.events .name').allInnerTexts()).toEqual(names)
    }))

  it('announces numbers to screen readers at most every ten seconds', () =>
    visit(async (page) => {
      await fixture.order({ plays: true })
      await waitForText(page, '#announcements', /^\d+ visitors here, [\d.]+ events a second\.$/)
      const count = await page.evaluate(async () => {
        let changes = 0
        const observer = new MutationObserver(() => changes++)
        const target = document.getElementById('announcements')
        if (target !== null) observer.observe(target, { childList: true, characterData: true, subtree: true })
        await new Promise((resolve) => setTimeout(resolve, 6_000))
        return changes
      })
      expect(count).toBeLessThanOrEqual(1)
    }))

  it.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['on a phone', { colorScheme: 'light', viewport: { width: 360, height: 780 } }],
  ] as const)('has nothing that axe finds, %s, and does not scroll sideways', (_name, options) =>
    visit(
      async (page) => {
        for (const id of ['here', 'visits', 'returning']) await waitForText(page, `#${id}`, PANELS[id] ?? /./)
        await page.locator('.events button').first().click()
        await page.locator('#happening summary').click()
        expect(await findViolations(page)).toEqual([])
        const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
        expect(isWide).toBe(false)
        await page.getByRole('button', { name: 'Sources …' }).click()
        expect(await findViolations(page)).toEqual([])
      },
      { ...options, bypassCSP: true },
    ),
  )

  it.each(['empty', 'refused', 'lost'])('has nothing that axe finds when it is %s', async (state) => {
    await fixture.order({ isEmpty: state === 'empty', tellsToken: state !== 'refused' })
    await visit(
      async (page) => {
        if (state === 'empty') await waitForText(page, '#welcome', /yet/)
        if (state === 'refused') {
          await page.fill('#token', 'nonsense')
          await page.click('#token-form button')
          await waitForText(page, '#refusal', /No source/)
        }
        if (state === 'lost') {
          await waitForText(page, '#pill', /Live/)
          await fixture.order({ takesSockets: false, answersWindows: false, drops: true })
          await waitForText(page, '#banner', /Disconnected/)
        }
        expect(await findViolations(page)).toEqual([])
      },
      { bypassCSP: true },
    )
  })

  it('remembers the colours that were chosen', () =>
    visit(async (page) => {
      const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      const light = await paper()
      await page.click('#theme')
      await page.click('#theme')
      expect(await textOf(page, '#theme')).toContain('Dark')
      const dark = await paper()
      expect(dark).not.toBe(light)
      await page.reload()
      await waitForText(page, '#theme', /Dark/)
      expect(await paper()).toBe(dark)
    }))

  it(`is at most ${MAX_PAGE_BYTES} bytes, compressed`, async () => {
    const files = await Promise.all(
      ['/dashboard', '/dashboard/app.js', '/dashboard/app.css'].map(async (path) => {
        const response = await fetch(`${fixture.url}${path}`)
        expect(response.status).toBe(200)
        return gzipSync(Buffer.from(await response.arrayBuffer())).length
      }),
    )
    expect(files.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(MAX_PAGE_BYTES)
  })
})

/** What axe-core finds, one line each. */
async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run: () => Promise<{
          violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[]
        }>
      }
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    )
  })
}
