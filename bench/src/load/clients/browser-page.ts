/** One page load: the globals that the SDK finds there, until the page is left. */

import type { LockManagers } from './browser-parts.ts'
import type { PageGlobals } from './sdk-script.ts'

/** What is the browser's and outlives a page. */
export interface BrowserState {
  localStorage: object
  /** Of the one tab. */
  sessionStorage: object
  indexedDB: IDBFactory
  locks: LockManagers
  cookies: Map<string, string>
}

/** A page that is open. */
export interface OpenPage {
  globals: PageGlobals
  /**
   * Leaves it: it hears `visibilitychange` and `pagehide`, then nothing of it runs any more. Requests with `keepalive` go on,
   * all others are broken off.
   */
  leave: () => void
}

const ORIGIN = 'https://shop.example'

/** Sent with each request; many visitors share one. */
const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
]

/** Opens a page of a browser. */
export function openPage(
  browser: BrowserState,
  path: string,
  index: number,
  network: typeof fetch,
): OpenPage {
  const locks = browser.locks.openPage()
  const timers = createTimers()
  const listeners = new Map<string, ((event: object) => void)[]>()
  const requests = createRequests(network, USER_AGENTS[index % USER_AGENTS.length] ?? '')
  const document = {
    title: 'Trail shoe',
    referrer: '',
    visibilityState: 'visible',
    get cookie() {
      return [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    },
    set cookie(text: string) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(text) ?? []
      browser.cookies.set(name, value)
    },
    addEventListener() {},
  }
  const navigator = { language: 'de-DE', onLine: true, locks, sendBeacon: () => false }
  const location = {
    href: `${ORIGIN}${path}`,
    protocol: 'https:',
    hostname: 'shop.example',
    pathname: path,
    search: '',
  }
  const window = {
    ...{ document, navigator, location, screen: { width: 1_920, height: 1_080 }, devicePixelRatio: 1 },
    addEventListener(type: string, listener: (event: object) => void) {
      listeners.set(type, [...(listeners.get(type) ?? []), listener])
    },
  }
  const { localStorage, sessionStorage, indexedDB } = browser
  const { setTimeout, setInterval } = timers
  const tell = (type: string) => {
    for (const listener of listeners.get(type) ?? []) listener({ type })
  }
  return {
    globals: {
      ...{ window, self: window, document, navigator, location, localStorage, sessionStorage, indexedDB },
      ...{ fetch: requests.fetch, setTimeout, setInterval },
    },
    leave() {
      document.visibilityState = 'hidden'
      tell('visibilitychange')
      tell('pagehide')
      // What the SDK does in that moment, it may still do.
      setImmediate(() => {
        timers.end()
        requests.end()
        locks.close()
      })
    },
  }
}

/** Timers that end with the page. */
function createTimers() {
  const running = new Set<NodeJS.Timeout>()
  return {
    setTimeout(run: () => void, ms?: number) {
      const timer = setTimeout(() => {
        running.delete(timer)
        run()
      }, ms)
      running.add(timer)
    },
    setInterval: (run: () => void, ms?: number) => void running.add(setInterval(run, ms)),
    end() {
      for (const timer of running) clearInterval(timer)
    },
  }
}

/** Requests of a page: after its end nobody hears how they ended. */
function createRequests(network: typeof fetch, userAgent: string) {
  const end = new AbortController()
  return {
    fetch: async (url: string, init: RequestInit) => {
      const signals = [...(init.signal ? [init.signal] : []), ...(init.keepalive ? [] : [end.signal])]
      const headers = { origin: ORIGIN, 'user-agent': userAgent }
      try {
        return await network(url, { ...init, headers, signal: AbortSignal.any(signals) })
      } finally {
        if (end.signal.aborted) await new Promise(() => {})
      }
    },
    end: () => end.abort(),
  } as { fetch: typeof fetch; end: () => void }
}
