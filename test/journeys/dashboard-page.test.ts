/** The live page in a real Chromium, in front of a server that pretends: `test/support/live-fixture.ts`. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { MonitorStatus } from '@millrace/schemas/live'
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
  speaks: true,
  knowsToken: true,
  isWalled: false,
  refusesTails: false,
  tellsToken: true,
  takesSockets: true,
  answersWindows: true,
  refusesQuestions: '',
  books: 'close',
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
  pipeline: /All is well/,
  books: /All [\d,]+ events received are explained/,
  'window-signups_by_plan': /Who signs up/,
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
  {
    hash = '',
    hasClock = false,
    ...options
  }: BrowserContextOptions & { hash?: string; hasClock?: boolean } = {},
): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  if (hasClock) await page.clock.install()
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
      await waitForText(page, '#pill', /^Live$/)
      await waitFor(
        () => page.title(),
        (title) => /^\d+ here · dev · Millrace$/.test(title),
      )
      await page.locator('#happening canvas').waitFor()
    }))

  it('asks for what is not live, once', async () => {
    const { questions: before } = await fixture.report()
    await visit(async (page) => {
      for (const id of ['visits', 'returning', 'books']) await waitForText(page, `#${id}`, PANELS[id] ?? /./)
    })
    const { questions } = await fixture.report()
    const asked = questions.slice(before.length).map((question) => question.split('?')[0])
    expect(asked.sort()).toEqual(['books', 'retention', 'sessions', 'sessions'])
  })

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
      await waitForText(page, '#here .basis', /still counting/)
      // The change is the one after the snapshot, or after a word about health.
      await waitFor(fixture.report, ({ acks }) => Number(acks.at(-1)) === Number(acks.at(-2)) + 1)
    }))

  it('says that no monitor watches the source, and when one would be there', () =>
    visit(async (page) => {
      await waitForText(page, '#attention', /Prices of products added/)
      await fixture.order({ change: { monitors: [] } })
      await waitForText(page, '#attention', /No monitor watches this source\. Those .* within a minute/)
    }))

  it('says that it is disconnected and since when, and resumes where it was', () =>
    visit(async (page) => {
      await waitForText(page, '#pill', /Live/)
      await fixture.order({ takesSockets: false, answersWindows: false, drops: true })
      await waitForText(page, '#banner', /Disconnected since \d\d:\d\d:\d\d: what you see is from then/)
      await waitForText(page, '#banner', /The live windows do not answer/)
      await waitFor(
        () => page.title(),
        (title) => title === 'Disconnected · dev · Millrace',
      )
      // Neither way gets through, so the banner stays however long this takes.
      const { tries, sinces: before } = await fixture.report()
      await page.getByRole('button', { name: 'Try now' }).click()
      await waitFor(fixture.report, (report) => report.tries > tries)
      await fixture.order({ takesSockets: true })
      await waitForText(page, '#pill', /^Live$/)
      await page.locator('#banner').waitFor({ state: 'hidden' })
      const { sinces } = await waitFor(fixture.report, (report) => report.sinces.length > before.length)
      expect(sinces.at(-1)).toMatch(/^\d+$/)
    }))

  it('says that no word comes, does not go on as if nothing happened meanwhile, and hears again', () =>
    visit(async (page) => {
      await waitForText(page, '#visitors', /\d/)
      await fixture.order({ speaks: false })
      await waitForText(page, '#pill', /No word for 1\d s/)
      await waitForText(page, '#banner', /no word came since \d\d:\d\d:\d\d/)
      const visitors = await textOf(page, '#visitors')
      await waitForText(page, '#pill', /No word for (19|2\d) s/)
      expect(await textOf(page, '#visitors')).toBe(visitors)
      await fixture.order({ speaks: true })
      await waitForText(page, '#pill', /^Live$/)
      await page.locator('#banner').waitFor({ state: 'hidden' })
    }))

  it('lets go of the connection when it was hidden for five minutes, and goes on when it is seen', () =>
    visit(
      async (page) => {
        await waitForText(page, '#visitors', /\d/)
        const hide = (isHidden: boolean) =>
          page.evaluate((hidden) => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
            document.dispatchEvent(new Event('visibilitychange'))
          }, isHidden)
        await hide(true)
        const { sinces: before } = await fixture.report()
        await page.clock.fastForward(300_000)
        await waitFor(
          () => page.title(),
          (title) => title === 'Paused · dev · Millrace',
        )
        await fixture.order({ drops: true })
        await hide(false)
        await waitForText(page, '#pill', /^Live$/)
        await waitFor(
          () => page.title(),
          (title) => /^\d+ here/.test(title),
        )
        const { sinces } = await waitFor(fixture.report, (report) => report.sinces.length > before.length)
        expect(sinces.slice(before.length).every((since) => /^\d+$/.test(since))).toBe(true)
      },
      { hasClock: true },
    ))

  it('polls where WebSockets do not get through', async () => {
    await fixture.order({ takesSockets: false })
    await visit(async (page) => {
      await waitForText(page, '#visitors', /\d/)
      await waitForText(page, '#pill', /every 2 s/)
      const { polls } = await fixture.report()
      await waitFor(fixture.report, (report) => report.polls >= polls + 2)
      await waitForText(page, '#stream .tally', /Asked for every 2 s/)
      const latest = () => textOf(page, '.events time')
      const before = await latest()
      await waitFor(latest, (time) => time > before)
      const keys = await page.locator('.events .event').allInnerTexts()
      expect(new Set(keys).size).toBe(keys.length)
    })
  })

  it('says why a token is refused, takes another, and forgets it when it is told to', async () => {
    await fixture.order({ tellsToken: false })
    await visit(async (page) => {
      await page.fill('#token', 'nonsense')
      await page.click('#token-form button')
      await waitForText(page, '#refusal', /^No source has this read token/)
      await waitForText(page, '.view-token .hint', /On your own machine its value is in \.dev\.vars\./)
      await page.fill('#token', 'dev-read')
      await page.click('#token-form button')
      await waitForText(page, '#visitors', /\d/)
      await page.reload()
      await waitForText(page, '#visitors', /\d/)
      await waitForText(page, '#source', /^dev$/)
      await page.getByRole('button', { name: 'Sources …' }).click()
      await page.getByRole('button', { name: 'Forget the token of dev' }).click()
      await page.getByRole('button', { name: 'Close' }).click()
      await page.locator('#token').waitFor()
      expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('dev-read')
    })
  })

  it('keeps a token that worked when it is refused, and tries it again', async () => {
    await fixture.order({ tellsToken: false })
    await visit(async (page) => {
      await page.fill('#token', 'dev-read')
      await page.click('#token-form button')
      await waitForText(page, '#visitors', /\d/)
      await fixture.order({ knowsToken: false, drops: true })
      await waitForText(page, '#refusal', /No source has this read token/)
      // The same again is another try.
      const { tries } = await fixture.report()
      await page.fill('#token', 'dev-read')
      await page.click('#token-form button')
      await waitFor(fixture.report, (report) => report.tries > tries)
      await waitForText(page, '#refusal', /No source has this read token/)
      await fixture.order({ knowsToken: true })
      await page.getByRole('button', { name: 'Try again' }).click()
      await waitForText(page, '#visitors', /\d/)
    })
  })

  it('offers the source of development beside one whose token is refused, and remembers which was chosen', () =>
    visit(
      async (page) => {
        await rememberSource(page, { token: 'shop-read', name: 'shop' })
        await waitForText(page, '#refusal', /The token of “shop” is refused. No source has this read token/)
        await page.getByRole('button', { name: 'Show “dev”' }).waitFor()
        expect(await findViolations(page)).toEqual([])
        expect(await page.locator('#source option').allInnerTexts()).toEqual(['dev', 'shop'])
        await page.getByRole('button', { name: 'Show “dev”' }).click()
        await waitForText(page, '#visitors', /\d/)
        await page.reload()
        await waitForText(page, '#visitors', /\d/)
        expect(await page.locator('#source').inputValue()).toBe('dev-read')
        expect(await page.locator('#source option').allInnerTexts()).toEqual(['dev', 'shop'])
      },
      { bypassCSP: true },
    ))

  it('takes the token of development in the place of one that was entered for it', () =>
    visit(async (page) => {
      await rememberSource(page, { token: 'dev-read-before', name: 'dev' })
      await waitForText(page, '#visitors', /\d/)
      expect(await page.locator('#source option').allInnerTexts()).toEqual(['dev'])
      expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('dev-read')
    }))

  it('says in the dialog what is wrong with a token, and goes on with what it shows', () =>
    visit(
      async (page) => {
        await waitForText(page, '#visitors', /\d/)
        const { tries } = await fixture.report()
        await page.getByRole('button', { name: 'Sources …' }).click()
        await page.fill('#dialog-token', 'nonsense')
        await page.click('dialog .token button')
        await waitForText(page, 'dialog .problem', /No source has this read token/)
        expect(await findViolations(page)).toEqual([])
        expect(await page.locator('#dialog-token').inputValue()).toBe('nonsense')
        expect(await page.locator('#visitors').isVisible()).toBe(true)
        expect(await page.locator('#source').inputValue()).toBe('dev-read')
        expect((await fixture.report()).tries).toBe(tries)
        // Closed and opened again it has forgotten both.
        await page.keyboard.press('Escape')
        await page.getByRole('button', { name: 'Sources …' }).click()
        expect(await page.locator('dialog .problem').isVisible()).toBe(false)
        expect(await page.locator('#dialog-token').inputValue()).toBe('')
        await page.fill('#dialog-token', 'dev-read')
        await page.click('dialog .token button')
        await page.locator('dialog').waitFor({ state: 'hidden' })
        await waitForText(page, '#visitors', /\d/)
      },
      { bypassCSP: true },
    ))

  it('takes no page of something in between for a word about the token', async () => {
    await fixture.order({ isWalled: true, tellsToken: false })
    await visit(async (page) => {
      await page.fill('#token', 'dev-read')
      await page.click('#token-form button')
      await waitForText(page, '#banner', /The answer was 403/)
      expect(await page.evaluate(() => JSON.stringify(localStorage))).toContain('dev-read')
      // Without a source there is nothing to be disconnected from.
      await page.getByRole('button', { name: 'Sources …' }).click()
      await page.getByRole('button', { name: 'Forget the token of Source 1' }).click()
      await page.getByRole('button', { name: 'Close' }).click()
      await page.locator('#token').waitFor()
      await page.locator('#banner').waitFor({ state: 'hidden' })
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
      await page.locator('#welcome').waitFor({ state: 'hidden' })
    })
  })

  it.each([
    ['close', /All [\d,]+ events received are explained/, /0 missing/],
    ['miss', /3 events that we acknowledged are missing/, /7 events that clients numbered never came/],
    ['unknown', /Not known yet/, /0 missing/],
    ['nothing', /Nothing was received in this time/, /nothing to explain/],
  ] as const)('tells of books that are so: %s', async (books, verdict, more) => {
    await fixture.order({ books })
    await visit(
      async (page) => {
        await waitForText(page, '#books', verdict)
        await waitForText(page, '#books', more)
        expect(await findViolations(page)).toEqual([])
      },
      { bypassCSP: true },
    )
  })

  it('has a sum in its books that adds up, and shows which numbers never came', async () => {
    await fixture.order({ books: 'miss' })
    await visit(async (page) => {
      await waitForText(page, '#books', /received/)
      const counts = await page.locator('#books .sum b').allInnerTexts()
      const [received = 0, ...parts] = counts.map((text) => Number(text.replaceAll(',', '')))
      expect(parts.reduce((sum, count) => sum + count, 0)).toBe(received)
      await page.locator('#books summary').click()
      await waitForText(page, '#books', /7: 3–7, 12–13/)
      expect(await page.locator('#books .strip .bad').count()).toBe(1)
    })
  })

  it('asks for a range, also of years ago, and says what is refused', () =>
    visit(
      async (page) => {
        await waitForText(page, '#here', /18,204/)
        await waitForText(page, '#here h3', /^Who was here\?$/)
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
        await fixture.order({ refusesQuestions: '' })
        await page.locator('#pages').getByRole('button', { name: 'Try again' }).click()
        await waitForText(page, '#pages', /\/p\/stoneware-mug/)
        await waitFor(() => page.evaluate(() => document.activeElement?.id === 'pages-title'))
        await waitForText(page, '#countries', /Ask of a shorter range/)
        await waitForText(page, '#pipeline', /How far behind/)
        await page.getByRole('radio', { name: 'Live' }).check()
        await waitForText(page, '#visitors', /^\d{2,3}$/)
        await waitFor(() => new URL(page.url()).hash === '')
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
      await waitForFocus(page, 'event')
    }))

  it('gives the focus back to what opened an event', () =>
    visit(async (page) => {
      const line = page.locator('.events button').first()
      await line.focus()
      await page.keyboard.press('Enter')
      const close = page.locator('.inspector').getByRole('button', { name: 'Close' })
      await close.focus()
      await page.keyboard.press('Enter')
      await waitForText(page, '.inspector', /Choose an event/)
      await waitForFocus(page, 'event')
      await page.locator('#refused button.link').first().click()
      await waitForText(page, '.inspector', /Refused, kept in quarantine/)
      await close.click()
      await waitForFocus(page, 'link')
    }))

  it('holds the list while somebody is in it, and says so', () =>
    visit(async (page) => {
      await waitForText(page, '#stream .events', /page/)
      const first = () => textOf(page, '.events li:first-child')
      const before = await first()
      await page.locator('.events button[tabindex="0"]').focus()
      await fixture.order({ plays: true })
      await waitForText(page, '#stream .tally', /Held while you read\. \d+ newer events/)
      expect(await first()).toBe(before)
      await page.focus('#stream-filter')
      await waitFor(first, (text) => text !== before)
      await page.locator('.events li').nth(2).hover()
      await waitForText(page, '#stream .tally', /Held while you read/)
      await page.mouse.move(0, 0)
      await waitForText(page, '#stream .tally', /^$/)
    }))

  it('keeps the focus on the range while arrow keys move there', () =>
    visit(async (page) => {
      await page.getByRole('radio', { name: '30 d' }).focus()
      await page.keyboard.press('ArrowRight')
      await page.getByLabel('First day').waitFor()
      await page.keyboard.press('ArrowRight')
      await waitFor(() => page.getByRole('radio', { name: 'Live' }).isChecked())
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('range-live')
    }))

  it('filters the stream here and at the server, and holds it', () =>
    visit(async (page) => {
      await waitForText(page, '#stream .events', /page/)
      await page.fill('#stream-filter', 'event:equals:page')
      await page.keyboard.press('Enter')
      await waitForText(page, '#stream .problem', /is_not/)
      const { tails } = await fixture.report()
      await page.fill('#stream-filter', 'contry:is:DE')
      await page.keyboard.press('Enter')
      await waitForText(page, '#stream .problem', /There is no field “contry”/)
      expect((await fixture.report()).tails.length).toBe(tails.length)
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
      const namesOf = () => page.locator('.events .name').allInnerTexts()
      const names = await waitFor(namesOf, (all) => all.every((name) => name === 'page'))
      await page.getByRole('button', { name: 'Pause' }).click()
      await waitForText(page, '#announcements', /^Paused\.$/)
      await fixture.order({ plays: true })
      await waitForText(page, '#stream .tally', /Paused\. \d+ newer events?/)
      expect(await namesOf()).toEqual(names)
    }))

  it('says what the server has against the conditions', async () => {
    await fixture.order({ refusesTails: true })
    await visit(async (page) => {
      await waitForText(page, '#stream .problem', /does not take these conditions\. A field is not known\./)
    })
  })

  it('announces numbers to screen readers at most every half a minute', () =>
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
        for (const id of ['here', 'visits', 'returning', 'books'])
          await waitForText(page, `#${id}`, PANELS[id] ?? /./)
        await page.locator('.events button').first().click()
        await page.locator('#happening summary').click()
        await page.locator('#books summary').click()
        await waitForText(page, '#books', /Streams with gaps/)
        expect(await findViolations(page)).toEqual([])
        expect(await isTooWide(page)).toBe(false)
        await showMore(page)
        expect(await findViolations(page)).toEqual([])
        expect(await isTooWide(page)).toBe(false)
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

  it('has its head in two rows at most, and what is below it is not covered', () =>
    visit(
      async (page) => {
        await page.getByLabel('First day').waitFor()
        const topOf = (selector: string) =>
          page
            .locator(selector)
            .boundingBox()
            .then((box) => Math.round(box?.y ?? -1))
        const [title, theme, range] = await Promise.all(['.top h1', '#theme', '.segments'].map(topOf))
        expect(Math.abs((theme ?? 0) - (title ?? 0))).toBeLessThan(12)
        expect(Math.abs((range ?? 0) - (title ?? 0))).toBeLessThan(12)
        expect(await topOf('.days')).toBeGreaterThan(40)
        await fixture.order({ takesSockets: false, answersWindows: false, drops: true })
        await page.locator('#banner').waitFor()
        const bottomOf = async (selector: string) => {
          const box = await page.locator(selector).boundingBox()
          return (box?.y ?? 0) + (box?.height ?? 0)
        }
        await waitFor(async () => (await topOf('#banner')) >= Math.floor(await bottomOf('.top')))
        // What is gone to is scrolled below the head.
        await waitFor(async () => {
          await page.evaluate(() => document.querySelector('#pages')?.scrollIntoView())
          const gap = (await topOf('#pages')) - (await bottomOf('#head'))
          return gap >= -1 && gap < 40
        })
      },
      { hash: '#from=2015-05-17&to=2015-05-20', viewport: { width: 1280, height: 900 } },
    ))

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

/** Opens the page anew as one that showed this source last. */
async function rememberSource(page: Page, source: { token: string; name: string }): Promise<void> {
  // What it learns of its own source it writes down too.
  await waitForText(page, '#visitors', /\d/)
  const list = { sources: [source], chosen: source.token }
  await page.evaluate((text) => localStorage.setItem('millrace.sources', text), JSON.stringify(list))
  await page.reload()
}

/** Days that are picked, a monitor that fires for many, and a stream that is paused. */
async function showMore(page: Page): Promise<void> {
  const monitor: MonitorStatus = {
    ...{ name: 'views_by_page', kind: 'threshold', title: 'Views of each page', state: 'firing' },
    ...{ since: Date.now() - 60_000, message: 'Fewer than 10 views in 5 minutes.' },
    keys: Array.from({ length: 40 }, (_, index) => `/journal/a-page-with-a-name-of-some-length-${index}`),
  }
  await fixture.order({ change: { monitors: [monitor] } })
  await waitForText(page, '#attention', /Views of each page/)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.locator('#range-days').check({ force: true })
  await page.getByLabel('First day').fill('2015-05-17')
  await page.getByLabel('Last day').fill('2015-05-20')
  await page.getByRole('button', { name: 'Show' }).click()
  await waitForText(page, '#here', /18,204/)
  for (const id of ['pages', 'visits', 'returning']) await waitForText(page, `#${id}`, PANELS[id] ?? /./)
}

function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
}

/** Waits until an element of that class has the focus. */
async function waitForFocus(page: Page, className: string): Promise<void> {
  await waitFor(
    () => page.evaluate(() => document.activeElement?.className),
    (name) => name === className,
  )
}

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
