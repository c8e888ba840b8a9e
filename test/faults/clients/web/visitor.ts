/** A visitor: opens pages, clicks, loses the network, turns the phone off, comes back. Chance decides what comes next. */

import type { MillraceOptions } from '../../../../sdk-web/src/api.ts'
import type { Random } from '../../world/random.ts'
import type { WorldClock } from '../../world/world.ts'
import type { ClientBooks, ClientEvent } from '../books.ts'
import type { Browser, Page } from './browser.ts'
import { listenToPage, type PageBooks } from './page-books.ts'

/** What a visitor needs. */
export interface VisitorOptions {
  browser: Browser
  sdk: MillraceOptions
  books: ClientBooks
  clock: WorldClock
  random: Random
  /** How many events there are to be. */
  eventCount: number
  /** Whether pages may be killed without notice. */
  crashes: () => boolean
  onAcknowledged: (event: ClientEvent) => void
  onBad: (event: ClientEvent) => void
}

/** Somebody at a browser. */
export interface Visitor {
  start(): void
  /** Makes no event any more, and leaves one page open. */
  finish(): void
  /** Whether every page that is still open has sent all it has. */
  isSettled(): boolean
  noteDiscard(key: string): void
}

interface Tab {
  storage: Storage
  page: Page | undefined
  books: PageBooks | undefined
  /** Whether the page rests in the back/forward cache. */
  isResting: boolean
}

const PATHS = ['/', '/prices', '/docs', '/cart']
const NAMES = ['Clicked', 'Added', 'Bought', 'Searched']

/** Creates one who has never been there. */
export function createVisitor(options: VisitorOptions): Visitor {
  const { browser, sdk, books, clock, random, eventCount, onAcknowledged } = options
  const tabs: Tab[] = []
  let isDone = false

  function openTab(storage = browser.openTab()): Tab {
    const tab: Tab = { storage, page: undefined, books: undefined, isResting: false }
    tabs.push(tab)
    openPage(tab)
    return tab
  }

  function openPage(tab: Tab): void {
    const page = browser.open(`https://shop.example${random.pick(PATHS)}`, sdk, tab.storage)
    const pageBooks = listenToPage(page.client, books, onAcknowledged)
    Object.assign(tab, { page, books: pageBooks, isResting: false })
    page.machine.process.onCrash(() => {
      pageBooks.end()
      // The user finds the page gone, and loads it again.
      if (tab.page !== page) return
      Object.assign(tab, { page: undefined, books: undefined })
    })
  }

  function endPage({ page }: Tab, isNoticed: boolean): void {
    if (isNoticed) {
      page?.fire('pagehide')
      if (random.chance(0.9)) page?.hide()
    }
    page?.end()
  }

  function record({ page, books: pageBooks }: Tab): void {
    if (page === undefined || pageBooks === undefined || books.events.length >= eventCount) return
    const { client } = page
    const kind = random.next()
    const event = pageBooks.call((mark) => {
      if (kind < 0.12) void client.page({ mark })
      else if (kind < 0.16) void client.identify(`user-${random.integer(1, 5)}`, { mark })
      else if (kind < 0.17) void client.track('', { mark })
      else void client.track(random.pick(NAMES), { mark, value: random.integer(1, 100), note: draft(random) })
    })
    if (kind >= 0.16 && kind < 0.17) options.onBad(event)
  }

  /** One thing that a visitor does in a tab. */
  function act(tab: Tab): void {
    const { page } = tab
    if (page === undefined) {
      openPage(tab)
      return
    }
    if (tab.isResting) {
      tab.isResting = false
      page.fire('pageshow', { persisted: true })
      page.show()
      return
    }
    const drawn = random.next()
    if (drawn < 0.62) for (let left = random.integer(1, 12); left > 0; left--) record(tab)
    else if (drawn < 0.66) for (let left = random.integer(20, 90); left > 0; left--) record(tab)
    else if (drawn < 0.7) void page.client.flush()
    else if (drawn < 0.76) (random.chance(0.5) ? page.hide : page.show)()
    else if (drawn < 0.82) {
      endPage(tab, true)
      openPage(tab)
    } else if (drawn < 0.86) {
      record(tab)
      if (options.crashes()) endPage(tab, random.chance(0.3))
    } else if (drawn < 0.9) {
      page.fire('pagehide')
      page.hide()
      // Some of those that rest are thrown away.
      if (random.chance(0.5)) tab.isResting = true
      else page.end()
    } else if (drawn < 0.93 && tabs.length < 3) openTab(copyOf(tab.storage, browser, random))
    else if (drawn < 0.96) browser.setOnline(random.chance(0.5))
    else if (drawn < 0.98 && tabs.length > 1) {
      endPage(tab, true)
      tabs.splice(tabs.indexOf(tab), 1)
    } else void page.client.reset()
  }

  function goOn(): void {
    if (isDone) return
    if (books.events.length < eventCount) act(random.pick(tabs))
    clock.setTimeout(goOn, pauseMs(random))
  }

  return {
    start() {
      openTab()
      goOn()
    },
    finish() {
      isDone = true
      browser.setOnline(true)
      for (const tab of tabs) {
        if (tab.isResting) tab.page?.fire('pageshow', { persisted: true })
        tab.page?.show()
      }
      if (!tabs.some(({ page }) => page !== undefined)) openTab()
    },
    isSettled: () =>
      tabs.some(({ page }) => page !== undefined) && tabs.every((tab) => tab.books?.isSettled() ?? true),
    noteDiscard(key) {
      for (const tab of tabs) tab.books?.noteDiscard(key)
    },
  }
}

/** Milliseconds until the next act: mostly moments, sometimes a cup of coffee, seldom another day. */
function pauseMs(random: Random): number {
  const drawn = random.next()
  if (drawn < 0.5) return random.integer(1, 400)
  if (drawn < 0.93) return random.integer(400, 20_000)
  return drawn < 0.995 ? random.integer(20_000, 240_000) : random.integer(240_000, 2_400_000)
}

/** Text of any length, seldom so long that a batch is full after a few. */
function draft(random: Random): string {
  return 'x'.repeat(random.chance(0.02) ? random.integer(2_000, 20_000) : random.integer(0, 60))
}

/** A tab that was duplicated has what the other had; one that is new has nothing. */
function copyOf(storage: Storage, browser: Browser, random: Random): Storage {
  const copy = browser.openTab()
  if (random.chance(0.5)) for (const [key, text] of Object.entries(storage)) copy.setItem(key, text as string)
  return copy
}
