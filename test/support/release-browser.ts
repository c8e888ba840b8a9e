/** What a page with the browser SDK keeps in a visitor's browser, read and put back: the records as the browser has them. */

import type { BrowserContext, Page } from 'playwright-core'
import { readBuilt, type SdkPage, type SdkSite, startSdkSite } from './sdk-site.ts'

/** A record of IndexedDB. */
export interface KeptRecord {
  database: string
  version: number
  store: string
  key: string
  value: unknown
}

/** Everything that an origin keeps. */
export interface Kept {
  /** `document.cookie`. */
  cookie: string
  local: Record<string, string>
  tab: Record<string, string>
  records: KeptRecord[]
}

/** Path of the page with the SDK, and of one without. */
const SHOP_PATH = '/shop'
const BARE_PATH = '/bare'

/** Starts a site whose page has the SDK as it was built, with the paste-in snippet and a plugin that remembers consent. */
export function startShop(): Promise<SdkSite> {
  return startSdkSite((path, collector): SdkPage | undefined => {
    if (path === BARE_PATH) return { html: '<!doctype html><title>Bare</title>' }
    if (path !== SHOP_PATH) return undefined
    return {
      html: `<!doctype html><html lang="en"><title>Shop</title>
<script>${readBuilt('stub.js')}</script>
<script src="/millrace.js" data-write-key="wk_shop" data-endpoint="${collector}"></script>
<script type="module">import { rememberConsent } from '/consent.js'
rememberConsent(millrace)
document.title = 'ready'</script><h1>Shop</h1>`,
    }
  })
}

/** Opens the origin without the SDK. */
export async function openBare(context: BrowserContext, site: SdkSite): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.url(BARE_PATH))
  return page
}

/** Opens the page with the SDK; resolves when the plugin is there too. */
export async function openShop(context: BrowserContext, site: SdkSite): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.url(SHOP_PATH))
  await page.waitForFunction(() => document.title === 'ready')
  return page
}

/** Reads all that the origin of a page keeps, and that its tab does. */
export function readKept(page: Page): Promise<Kept> {
  return page.evaluate(async () => {
    const ask = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const records: KeptRecord[] = []
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await ask(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store)
        const [keys, values] = [await ask(all.getAllKeys()), await ask(all.getAll())]
        for (const [index, key] of keys.entries())
          records.push({
            database: name,
            version: database.version,
            store,
            key: String(key),
            value: values[index],
          })
      }
      database.close()
    }
    const entries = (area: Storage) =>
      Object.fromEntries(Object.keys(area).map((key) => [key, area.getItem(key) ?? '']))
    return { cookie: document.cookie, local: entries(localStorage), tab: entries(sessionStorage), records }
  })
}

/** Puts all of it into the origin of a page. */
export async function writeKept(page: Page, kept: Kept): Promise<void> {
  await page.evaluate(async ({ cookie, local, tab, records }) => {
    for (const one of cookie.split('; ').filter((text) => text !== '')) {
      // biome-ignore lint/suspicious/noDocumentCookie: as the SDK writes it.
      document.cookie = `${one}; path=/; max-age=1000000`
    }
    for (const [key, value] of Object.entries(local)) localStorage.setItem(key, value)
    for (const [key, value] of Object.entries(tab)) sessionStorage.setItem(key, value)
    for (const { database: name, version, store, key, value } of records) {
      await new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open(name, version)
        opening.onupgradeneeded = () => void opening.result.createObjectStore(store)
        opening.onerror = () => reject(opening.error)
        opening.onsuccess = () => {
          const writing = opening.result.transaction(store, 'readwrite')
          writing.objectStore(store).put(value, key)
          writing.oncomplete = () => {
            opening.result.close()
            resolve()
          }
        }
      })
    }
  }, kept)
}
