/** A browser: what outlives its pages, and how a page is opened, left, crashed. */

import type { MillraceOptions } from '../../../../sdk-web/src/api.ts'
import { createFakeCookieJar } from '../../../../sdk-web/src/fake-cookies.ts'
import { createFakeStorage } from '../../../../sdk-web/src/fakes.ts'
import type { Machine } from '../machine.ts'
import { createIndexedDb, type Databases, type Refusal } from './database.ts'
import { createLocks } from './locks.ts'
import { createPageNetwork } from './page-network.ts'
import { type BrowserKind, createPagePlatform } from './page-platform.ts'
import { createPageWindow, type PageWindow } from './page-window.ts'
import type { LoadSdk } from './sdk.ts'

/** Longest that the browser takes for one step of a transaction, in milliseconds. */
const MAX_STORAGE_MS = 6

/** Options of {@link createBrowser}. */
export interface BrowserOptions extends BrowserKind {
  loadSdk: LoadSdk
  /** A life of the browser's own process, which has the requests that outlive pages. */
  own: () => Machine
  /** Calls back after so many milliseconds, whatever crashes. */
  later: (run: () => void, ms: number) => void
  random: () => number
  /** A life for one page. */
  openMachine: () => Machine
  refusal: () => Refusal
  /** Whether `localStorage` throws. */
  isStorageRefused: boolean
  /** Told the text of each batch, with its key, as it comes to lie on the disk. */
  onSaved: (key: string, texts: readonly string[]) => void
  /** Told the key of each batch as the SDK begins to remove it. */
  onDiscard: (key: string) => void
}

/** A page with the SDK in it. */
export interface Page extends Pick<PageWindow, 'fire' | 'show' | 'hide'> {
  machine: Machine
  client: ReturnType<ReturnType<LoadSdk>>
  /** The page is left or killed: nothing of it happens any more, but what is under way with `keepalive`. */
  end(): void
}

/** A browser on one origin. */
export interface Browser {
  /**
   * Opens a page.
   *
   * @param tab what it has in `sessionStorage`; of the page before it in the same tab
   */
  open(url: string, options: MillraceOptions, tab: Storage): Page
  openTab(): Storage
  setOnline(isOnline: boolean): void
  /** Keys and texts of all batches that lie on its disk. */
  kept(): Map<string, readonly string[]>
}

/** Starts a browser in which nothing was ever stored. */
export function createBrowser(options: BrowserOptions): Browser {
  const databases: Databases = new Map()
  const disk = createFakeStorage({ isRefused: options.isStorageRefused })
  const cookies = createFakeCookieJar()
  const locks = createLocks()
  const pages = new Set<Page>()
  let isOnline = true

  function open(url: string, sdkOptions: MillraceOptions, tab: Storage): Page {
    const machine = options.openMachine()
    const windowOf = createPageWindow(url, cookies.open(url) as { cookie: string })
    const lockOwner = {}
    const network = createPageNetwork({ page: machine, browser: options.own, isOnline: () => isOnline })
    const navigator = {
      language: 'en',
      get onLine() {
        return isOnline
      },
      sendBeacon: network.sendBeacon,
      ...(options.hasLocks ? { locks: locks.of(lockOwner) } : {}),
    }
    const createMillrace = options.loadSdk({
      ...createPagePlatform(machine, options),
      self: windowOf.window,
      window: windowOf.window,
      document: windowOf.document,
      location: windowOf.location,
      navigator,
      localStorage: watchStorage(disk, machine, options),
      sessionStorage: tab,
      indexedDB: openDatabases(options, databases, machine),
      fetch: network.fetch,
    })
    const page: Page = {
      machine,
      client: createMillrace(sdkOptions),
      fire: windowOf.fire,
      show: windowOf.show,
      hide: windowOf.hide,
      end: () => machine.process.crash('the page is gone'),
    }
    pages.add(page)
    machine.process.onCrash(() => {
      pages.delete(page)
      locks.release(lockOwner)
    })
    return page
  }

  return {
    open,
    openTab: () => createFakeStorage(),
    setOnline(isNowOnline) {
      if (isOnline === isNowOnline) return
      isOnline = isNowOnline
      if (isOnline) for (const page of [...pages]) page.fire('online')
    },
    kept: () => readKept(databases, disk),
  }
}

const OUTBOX = /^millrace\.outbox\.[^.]*\./

/** What a page that is dead writes is not there: it had no turn to write it. */
function watchStorage(disk: Storage, { process }: Machine, { onSaved, onDiscard }: BrowserOptions): Storage {
  const methods: Record<string, unknown> = {
    setItem(key: string, text: string) {
      if (process.isDead()) return
      disk.setItem(key, text)
      if (OUTBOX.test(key)) noteSaved([JSON.parse(text)], onSaved)
    },
    removeItem(key: string) {
      if (process.isDead()) return
      if (OUTBOX.test(key)) onDiscard(key.replace(OUTBOX, ''))
      disk.removeItem(key)
    },
  }
  return new Proxy(disk, { get: (target, name) => methods[String(name)] ?? Reflect.get(target, name) })
}

function openDatabases(options: BrowserOptions, databases: Databases, machine: Machine) {
  return createIndexedDb({
    databases,
    // Whether the page lives is asked when it is done.
    later: createSteps(options),
    isAlive: () => !machine.process.isDead(),
    landsAfterDeath: () => options.random() < 0.5,
    refusal: options.refusal,
    onSaved: (records) => noteSaved(records, options.onSaved),
  })
}

/** Steps one after the other, each after a moment. */
function createSteps({ later, random }: BrowserOptions) {
  const waiting: (() => void)[] = []
  const next = () => later(take, random() * MAX_STORAGE_MS)
  const take = () => {
    const run = waiting.shift()
    if (waiting.length > 0) next()
    run?.()
  }
  return (run: () => void) => {
    waiting.push(run)
    if (waiting.length === 1) next()
  }
}

function noteSaved(records: readonly unknown[], onSaved: BrowserOptions['onSaved']): void {
  for (const [key, , texts] of records as [string, string, string[]][]) onSaved(key, texts)
}

function readKept(databases: Databases, disk: Storage): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const add = (record: unknown) => {
    const [key, , texts] = record as [string, string, string[]]
    // A batch that was cut in two may lie there whole in the one place and as its first half in the other.
    if ((found.get(key)?.length ?? 0) < texts.length) found.set(key, texts)
  }
  for (const records of databases.values()) for (const record of records.values()) add(record)
  for (const [key, text] of Object.entries(disk)) {
    if (OUTBOX.test(key)) add(JSON.parse(text as string))
  }
  return found
}
