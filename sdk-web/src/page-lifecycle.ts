/** Tells how long the page may still live, and when that changes; what to do then is left to others. */

/** The part of `window` that is used. */
export interface LifecycleWindow {
  readonly document: { readonly visibilityState: string }
  addEventListener(type: string, listener: (event: { readonly type: string }) => void): void
}

/** How long the page may live: as it likes, until the browser wants its memory, or no longer. */
export type PageState = 'shown' | 'hidden' | 'gone'

/**
 * Listens to the page. Gives a function that tells its state.
 *
 * Never to `unload` or `beforeunload`: they keep a page out of the back/forward cache and do not come on phones. Both
 * `visibilitychange` and `pagehide`, because some browsers leave a page without a change of visibility; `pageshow`,
 * because a page may come back from the cache by it alone. All come by at the window.
 *
 * @param onChange called with the state after each event, so usually twice for one leaving, and whether the network came
 *   back
 */
export function watchPage(
  onChange: (state: PageState, isOnline: boolean) => void,
  window: LifecycleWindow = self,
): () => PageState {
  let isGone = false
  const read = () => (isGone ? 'gone' : window.document.visibilityState === 'hidden' ? 'hidden' : 'shown')
  for (const type of ['visibilitychange', 'pagehide', 'pageshow', 'online']) {
    window.addEventListener(type, () => {
      if (type !== 'online') isGone = type === 'pagehide'
      onChange(read(), type === 'online')
    })
  }
  return read
}
