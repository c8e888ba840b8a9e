/** A visitor: the real `@millrace/web`, as it is built, in a browser of its own that lasts over its page loads. */

import { IDBFactory } from 'fake-indexeddb'
import { type BrowserState, type OpenPage, openPage } from './browser-page.ts'
import { createLocks, createStorage } from './browser-parts.ts'
import type { Client } from './client.ts'
import type { Journal } from './journal.ts'
import type { loadWebSdk, WebClient } from './sdk-script.ts'

/** Options of {@link createBrowserClient}. */
export interface BrowserClientOptions {
  index: number
  endpoint: string
  journal: Journal
  fetch: typeof fetch
  sdk: ReturnType<typeof loadWebSdk>
}

/** Views of one page load, the later ones without loading it again. */
const VIEWS_A_PAGE = 3

/** Events of a view besides the view itself. */
const EVENTS_A_VIEW = 4

/** Between two looks whether everything is delivered, milliseconds. */
const LOOK_MS = 250

interface Loaded {
  page: OpenPage
  client: WebClient
  views: number
}

/** Creates one that has no page open yet. */
export function createBrowserClient({ index, endpoint, journal, fetch, sdk }: BrowserClientOptions): Client {
  const browser: BrowserState = {
    localStorage: createStorage(),
    sessionStorage: createStorage(),
    indexedDB: new IDBFactory(),
    locks: createLocks(),
    cookies: new Map(),
  }
  let loaded: Loaded | undefined
  let loads = 0

  function load(): Loaded {
    loaded?.page.leave()
    loads += 1
    const page = openPage(browser, `/product/${(index + loads) % 500}`, index, fetch)
    const client = sdk(page.globals, { writeKey: 'dev', endpoint })
    listen(client, journal)
    return { page, client, views: 0 }
  }

  return {
    track() {
      if (loaded === undefined || loaded.views >= VIEWS_A_PAGE) loaded = load()
      loaded.views += 1
      trackView(loaded.client, index + loads * VIEWS_A_PAGE + loaded.views)
      return 1 + EVENTS_A_VIEW
    },
    async finish(timeoutMs) {
      const endsAt = performance.now() + timeoutMs
      // A visitor comes once more: what a page before left is delivered then.
      if (loaded !== undefined) loaded = load()
      while ((await countWaiting(browser)) > 0 && performance.now() < endsAt) {
        await loaded?.client.flush()
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
      loaded?.page.leave()
    },
    waiting: () => countWaiting(browser),
  }
}

function trackView(client: WebClient, number: number): void {
  client.page('Product', { list: 'Autumn' })
  for (let i = 0; i < EVENTS_A_VIEW; i += 1) {
    client.track(i === 0 ? 'Product Viewed' : `Promotion ${i} Seen`, {
      product_id: `SKU-${(number + i) % 500}`,
      name: 'Trail shoe',
      price: 20 + ((number + i) % 1_000) / 10,
      currency: 'EUR',
      position: i + 1,
      description: 'Light, with a grippy sole; in three colours, delivered in two days.',
    })
  }
}

function listen(client: WebClient, journal: Journal): void {
  client.on('event', ({ messageId }: { messageId: string }) => {
    const dash = messageId.lastIndexOf('-')
    journal.give(messageId.slice(0, dash), Number(messageId.slice(dash + 1)))
  })
  client.on('batch', ({ id, events, status }: { id: string; events: number; status: number }) => {
    const fate = fateOf(status)
    const [stream = '', first = ''] = id.split('.')
    if (fate !== undefined) journal.end(fate, stream, Number(first), Number(first) + events - 1)
  })
  client.on('dropped', (reason: string, count: number) => {
    // Those that the collector refused have numbers, and are told as a batch.
    if (reason !== 'refused') journal.refuse(reason, count)
  })
}

/** What the SDK makes of a status for good; see its retry policy. */
function fateOf(status: number): 'acked' | 'dropped' | undefined {
  if (status >= 200 && status < 300) return 'acked'
  const isTriedAgain = status <= 0 || status >= 500 || [408, 413, 429].includes(status)
  return isTriedAgain ? undefined : 'dropped'
}

/** Events in the outbox: as the browser has them, not as the SDK says. */
async function countWaiting({ indexedDB, localStorage }: BrowserState): Promise<number> {
  const spilled = Object.entries(localStorage).filter(([key]) => key.startsWith('millrace.outbox.dev.'))
  const batches = new Map(spilled.map(([, text]) => JSON.parse(text)).map((stored) => [stored[0], stored]))
  if ((await indexedDB.databases()).length > 0) {
    const database = await promise(indexedDB.open('millrace.dev'))
    const records = database.transaction('outbox').objectStore('outbox').getAll()
    for (const stored of await promise(records)) batches.set(stored[0], stored)
    database.close()
  }
  return [...batches.values()].reduce((sum, stored) => sum + stored[2].length, 0)
}

function promise<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
