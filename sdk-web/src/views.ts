/** Knows which view the page shows, and notices by itself when another one is shown; what a view means is left to others. */

import { withoutFragment } from './stamp.ts'

/** The views of one page load, those that its own script shows included. */
export interface Views {
  /** Where the visitor was before this view: the document's referrer, then the address of the view before. */
  before(): string
  /**
   * To be called when a view of that address is recorded.
   *
   * @param isReplaced the address takes the place of the one before, which was never seen
   */
  enter(href: string, isReplaced?: boolean): void
}

/** Creates the views of a page. */
export function createViews(documentReferrer: string): Views {
  let referrer = documentReferrer
  let url = ''
  return {
    before: () => referrer,
    enter(href, isReplaced) {
      const entered = withoutFragment(href)
      if (url && url !== entered && !isReplaced) referrer = url
      url = entered
    },
  }
}

/** The part of `window` that is used. */
export interface HistoryWindow {
  readonly history: Pick<History, 'pushState' | 'replaceState'>
  readonly location: { readonly href: string }
  readonly document: {
    readonly prerendering?: boolean
    addEventListener(type: string, run: () => void): void
  }
  addEventListener(type: string, listener: (event: { readonly persisted?: boolean }) => void): void
}

/**
 * Calls `onView` for the view that the page shows now and each one after: once per address, whoever set it.
 *
 * An address that replaces another counts only with another path: frameworks rewrite the query and their own state all
 * the time. A page that came back from the back/forward cache is seen again. One that is only prerendered is seen when it
 * is shown.
 *
 * @param onView told whether the address replaced the one before
 */
export function watchViews(
  onView: (isReplaced: boolean) => void,
  window: HistoryWindow = self as never,
): void {
  const { history, location, document } = window
  let seen = ''
  const look = (isReplaced = false, isSeenAgain?: boolean) => {
    if (document.prerendering) return
    // What only replaced an address is no view, but going back to the address before is none either.
    const last = seen
    seen = withoutFragment(location.href)
    const isOther = isReplaced ? last.split('?')[0] !== seen.split('?')[0] : last !== seen
    if (isOther || isSeenAgain) onView(isReplaced)
  }
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name]
    history[name] = function (this: History, ...args) {
      original.apply(this, args)
      look(name === 'replaceState')
    }
  }
  window.addEventListener('popstate', () => look())
  window.addEventListener('pageshow', ({ persisted }) => persisted && look(false, true))
  document.addEventListener('prerenderingchange', () => look())
  // After what the page does first: a plugin may have to change the address or the visitor's id.
  queueMicrotask(look)
}
