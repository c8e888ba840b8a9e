/** The parts of `window` that the SDK listens to and reads: a page that shows, hides, goes and comes back when told to. */

/** What happens to a page as its script hears of it. */
export type PageHappening = 'visibilitychange' | 'pagehide' | 'pageshow' | 'online' | 'storage'

/** A window, and how its user handles it. */
export interface PageWindow {
  window: object
  document: object
  location: URL
  fire(type: PageHappening, details?: object): void
  show(): void
  hide(): void
}

/**
 * Creates a page that is shown.
 *
 * @param cookies `document` as the cookie jar gives it
 */
export function createPageWindow(url: string, cookies: { cookie: string }): PageWindow {
  const listeners = new Map<string, ((event: object) => void)[]>()
  const addEventListener = (type: string, listener: (event: object) => void) => {
    listeners.set(type, [...(listeners.get(type) ?? []), listener])
  }
  const location = new URL(url)
  const document = {
    visibilityState: 'visible',
    referrer: '',
    title: 'A page',
    location,
    addEventListener,
    get cookie() {
      return cookies.cookie
    },
    set cookie(text: string) {
      cookies.cookie = text
    },
  }
  const window = {
    document,
    location,
    addEventListener,
    navigator: { language: 'en', webdriver: false },
    screen: { width: 1_280, height: 800 },
    devicePixelRatio: 2,
  }
  const fire = (type: PageHappening, details: object = {}) => {
    for (const listener of listeners.get(type) ?? []) listener({ type, ...details })
  }
  const turn = (state: 'visible' | 'hidden') => {
    if (document.visibilityState === state) return
    document.visibilityState = state
    fire('visibilitychange')
  }
  return { window, document, location, fire, show: () => turn('visible'), hide: () => turn('hidden') }
}
